//! Tests of the crate through its public API.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what panics in a test is a failed test; clippy does not know the functions beside the tests"
)]

mod approvals;
mod authorised;
mod budget_checks;
mod catalogue;
mod clearance;
#[cfg(unix)]
mod command;
mod damage;
mod gate;
mod key_files;
#[cfg(all(feature = "policy", feature = "live"))]
mod live;
#[cfg(feature = "policy")]
mod policy;
mod recovery;
mod rollback_checks;
mod scene;
mod stage;
mod surroundings_checks;
mod time;
mod world_checks;
