//! Stores, through the public API.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a failed unwrap is a failed test, in what tests share too; what is printed are tables"
)]

#[cfg(feature = "live")]
mod live;
mod memory;
#[cfg(feature = "s3")]
mod s3;
mod suite;
