//! Tests of the crate as its users see it, in one binary.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test, in what tests share too"
)]

mod bad_input;
#[cfg(feature = "corpus")]
mod canonical;
#[cfg(feature = "corpus")]
mod corpus;
#[cfg(feature = "corpus")]
mod driftctl;
#[cfg(feature = "corpus")]
mod edits;
mod fixtures;
mod graph;
mod laws;
#[cfg(feature = "corpus")]
mod oracle;
#[cfg(feature = "corpus")]
mod plan;
mod refactor;
#[cfg(feature = "corpus")]
mod snapshots;
