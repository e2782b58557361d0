//! Comparing two sources in the way that holds the least.

use std::path::Path;

use landfast::drift::{CompareOptions, DriftReport};
use landfast::state::{Limits, StreamError};

use crate::args::Streaming;
use crate::error::CliError;
use crate::input;

/// Compares two sources of any kind: two states in files as streams, where that is wanted; others in memory.
pub(crate) fn compare(a: &Path, b: &Path, when: Streaming, options: &CompareOptions) -> Result<DriftReport, CliError> {
    let streams = match when {
        Streaming::Always => true,
        Streaming::Auto => input::is_file(a) && input::is_file(b),
        Streaming::Never => false,
    };
    if streams {
        match landfast::check_streams(a, b, options) {
            Ok((report, buffered)) => {
                tracing::debug!(waiting = buffered.waiting, bytes = buffered.text, "buffered at the most");
                return Ok(report);
            }
            Err(StreamError::Whole { file, reason }) if when == Streaming::Auto => {
                tracing::debug!(file, reason, "read as a whole");
            }
            Err(error) => return Err(error.into()),
        }
    }
    let (a, b) = input::held_pair(a, b)?;
    Ok(landfast::check_held(&a, &b, &Limits::default(), options)?)
}
