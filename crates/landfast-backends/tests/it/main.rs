//! Stores, through the public API.

#[cfg(feature = "live")]
mod live;
mod memory;
#[cfg(feature = "s3")]
mod s3;
mod suite;
