//! POSIX locks on whole files, and what may be done to a file while it is locked.

mod error;
mod holder;
mod read;
mod tombstone;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use error::{FileError, Holder, LockError, ReadError, ReplaceLockedError};
pub use holder::lock_holder;
pub use read::read;

use crate::path::{Symlinks, folder_of, resolve};
use crate::registry::{Attempt, FileId, Tracked, wait_for_release};
use crate::step::Failed;
use crate::sys::{self, Access};
use crate::temporary::Temporary;
use tombstone::Orphan;

/// How long to wait for a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wait {
    /// Not at all.
    #[default]
    No,
    /// So long. Other processes are asked again every tenth of a second or more often; nobody queues.
    For(Duration),
}

/// What to do where there is no file to lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missing {
    /// It is an error.
    #[default]
    Refuse,
    /// An empty file with these permission bits, less the process's mask, is made and locked, as terraform does.
    /// [`LockedFile::was_created`] tells.
    CreateEmpty {
        /// The permission bits.
        mode: u32,
    },
}

/// How a file is locked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct LockOptions {
    /// How long to wait. By default not at all.
    pub wait: Wait,
    /// What to do without a file. By default it is an error.
    pub missing: Missing,
    /// Whether the path may be a link. By default not.
    pub symlinks: Symlinks,
}

/// A file whose POSIX write lock (`fcntl`) this process holds, which is the lock that terraform takes on a local state.
/// Dropping it gives the lock back.
///
/// # The lock dies with any descriptor
/// The system takes the lock away as soon as this process closes **any** descriptor of the file, wherever in the program it
/// was opened. So nothing else in the process may open the file by other means than this crate while it is locked, not
/// even to read it: no `std::fs::read`, no `File::open`, no copy. Read through [`LockedFile::read_at`] and
/// [`LockedFile::read_all`], or by [`crate::read`], which knows about the locks of this process. Processes that are started
/// do not inherit it. Programs that ask for no lock, or for one by `flock`, are not stopped.
#[derive(Debug)]
pub struct LockedFile {
    path: PathBuf,
    file: Tracked,
    created: bool,
    /// What was replaced while we held the lock, oldest first. Each is still locked, and the locks are given back last.
    orphans: Vec<Orphan>,
}

const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);
/// How often a file may be replaced between opening and locking it, without a wait in between.
const MOST_REPLACED: usize = 1000;

impl LockedFile {
    /// Locks a file.
    ///
    /// Who waits for a file that is replaced meanwhile gets the lock of the new one: that the path still names what was
    /// locked is looked at afterwards.
    ///
    /// # Errors
    /// The lock is held by others or by this process, there is no such file, or a step fails.
    pub fn acquire(path: &Path, options: &LockOptions) -> Result<Self, LockError> {
        let mut patience = Patience::new(options.wait);
        for _ in 0..MOST_REPLACED {
            let (resolved, before) =
                resolve(path, options.symlinks).map_err(|unusable| LockError::unusable(path, unusable))?;
            let failed = |failed| LockError::failed(&resolved, failed);
            if let (Missing::CreateEmpty { mode }, None) = (options.missing, &before) {
                match Self::create(&resolved, mode)? {
                    Some(created) => return Ok(created),
                    None => continue,
                }
            }
            let (file, metadata) = match Tracked::open(&resolved, Access::ReadWrite) {
                // It was there a moment ago: somebody took away the empty file that he had made to lock it.
                Err(error) if before.is_some() && error.kind() == ErrorKind::NotFound => match options.missing {
                    Missing::CreateEmpty { .. } => continue,
                    Missing::Refuse => return Err(failed(error)),
                },
                opened => opened.map_err(failed)?,
            };
            if !metadata.is_file() {
                return Err(LockError::NotAFile { path: resolved });
            }
            loop {
                let holder = match file.try_lock().map_err(failed)? {
                    Attempt::Taken => break,
                    Attempt::HeldHere => Holder::ThisProcess,
                    Attempt::HeldElsewhere => file.holder().ok().flatten().unwrap_or(Holder::Unknown),
                };
                if !patience.pause() {
                    return Err(LockError::Held { path: resolved, holder });
                }
            }
            if names(&resolved, file.id()).map_err(failed)? {
                return Ok(Self { path: resolved, file, created: false, orphans: Vec::new() });
            }
        }
        Err(LockError::Unsettled { path: path.to_owned() })
    }

