//! Behaviour of the reader as a library.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test, in what tests share too"
)]

mod folder;
#[cfg(feature = "live")]
mod live;
mod modules;
mod overrides;
mod providers;
mod secrets;
mod values;
mod variables;
#[cfg(feature = "vault")]
mod vault;
