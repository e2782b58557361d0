//! Locks as terraform takes them: an object beside the state, an item in a DynamoDB table, or both, the object first.

use std::sync::Arc;

use bytes::Bytes;

use super::Inner;
use super::attributes::Flag;
use super::dynamo::Met;
use super::listing::LOCK;
use super::object::{Condition, Put};
use crate::error::{ErrorClass, StoreError, WriteOutcome};
use crate::key::StateKey;
use crate::lock_info::LockInfo;
use crate::store::{ForceUnlock, HeldLock, StoreFuture};
use crate::stored::{Etag, StateWrite, StoredState, Written};

/// A lock that was found.
#[derive(Debug)]
struct Found {
    info: LockInfo,
    is: Record,
}

/// Where a lock is recorded.
#[derive(Debug)]
enum Record {
    Object { etag: Option<Etag> },
    Item { table: String, text: String },
}

const TAKEN_AWAY: &str = "the lock was taken away";

/// The lock that a text says; one that says nothing is still a lock.
fn info_of(text: &[u8]) -> LockInfo {
    LockInfo::from_json(text).unwrap_or_default()
}

impl Inner {
    /// What locks of a state are called in the table, and say as their path.
    pub(super) fn lock_id(&self, path: &str) -> String {
        format!("{}/{path}", self.settings.bucket)
    }

    async fn found_object(&self, place: &str, path: &str) -> Result<Option<Found>, StoreError> {
        if self.settings.lockfile == Flag::Off {
            return Ok(None);
        }
        let object = self.get(place, &format!("{path}{LOCK}"), None).await?;
        Ok(object.map(|object| Found { info: info_of(&object.bytes), is: Record::Object { etag: object.etag } }))
    }

    async fn found_item(&self, place: &str, path: &str) -> Result<Option<Found>, StoreError> {
        let Some(table) = &self.settings.table else { return Ok(None) };
        let text = self.item_text(place, table, &self.lock_id(path), "Info").await?;
        Ok(text.map(|text| Found { info: info_of(text.as_bytes()), is: Record::Item { table: table.clone(), text } }))
    }

    /// Who holds the lock.
    pub(super) async fn holder(&self, place: &str, path: &str) -> Result<Option<LockInfo>, StoreError> {
        let found = match self.found_object(place, path).await? {
            None => self.found_item(place, path).await?,
            found => found,
        };
        Ok(found.map(|found| found.info))
    }

    pub(super) async fn lock(
        self: Arc<Self>,
        key: &StateKey,
        place: String,
        info: LockInfo,
    ) -> Result<S3Lock, StoreError> {
        let path = self.path(key)?;
        if self.settings.lockfile == Flag::Off && self.settings.table.is_none() {
            let message = "locking is switched off: use_lockfile is false and no dynamodb_table is set";
            return Err(StoreError::new(ErrorClass::Unsupported, place, message));
        }
        let info = info.at(self.lock_id(&path));
        let text = info.to_json();
        let held = S3Lock { inner: self, path, place, info, text };
        if held.inner.settings.lockfile == Flag::On {
            held.take_object().await?;
        }
        if let Err(error) = held.take_item().await {
            if held.inner.settings.lockfile == Flag::On {
                // The lock is not held, so the half of it must go; where it stays, it says whose it was.
                let removed = held.release_object().await;
                tracing::debug!(place = held.place, ?removed, "gave the lock object back");
            }
            return Err(error);
        }
        Ok(held)
    }

    pub(super) async fn force_unlock(
        &self,
        place: &str,
        key: &StateKey,
        request: ForceUnlock<'_>,
    ) -> Result<LockInfo, StoreError> {
        let path = self.path(key)?;
        let mut found: Vec<Found> = Vec::new();
        found.extend(self.found_object(place, &path).await?);
        found.extend(self.found_item(place, &path).await?);
        let meant = found.iter().find(|found| found.info.id == request.id).or(found.first());
        let removed = request.authorise(place, meant.map(|found| found.info.clone()))?;
        for found in found.into_iter().filter(|found| found.info.id == removed.id) {
            match found.is {
                Record::Object { etag } => self.delete(place, &format!("{path}{LOCK}"), etag.as_ref()).await?,
                Record::Item { table, text } => {
                    let id = self.lock_id(&path);
                    if self.delete_lock_item(place, &table, &id, &text).await? == Met::No {
                        return Err(StoreError::conflict(place, "the lock changed at this moment"));
                    }
                }
            }
        }
        Ok(removed)
    }
}

