//! Reading and writing states, with the digest that the DynamoDB table keeps of each.

use std::time::Duration;

use md5::{Digest as _, Md5};

use super::Inner;
use super::dynamo::digest_id;
use super::object::{Condition, Put};
use crate::error::{ErrorClass, StoreError, WriteOutcome};
use crate::stored::{Expected, StateWrite, StoredState, Written};

/// How long a digest that disagrees is waited for, and how often it is looked at, as terraform does.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_secs(2);

/// How often the digest of a state that was written is tried to be recorded, and what became of a write to be found out.
const TRIES: u32 = 4;

/// MD5, which is what the table holds and what keys of customers come with.
pub(super) fn md5(bytes: &[u8]) -> [u8; 16] {
    Md5::digest(bytes).into()
}

fn digest(bytes: &[u8]) -> String {
    md5(bytes).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

impl Inner {
    /// Reads a state that the table, where there is one, says is whole.
    pub(super) async fn read_state(&self, place: &str, path: &str) -> Result<Option<StoredState>, StoreError> {
        let mut waited = Duration::ZERO;
        loop {
            let found = self.get(place, path, None).await?;
            let Some(table) = &self.settings.table else { return Ok(found) };
            let id = self.lock_id(path);
            let expected = match self.item_text(place, table, &digest_id(&id), "Digest").await {
                Ok(expected) => expected.filter(|expected| !expected.is_empty()),
                Err(error) if error.class == ErrorClass::PermissionDenied => {
                    // Who may only read states need not have any business with locks.
                    tracing::warn!(place, table, "the digest of the state cannot be read, so it is not checked");
                    None
                }
                Err(error) => return Err(error),
            };
            let actual = found.as_ref().map(|found| digest(&found.bytes));
            if expected.is_none() || expected == actual {
                return Ok(found);
            }
            if waited >= PATIENCE {
                return Err(disagreement(place, table, &id, expected.as_deref(), actual.as_deref()));
            }
            tokio::time::sleep(PAUSE).await;
            waited += PAUSE;
        }
    }

    /// Writes a state where what is expected is there, and records its digest.
    pub(super) async fn write_state(&self, place: &str, path: &str, write: StateWrite) -> Result<Written, StoreError> {
        let StateWrite { expected, bytes, digest, note } = write;
        let other = || StoreError::conflict(place, "another state is there than was read");
        let mut condition = match &expected {
            Expected::Absent => Condition::Absent,
            Expected::Exactly { etag: Some(etag), .. } => Condition::Etag(etag.0.clone()),
            Expected::Exactly { etag: None, .. } => {
                self.condition_of(place, path, &expected).await?.ok_or_else(other)?
            }
        };
        let put = loop {
            match self.put(place, path, bytes.clone(), &condition, Some(&note)).await {
                // An empty object is no state, but it is in the way of creating one.
                Ok(Put::Unmet) if matches!(condition, Condition::Absent) => {
                    condition = self.condition_of(place, path, &expected).await?.ok_or_else(other)?;
                }
                Ok(Put::Unmet) => return Err(other()),
                Err(error) if error.outcome == WriteOutcome::Unknown && self.settings.table.is_some() => {
                    break self.settle(place, path, &bytes, error).await?;
                }
                Ok(put) => break put,
                Err(error) => return Err(error),
            }
        };
        let Put::Written { etag, version } = put else { return Err(other()) };
        if let Some(table) = &self.settings.table {
            self.record_digest(place, path, table, &bytes).await?;
        }
        Ok(Written::new(digest).with_etag(etag).with_version(version))
    }

    /// How the object that is there can be named in a condition, where it is what is expected.
    async fn condition_of(
        &self,
        place: &str,
        path: &str,
        expected: &Expected,
    ) -> Result<Option<Condition>, StoreError> {
        let found = self.get(place, path, None).await?;
        if !expected.is_met_by(found.as_ref()) {
            return Ok(None);
        }
        Ok(Some(match found.and_then(|found| found.etag) {
            Some(etag) => Condition::Etag(etag.0),
            None => Condition::Absent,
        }))
    }

    /// Finds out what became of a write whose answer was lost. Without it the digest would stay that of the state before, and
    /// neither we nor terraform could read what was written.
    async fn settle(&self, place: &str, path: &str, bytes: &[u8], lost: StoreError) -> Result<Put, StoreError> {
        for attempt in 0..TRIES {
            tokio::time::sleep(Duration::from_millis(200) * 2_u32.pow(attempt)).await;
            if let Ok(found) = self.get(place, path, None).await {
                return match found {
                    Some(found) if found.bytes == bytes => {
                        Ok(Put::Written { etag: found.etag, version: found.version })
                    }
                    _ => Err(lost),
                };
            }
        }
        Err(lost)
    }

    async fn record_digest(&self, place: &str, path: &str, table: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let (id, digest) = (self.lock_id(path), digest(bytes));
        let mut attempt = 0;
        loop {
            let error = match self.put_digest(place, table, &id, &digest).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            attempt += 1;
            if error.class != ErrorClass::Transient || attempt == TRIES {
                let message = format!(
                    "the state was written, but not its digest: set Digest of the item {} in the DynamoDB table \
                     {table} to {digest}, since neither terraform nor landfast reads the state before",
                    digest_id(&id)
                );
                return Err(StoreError::new(error.class, place, message).because(error).with_unknown_outcome());
            }
            tokio::time::sleep(Duration::from_millis(200) * 2_u32.pow(attempt)).await;
        }
    }
}

fn disagreement(place: &str, table: &str, id: &str, expected: Option<&str>, actual: Option<&str>) -> StoreError {
    let item = digest_id(id);
    let expected = expected.unwrap_or_default();
    let message = match actual {
        Some(actual) => format!(
            "the DynamoDB table {table} says that the state has the digest {expected}, and it has {actual}: somebody wrote \
             without recording it, or a write did not arrive; find out which state is right, and if it is this one, set \
             Digest of the item {item} to {actual}"
        ),
        None => format!(
            "the DynamoDB table {table} says that there is a state with the digest {expected}, and there is none: restore \
             it, or delete the item {item} if it was deleted on purpose"
        ),
    };
    StoreError::new(ErrorClass::Corrupt, place, message)
}
