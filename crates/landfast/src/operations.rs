//! The operations that most programs want.

use std::fs::File;
use std::path::{Path, PathBuf};

use landfast_drift::{Buffered, CompareOptions, DriftReport, compare, compare_streams};
use landfast_state::{Document, DuplicateObject, Limits, ReadError, Snapshot, StateStream, StreamError};

use crate::held::Held;

/// Why a file could not be opened as a document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file cannot be read.
    #[error("{}: cannot be read", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// What it holds cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Opens a state, plan, show JSON, snapshot or observation. Not more than the limit in size is read, whatever the file
/// says of itself.
///
/// # Errors
/// When the file cannot be read, or is none of these, or a broken one.
pub fn open(path: &Path, limits: &Limits) -> Result<Document, OpenError> {
    Ok(Held::read(path, limits)?.document(limits)?)
}

/// Opens a state of format 4 to be read object by object. Its size has no limit: nothing that grows with it is held.
///
/// # Errors
/// When the file cannot be read, is empty, or shows at once that it must be read as a whole.
pub fn open_stream(path: &Path) -> Result<StateStream<File>, StreamError> {
    let file = path.display().to_string();
    match File::open(path) {
        Ok(input) => StateStream::open(input, &file, &Limits::default().of_any_size()),
        Err(source) => Err(StreamError::Io { file, source }),
    }
}

/// Compares two states of format 4 as [`check`] does, without holding either. With
/// [`InSync::Count`](landfast_drift::InSync::Count) it needs a few megabytes, however large the states are.
///
/// # Errors
/// When a state cannot be read, or must be read as a whole ([`StreamError::Whole`]): then [`open`] and [`check`] do it.
pub fn check_streams(
    recorded: &Path,
    observed: &Path,
    options: &CompareOptions,
) -> Result<(DriftReport, Buffered), StreamError> {
    compare_streams(&mut open_stream(recorded)?, &mut open_stream(observed)?, options)
}

/// Compares what was recorded, in one document or in several that hold different resources, with what was observed. Of a
/// plan, its recorded or its observed side counts, whichever it stands for. The documents are taken, so that no part of them
/// is held twice.
///
/// # Errors
/// When an address stands in two of the recorded documents.
pub fn check(
    recorded: impl IntoIterator<Item = Document>,
    observed: Document,
    options: &CompareOptions,
) -> Result<DriftReport, DuplicateObject> {
    let mut observation = observed.into_observed();
    let mut parts = Vec::new();
    for document in recorded {
        // What terraform would pass over in the record must not be passed over here.
        observation.gaps.extend(document.ignored());
        parts.push(document.into_recorded());
    }
    Ok(compare(&Snapshot::join(parts)?, &observation, options))
}

/// Compares any two documents. Both stand for what was recorded in them, but of a plan as the second one its observed side
/// counts.
#[must_use]
pub fn diff(a: Document, b: Document, options: &CompareOptions) -> DriftReport {
    let mut observation = b.into_observed();
    observation.gaps.extend(a.ignored());
    compare(&a.into_recorded(), &observation, options)
}
