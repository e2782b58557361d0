//! States in a bucket of Google Cloud Storage, as terraform's backend `gcs` keeps and locks them.
//!
//! A state is the object `PREFIX/WORKSPACE.tfstate`, its lock the object `PREFIX/WORKSPACE.tflock`, whose generation is the id
//! of the lock. Every write names the generation that it replaces.

mod api;
mod held;
mod names;
mod settings;

use std::sync::Arc;

use crate::address::StateAddress;
use crate::error::{ErrorClass, StoreError};
use crate::key::StateKey;
use crate::lock_info::LockInfo;
use crate::note;
use crate::open::Environment;
use crate::store::{
    Capabilities, ConditionalWrite, ForceUnlock, HeldLock, Locking, Reread, StateStore, StoreFuture, Support,
};
use crate::stored::{Etag, StateVersion, StoredState, VersionId};

use api::{Api, NOTE, Object, Resource, Sealed, Upload, Versions, is_unknown};
use held::GcsLock;
use settings::Settings;

/// States in a bucket of Google Cloud Storage.
///
/// Versions are the generations that the bucket keeps: all of them where versioning is switched on for it, otherwise only the
/// current one.
#[derive(Debug, Clone)]
pub struct GcsStore {
    api: Arc<Api>,
}

impl GcsStore {
    /// The store that the attributes of a backend `gcs` and the environment name. Nobody is asked yet.
    ///
    /// The attributes are those of terraform's backend; `STORAGE_EMULATOR_HOST` is honoured as Google's clients do.
    ///
    /// # Errors
    /// When an attribute is missing, wrong or not supported, or a file that one names cannot be read.
    pub fn from_address(address: &StateAddress, environment: &Environment) -> Result<Self, StoreError> {
        Ok(Self { api: Arc::new(Api::new(Settings::of(address, environment)?)) })
    }

    fn url(&self, object: &str) -> String {
        format!("gs://{}/{object}", self.api.bucket())
    }

    /// Reads the state, an empty one included.
    async fn read_any(&self, key: &StateKey) -> Result<Option<StoredState>, StoreError> {
        let object = names::state_object(key);
        let found = self.api.read(&self.url(&object), &object, None, Sealed::ByOwnKey).await?;
        Ok(found.map(stored))
    }

    /// The lock: as it was written, and its generation.
    async fn read_lock(&self, key: &StateKey) -> Result<Option<(LockInfo, String)>, StoreError> {
        let object = names::lock_object(key);
        let found = self.api.read(&self.url(&object), &object, None, Sealed::No).await?;
        Ok(found.map(|found| (LockInfo::from_json(&found.bytes).unwrap_or_default(), found.generation)))
    }

    /// The lock with its generation as id, as terraform shows it.
    async fn holder(&self, key: &StateKey) -> Result<Option<LockInfo>, StoreError> {
        Ok(self.read_lock(key).await?.map(|(info, generation)| LockInfo { id: generation, ..info }))
    }

    async fn take(&self, key: &StateKey, info: LockInfo) -> Result<GcsLock, StoreError> {
        let object = names::lock_object(key);
        let place = self.url(&object);
        let info = info.at(place.clone());
        let taken = self.api.upload(&place, &object, info.to_json().as_bytes(), "0", None, Sealed::No).await;
        let generation = match taken {
            Ok(Upload::Done(lock)) => lock.generation,
            // Who holds it may be gone by now, or may not be read: it is locked all the same.
            Ok(Upload::OtherGeneration) => {
                return Err(StoreError::locked(self.place(key), self.holder(key).await.ok().flatten()));
            }
            // The lock may be ours although the answer was lost: it then says what we wrote.
            Err(error) if is_unknown(&error) => match self.read_lock(key).await {
                Ok(Some((found, generation))) if found.id == info.id => generation,
                _ => return Err(error),
            },
            Err(error) => return Err(error),
        };
        let info = LockInfo { id: generation, ..info };
        Ok(GcsLock { store: self.clone(), key: key.clone(), info })
    }
}

