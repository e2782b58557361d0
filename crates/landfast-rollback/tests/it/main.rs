//! Tests through the public API.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what panics in a test is a failed test; clippy does not know the functions beside the tests"
)]

mod bounds;
mod directed;
mod failures;
mod interrupted;
mod journals;
mod moments;
mod planner;
mod scene;
mod simulation;
mod state_machine;
mod taking_back;
mod theatre;
mod watching;
mod worlds;
mod written;
