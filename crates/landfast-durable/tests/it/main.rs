//! What the crate promises about files, locks and logs.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test, in what tests share too"
)]

mod child;
#[cfg(feature = "fault")]
mod faults;
#[cfg(feature = "fault")]
mod kills;
mod laws;
#[cfg(all(feature = "live", target_os = "linux"))]
mod live;
mod lock;
mod log;
mod moments;
mod replace;

use std::path::Path;

/// A line that no reader of JSON accepts.
const TOMBSTONE: &[u8] = b"# this state was replaced; run the command again\n";

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
