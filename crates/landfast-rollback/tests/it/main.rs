//! Tests of the engine from outside, in the memory world.

mod failures;
mod simulation;
mod state_machine;
