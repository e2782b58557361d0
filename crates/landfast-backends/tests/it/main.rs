//! Stores, through the public API.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a failed unwrap is a failed test, in what tests share too; what is printed are tables"
)]

#[cfg(all(feature = "backup", unix))]
mod backup;
mod broken;
#[cfg(all(feature = "change", unix))]
mod change;
mod decorate;
#[cfg(feature = "encryption")]
mod encrypt;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "live")]
mod live;
#[cfg(all(feature = "local", unix))]
mod local;
mod memory;
#[cfg(all(feature = "opentofu", feature = "change", unix))]
mod opentofu;
#[cfg(all(feature = "encryption", feature = "change", unix))]
mod protection;
#[cfg(all(feature = "change", unix))]
mod reading;
mod record;
#[cfg(feature = "s3")]
mod s3;
mod suite;
#[cfg(all(feature = "change", feature = "local", unix))]
mod timeline;
#[cfg(all(feature = "change", unix))]
mod transfer;
#[cfg(all(feature = "live", feature = "encryption-vault", feature = "backup", unix))]
mod transit;