    /// An empty file, locked before it has its name: so who made it is the first to hold it, and can take it away again. None
    /// where somebody else made one meanwhile.
    fn create(path: &Path, mode: u32) -> Result<Option<Self>, LockError> {
        let failed = |failed| LockError::failed(path, failed);
        let mut temporary = Temporary::create(folder_of(path), mode).map_err(|not| failed(not.failed))?;
        if temporary.tracked().try_lock().map_err(failed)? != Attempt::Taken {
            return Ok(None);
        }
        match temporary.rename_new(path) {
            Ok(()) => {
                let file = temporary.into_tracked();
                Ok(Some(Self { path: path.to_owned(), file, created: true, orphans: Vec::new() }))
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// The file that is locked: where the path was a link that is followed, what the link names.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there was no file, so that this made an empty one to be locked.
    #[must_use]
    pub fn was_created(&self) -> bool {
        self.created
    }

    /// The length of the file in bytes.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn length(&self) -> Result<u64, FileError> {
        let metadata = sys::metadata(self.file.file());
        metadata.map(|metadata| metadata.len()).map_err(|failed| FileError::failed(&self.path, failed))
    }

    /// Reads from a place of the file until the buffer is full or the file ends; how many bytes there were.
    ///
    /// # Errors
    /// Reading fails.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, FileError> {
        read_full_at(&self.file, buffer, offset).map_err(|failed| FileError::failed(&self.path, failed))
    }

    /// All that is in the file.
    ///
    /// # Errors
    /// Reading fails, or there are more than `limit` bytes.
    pub fn read_all(&self, limit: u64) -> Result<Vec<u8>, FileError> {
        let all = read::all(&self.file, limit).map_err(|failed| FileError::failed(&self.path, failed))?;
        all.ok_or_else(|| FileError::TooLarge { path: self.path.clone(), limit })
    }

    /// Writes all the bytes to a place of the file. This is not atomic: use [`LockedFile::replace_with`] for content that must
    /// be whole.
    ///
    /// # Errors
    /// Writing fails; how much was written is not known.
    pub fn write_at(&self, bytes: &[u8], offset: u64) -> Result<(), FileError> {
        self.write_raw(bytes, offset).map_err(|failed| FileError::failed(&self.path, failed))
    }

    pub(crate) fn write_raw(&self, bytes: &[u8], offset: u64) -> Result<(), Failed> {
        sys::write_at(self.file.file(), bytes, offset)
    }

    /// Cuts the file to this length, or fills it up with zeros.
    ///
    /// # Errors
    /// The system refuses.
    pub fn set_length(&self, length: u64) -> Result<(), FileError> {
        self.set_length_raw(length).map_err(|failed| FileError::failed(&self.path, failed))
    }

    pub(crate) fn set_length_raw(&self, length: u64) -> Result<(), Failed> {
        sys::set_len(self.file.file(), length)
    }

    /// Waits until what was written is on the disk.
    ///
    /// # Errors
    /// The disk reports an error. What of it is on the disk is not known then, and a second call may well succeed without
    /// having saved it.
    pub fn sync(&self) -> Result<(), FileError> {
        self.sync_raw().map_err(|failed| FileError::failed(&self.path, failed))
    }

    pub(crate) fn sync_raw(&self) -> Result<(), Failed> {
        sys::sync_data(self.file.file())
    }

    pub(crate) fn tracked(&self) -> &Tracked {
        &self.file
    }

    /// Whether the lock is still ours and the path still names the file, so far as can be known: a lock that was lost and that
    /// nobody took is taken again, and what was written meanwhile is for the caller to notice.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn is_intact(&self) -> Result<bool, FileError> {
        self.intact().map_err(|failed| FileError::failed(&self.path, failed))
    }

    fn intact(&self) -> Result<bool, Failed> {
        Ok(self.file.try_lock()? == Attempt::Taken && names(&self.path, self.file.id())?)
    }
}

/// Whether the path names that file.
fn names(path: &Path, id: FileId) -> Result<bool, Failed> {
    Ok(sys::named(path)?.is_some_and(|metadata| FileId::of(&metadata) == id))
}

/// Reads until the buffer is full or the file ends.
pub(crate) fn read_full_at(file: &Tracked, buffer: &mut [u8], offset: u64) -> Result<usize, Failed> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match sys::read_at(file.file(), rest, offset + done as u64)? {
            0 => break,
            count => done += count,
        }
    }
    Ok(done)
}

/// How much longer to wait, and how long until the next attempt.
struct Patience {
    until: Option<Instant>,
    pause: Duration,
}

impl Patience {
    fn new(wait: Wait) -> Self {
        let until = match wait {
            Wait::No => None,
            // A time that no clock can show is as good as a year.
            Wait::For(time) => {
                Instant::now().checked_add(time).or_else(|| Instant::now().checked_add(Duration::from_secs(31_536_000)))
            }
        };
        Self { until, pause: FIRST_PAUSE }
    }

    /// Waits a little. False if there was no time left to.
    fn pause(&mut self) -> bool {
        let left = self.until.map(|until| until.saturating_duration_since(Instant::now())).unwrap_or_default();
        if left.is_zero() {
            return false;
        }
        wait_for_release(self.pause.min(left));
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        true
    }
}
