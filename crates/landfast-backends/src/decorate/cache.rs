//! Keeping what was read for a while.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::StoreError;
use crate::key::StateKey;
use crate::lock_info::LockInfo;
use crate::store::{Capabilities, ForceUnlock, HeldLock, Reread, StateStore, StoreFuture};
use crate::stored::{StateVersion, StateWrite, StoredState, VersionId, Written};

/// What is kept, and for how long.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CacheOptions {
    /// How long an answer is given again without asking. Default: 10 s.
    pub fresh_for: Duration,
    /// How many bytes of states are kept; the ones read longest ago go first. Default: 256 MB.
    pub bytes: usize,
}

impl Default for CacheOptions {
    fn default() -> Self {
        Self { fresh_for: Duration::from_secs(10), bytes: 256_000_000 }
    }
}

/// Gives again for a while what was read without a lock, then asks the store whether it is still the same.
///
/// Nothing is kept of what is read under a lock, and nothing kept is given there, so the expectation of a write never comes
/// from here. Taking a lock, writing and releasing forget what is known of the state. A cache belongs to one store: make one
/// for each.
#[derive(Debug)]
pub struct Cache {
    options: CacheOptions,
}

impl Cache {
    /// A cache with these options.
    #[must_use]
    pub fn new(options: CacheOptions) -> Self {
        Self { options }
    }

    /// The store with a cache of its own around it.
    #[must_use]
    pub fn around(&self, store: Arc<dyn StateStore>) -> Arc<dyn StateStore> {
        let kept = Arc::new(Kept { options: self.options.clone(), entries: Mutex::default() });
        Arc::new(CachingStore { kept, inner: store })
    }
}

#[derive(Debug)]
struct Kept {
    options: CacheOptions,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    known: BTreeMap<StateKey, Entry>,
    /// How often something was forgotten. What was asked for before and arrives after may be older than what was written.
    forgotten: u64,
}

#[derive(Debug, Clone)]
struct Entry {
    state: Option<StoredState>,
    read: Instant,
}

impl Entry {
    fn size(&self) -> usize {
        self.state.as_ref().map_or(0, |state| state.bytes.len())
    }
}

impl Kept {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known, and how often something was forgotten up to now.
    fn known(&self, key: &StateKey) -> (Option<Entry>, u64) {
        let entries = self.entries();
        (entries.known.get(key).cloned(), entries.forgotten)
    }

    fn keep(&self, key: &StateKey, entry: Entry, asked_at: u64) {
        let mut entries = self.entries();
        if entries.forgotten != asked_at {
            return;
        }
        entries.known.insert(key.clone(), entry);
        while entries.known.values().map(Entry::size).sum::<usize>() > self.options.bytes {
            let oldest = entries.known.iter().min_by_key(|(_, entry)| entry.read).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            entries.known.remove(&oldest);
        }
    }

    fn forget(&self, key: &StateKey) {
        let mut entries = self.entries();
        entries.known.remove(key);
        entries.forgotten += 1;
    }
}

#[derive(Debug)]
struct CachingStore {
    kept: Arc<Kept>,
    inner: Arc<dyn StateStore>,
}

impl CachingStore {
    async fn read_through(&self, key: &StateKey) -> Result<Option<StoredState>, StoreError> {
        let (known, asked_at) = self.kept.known(key);
        let now = Instant::now();
        if let Some(entry) = &known
            && now.duration_since(entry.read) < self.kept.options.fresh_for
        {
            return Ok(entry.state.clone());
        }
        let state = match known.and_then(|entry| entry.state) {
            None => self.inner.read(key).await?,
            Some(known) => match self.inner.read_again(key, &known).await? {
                Reread::Unchanged => Some(known),
                Reread::Changed(found) => found,
            },
        };
        self.kept.keep(key, Entry { state: state.clone(), read: now }, asked_at);
        Ok(state)
    }
}

impl StateStore for CachingStore {
    fn place(&self, key: &StateKey) -> String {
        self.inner.place(key)
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn read<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<StoredState>> {
        Box::pin(self.read_through(key))
    }

    fn read_again<'a>(&'a self, key: &'a StateKey, known: &'a StoredState) -> StoreFuture<'a, Reread> {
        self.inner.read_again(key, known)
    }

    fn read_version<'a>(&'a self, key: &'a StateKey, version: &'a VersionId) -> StoreFuture<'a, StoredState> {
        self.inner.read_version(key, version)
    }

    fn versions<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Vec<StateVersion>> {
        self.inner.versions(key)
    }

    fn list<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, Vec<StateKey>> {
        self.inner.list(prefix)
    }

    fn lock<'a>(&'a self, key: &'a StateKey, info: LockInfo) -> StoreFuture<'a, Box<dyn HeldLock>> {
        Box::pin(async move {
            self.kept.forget(key);
            let inner = self.inner.lock(key, info).await?;
            Ok(Box::new(CachingLock { kept: Arc::clone(&self.kept), key: key.clone(), inner }) as Box<dyn HeldLock>)
        })
    }

    fn lock_info<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<LockInfo>> {
        self.inner.lock_info(key)
    }

    fn force_unlock<'a>(&'a self, key: &'a StateKey, request: ForceUnlock<'a>) -> StoreFuture<'a, LockInfo> {
        self.inner.force_unlock(key, request)
    }
}

#[derive(Debug)]
struct CachingLock {
    kept: Arc<Kept>,
    key: StateKey,
    inner: Box<dyn HeldLock>,
}

/// Forgets when it goes, however the call ends.
struct Forgets<'a>(&'a Kept, &'a StateKey);

impl Drop for Forgets<'_> {
    fn drop(&mut self) {
        self.0.forget(self.1);
    }
}

impl HeldLock for CachingLock {
    fn info(&self) -> &LockInfo {
        self.inner.info()
    }

    fn place(&self) -> String {
        self.inner.place()
    }

    fn read(&self) -> StoreFuture<'_, Option<StoredState>> {
        self.inner.read()
    }

    fn write(&mut self, write: StateWrite) -> StoreFuture<'_, Written> {
        Box::pin(async move {
            let _after = Forgets(&self.kept, &self.key);
            self.inner.write(write).await
        })
    }

    fn release(self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move {
            let Self { kept, key, inner } = *self;
            let _after = Forgets(&kept, &key);
            inner.release().await
        })
    }
}
