//! The operations that most programs want.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use landfast_drift::{CompareOptions, DriftReport, compare};
use landfast_state::{Document, DuplicateObject, Limits, ReadError, Snapshot};

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
    File::open(path).map_err(io)?.take(most).read_to_end(&mut bytes).map_err(io)?;
    Ok(Document::read(bytes.into(), &path.display().to_string(), limits)?)
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
