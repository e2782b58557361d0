//! Tests of the engine from outside, in the memory world.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed unwrap in a test is a failed test")]

mod failures;
mod simulation;
mod state_machine;
