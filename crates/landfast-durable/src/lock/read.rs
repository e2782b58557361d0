//! Reading files that others may have locked, without disturbing a lock of this process.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::error::ReadError;
use super::{names, read_full_at};
use crate::path::{Symlinks, Unusable, resolve};
use crate::registry::Tracked;
use crate::step::Failed;
use crate::sys::{self, Access};

/// How often a file is read again because it changed meanwhile.
const MOST_READINGS: usize = 5;

/// Reads a whole file, locked or not. If it was written to or replaced meanwhile, it is read again. Unlike
/// [`std::fs::read`], it may be used on a file that this process has locked.
///
/// A program that writes in place, as terraform does, can still be seen between two writes: then the content is not whole,
/// which only who understands the content can tell.
///
/// # Errors
/// There is no such file, it is larger than `limit` bytes, it does not come to rest, or reading fails.
pub fn read(path: &Path, limit: u64, symlinks: Symlinks) -> Result<Vec<u8>, ReadError> {
    for _ in 0..MOST_READINGS {
        let (resolved, _) = resolve(path, symlinks).map_err(|unusable| read_error(path, unusable))?;
        let outcome = read_once(&resolved, limit).map_err(|unusable| read_error(&resolved, unusable))?;
        match outcome {
            Outcome::Whole(content) => return Ok(content),
            Outcome::TooLarge => return Err(ReadError::TooLarge { path: resolved, limit }),
            Outcome::Moved => {}
        }
    }
    Err(ReadError::Unsettled { path: path.to_owned() })
}

enum Outcome {
    Whole(Vec<u8>),
    TooLarge,
    Moved,
}

fn read_once(path: &Path, limit: u64) -> Result<Outcome, Unusable> {
    let (file, before) = Tracked::open(path, Access::Read)?;
    if !before.is_file() {
        return Err(Unusable::NotAFile);
    }
    let Some(content) = all(&file, limit)? else { return Ok(Outcome::TooLarge) };
    let after = sys::metadata(file.file())?;
    let settled = stamp(&before) == stamp(&after) && names(path, file.id())?;
    Ok(if settled { Outcome::Whole(content) } else { Outcome::Moved })
}

/// What changes when a file is written to.
fn stamp(metadata: &Metadata) -> (u64, i64, i64) {
    (metadata.len(), metadata.mtime(), metadata.mtime_nsec())
}

/// All that is in a file; none if that is more than the limit.
pub(super) fn all(file: &Tracked, limit: u64) -> Result<Option<Vec<u8>>, Failed> {
    let length = sys::metadata(file.file())?.len();
    // One byte more than expected, to see the end without another round.
    let mut step = usize::try_from(length.min(limit)).unwrap_or(usize::MAX).saturating_add(1).min(64 << 20);
    // Made of zeros, and not filled with them: the system hands out zeros, page by page, as they are needed.
    let mut content = vec![0; step];
    let mut start = 0;
    loop {
        content.resize(start + step, 0);
        let count = content.get_mut(start..).map_or(Ok(0), |rest| read_full_at(file, rest, start as u64))?;
        content.truncate(start + count);
        if content.len() as u64 > limit {
            return Ok(None);
        }
        if count < step {
            return Ok(Some(content));
        }
        start = content.len();
        step = 1 << 20;
    }
}

pub(super) fn read_error(path: &Path, unusable: Unusable) -> ReadError {
    let path = path.to_owned();
    match unusable {
        Unusable::Symlink => ReadError::Symlink { path },
        Unusable::NotAFile => ReadError::NotAFile { path },
        Unusable::Failed(failed) if failed.kind() == ErrorKind::NotFound => ReadError::Missing { path },
        Unusable::Failed(failed) => ReadError::Io { path, step: failed.step, source: failed.source },
    }
}
