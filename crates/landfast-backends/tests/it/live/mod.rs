//! Stores on real servers, and beside the real terraform.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what sets a test up fails with it, in functions that the lints do not know to be tests"
)]

mod azurerm;
mod gcs;
mod interplay;
mod lost_answer;
mod servers;
mod stub;
mod terraform;

use std::path::PathBuf;

/// A program that `.ci/install-stores` installed.
pub(crate) fn tool(path: &str) -> PathBuf {
    let folder = std::env::var_os("LANDFAST_STORE_TOOLS")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/store-tools"), PathBuf::from);
    let found = folder.join(path);
    assert!(found.exists(), "{} is not there: run .ci/install-stores", found.display());
    found
}
