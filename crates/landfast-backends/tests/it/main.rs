//! Stores, through the public API.

#[cfg(feature = "live")]
mod live;
mod memory;
mod suite;
