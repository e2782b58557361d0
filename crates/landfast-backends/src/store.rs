//! The trait that every store is used by.

use std::fmt;
use std::pin::Pin;

use landfast_state::{AuditSink, BytesDigest};

use crate::error::{ErrorClass, StoreError};
use crate::key::StateKey;
use crate::lock_info::LockInfo;
use crate::stored::{StateVersion, StateWrite, StoredState, VersionId, Written};

/// What the methods of a store return.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A place where states live.
///
/// Reading needs no lock and disturbs nobody. Writing is possible only through a [`HeldLock`], and only where exactly that is
/// what the caller states. Implementations are checked by [`crate::conformance`].
pub trait StateStore: fmt::Debug + Send + Sync + 'static {
    /// Where the state of this key lies, for people: a URL or a path, without credentials.
    fn place(&self, key: &StateKey) -> String;

    /// What this store, as it is configured, can do.
    fn capabilities(&self) -> Capabilities;

    /// Reads the state: `None` when there is none. Takes no lock.
    ///
    /// # Errors
    /// When it cannot be known what is there, as where the bucket is missing.
    fn read<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<StoredState>>;

    /// Reads the state again, where it may be what is known already. Stores that can ask for changes only do so.
    ///
    /// # Errors
    /// As [`StateStore::read`].
    fn read_again<'a>(&'a self, key: &'a StateKey, known: &'a StoredState) -> StoreFuture<'a, Reread> {
        Box::pin(async move { Ok(Reread::of(self.read(key).await?, known)) })
    }

    /// Reads a version that the store keeps.
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`] when there is no such version, [`ErrorClass::Unsupported`] when the store keeps none.
    fn read_version<'a>(&'a self, key: &'a StateKey, version: &'a VersionId) -> StoreFuture<'a, StoredState> {
        let _ = version;
        unsupported(self.place(key), "this store keeps no versions")
    }

    /// The versions that the store keeps of a state, the newest first.
    ///
    /// # Errors
    /// [`ErrorClass::Unsupported`] when the store keeps none.
    fn versions<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Vec<StateVersion>> {
        unsupported(self.place(key), "this store keeps no versions")
    }

    /// The states whose key begins with `prefix`, in all workspaces, in the order of key and workspace.
    ///
    /// # Errors
    /// [`ErrorClass::Unsupported`] when the store cannot list.
    fn list<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, Vec<StateKey>>;

    /// Takes the lock, which stops terraform too. Does not wait: somebody else's lock is an error at once.
    ///
    /// `info` says who takes it and why; the store fills in the path, and the id where it chooses that itself.
    ///
    /// # Errors
    /// [`ErrorClass::Locked`] with the holder, as far as the lock says who that is.
    fn lock<'a>(&'a self, key: &'a StateKey, info: LockInfo) -> StoreFuture<'a, Box<dyn HeldLock>>;

    /// Who holds the lock; `None` when nobody does. The answer may be old when it arrives.
    ///
    /// # Errors
    /// When it cannot be known.
    fn lock_info<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<LockInfo>>;

    /// Removes a lock that somebody else left. The record goes to the audit sink first; without it nothing happens. The next
    /// write of the holder that was driven out fails.
    ///
    /// # Errors
    /// [`ErrorClass::Conflict`] when the lock has another id, or is not there any more; [`ErrorClass::Unsupported`] where a
    /// lock cannot outlive its holder; what the audit sink says.
    fn force_unlock<'a>(&'a self, key: &'a StateKey, request: ForceUnlock<'a>) -> StoreFuture<'a, LockInfo>;
}

/// What reading again gives.
#[derive(Debug, Clone)]
pub enum Reread {
    /// Exactly what was known.
    Unchanged,
    /// Something else, or nothing.
    Changed(Option<StoredState>),
}

impl Reread {
    /// What was found, beside what was known.
    pub(crate) fn of(found: Option<StoredState>, known: &StoredState) -> Self {
        match found {
            Some(found) if found.digest == known.digest && found.etag == known.etag => Self::Unchanged,
            found => Self::Changed(found),
        }
    }
}

/// A lock that is held. It is the only way to write.
///
/// Dropping it without [`HeldLock::release`] leaves the lock in stores that keep locks apart from their holder, as a process that
/// is killed does.
pub trait HeldLock: fmt::Debug + Send + Sync {
    /// What the lock says: who, why, since when, and its id.
    fn info(&self) -> &LockInfo;

    /// Where the state lies, for people.
    fn place(&self) -> String;

    /// Reads the state under the lock.
    ///
    /// # Errors
    /// As [`StateStore::read`].
    fn read(&self) -> StoreFuture<'_, Option<StoredState>>;

    /// Reads the state under the lock, and says whether it is exactly the bytes with this digest. A store may do it without
    /// holding the state in memory; it may not answer without reading.
    ///
    /// # Errors
    /// As [`StateStore::read`].
    fn holds(&self, digest: BytesDigest) -> StoreFuture<'_, bool> {
        Box::pin(async move { Ok(self.read().await?.is_some_and(|read| read.digest == digest)) })
    }

    /// Writes the state, where exactly what [`StateWrite::expected`] says is there, and where the lock is still ours.
    ///
    /// # Errors
    /// [`ErrorClass::Conflict`] when something else is there, or the lock was taken away: nothing was written then. An error
    /// with [`crate::WriteOutcome::Unknown`] when the answer of the store was lost: read, then decide.
    fn write(&mut self, write: StateWrite) -> StoreFuture<'_, Written>;

    /// Gives the lock back.
    ///
    /// # Errors
    /// When the lock may still be there, or was not ours any more.
    fn release(self: Box<Self>) -> StoreFuture<'static, ()>;
}

/// A request to remove somebody else's lock.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ForceUnlock<'a> {
    /// Exact id of the lock that is to be removed.
    pub id: &'a str,
    /// Who removes it.
    pub who: &'a str,
    /// Why. Must say something.
    pub reason: &'a str,
    /// Now, by the caller's clock.
    pub now: std::time::SystemTime,
    /// Where the record goes before the lock is removed.
    pub audit: &'a dyn AuditSink,
}

impl<'a> ForceUnlock<'a> {
    /// A request to remove the lock `id`.
    #[must_use]
    pub fn new(
        id: &'a str,
        who: &'a str,
        reason: &'a str,
        now: std::time::SystemTime,
        audit: &'a dyn AuditSink,
    ) -> Self {
        Self { id, who, reason, now, audit }
    }

    /// Checks the request against the lock that is there, and writes the record. Stores call it before they remove the lock.
    ///
    /// # Errors
    /// When there is no lock, when its id is another one, when the reason is empty, or when the record cannot be written.
    pub fn authorise(&self, place: &str, found: Option<LockInfo>) -> Result<LockInfo, StoreError> {
        let found = found.ok_or_else(|| StoreError::conflict(place, "there is no lock to remove"))?;
        if found.id != self.id {
            let message = format!("the lock has the id {} and not {}", found.id, self.id);
            return Err(StoreError::conflict(place, message));
        }
        if self.reason.trim().is_empty() {
            let message = "a lock is removed only with a reason";
            return Err(StoreError::new(ErrorClass::Configuration, place, message));
        }
        let event = landfast_state::AuditEvent::new(self.now, self.who, "force-unlock", place, self.reason)
            .with("lock", &found.id)
            .with("holder", &found.who)
            .with("created", &found.created);
        self.audit.record(&event).map_err(|error| {
            StoreError::new(ErrorClass::Device, place, "the lock stays: its removal could not be recorded")
                .because(error)
        })?;
        Ok(found)
    }
}

/// What a store, as it is configured, can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// How a write is tied to what the caller states.
    pub conditional_write: ConditionalWrite,
    /// What holds a lock.
    pub locking: Locking,
    /// Whether the store keeps versions by itself, where its server is set up to: [`StateStore::versions`] tells.
    pub versions: Support,
    /// Whether states can be listed.
    pub listing: Support,
}

impl Capabilities {
    /// What a store can do.
    #[must_use]
    pub fn new(conditional_write: ConditionalWrite, locking: Locking, versions: Support, listing: Support) -> Self {
        Self { conditional_write, locking, versions, listing }
    }
}

/// How a write is tied to what the caller states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConditionalWrite {
    /// The store compares and writes in one step.
    Atomic,
    /// The state is read again under the lock, then written: who writes without a lock can come between.
    UnderLock,
}

/// What holds a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Locking {
    /// A process or a connection: the lock ends with it.
    Session,
    /// A record in the store: it stays until it is removed.
    Record,
    /// Nothing: this store cannot lock, as it is configured. Nothing can be written to it.
    None,
}

/// Whether a store can do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Support {
    /// It can.
    Yes,
    /// It cannot.
    No,
}

/// An answer for what a store cannot do.
pub(crate) fn unsupported<'a, T: Send + 'a>(place: String, message: &'static str) -> StoreFuture<'a, T> {
    Box::pin(async move { Err(StoreError::new(ErrorClass::Unsupported, place, message)) })
}
