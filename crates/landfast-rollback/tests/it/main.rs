//! Tests of the engine from outside, in the memory world.

mod simulation;
mod state_machine;
