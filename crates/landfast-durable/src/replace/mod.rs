//! Replacing a file as a whole or not at all.

mod error;
#[cfg(unix)]
mod inherit;
#[cfg(unix)]
mod sweep;

use std::error::Error;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

pub use error::ReplaceError;
#[cfg(unix)]
pub(crate) use error::left_behind;
#[cfg(unix)]
pub use sweep::{SweepError, Swept, sweep};

use crate::path::{Symlinks, folder_of, resolve};
use crate::sys;
use crate::temporary::Temporary;

/// What of a file that is replaced its replacement has too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Inherit {
    /// Nothing: the replacement is made like a new file.
    #[default]
    Nothing,
    /// The permission bits, as far as they are in the mask, and owner and group where the system lets us. Where it does not
    /// let us keep the group, the group gets no permissions. Access control lists and extended attributes are not kept.
    Permissions {
        /// The bits that may be taken over: `0o777` for all, `0o700` so that nobody but the owner can read the result.
        mask: u32,
    },
}

/// How a file is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplaceOptions {
    /// The permission bits of a file that is not made in the likeness of an old one. The process's mask takes from them.
    /// Unix only. By default `0o600`.
    pub mode: u32,
    /// What the replacement has of the replaced one. By default nothing.
    pub inherit: Inherit,
    /// Whether the path may be a link. By default not.
    pub symlinks: Symlinks,
}

impl Default for ReplaceOptions {
    fn default() -> Self {
        Self { mode: 0o600, inherit: Inherit::default(), symlinks: Symlinks::default() }
    }
}

/// Puts these bytes in the place of a file, or makes the file. A kill or a power failure at any moment leaves the old content
/// or the new one.
///
/// # Errors
/// The path is no ordinary file, or a step fails. Then what was there is there unchanged, except for
/// [`ReplaceError::Unsynced`].
pub fn replace(path: &Path, bytes: &[u8], options: &ReplaceOptions) -> Result<(), ReplaceError> {
    let mut replacement = Replacement::begin(path, options)?;
    replacement.append(bytes)?;
    replacement.commit()
}

/// Makes a file with this content where nothing has its name; there is no moment at which it is there and not whole.
///
/// # Errors
/// As [`replace`], and [`ReplaceError::Exists`].
pub fn create(path: &Path, bytes: &[u8], options: &ReplaceOptions) -> Result<(), ReplaceError> {
    let mut replacement = Replacement::begin(path, options)?;
    replacement.append(bytes)?;
    replacement.commit_new()
}

/// A file that will be put in the place of another one. Dropping it leaves the other one untouched.
#[derive(Debug)]
pub struct Replacement {
    path: PathBuf,
    before: Option<Metadata>,
    inherit: Inherit,
    temporary: Temporary,
}

impl Replacement {
    /// Makes the temporary file, in the folder of the file that it is to replace.
    ///
    /// # Errors
    /// The path is no ordinary file, or the temporary file cannot be made.
    pub fn begin(path: &Path, options: &ReplaceOptions) -> Result<Self, ReplaceError> {
        let (path, before) =
            resolve(path, options.symlinks).map_err(|unusable| ReplaceError::unusable(path, unusable))?;
        let takes_over = before.is_some() && options.inherit != Inherit::Nothing;
        // What is there may be private: nobody else reads the new text before it has the permissions of the old one.
        let mode = if takes_over { 0o600 } else { options.mode };
        let temporary = Temporary::create(folder_of(&path), mode)
            .map_err(|not| ReplaceError::failed(&path, not.failed, not.left))?;
        Ok(Self { path, before, inherit: options.inherit, temporary })
    }

    /// The file that will be replaced: where the path was a link that is followed, what the link names.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes more of the new content. [`io::Write`] does the same, with the error inside of an [`io::Error`].
    ///
    /// # Errors
    /// There is no space, or the disk reports an error. The temporary file is removed at once, and nothing can be added or
    /// committed any more.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), ReplaceError> {
        let written = sys::write(self.temporary.file(), bytes);
        written.map_err(|failed| ReplaceError::failed(&self.path, failed, self.temporary.discard()))
    }

    /// Puts the file into its place.
    ///
    /// # Errors
    /// As [`replace`].
    pub fn commit(self) -> Result<(), ReplaceError> {
        self.commit_if(|| Ok(()))
    }

    /// Puts the file into its place if the caller still wants it at the last moment, when all of it is on the disk and only
    /// its name is missing.
    ///
    /// # Errors
    /// As [`replace`], and [`ReplaceError::Refused`] with what `check` said.
    pub fn commit_if(
        mut self,
        check: impl FnOnce() -> Result<(), Box<dyn Error + Send + Sync>>,
    ) -> Result<(), ReplaceError> {
        self.finish()?;
        if let Err(source) = check() {
            return Err(ReplaceError::Refused { path: self.path.clone(), left: self.temporary.discard(), source });
        }
        let renamed = self.temporary.rename(&self.path);
        renamed.map_err(|failed| ReplaceError::failed(&self.path, failed, self.temporary.discard()))?;
        self.sync_folder()
    }

    /// Gives the file its name, which must be free.
    ///
    /// # Errors
    /// As [`create`].
    pub fn commit_new(mut self) -> Result<(), ReplaceError> {
        self.finish()?;
        let renamed = self.temporary.rename_new(&self.path);
        renamed.map_err(|failed| match (failed.kind(), self.temporary.discard()) {
            (io::ErrorKind::AlreadyExists, None) => ReplaceError::Exists { path: self.path.clone() },
            (_, left) => ReplaceError::failed(&self.path, failed, left),
        })?;
        self.sync_folder()
    }

    /// Everything but the name.
    fn finish(&mut self) -> Result<(), ReplaceError> {
        let finished = self.take_over().and_then(|()| sys::sync(self.temporary.file()));
        finished.map_err(|failed| ReplaceError::failed(&self.path, failed, self.temporary.discard()))
    }

    #[cfg(unix)]
    fn take_over(&self) -> sys::Result<()> {
        match (self.inherit, &self.before) {
            (Inherit::Permissions { mask }, Some(before)) => inherit::take_over(self.temporary.file(), before, mask),
            _ => Ok(()),
        }
    }

    #[cfg(not(unix))]
    fn take_over(&self) -> sys::Result<()> {
        Ok(())
    }

    fn sync_folder(&self) -> Result<(), ReplaceError> {
        sys::sync_folder(folder_of(&self.path))
            .map_err(|failed| ReplaceError::Unsynced { path: self.path.clone(), source: failed.source })
    }

    /// The parts, for who holds the lock of the file: everything is written and on the disk.
    #[cfg(unix)]
    pub(crate) fn into_finished(mut self) -> Result<Temporary, ReplaceError> {
        self.finish()?;
        Ok(self.temporary)
    }
}

impl io::Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.append(bytes).map(|()| bytes.len()).map_err(|error| {
            let kind = error.io_error().map_or(io::ErrorKind::Other, io::Error::kind);
            io::Error::new(kind, error)
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
