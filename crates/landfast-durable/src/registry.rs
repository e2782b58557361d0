//! Which files this process has open, and which of them it has locked.
//!
//! A POSIX lock belongs to a process and a file: a second lock of the file by the same process is granted at once, and the
//! lock is gone as soon as the process closes any descriptor of the file. So every descriptor that this crate opens is
//! entered here, a second lock is refused, and a descriptor of a file that is locked through another one is kept open until
//! that lock is given back.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::lock::Holder;
use crate::step::Failed;
use crate::sys::{self, Access};

/// What makes a file the same file under any name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// The descriptors of one file.
#[derive(Debug, Default)]
struct Entry {
    /// Those in use, by the number of their seat.
    open: BTreeMap<u64, Arc<File>>,
    /// The seat whose descriptor holds the lock.
    holder: Option<u64>,
    /// Those that nobody uses any more, but that cannot be closed while the lock is held.
    parked: Vec<Arc<File>>,
}

#[derive(Debug)]
struct Registry {
    files: BTreeMap<FileId, Entry>,
    next_seat: u64,
}

static REGISTRY: Mutex<Registry> = Mutex::new(Registry { files: BTreeMap::new(), next_seat: 0 });
static RELEASED: Condvar = Condvar::new();

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until this process gives back a lock, or for this long.
pub(crate) fn wait_for_release(longest: Duration) {
    let waited = RELEASED.wait_timeout(registry(), longest);
    drop(waited.unwrap_or_else(PoisonError::into_inner));
}

/// Whether this process has a descriptor of that file.
pub(crate) fn is_open(id: FileId) -> bool {
    registry().files.contains_key(&id)
}

/// How an attempt to lock a file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempt {
    Taken,
    HeldHere,
    HeldElsewhere,
}

/// An open file that is entered here. Its lock, if it holds one, is given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Tracked {
    // Dropped before the seat, which has the last reference and closes the descriptor under the registry's lock.
    file: Arc<File>,
    seat: Seat,
}

#[derive(Debug)]
struct Seat {
    id: FileId,
    number: u64,
}

impl Tracked {
    /// Opens a file. No lock can be taken in this process between the opening and the entry.
    pub(crate) fn open(path: &Path, access: Access) -> Result<(Self, Metadata), Failed> {
        let mut registry = registry();
        let file = Arc::new(sys::open(path, access)?);
        let metadata = match sys::metadata(&file) {
            Ok(metadata) => metadata,
            Err(error) => {
                // Whose file this is stays unknown. If it is one that is locked here, closing it would unlock it.
                std::mem::forget(file);
                return Err(error);
            }
        };
        let number = registry.next_seat;
        registry.next_seat += 1;
        let id = FileId::of(&metadata);
        registry.files.entry(id).or_default().open.insert(number, Arc::clone(&file));
        Ok((Self { file, seat: Seat { id, number } }, metadata))
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    pub(crate) fn id(&self) -> FileId {
        self.seat.id
    }

    /// Takes the lock, or asserts it once more where this descriptor holds it already.
    pub(crate) fn try_lock(&self) -> Result<Attempt, Failed> {
        let mut registry = registry();
        let entry = registry.files.entry(self.seat.id).or_default();
        if entry.holder.is_some_and(|holder| holder != self.seat.number) {
            return Ok(Attempt::HeldHere);
        }
        if !sys::try_lock(&self.file)? {
            return Ok(Attempt::HeldElsewhere);
        }
        entry.holder = Some(self.seat.number);
        Ok(Attempt::Taken)
    }

    /// Who holds the lock: this process, through this descriptor or another one, or another process.
    pub(crate) fn holder(&self) -> Result<Option<Holder>, Failed> {
        if registry().files.get(&self.seat.id).is_some_and(|entry| entry.holder.is_some()) {
            return Ok(Some(Holder::ThisProcess));
        }
        sys::holder(&self.file)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut registry = registry();
        let Some(entry) = registry.files.get_mut(&self.id) else { return };
        let file = entry.open.remove(&self.number);
        if entry.holder == Some(self.number) {
            // Closing would unlock as well. This way it is one call that the fault shim can see.
            if let Some(file) = &file {
                let _ = sys::unlock(file);
            }
            entry.holder = None;
            entry.parked.clear();
            RELEASED.notify_all();
        } else if entry.holder.is_some() {
            entry.parked.extend(file.clone());
        }
        // Closed before anybody here can take the lock that this would end.
        drop(file);
        if entry.open.is_empty() && entry.holder.is_none() {
            registry.files.remove(&self.id);
        }
    }
}
