//! The tests of landfast-drift as its users see it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what panics in a test is a failed test; clippy does not know the functions beside the tests"
)]

mod attributes;
#[cfg(feature = "corpus")]
mod corpus;
mod cost;
mod grading;
mod hints;
mod known_secrets;
mod laws;
mod moves;
mod secrets;
mod shapes;
mod state_change;
mod statuses;
mod streams;
mod world;
