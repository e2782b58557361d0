//! Stores, through the public API.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test, in what tests share too"
)]

mod broken;
mod decorate;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "live")]
mod live;
mod memory;
mod suite;
