//! The development commands, run as a developer runs them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test"
)]

mod bench;
mod generated;
#[cfg(feature = "live")]
mod live;
