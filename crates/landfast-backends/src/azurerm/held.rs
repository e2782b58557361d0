//! A lease that we hold.

use reqsign_core::hash::base64_encode;

use super::api::{Ended, Replacing};
use super::settings::Snapshots;
use super::{AzureStore, NOTE, NOTE_MD5, md5_of};
use crate::error::StoreError;
use crate::key::StateKey;
use crate::lock_info::LockInfo;
use crate::note;
use crate::store::{HeldLock, StateStore, StoreFuture};
use crate::stored::{Etag, Expected, StateWrite, StoredState, VersionId, Written};

/// The lock of a state, held by us.
#[derive(Debug)]
pub(super) struct AzureLock {
    pub(super) store: AzureStore,
    pub(super) key: StateKey,
    pub(super) blob: String,
    /// Its id is the id of the lease.
    pub(super) info: LockInfo,
}

impl AzureLock {
    async fn put(&self, write: StateWrite) -> Result<Written, StoreError> {
        let (place, lease) = (self.place(), self.info.id.as_str());
        let conflict = || StoreError::conflict(place.clone(), "another state is there than was read");
        // Asked with the lease: who was driven out of it is told so here.
        let found = self.store.describe(&self.key, Some(lease)).await?;
        let found = found.ok_or_else(|| StoreError::conflict(place.clone(), "the lock was taken away"))?;
        let is_met = match (&write.expected, &found.md5) {
            (Expected::Absent, _) => found.length == 0,
            (Expected::Exactly { etag: Some(Etag(expected)), .. }, Some(md5)) => expected == md5,
            (Expected::Exactly { .. }, _) => write.expected.is_met_by(self.read().await?.as_ref()),
        };
        if !is_met {
            return Err(conflict());
        }
        if self.store.api.snapshots() == Snapshots::Made && found.length > 0 {
            self.store.api.snapshot(&place, &self.blob, lease).await?;
        }
        let md5 = md5_of(&write.bytes);
        // A write replaces metadata too: the record of the lock must stay.
        let mut metadata = found.metadata;
        metadata.insert(NOTE.to_owned(), base64_encode(note::to_text(&write.note).as_bytes()));
        metadata.insert(NOTE_MD5.to_owned(), md5.clone());
        let digest = write.digest;
        let replacing = Replacing::Leased { etag: &found.etag, lease };
        match self.store.api.put(&place, &self.blob, write.bytes, &md5, &metadata, replacing).await? {
            Ended::Done(version) => {
                Ok(Written::new(digest).with_etag(Some(Etag(md5))).with_version(version.map(VersionId)))
            }
            Ended::Refused => Err(conflict()),
        }
    }
}

impl HeldLock for AzureLock {
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
        Box::pin(async move { self.store.unlock(&self.key, &self.info.id).await })
    }
}
