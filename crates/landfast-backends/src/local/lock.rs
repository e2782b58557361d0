//! The lock on a local state, and writing under it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use landfast_durable::{
    FileError, Inherit, LockError, LockOptions, LockedFile, Missing, ReplaceError, ReplaceLockedError, ReplaceOptions,
    Replacement, Symlinks,
};
use landfast_state::{BytesDigest, BytesHasher};

use super::{BackupFile, LARGEST, blocking, class_of_io};
use crate::error::{ErrorClass, StoreError};
use crate::lock_info::LockInfo;
use crate::store::{HeldLock, StoreFuture};
use crate::stored::{Expected, StateWrite, StoredState, Written};

/// What a terraform reads that waited for a state which was replaced meanwhile.
const TOMBSTONE: &[u8] = b"# this state was replaced by landfast while you waited for its lock: read it again\n";
/// Nobody but the owner reads a state that is new.
const MODE: u32 = 0o600;
/// How much of a file is read at a time where it need not be in memory as a whole.
const PART: usize = 256 << 10;

/// A lock on a local state.
#[derive(Debug)]
pub(super) struct LocalLock {
    path: PathBuf,
    info: LockInfo,
    backup: BackupFile,
    /// `None` after the lock was given back. Shared with the threads that block.
    file: Arc<Mutex<Option<LockedFile>>>,
}

impl LocalLock {
    /// Takes the lock. Without a state an empty file is made, as terraform does it; it goes when nothing was written.
    pub(super) fn take(path: &Path, info: LockInfo, backup: BackupFile) -> Result<Self, StoreError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| {
                StoreError::new(class_of_io(&error), folder.display().to_string(), "the folder cannot be made")
                    .because(error)
            })?;
        }
        let mut options = LockOptions::default();
        options.missing = Missing::CreateEmpty { mode: MODE };
        options.symlinks = Symlinks::Follow;
        let file = LockedFile::acquire(path, &options).map_err(|error| not_locked(path, error))?;
        let info = info.at(path.display().to_string());
        let mut replace = ReplaceOptions::default();
        replace.mode = MODE;
        // Without it terraform, and whoever else waits, cannot say who holds the lock.
        landfast_durable::replace(&info_path(file.path()), info.to_json().as_bytes(), &replace)
            .map_err(|error| not_replaced(path, "the note about the lock cannot be written", error))?;
        Ok(Self { path: path.to_owned(), info, backup, file: Arc::new(Mutex::new(Some(file))) })
    }

    fn with_file<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut LockedFile, &Path) -> Result<T, StoreError> + Send + 'static,
    ) -> StoreFuture<'static, T> {
        let (file, path) = (Arc::clone(&self.file), self.path.clone());
        Box::pin(blocking(move || {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            let released = || StoreError::conflict(path.display().to_string(), "the lock was given back");
            work(file.as_mut().ok_or_else(released)?, &path)
        }))
    }
}

impl HeldLock for LocalLock {
    fn info(&self) -> &LockInfo {
        &self.info
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }

    fn read(&self) -> StoreFuture<'_, Option<StoredState>> {
        self.with_file(|file, path| current(file, path))
    }

    fn holds(&self, digest: BytesDigest) -> StoreFuture<'_, bool> {
        self.with_file(move |file, path| Ok(pass(file, path, |_| Ok(()))? == Some(digest)))
    }

    fn write(&mut self, write: StateWrite) -> StoreFuture<'_, Written> {
        let kept = self.backup;
        self.with_file(move |file, path| {
            let mut backup = match &write.expected {
                Expected::Exactly { digest, .. } if kept == BackupFile::Beside && *digest != write.digest => {
                    Some(Backup::begin(file.path())?)
                }
                _ => None,
            };
            let found = pass(file, path, |part| backup.as_mut().map_or(Ok(()), |backup| backup.append(part)))?;
            if !write.expected.is_met_by_digest(found) {
                let message = "another state is there than was read: somebody wrote it without asking for the lock";
                return Err(StoreError::conflict(path.display().to_string(), message));
            }
            if let Some(backup) = backup {
                backup.commit()?;
            }
            sweep(file.path());
            replace(file, path, &write)
        })
    }

    fn release(self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move { blocking(move || give_back(&self)).await })
    }
}

impl Drop for LocalLock {
    fn drop(&mut self) {
        // The lock itself goes with the file; the note would stay, and say something that is not so.
        let _ = give_back(self);
    }
}

/// Gives the lock back, the note about it first, since the next holder writes his own.
fn give_back(lock: &LocalLock) -> Result<(), StoreError> {
    let Some(file) = lock.file.lock().unwrap_or_else(PoisonError::into_inner).take() else { return Ok(()) };
    let place = lock.path.display().to_string();
    // It may be gone: somebody cleaned up.
    let _ = std::fs::remove_file(info_path(file.path()));
    let failed = |error: ReplaceLockedError| {
        StoreError::new(ErrorClass::Device, place.clone(), "the lock was given back, but not all that belongs to it")
            .because(error)
    };
    let is_empty = file.length().is_ok_and(|length| length == 0);
    if file.was_created() && is_empty { file.remove(TOMBSTONE).map_err(failed) } else { file.release().map_err(failed) }
}

/// What is in the file; an empty one is no state.
fn current(file: &LockedFile, path: &Path) -> Result<Option<StoredState>, StoreError> {
    let content = file.read_all(LARGEST).map_err(|error| not_read(path, error))?;
    Ok(Some(content).filter(|content| !content.is_empty()).map(|content| StoredState::new(Bytes::from(content))))
}

