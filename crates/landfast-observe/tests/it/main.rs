//! Behaviour of the observers as a library.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test, in what tests share too"
)]

mod captured;
#[cfg(feature = "testing")]
mod scan;
#[cfg(unix)]
mod terraform;

use std::path::{Path, PathBuf};

use landfast_observe::{ObserveError, ObserveRequest, Observed, Observer};

/// A file of the workspace's fixtures.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name).canonicalize().unwrap()
}

/// What the observer finds. It needs no runtime of its own, so the simplest one does.
fn observe(observer: &dyn Observer, request: ObserveRequest) -> Result<Observed, ObserveError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(observer.observe(request))
}
