//! Tests of the crate through its public API.

#[cfg(feature = "policy")]
mod policy;
#[cfg(all(feature = "policy", feature = "live"))]
mod live;
