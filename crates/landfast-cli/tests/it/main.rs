//! Behaviour of the built binary.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test, in what tests share too"
)]

mod check;
mod corpus;
mod diff;
mod errors;
mod graph;
mod hostile;
#[cfg(feature = "live")]
mod live;
mod oracle;
mod run;
mod secrets;
mod snapshot;
