//! A store in memory: for tests of what uses stores, and for programs whose states live nowhere else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;

use crate::error::{ErrorClass, StoreError};
use crate::key::StateKey;
use crate::lock_info::LockInfo;
use crate::store::{Capabilities, ConditionalWrite, ForceUnlock, HeldLock, Locking, StateStore, StoreFuture, Support};
use crate::stored::{Etag, StateVersion, StateWrite, StoredState, VersionId, WriteNote, Written};

/// A store in memory. Clones share what it holds, as clients share a server.
///
/// It keeps every version, and its locks stay until they are released or removed.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    states: Arc<Mutex<BTreeMap<StateKey, Entry>>>,
}

#[derive(Debug, Default)]
struct Entry {
    versions: Vec<Version>,
    lock: Option<LockInfo>,
}

#[derive(Debug)]
struct Version {
    bytes: Bytes,
    modified: SystemTime,
    note: WriteNote,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn states(&self) -> MutexGuard<'_, BTreeMap<StateKey, Entry>> {
        // Every change is made in one step, so what a thread that panicked left is whole.
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current(&self, key: &StateKey) -> Option<StoredState> {
        let states = self.states();
        let versions = &states.get(key)?.versions;
        versions.last().map(|version| version.stored(versions.len()))
    }
}

impl Version {
    fn stored(&self, number: usize) -> StoredState {
        let name = number.to_string();
        StoredState::new(self.bytes.clone())
            .with_etag(Some(Etag(name.clone())))
            .with_version(Some(VersionId(name)))
            .with_modified(Some(self.modified))
    }
}

fn place(key: &StateKey) -> String {
    format!("memory:{key}")
}

impl StateStore for MemoryStore {
    fn place(&self, key: &StateKey) -> String {
        place(key)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new(ConditionalWrite::Atomic, Locking::Record, Support::Yes, Support::Yes)
    }

    fn read<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<StoredState>> {
        Box::pin(async move { Ok(self.current(key)) })
    }

    fn read_version<'a>(&'a self, key: &'a StateKey, version: &'a VersionId) -> StoreFuture<'a, StoredState> {
        Box::pin(async move {
            let not_found =
                || StoreError::new(ErrorClass::NotFound, place(key), format!("there is no version {version}"));
            let number: usize = version.0.parse().map_err(|_| not_found())?;
            let states = self.states();
            let found = states.get(key).and_then(|entry| entry.versions.get(number.checked_sub(1)?));
            found.map(|found| found.stored(number)).ok_or_else(not_found)
        })
    }

    fn versions<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Vec<StateVersion>> {
        Box::pin(async move {
            let states = self.states();
            let versions = states.get(key).map_or(&[][..], |entry| &entry.versions);
            let last = versions.len();
            let numbered = versions.iter().enumerate().rev();
            Ok(numbered
                .map(|(index, version)| StateVersion {
                    modified: Some(version.modified),
                    size: u64::try_from(version.bytes.len()).ok(),
                    is_current: index + 1 == last,
                    note: Some(version.note.clone()),
                    ..StateVersion::new(VersionId((index + 1).to_string()))
                })
                .collect())
        })
    }

    fn list<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, Vec<StateKey>> {
        Box::pin(async move {
            let states = self.states();
            let written = states.iter().filter(|(_, entry)| !entry.versions.is_empty());
            Ok(written.map(|(key, _)| key).filter(|key| key.key.starts_with(prefix)).cloned().collect())
        })
    }

    fn lock<'a>(&'a self, key: &'a StateKey, info: LockInfo) -> StoreFuture<'a, Box<dyn HeldLock>> {
        Box::pin(async move {
            let info = info.at(place(key));
            let mut states = self.states();
            let entry = states.entry(key.clone()).or_default();
            if let Some(holder) = &entry.lock {
                return Err(StoreError::locked(place(key), Some(holder.clone())));
            }
            entry.lock = Some(info.clone());
            let held = MemoryLock { store: self.clone(), key: key.clone(), info };
            Ok(Box::new(held) as Box<dyn HeldLock>)
        })
    }

    fn lock_info<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<LockInfo>> {
        Box::pin(async move { Ok(self.states().get(key).and_then(|entry| entry.lock.clone())) })
    }

    fn force_unlock<'a>(&'a self, key: &'a StateKey, request: ForceUnlock<'a>) -> StoreFuture<'a, LockInfo> {
        Box::pin(async move {
            let mut states = self.states();
            let entry = states.entry(key.clone()).or_default();
            let removed = request.authorise(&place(key), entry.lock.clone())?;
            entry.lock = None;
            Ok(removed)
        })
    }
}

#[derive(Debug)]
struct MemoryLock {
    store: MemoryStore,
    key: StateKey,
    info: LockInfo,
}

impl MemoryLock {
    /// The entry of the state, where the lock is still ours.
    fn with_own<T>(&self, act: impl FnOnce(&mut Entry) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut states = self.store.states();
        match states.get_mut(&self.key) {
            Some(entry) if entry.lock.as_ref().is_some_and(|lock| lock.id == self.info.id) => act(entry),
            _ => Err(StoreError::conflict(place(&self.key), "the lock was taken away")),
        }
    }
}

impl HeldLock for MemoryLock {
    fn info(&self) -> &LockInfo {
        &self.info
    }

    fn place(&self) -> String {
        place(&self.key)
    }

    fn read(&self) -> StoreFuture<'_, Option<StoredState>> {
        self.store.read(&self.key)
    }

    fn write(&mut self, write: StateWrite) -> StoreFuture<'_, Written> {
        Box::pin(async move {
            self.with_own(|entry| {
                let found = entry.versions.last().map(|version| version.stored(entry.versions.len()));
                if !write.expected.is_met_by(found.as_ref()) {
                    return Err(StoreError::conflict(place(&self.key), "another state is there than was read"));
                }
                let StateWrite { bytes, note, .. } = write;
                entry.versions.push(Version { bytes, modified: SystemTime::now(), note });
                let stored = entry.versions.last().map(|version| version.stored(entry.versions.len()));
                let stored = stored.ok_or_else(|| StoreError::conflict(place(&self.key), "nothing was stored"))?;
                Ok(Written::new(stored.digest).with_etag(stored.etag).with_version(stored.version))
            })
        })
    }

    fn release(self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move {
            self.with_own(|entry| {
                entry.lock = None;
                Ok(())
            })
        })
    }
}
