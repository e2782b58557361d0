//! Removing what killed writers left.

use std::io;
use std::path::{Path, PathBuf};

use crate::registry::{Attempt, FileId, Tracked, is_open};
use crate::step::{Failed, Step};
use crate::sys::{self, Access};
use crate::temporary::PREFIX;

/// What a sweep did.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Swept {
    /// The abandoned files that it removed.
    pub removed: Vec<PathBuf>,
    /// The temporary files whose writers live.
    pub in_use: Vec<PathBuf>,
    /// Those that could not be looked at or removed, with the reason.
    pub failed: Vec<(PathBuf, io::Error)>,
}

/// Why there was no sweep.
#[derive(Debug, thiserror::Error)]
#[error("{}: {step} failed", path.display())]
#[non_exhaustive]
pub struct SweepError {
    /// The folder.
    pub path: PathBuf,
    /// The step.
    pub step: Step,
    /// Why.
    pub source: io::Error,
}

/// Removes the temporary files of this crate in a folder whose writers are dead. A writer locks its temporary file as long as
/// it lives, whichever machine it runs on if the file system shares locks; so what can be locked has no writer. Files of other
/// names are not touched.
///
/// # Errors
/// The folder cannot be listed.
pub fn sweep(folder: &Path) -> Result<Swept, SweepError> {
    let names = sys::list(folder).map_err(|failed| SweepError {
        path: folder.to_owned(),
        step: failed.step,
        source: failed.source,
    })?;
    let mut swept = Swept::default();
    for name in names.iter().filter(|name| name.to_string_lossy().starts_with(PREFIX)) {
        let path = folder.join(name);
        match sweep_one(&path) {
            Ok(Verdict::Removed) => swept.removed.push(path),
            Ok(Verdict::InUse) => swept.in_use.push(path),
            Ok(Verdict::Gone) => {}
            Err(failed) => swept.failed.push((path, failed.source)),
        }
    }
    Ok(swept)
}

enum Verdict {
    Removed,
    InUse,
    Gone,
}

fn sweep_one(path: &Path) -> Result<Verdict, Failed> {
    let id = match sys::named(path)? {
        Some(metadata) if metadata.is_file() => FileId::of(&metadata),
        _ => return Ok(Verdict::Gone),
    };
    if is_open(id) {
        return Ok(Verdict::InUse);
    }
    let file = match Tracked::open(path, Access::ReadWrite) {
        Err(failed) if failed.kind() == io::ErrorKind::NotFound => return Ok(Verdict::Gone),
        opened => opened?.0,
    };
    if file.try_lock()? != Attempt::Taken {
        return Ok(Verdict::InUse);
    }
    // It may have been given its name, or been removed, since it was opened. With the lock held, nobody does that any more.
    if sys::named(path)?.map(|metadata| FileId::of(&metadata)) != Some(file.id()) {
        return Ok(Verdict::Gone);
    }
    sys::remove(path)?;
    Ok(Verdict::Removed)
}
