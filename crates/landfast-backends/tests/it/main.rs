//! Stores, through the public API.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test, in what tests share too"
)]

#[cfg(all(feature = "backup", unix))]
mod backup;
#[cfg(all(feature = "change", unix))]
mod change;
#[cfg(feature = "encryption")]
mod encrypt;
#[cfg(all(feature = "local", unix))]
mod local;
mod memory;
#[cfg(all(feature = "opentofu", feature = "change", unix))]
mod opentofu;
#[cfg(all(feature = "encryption", feature = "change", unix))]
mod protection;
mod suite;
#[cfg(all(feature = "change", unix))]
mod transfer;
#[cfg(all(feature = "live", feature = "encryption-vault", feature = "backup", unix))]
mod transit;
