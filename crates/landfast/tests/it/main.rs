//! The tests of the facade as its users see it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what panics in a test is a failed test; clippy does not know the functions beside the tests"
)]

#[cfg(feature = "live")]
mod live;
