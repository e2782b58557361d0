//! Replacing and removing a file under its lock, so that whoever already waits for the lock cannot be fooled.
//!
//! A program that waits has the old file open. When it gets the lock, it reads and writes that file, which no name leads to
//! any more: what it writes is lost, and it does not notice. So the old file is overwritten before its lock is given back, with
//! a line that no reader of JSON accepts.

use std::path::Path;

use super::LockedFile;
use super::error::ReplaceLockedError;
use crate::path::folder_of;
use crate::registry::{Attempt, Tracked};
use crate::replace::{ReplaceOptions, Replacement};
use crate::step::Failed;
use crate::sys;

/// A file without a name, still locked.
#[derive(Debug)]
pub(super) struct Orphan {
    file: Tracked,
    /// What is still to be written into it.
    line: Option<Vec<u8>>,
}

impl Orphan {
    /// Overwrites it. At no moment is it empty, since an empty state counts as none, and from the first byte that is
    /// written it is no JSON any more.
    fn bury(&mut self) -> Result<(), Failed> {
        if let Some(line) = &self.line {
            sys::write_at(self.file.file(), line, 0)?;
            sys::set_len(self.file.file(), line.len() as u64)?;
            self.line = None;
        }
        Ok(())
    }
}

/// Whether every prefix of the line, whatever follows it, is refused by readers of JSON.
fn is_tombstone(line: &[u8]) -> bool {
    let begins_as_json =
        |first: &u8| first.is_ascii_whitespace() || first.is_ascii_alphanumeric() || b"{[\"-\xef".contains(first);
    let line_feeds = line.iter().filter(|byte| **byte == b'\n').count();
    line.first().is_some_and(|first| !begins_as_json(first)) && line.ends_with(b"\n") && line_feeds == 1
}

impl LockedFile {
    /// Puts new content in the place of the file, in the way of [`crate::replace`](fn@crate::replace), and keeps it locked all
    /// the while: the new file is locked before it gets the name. Then the old one, for whose lock somebody may be waiting, is
    /// overwritten with `tombstone`: a line that begins as no JSON text does, such as `# replaced, read it again\n`. A terraform
    /// that has waited fails to read that, instead of writing to where nobody will look. The locks of both files
    /// are given back together, when this value is dropped.
    ///
    /// Programs that have the old file open without a lock, to read it, can see the tombstone; they have to open the file again,
    /// as [`crate::read`] does.
    ///
    /// Between the new name and the tombstone the folder is synced, since after a power failure the old file may have its name
    /// back. A process that is killed in that moment, and only then, leaves a waiting terraform with the old content. Where a
    /// folder cannot be synced at all, because the file system has no such thing or we may not read the folder, a power failure
    /// soon after may leave the tombstone.
    ///
    /// # Errors
    /// The lock is lost, or a step fails. Except for [`ReplaceLockedError::Unsynced`] and [`ReplaceLockedError::NotBuried`] the
    /// file is unchanged; with these two it has the new content.
    pub fn replace_with(
        &mut self,
        bytes: &[u8],
        tombstone: &[u8],
        options: &ReplaceOptions,
    ) -> Result<(), ReplaceLockedError> {
        if !is_tombstone(tombstone) {
            return Err(ReplaceLockedError::Tombstone);
        }
        let mut replacement = Replacement::begin(&self.path, options).map_err(ReplaceLockedError::Replace)?;
        replacement.append(bytes).map_err(ReplaceLockedError::Replace)?;
        let mut temporary = replacement.into_finished().map_err(ReplaceLockedError::Replace)?;
        let renamed = self.ready(temporary.tracked()).and_then(|ready| match ready {
            true => temporary.rename(&self.path).map(|()| true),
            false => Ok(false),
        });
        match renamed {
            Ok(true) => {}
            Ok(false) => return Err(ReplaceLockedError::Lost { path: self.path.clone() }),
            Err(failed) => {
                let left = temporary.discard();
                return Err(io(&self.path, failed, left));
            }
        }
        let file = std::mem::replace(&mut self.file, temporary.into_tracked());
        self.orphans.push(Orphan { file, line: Some(tombstone.to_owned()) });
        self.settle()
    }

    /// Removes the file, and gives the lock back when this value is dropped, as always. Whoever waited for the lock finds the
    /// tombstone, as with [`LockedFile::replace_with`].
    ///
    /// # Errors
    /// As [`LockedFile::replace_with`]; the errors that leave the change made are final here, since the lock goes with them.
    pub fn remove(self, tombstone: &[u8]) -> Result<(), ReplaceLockedError> {
        if !is_tombstone(tombstone) {
            return Err(ReplaceLockedError::Tombstone);
        }
        let removed = self.intact().and_then(|intact| match intact {
            true => sys::remove(&self.path).map(|()| true),
            false => Ok(false),
        });
        if !removed.map_err(|failed| io(&self.path, failed, None))? {
            return Err(ReplaceLockedError::Lost { path: self.path.clone() });
        }
        sys::sync_folder(folder_of(&self.path)).map_err(|failed| self.unsynced(failed))?;
        let buried = sys::write_at(self.file.file(), tombstone, 0)
            .and_then(|()| sys::set_len(self.file.file(), tombstone.len() as u64));
        buried.map_err(|failed| self.not_buried(failed))
    }

    /// Gives the lock back. Dropping does the same; this also tells what of [`ReplaceLockedError::Unsynced`] and
    /// [`ReplaceLockedError::NotBuried`] could not be made good.
    ///
    /// # Errors
    /// The folder cannot be synced, or an old file cannot be overwritten. The lock is given back all the same.
    pub fn release(mut self) -> Result<(), ReplaceLockedError> {
        self.settle()
    }

    /// Whether both locks are ours, and the path names what we have locked.
    fn ready(&self, new: &Tracked) -> Result<bool, Failed> {
        Ok(new.try_lock()? == Attempt::Taken && self.intact()?)
    }

    /// Makes the name last, and then overwrites what has lost it.
    fn settle(&mut self) -> Result<(), ReplaceLockedError> {
        if self.orphans.iter().all(|orphan| orphan.line.is_none()) {
            return Ok(());
        }
        sys::sync_folder(folder_of(&self.path)).map_err(|failed| self.unsynced(failed))?;
        let buried = self.orphans.iter_mut().try_for_each(Orphan::bury);
        buried.map_err(|failed| self.not_buried(failed))
    }

    fn unsynced(&self, failed: Failed) -> ReplaceLockedError {
        ReplaceLockedError::Unsynced { path: self.path.clone(), source: failed.source }
    }

    fn not_buried(&self, failed: Failed) -> ReplaceLockedError {
        ReplaceLockedError::NotBuried { path: self.path.clone(), source: failed.source }
    }
}

impl Drop for LockedFile {
    fn drop(&mut self) {
        let _ = self.settle();
    }
}

fn io(path: &Path, failed: Failed, left: Option<std::path::PathBuf>) -> ReplaceLockedError {
    ReplaceLockedError::Io { path: path.to_owned(), step: failed.step, left, source: failed.source }
}