/// A lock that is held in S3, in DynamoDB, or in both.
#[derive(Debug)]
pub(super) struct S3Lock {
    inner: Arc<Inner>,
    path: String,
    place: String,
    info: LockInfo,
    /// The lock as it is recorded.
    text: String,
}

impl S3Lock {
    fn object(&self) -> String {
        format!("{}{LOCK}", self.path)
    }

    /// What to make of an attempt whose answer was lost, or that met a lock: it may be ours.
    fn judge(&self, found: Option<Found>, lost: Option<StoreError>) -> Result<(), StoreError> {
        match (found, lost) {
            (Some(found), _) if found.info.id == self.info.id => Ok(()),
            (_, Some(lost)) => Err(lost),
            (found, None) => Err(StoreError::locked(&self.place, found.map(|found| found.info))),
        }
    }

    async fn take_object(&self) -> Result<(), StoreError> {
        let body = Bytes::from(self.text.clone());
        let lost = match self.inner.put(&self.place, &self.object(), body, &Condition::Absent, None).await {
            Ok(Put::Written { .. }) => return Ok(()),
            Ok(Put::Unmet) => None,
            Err(error) if error.outcome == WriteOutcome::Unknown => Some(error),
            Err(error) => return Err(error),
        };
        match self.inner.found_object(&self.place, &self.path).await {
            Ok(found) => self.judge(found, lost),
            Err(error) => Err(lost.unwrap_or(error)),
        }
    }

    async fn take_item(&self) -> Result<(), StoreError> {
        let Some(table) = &self.inner.settings.table else { return Ok(()) };
        let id = self.inner.lock_id(&self.path);
        let lost = match self.inner.put_lock_item(&self.place, table, &id, &self.text).await {
            Ok(Met::Yes) => return Ok(()),
            Ok(Met::No) => None,
            Err(error) if error.outcome == WriteOutcome::Unknown => Some(error),
            Err(error) => return Err(error),
        };
        match self.inner.found_item(&self.place, &self.path).await {
            Ok(found) => self.judge(found, lost),
            Err(error) => Err(lost.unwrap_or(error)),
        }
    }

    async fn release_object(&self) -> Result<(), StoreError> {
        match self.inner.found_object(&self.place, &self.path).await? {
            Some(Found { info, is: Record::Object { etag } }) if info.id == self.info.id => {
                self.inner.delete(&self.place, &self.object(), etag.as_ref()).await
            }
            _ => Err(StoreError::conflict(&self.place, TAKEN_AWAY)),
        }
    }

    async fn release_item(&self) -> Result<(), StoreError> {
        let Some(table) = &self.inner.settings.table else { return Ok(()) };
        let id = self.inner.lock_id(&self.path);
        match self.inner.delete_lock_item(&self.place, table, &id, &self.text).await? {
            Met::Yes => Ok(()),
            Met::No => Err(StoreError::conflict(&self.place, TAKEN_AWAY)),
        }
    }

    /// Neither of the services ties the state to the lock, so it is looked at before each write.
    async fn is_still_ours(&self) -> Result<(), StoreError> {
        let taken_away = || StoreError::conflict(&self.place, TAKEN_AWAY);
        if self.inner.settings.lockfile == Flag::On {
            let found = self.inner.found_object(&self.place, &self.path).await?;
            found.filter(|found| found.info.id == self.info.id).ok_or_else(taken_away)?;
        }
        if self.inner.settings.table.is_some() {
            let found = self.inner.found_item(&self.place, &self.path).await?;
            found.filter(|found| found.info.id == self.info.id).ok_or_else(taken_away)?;
        }
        Ok(())
    }
}

impl HeldLock for S3Lock {
    fn info(&self) -> &LockInfo {
        &self.info
    }

    fn place(&self) -> String {
        self.place.clone()
    }

    fn read(&self) -> StoreFuture<'_, Option<StoredState>> {
        Box::pin(self.inner.read_state(&self.place, &self.path))
    }

    fn write(&mut self, write: StateWrite) -> StoreFuture<'_, Written> {
        Box::pin(async move {
            self.is_still_ours().await?;
            self.inner.write_state(&self.place, &self.path, write).await
        })
    }

    fn release(self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move {
            // In the other order than they were taken; one that fails does not keep the other.
            let item = self.release_item().await;
            let object = if self.inner.settings.lockfile == Flag::On { self.release_object().await } else { Ok(()) };
            item.and(object)
        })
    }
}
