//! Simulated operations: a random world, a random plan, and everything going wrong, all of it from one seed.
//!
//! [`simulate`] runs one and holds what happened against a model that knows nothing of the engine: see [`Ran::violations`].

mod judge;
mod model;
mod run;
mod scenario;

pub(in crate::testing) use judge::SimulatedJudge;
pub use run::{Ran, Tracing, simulate};
