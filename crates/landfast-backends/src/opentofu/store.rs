//! A store whose encrypted states read as plain ones.

use std::sync::{Arc, Mutex, PoisonError};

use super::{OpenTofuError, Parameters, Session, is_encrypted};
use crate::encrypt::Passphrase;
use crate::error::{ErrorClass, StoreError};
use crate::key::StateKey;
use crate::lock_info::LockInfo;
use crate::store::{Capabilities, ForceUnlock, HeldLock, StateStore, StoreFuture};
use crate::stored::{Expected, StateVersion, StateWrite, StoredState, VersionId, Written};

/// A store whose states OpenTofu encrypted with a passphrase: they read as plain ones and are written back encrypted, as they
/// were. A state that is there in plain text is an error, and so is one that another way of encryption is used for.
///
/// What is expected and written is named by the digest of the plain state here, and by that of the encrypted one in the store
/// below: what is written is tied to exactly the bytes that were read.
#[derive(Debug, Clone)]
pub struct OpenTofuEncrypted {
    inner: Arc<dyn StateStore>,
    seal: Arc<Sealing>,
}

struct Sealing {
    passphrase: Passphrase,
    /// How states are sealed that are new.
    new: Parameters,
    session: Mutex<Session>,
}

impl std::fmt::Debug for Sealing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealing").field("new", &self.new).finish_non_exhaustive()
    }
}

impl OpenTofuEncrypted {
    /// The states of `inner`, opened and sealed with the passphrase; those that are new are sealed as `new` says.
    #[must_use]
    pub fn new(inner: Arc<dyn StateStore>, passphrase: Passphrase, new: Parameters) -> Self {
        Self { inner, seal: Arc::new(Sealing { passphrase, new, session: Mutex::default() }) }
    }
}

fn failed(place: &str, error: OpenTofuError) -> StoreError {
    let class = match &error {
        OpenTofuError::NotEncrypted { .. } | OpenTofuError::ShortPassphrase { .. } => ErrorClass::Configuration,
        OpenTofuError::Unsupported { .. } => ErrorClass::Unsupported,
        OpenTofuError::NotOpened { .. } => ErrorClass::Unauthenticated,
        _ => ErrorClass::Corrupt,
    };
    StoreError::new(class, place, "the state cannot be read or written encrypted").because(error)
}

/// A state in both forms.
struct Both {
    plain: StoredState,
    sealed: StoredState,
    parameters: Parameters,
}

impl Sealing {
    /// Opens what the store below gave, off the threads that answer others: deriving the key takes long.
    async fn open(self: Arc<Self>, place: String, sealed: StoredState) -> Result<Both, StoreError> {
        let stopped = StoreError::new(ErrorClass::Transient, place.clone(), "the program is being stopped");
        let work = move || {
            let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
            let opened =
                session.open(&sealed.bytes, &self.passphrase, &place).map_err(|error| failed(&place, error))?;
            let plain = StoredState::new(opened.plain)
                .with_etag(sealed.etag.clone())
                .with_version(sealed.version.clone())
                .with_modified(sealed.modified);
            Ok(Both { plain, sealed, parameters: opened.parameters })
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| stopped)?
    }

    /// Seals what is to be written.
    async fn seal(self: Arc<Self>, place: String, plain: bytes::Bytes, how: Parameters) -> Result<Vec<u8>, StoreError> {
        let stopped = StoreError::new(ErrorClass::Transient, place.clone(), "the program is being stopped");
        let work = move || {
            let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
            session.seal(&plain, &how, &self.passphrase, &place).map_err(|error| failed(&place, error))
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| stopped)?
    }

    /// Opens what is there; an empty object is no state, as everywhere.
    async fn open_some(self: Arc<Self>, place: String, read: Option<StoredState>) -> Result<Option<Both>, StoreError> {
        match read.filter(|read| !read.bytes.is_empty()) {
            Some(sealed) => self.open(place, sealed).await.map(Some),
            None => Ok(None),
        }
    }
}

impl StateStore for OpenTofuEncrypted {
    fn place(&self, key: &StateKey) -> String {
        self.inner.place(key)
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn read<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<StoredState>> {
        Box::pin(async move {
            let read = self.inner.read(key).await?;
            let opened = self.seal.clone().open_some(self.place(key), read).await?;
            Ok(opened.map(|both| both.plain))
        })
    }

    fn read_version<'a>(&'a self, key: &'a StateKey, version: &'a VersionId) -> StoreFuture<'a, StoredState> {
        Box::pin(async move {
            let sealed = self.inner.read_version(key, version).await?;
            self.seal.clone().open(self.place(key), sealed).await.map(|both| both.plain)
        })
    }

    fn versions<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Vec<StateVersion>> {
        self.inner.versions(key)
    }

    fn list<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, Vec<StateKey>> {
        self.inner.list(prefix)
    }

    fn lock<'a>(&'a self, key: &'a StateKey, info: LockInfo) -> StoreFuture<'a, Box<dyn HeldLock>> {
        Box::pin(async move {
            let inner = self.inner.lock(key, info).await?;
            Ok(Box::new(EncryptedLock { inner, seal: self.seal.clone() }) as Box<dyn HeldLock>)
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
struct EncryptedLock {
    inner: Box<dyn HeldLock>,
    seal: Arc<Sealing>,
}

impl HeldLock for EncryptedLock {
    fn info(&self) -> &LockInfo {
        self.inner.info()
    }

    fn place(&self) -> String {
        self.inner.place()
    }

    fn read(&self) -> StoreFuture<'_, Option<StoredState>> {
        Box::pin(async move {
            let read = self.inner.read().await?;
            let opened = self.seal.clone().open_some(self.place(), read).await?;
            Ok(opened.map(|both| both.plain))
        })
    }

    fn write(&mut self, write: StateWrite) -> StoreFuture<'_, Written> {
        Box::pin(async move {
            let place = self.place();
            if is_encrypted(&write.bytes) {
                let message = "the state is encrypted already, and would be a second time";
                return Err(StoreError::new(ErrorClass::Configuration, place, message));
            }
            // What is there now, in both forms: the store below compares the encrypted bytes.
            let read = self.inner.read().await?;
            let there = self.seal.clone().open_some(place.clone(), read).await?;
            if !write.expected.is_met_by(there.as_ref().map(|both| &both.plain)) {
                return Err(StoreError::conflict(place, "another state is there than was read"));
            }
            let expected = match (&write.expected, &there) {
                (Expected::Exactly { etag, .. }, Some(there)) => {
                    let etag = etag.clone().or_else(|| there.sealed.etag.clone());
                    Expected::Exactly { digest: there.sealed.digest, etag }
                }
                _ => Expected::Absent,
            };
            let how = there.map_or_else(|| self.seal.new.clone(), |there| there.parameters);
            let (plain, digest) = (write.bytes, write.digest);
            let sealed = self.seal.clone().seal(place, plain, how).await?;
            let sealed = StateWrite::new(expected, sealed.into(), write.note);
            let written = self.inner.write(sealed).await?;
            Ok(Written::new(digest).with_etag(written.etag).with_version(written.version))
        })
    }

    fn release(self: Box<Self>) -> StoreFuture<'static, ()> {
        self.inner.release()
    }
}
