//! Stores on real servers, and beside the real terraform.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what sets a test up fails with it, in functions that the lints do not know to be tests"
)]

mod azurerm;
mod gcs;
mod http;
mod interplay;
mod local;
mod lost_answer;
mod pg;
mod postgres;
mod s3;
mod servers;
mod stub;
mod terraform;

use std::path::PathBuf;

/// A program that `.ci/install-stores` installed.
pub(crate) fn tool(path: &str) -> PathBuf {
    installed("LANDFAST_STORE_TOOLS", "target/store-tools", path, ".ci/install-stores")
}

/// A program that `.ci/install-live-tools` installed.
pub(crate) fn live_tool(path: &str) -> PathBuf {
    installed("LANDFAST_TOOLS", "target/live-tools", path, ".ci/install-live-tools")
}

fn installed(variable: &str, folder: &str, path: &str, installer: &str) -> PathBuf {
    let folder = std::env::var_os(variable)
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder), PathBuf::from);
    let found = folder.join(path);
    assert!(found.exists(), "{} is not there: run {installer}", found.display());
    found
}
