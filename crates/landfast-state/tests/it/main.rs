//! Tests of the crate as its users see it, in one binary.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test, in what tests share too"
)]

mod bad_input;
mod canonical;
mod corpus;
mod driftctl;
mod edits;
mod graph;
mod laws;
mod oracle;
mod plan;
mod snapshots;
