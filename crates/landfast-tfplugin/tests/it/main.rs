//! Behaviour of the client as a library.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a failed unwrap is a failed test, in what tests share too"
)]

#[cfg(all(feature = "live", target_os = "linux"))]
mod live;
mod locate;
#[cfg(target_os = "linux")]
mod scripts;