/// Removes what killed writers left beside the state. Who writes there holds the lock of his file, so that it stays; that a folder
/// cannot be swept is no reason not to write.
fn sweep(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match landfast_durable::sweep(folder) {
        Ok(swept) if !swept.removed.is_empty() => tracing::debug!(removed = ?swept.removed, "files of killed writers"),
        Ok(_) => {}
        Err(error) => tracing::debug!(%error, "files of killed writers were not looked for"),
    }
}

fn not_read(path: &Path, error: FileError) -> StoreError {
    let class = if matches!(error, FileError::TooLarge { .. }) { ErrorClass::Corrupt } else { ErrorClass::Device };
    StoreError::new(class, path.display().to_string(), "it cannot be read").because(error)
}

/// Reads the file once, part by part, and gives the digest of what was read; `None` of an empty file, which is no state.
fn pass(
    file: &LockedFile,
    path: &Path,
    mut each: impl FnMut(&[u8]) -> Result<(), StoreError>,
) -> Result<Option<BytesDigest>, StoreError> {
    let mut buffer = vec![0; PART];
    let mut hasher = BytesHasher::default();
    let mut offset = 0;
    loop {
        let count = file.read_at(&mut buffer, offset).map_err(|error| not_read(path, error))?;
        let part = buffer.get(..count).unwrap_or_default();
        hasher.update(part);
        each(part)?;
        offset += count as u64;
        if offset > LARGEST {
            return Err(not_read(path, FileError::TooLarge { path: path.to_owned(), limit: LARGEST }));
        }
        // A part that is not full is the last one.
        if count < PART {
            return Ok((offset > 0).then(|| hasher.finish()));
        }
    }
}

/// Keeps what is about to be replaced. Dropped without [`Backup::commit`], it leaves the backup that was there.
///
/// It is a file of its own and no second name of a content in the history: terraform truncates its backups before it writes
/// them, and would destroy the history with them.
struct Backup {
    path: PathBuf,
    replacement: Replacement,
}

impl Backup {
    /// A backup of the state at `path`.
    fn begin(path: &Path) -> Result<Self, StoreError> {
        let mut options = ReplaceOptions::default();
        options.mode = MODE;
        options.inherit = Inherit::Permissions { mask: 0o777 };
        let path = beside(path, "", ".backup");
        match Replacement::begin(&path, &options) {
            Ok(replacement) => Ok(Self { path, replacement }),
            Err(error) => Err(no_backup(&path, error)),
        }
    }

    fn append(&mut self, part: &[u8]) -> Result<(), StoreError> {
        self.replacement.append(part).map_err(|error| no_backup(&self.path, error))
    }

    fn commit(self) -> Result<(), StoreError> {
        let Self { path, replacement } = self;
        replacement.commit().map_err(|error| no_backup(&path, error))
    }
}

fn no_backup(path: &Path, error: ReplaceError) -> StoreError {
    not_replaced(path, "the backup cannot be written, so nothing was changed", error)
}

fn replace(file: &mut LockedFile, path: &Path, write: &StateWrite) -> Result<Written, StoreError> {
    let mut options = ReplaceOptions::default();
    options.mode = MODE;
    options.inherit = Inherit::Permissions { mask: 0o777 };
    let place = || path.display().to_string();
    match file.replace_with(&write.bytes, TOMBSTONE, &options) {
        Ok(()) => Ok(Written::new(write.digest)),
        Err(error @ ReplaceLockedError::Lost { .. }) => {
            Err(StoreError::conflict(place(), "the lock was lost, so nothing was written").because(error))
        }
        Err(error @ (ReplaceLockedError::Unsynced { .. } | ReplaceLockedError::NotBuried { .. })) => {
            let message = "the state was written, but may not survive a power failure";
            Err(StoreError::new(ErrorClass::Device, place(), message).because(error).with_unknown_outcome())
        }
        Err(ReplaceLockedError::Replace(error)) => Err(not_replaced(path, "it cannot be written", error)),
        Err(error) => Err(StoreError::new(ErrorClass::Device, place(), "it cannot be written").because(error)),
    }
}

fn not_replaced(path: &Path, message: &str, error: ReplaceError) -> StoreError {
    let class = error.io_error().map_or(ErrorClass::Configuration, class_of_io);
    StoreError::new(class, path.display().to_string(), message).because(error)
}

fn not_locked(path: &Path, error: LockError) -> StoreError {
    let place = path.display().to_string();
    match error {
        LockError::Held { holder, .. } => {
            let mut info = info_of(path).unwrap_or_default();
            if info.who.is_empty() {
                info.who = holder.to_string();
            }
            StoreError::locked(place, Some(info))
        }
        LockError::Io { ref source, .. } => {
            let class = class_of_io(source);
            StoreError::new(class, place, "it cannot be locked").because(error)
        }
        error => StoreError::new(ErrorClass::Configuration, place, "it cannot be locked").because(error),
    }
}

/// The note beside a state that says who holds its lock. It may be old, and it may be half written.
pub(super) fn info_of(path: &Path) -> Option<LockInfo> {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    LockInfo::from_json(&std::fs::read(info_path(&real)).ok()?)
}

/// Where terraform keeps the note about a lock.
fn info_path(path: &Path) -> PathBuf {
    beside(path, ".", ".lock.info")
}

/// A file beside another one, named after it.
fn beside(path: &Path, before: &str, after: &str) -> PathBuf {
    let mut name = OsString::from(before);
    name.push(path.file_name().unwrap_or_default());
    name.push(after);
    path.with_file_name(name)
}
