//! The operations that most programs want.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use landfast_drift::{Buffered, CompareOptions, DriftReport, compare, compare_streams};
use landfast_state::{Document, DuplicateObject, Limits, ReadError, Snapshot, StateStream, StreamError};

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
    let io = |source| OpenError::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    // One byte more than allowed is enough to see that it is too long.
    let most = u64::try_from(limits.max_bytes).unwrap_or(u64::MAX).saturating_add(1);
    let file = File::open(path).map_err(io)?;
    let size = file.metadata().map_or(0, |metadata| metadata.len()).min(most);
    bytes.reserve_exact(usize::try_from(size).unwrap_or_default().saturating_add(1));
    file.take(most).read_to_end(&mut bytes).map_err(io)?;
    Ok(Document::read(bytes.into(), &path.display().to_string(), limits)?)
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
/// plan, its recorded or its observed side counts, whichever it stands for.
///
/// # Errors
/// When an address stands in two of the recorded documents.
pub fn check(
    recorded: &[Document],
    observed: &Document,
    options: &CompareOptions,
) -> Result<DriftReport, DuplicateObject> {
    let snapshot = Snapshot::join(recorded.iter().map(Document::recorded))?;
    let mut observation = observed.observed();
    // What terraform would pass over in the record must not be passed over here.
    observation.gaps.extend(recorded.iter().flat_map(Document::ignored));
    Ok(compare(&snapshot, &observation, options))
}

/// Compares any two documents. Both stand for what was recorded in them, but of a plan as the second one its observed side
/// counts.
#[must_use]
pub fn diff(a: &Document, b: &Document, options: &CompareOptions) -> DriftReport {
    let mut observation = b.observed();
    observation.gaps.extend(a.ignored());
    compare(&a.recorded(), &observation, options)
}
