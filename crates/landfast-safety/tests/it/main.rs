//! Tests of the crate through its public API.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test, in what tests share too"
)]

#[cfg(all(feature = "policy", feature = "live"))]
mod live;
#[cfg(feature = "policy")]
mod policy;