fn stored(found: Object) -> StoredState {
    StoredState::new(found.bytes)
        .with_etag(Some(Etag(found.generation.clone())))
        .with_version(Some(VersionId(found.generation)))
        .with_modified(found.modified)
}

fn version(found: Resource) -> StateVersion {
    StateVersion {
        modified: found.created(),
        size: found.size.as_deref().and_then(|size| size.parse().ok()),
        is_current: found.time_deleted.is_none(),
        note: found.metadata.get(NOTE).and_then(|text| note::from_text(text)),
        ..StateVersion::new(VersionId(found.generation))
    }
}

impl StateStore for GcsStore {
    fn place(&self, key: &StateKey) -> String {
        self.url(&names::state_object(key))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new(ConditionalWrite::Atomic, Locking::Record, Support::Yes, Support::Yes)
    }

    fn read<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<StoredState>> {
        Box::pin(async move { Ok(self.read_any(key).await?.filter(|found| !found.bytes.is_empty())) })
    }

    fn read_again<'a>(&'a self, key: &'a StateKey, known: &'a StoredState) -> StoreFuture<'a, Reread> {
        Box::pin(async move {
            let object = names::state_object(key);
            let there = self.api.describe(&self.url(&object), &object).await?;
            if there.is_some_and(|there| Some(Etag(there.generation)) == known.etag) {
                return Ok(Reread::Unchanged);
            }
            Ok(Reread::of(self.read(key).await?, known))
        })
    }

    fn read_version<'a>(&'a self, key: &'a StateKey, version: &'a VersionId) -> StoreFuture<'a, StoredState> {
        Box::pin(async move {
            let object = names::state_object(key);
            let place = self.url(&object);
            let missing =
                || StoreError::new(ErrorClass::NotFound, place.clone(), format!("there is no version {version}"));
            if version.0.parse::<u64>().is_err() {
                return Err(missing());
            }
            let found = self.api.read(&place, &object, Some(&version.0), Sealed::ByOwnKey).await?;
            found.filter(|found| found.generation == version.0).map(stored).ok_or_else(missing)
        })
    }

    fn versions<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Vec<StateVersion>> {
        Box::pin(async move {
            let object = names::state_object(key);
            let mut found = self.api.list(&self.url(&object), &object, Versions::All).await?;
            found.retain(|found| found.name == object && found.size.as_deref() != Some("0"));
            found.sort_by_key(|found| std::cmp::Reverse(found.generation.parse::<u64>().unwrap_or(0)));
            Ok(found.into_iter().map(version).collect())
        })
    }

    fn list<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, Vec<StateKey>> {
        Box::pin(async move {
            let begins = prefix.trim_start_matches('/');
            let found = self.api.list(&self.url(begins), begins, Versions::Current).await?;
            let states = found.iter().filter(|found| found.size.as_deref() != Some("0"));
            let mut keys: Vec<_> = states.filter_map(|found| names::key_of(&found.name)).collect();
            keys.retain(|key| key.key.starts_with(begins));
            keys.sort();
            Ok(keys)
        })
    }

    fn lock<'a>(&'a self, key: &'a StateKey, info: LockInfo) -> StoreFuture<'a, Box<dyn HeldLock>> {
        Box::pin(async move { Ok(Box::new(self.take(key, info).await?) as Box<dyn HeldLock>) })
    }

    fn lock_info<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<LockInfo>> {
        Box::pin(self.holder(key))
    }

    fn force_unlock<'a>(&'a self, key: &'a StateKey, request: ForceUnlock<'a>) -> StoreFuture<'a, LockInfo> {
        Box::pin(async move {
            let removed = request.authorise(&self.place(key), self.holder(key).await?)?;
            let object = names::lock_object(key);
            self.api.remove(&self.url(&object), &object, &removed.id).await?;
            Ok(removed)
        })
    }
}
