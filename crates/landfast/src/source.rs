//! Comparing two documents in the way that holds the least.

use std::io::{Read, Seek};
use std::path::PathBuf;

use landfast_drift::{Buffered, CompareOptions, DriftReport, compare_streams};
use landfast_state::{Document, Limits, StateStream, StreamError};

use crate::held::Held;
use crate::operations::{OpenError, diff, open, open_stream};

/// Where a document is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Source {
    /// In a file that can be read more than once: no pipe.
    File(PathBuf),
    /// In memory.
    Held(Held),
}

impl Source {
    fn document(&self, limits: &Limits) -> Result<Document, OpenError> {
        match self {
            Self::File(path) => open(path, limits),
            Self::Held(held) => Ok(held.document(limits)?),
        }
    }
}

/// Compares what was recorded with what was observed as [`check`](crate::check) does. Two states of format 4 are compared
/// object by object: of one in a file a few kilobytes are held at a time, and next to nothing besides one that is in memory.
/// What was buffered comes back then. Everything else is read as a [`Document`] first, within `limits`.
///
/// ```
/// use landfast::drift::CompareOptions;
/// use landfast::state::Limits;
/// use landfast::{Held, Source};
///
/// # let state = |tag: &str| format!(r#"{{"version": 4, "serial": 3, "lineage": "a", "outputs": {{}}, "resources": [
/// #     {{"mode": "managed", "type": "aws_vpc", "name": "main", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
/// #      "instances": [{{"schema_version": 1, "attributes": {{"id": "vpc-1", "tags": {{"team": "{tag}"}}}}}}]}}]}}"#);
/// # let (in_the_store, just_read) = (state("a"), state("b"));
/// let recorded = Source::Held(Held::new("s3://states/prod.tfstate", in_the_store));
/// let observed = Source::Held(Held::new("observed", just_read));
/// let (report, _) = landfast::check_sources(&recorded, &observed, &Limits::default(), &CompareOptions::default())?;
/// assert_eq!(report.counts().drifted, 1);
/// # Ok::<(), landfast::OpenError>(())
/// ```
///
/// # Errors
/// When one of the two cannot be read.
pub fn check_sources(
    recorded: &Source,
    observed: &Source,
    limits: &Limits,
    options: &CompareOptions,
) -> Result<(DriftReport, Option<Buffered>), OpenError> {
    let streamed = match recorded {
        Source::File(path) => open_stream(path).and_then(|stream| beside(stream, observed, limits, options)),
        Source::Held(held) => held.stream(limits).and_then(|stream| beside(stream, observed, limits, options)),
    };
    match streamed {
        Ok((report, buffered)) => Ok((report, Some(buffered))),
        Err(StreamError::Read(error)) => Err(error.into()),
        Err(StreamError::Io { file, source }) => Err(OpenError::Io { path: file.into(), source }),
        // No state of format 4, or one that only a reader of all of it understands.
        Err(_) => Ok((diff(recorded.document(limits)?, observed.document(limits)?, options), None)),
    }
}

fn beside<R: Read + Seek>(
    mut recorded: StateStream<R>,
    observed: &Source,
    limits: &Limits,
    options: &CompareOptions,
) -> Result<(DriftReport, Buffered), StreamError> {
    match observed {
        Source::File(path) => compare_streams(&mut recorded, &mut open_stream(path)?, options),
        Source::Held(held) => compare_streams(&mut recorded, &mut held.stream(limits)?, options),
    }
}
