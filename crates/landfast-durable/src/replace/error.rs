//! Why a file was not replaced.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use crate::path::Unusable;
use crate::step::{Failed, Step};

/// Why a file was not replaced or created. Except for [`ReplaceError::Unsynced`], what was there is there unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplaceError {
    /// A step failed: there is no space, the disk reports an error, the folder may not be written to.
    #[error("{}: {step} failed{}", path.display(), left_behind(left.as_deref()))]
    Io {
        /// The file that was to be replaced.
        path: PathBuf,
        /// The step.
        step: Step,
        /// The temporary file, where it could not be removed either.
        left: Option<PathBuf>,
        /// Why.
        source: io::Error,
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
    /// The file was to be created, and something has that name already.
    #[error("{}: it exists already", path.display())]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// What the caller wanted to be true at the last moment was not.
    #[error("{}: it was not replaced{}", path.display(), left_behind(left.as_deref()))]
    Refused {
        /// The file that was to be replaced.
        path: PathBuf,
        /// The temporary file, where it could not be removed.
        left: Option<PathBuf>,
        /// What the caller said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The new file is in its place, but the folder could not be synced: after a power failure it may be the old one.
    #[error("{}: it was replaced, but may be the old one again after a power failure", path.display())]
    Unsynced {
        /// The file that was replaced.
        path: PathBuf,
        /// Why the folder could not be synced.
        source: io::Error,
    },
}

pub(crate) fn left_behind(left: Option<&Path>) -> String {
    left.map_or_else(String::new, |left| format!("; the temporary file {} is left", left.display()))
}

impl ReplaceError {
    pub(crate) fn unusable(path: &Path, unusable: Unusable) -> Self {
        let path = path.to_owned();
        match unusable {
            Unusable::Symlink => Self::Symlink { path },
            Unusable::NotAFile => Self::NotAFile { path },
            Unusable::Failed(failed) => Self::failed(&path, failed, None),
        }
    }

    pub(crate) fn failed(path: &Path, failed: Failed, left: Option<PathBuf>) -> Self {
        Self::Io { path: path.to_owned(), step: failed.step, left, source: failed.source }
    }

    /// What the system said, where it was the system that refused.
    #[must_use]
    pub fn io_error(&self) -> Option<&io::Error> {
        match self {
            Self::Io { source, .. } | Self::Unsynced { source, .. } => Some(source),
            _ => None,
        }
    }
}
