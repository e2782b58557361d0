//! Stores, through the public API.

#[cfg(all(feature = "change", unix))]
mod change;
#[cfg(all(feature = "local", unix))]
mod local;
mod memory;
mod suite;
