//! Tests of the client as programs use it.

#[cfg(all(feature = "live", target_os = "linux"))]
mod live;
#[cfg(target_os = "linux")]
mod scripts;
