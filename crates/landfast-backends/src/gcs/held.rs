//! A lock that we hold.

use super::api::{NOTE, Sealed, Upload};
use super::{GcsStore, names};
use crate::error::StoreError;
use crate::key::StateKey;
use crate::lock_info::LockInfo;
use crate::note;
use crate::store::{HeldLock, StateStore, StoreFuture};
use crate::stored::{Etag, Expected, StateWrite, StoredState, VersionId, Written};

/// The lock of a state, held by us.
#[derive(Debug)]
pub(super) struct GcsLock {
    pub(super) store: GcsStore,
    pub(super) key: StateKey,
    /// Its id is the generation of the lock's object.
    pub(super) info: LockInfo,
}

impl GcsLock {
    /// Fails where the lock was taken away. A write does not see that by itself, since it names the generation of the state
    /// and not that of the lock.
    async fn check(&self) -> Result<(), StoreError> {
        let object = names::lock_object(&self.key);
        let found = self.store.api.describe(&self.store.url(&object), &object).await?;
        match found {
            Some(found) if found.generation == self.info.id => Ok(()),
            _ => Err(StoreError::conflict(self.place(), "the lock was taken away")),
        }
    }

    fn conflict(&self) -> StoreError {
        StoreError::conflict(self.place(), "another state is there than was read")
    }

    /// The generation that a write must replace.
    async fn generation(&self, expected: &Expected) -> Result<String, StoreError> {
        match expected {
            Expected::Absent => Ok("0".to_owned()),
            Expected::Exactly { etag: Some(Etag(generation)), .. } if generation.parse::<u64>().is_ok() => {
                Ok(generation.clone())
            }
            Expected::Exactly { .. } => {
                let found = self.store.read(&self.key).await?;
                let found = found.filter(|found| expected.is_met_by(Some(found)));
                found.and_then(|found| found.etag).map(|etag| etag.0).ok_or_else(|| self.conflict())
            }
        }
    }

    async fn put(&self, write: StateWrite) -> Result<Written, StoreError> {
        self.check().await?;
        let object = names::state_object(&self.key);
        let (place, note) = (self.place(), note::to_text(&write.note));
        let upload = async |generation: &str| {
            let note = Some(note.clone());
            self.store.api.upload(&place, &object, &write.bytes, generation, note, Sealed::ByOwnKey).await
        };
        let mut ended = upload(&self.generation(&write.expected).await?).await?;
        if let (Upload::OtherGeneration, Expected::Absent) = (&ended, &write.expected) {
            // An object that is empty counts as no state.
            if let Some(Etag(generation)) = self
                .store
                .read_any(&self.key)
                .await?
                .filter(|found| found.bytes.is_empty())
                .and_then(|found| found.etag)
            {
                ended = upload(&generation).await?;
            }
        }
        let Upload::Done(written) = ended else { return Err(self.conflict()) };
        let generation = written.generation;
        tracing::debug!(place, generation, note = written.metadata.contains_key(NOTE), "state written");
        Ok(Written::new(write.digest)
            .with_etag(Some(Etag(generation.clone())))
            .with_version(Some(VersionId(generation))))
    }
}

impl HeldLock for GcsLock {
    fn info(&self) -> &LockInfo {
        &self.info
    }

    fn place(&self) -> String {
        self.store.place(&self.key)
    }

    fn read(&self) -> StoreFuture<'_, Option<StoredState>> {
        self.store.read(&self.key)
    }

    fn write(&mut self, write: StateWrite) -> StoreFuture<'_, Written> {
        Box::pin(self.put(write))
    }

    fn release(self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move {
            self.check().await?;
            let object = names::lock_object(&self.key);
            self.store.api.remove(&self.store.url(&object), &object, &self.info.id).await
        })
    }
}
