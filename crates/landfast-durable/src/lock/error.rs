//! Why a file was not locked, or not replaced under its lock.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::path::Unusable;
use crate::replace::{ReplaceError, left_behind};
use crate::step::{Failed, Step};

/// Who has a lock that is in our way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Holder {
    /// Another part of this very process.
    ThisProcess,
    /// The process with this number.
    Process(u32),
    /// A process that the system does not name: one on another machine, or in another namespace.
    Unknown,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ThisProcess => f.write_str("this process"),
            Self::Process(pid) => write!(f, "process {pid}"),
            Self::Unknown => f.write_str("a process that the system does not name"),
        }
    }
}

/// Why a file was not locked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Somebody else holds the lock, and did not give it back as long as we waited.
    #[error("{}: it is locked by {holder}", path.display())]
    Held {
        /// The file.
        path: PathBuf,
        /// Who holds it.
        holder: Holder,
    },
    /// There is no such file, and the options do not ask for one.
    #[error("{}: there is no such file", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// The path is a symbolic link, and the options refuse links.
    #[error("{}: it is a symbolic link", path.display())]
    Symlink {
        /// The path.
        path: PathBuf,
    },
    /// The path names a folder, a device or a pipe.
    #[error("{}: it is not an ordinary file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file is replaced by others as often as we lock it.
    #[error("{}: it is replaced again and again", path.display())]
    Unsettled {
        /// The path.
        path: PathBuf,
    },
    /// A step failed.
    #[error("{}: {step} failed", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The step.
        step: Step,
        /// Why.
        source: io::Error,
    },
}

impl LockError {
    pub(super) fn failed(path: &Path, failed: Failed) -> Self {
        if failed.kind() == io::ErrorKind::NotFound {
            return Self::Missing { path: path.to_owned() };
        }
        Self::Io { path: path.to_owned(), step: failed.step, source: failed.source }
    }

    pub(super) fn unusable(path: &Path, unusable: Unusable) -> Self {
        let path = path.to_owned();
        match unusable {
            Unusable::Symlink => Self::Symlink { path },
            Unusable::NotAFile => Self::NotAFile { path },
            Unusable::Failed(failed) => Self::failed(&path, failed),
        }
    }
}

/// Why reading or writing through a lock failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// A step failed.
    #[error("{}: {step} failed", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The step.
        step: Step,
        /// Why.
        source: io::Error,
    },
    /// There is more in the file than the caller wants to hold.
    #[error("{}: it is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
}

impl FileError {
    pub(super) fn failed(path: &Path, failed: Failed) -> Self {
        Self::Io { path: path.to_owned(), step: failed.step, source: failed.source }
    }
}

/// Why a locked file was not replaced or removed, or not in every respect.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplaceLockedError {
    /// The tombstone would not make a reader of JSON fail: it is empty, longer than a line, or begins as JSON can.
    #[error("a tombstone must be one line that ends with a line feed and begins as no JSON text does")]
    Tombstone,
    /// The lock is no longer ours, or the path names another file than the one that is locked. Nothing was changed.
    #[error("{}: the lock is lost, or the file was replaced by somebody who did not heed it", path.display())]
    Lost {
        /// The file.
        path: PathBuf,
    },
    /// The new file could not be made or given its name. The old one is there unchanged and still locked.
    #[error(transparent)]
    Replace(ReplaceError),
    /// A step before the change failed. The file is there unchanged and still locked.
    #[error("{}: {step} failed{}", path.display(), left_behind(left.as_deref()))]
    Io {
        /// The file.
        path: PathBuf,
        /// The step.
        step: Step,
        /// The temporary file, where it could not be removed either.
        left: Option<PathBuf>,
        /// Why.
        source: io::Error,
    },
    /// The change is made, but the folder could not be synced: after a power failure the old file may be back. Therefore the old
    /// file is unchanged too, and whoever already waits for its lock must still be turned away; giving the lock back tries
    /// once more.
    #[error("{}: it was changed, but may be the old one again after a power failure", path.display())]
    Unsynced {
        /// The file.
        path: PathBuf,
        /// Why the folder could not be synced.
        source: io::Error,
    },
    /// The change is made and on the disk, but the old file could not be overwritten: who already waits for its lock may
    /// write there, where nobody will find it. Giving the lock back tries once more.
    #[error("{}: it was changed, but who already waits for its lock would not notice", path.display())]
    NotBuried {
        /// The file.
        path: PathBuf,
        /// Why the old file could not be overwritten.
        source: io::Error,
    },
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is no such file.
    #[error("{}: there is no such file", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// The path is a symbolic link, and links are refused.
    #[error("{}: it is a symbolic link", path.display())]
    Symlink {
        /// The path.
        path: PathBuf,
    },
    /// The path names a folder, a device or a pipe.
    #[error("{}: it is not an ordinary file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// There is more in the file than the caller wants to hold.
    #[error("{}: it is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The path.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// The file changed as often as we read it.
    #[error("{}: it changes while it is read", path.display())]
    Unsettled {
        /// The path.
        path: PathBuf,
    },
    /// A step failed.
    #[error("{}: {step} failed", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The step.
        step: Step,
        /// Why.
        source: io::Error,
    },
}
