//! Comparing two sources in the way that holds the least.

use std::path::Path;

use landfast::Source;
use landfast::drift::{CompareOptions, DriftReport};
use landfast::state::Limits;

use crate::args::{Global, Streaming};
use crate::error::CliError;
use crate::input;

/// Compares two sources of any kind: states in files as streams, where that is wanted; what comes through a pipe in memory.
pub(crate) fn compare(
    a: &Path,
    b: &Path,
    when: Streaming,
    options: &CompareOptions,
    global: &Global,
) -> Result<DriftReport, CliError> {
    let source = |path: &Path| match when {
        Streaming::Auto if input::can_stream(path, global)? => Ok(Source::File(path.to_owned())),
        _ => input::held(path, global).map(Source::Held),
    };
    let (report, buffered) = if when == Streaming::Always {
        let (report, buffered) = landfast::check_streams(a, b, options)?;
        (report, Some(buffered))
    } else {
        input::once([a, b])?;
        landfast::check_sources(&source(a)?, &source(b)?, &Limits::default(), options)?
    };
    match buffered {
        Some(buffered) => {
            tracing::debug!(waiting = buffered.waiting, bytes = buffered.text, "buffered at the most");
        }
        None => tracing::debug!("read as a whole"),
    }
    Ok(report)
}
