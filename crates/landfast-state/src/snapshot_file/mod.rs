//! Snapshot and observation files: Landfast's own format, in which no sensitive value stands in clear.
//!
//! The format is described in the project's `docs/formats.md`.

mod read;
mod write;

pub use read::{read_object, read_observation, read_snapshot};
pub use write::{write_object, write_observation, write_snapshot};

/// The version that is written; every 1.x is read.
const FORMAT_VERSION: &str = "1.0";
