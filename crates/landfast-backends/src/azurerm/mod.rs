//! States in a container of Azure Blob Storage, as terraform's backend `azurerm` keeps and locks them.
//!
//! A state is a blob. Its lock is a lease without end on that blob, whose id is the id of the lock; who holds it stands in the
//! blob's metadata. So a lock makes the blob, empty, where there is none.

mod api;
mod held;
mod listing;
mod settings;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use md5::{Digest as _, Md5};
use reqsign_core::hash::{base64_decode, base64_encode};

use crate::address::StateAddress;
use crate::error::{ErrorClass, StoreError, WriteOutcome};
use crate::key::StateKey;
use crate::lock_info::LockInfo;
use crate::note;
use crate::open::Environment;
use crate::store::{
    Capabilities, ConditionalWrite, ForceUnlock, HeldLock, Locking, Reread, StateStore, StoreFuture, Support,
};
use crate::stored::{Etag, StateVersion, StoredState, VersionId};

use api::{Api, Blob, Ended, Metadata, Replacing, Which};
use held::AzureLock;
use listing::Listed;
use settings::{Settings, Snapshots};

/// Where terraform keeps who holds the lock, in Base64.
const LOCK: &str = "terraformlockid";
/// Where the note of a write is kept, in Base64.
const NOTE: &str = "landfastnote";
/// What the note is about: the digest of the content. Terraform keeps metadata when it writes, our note included.
const NOTE_MD5: &str = "landfastmd5";
/// What stands between a key and the name of a workspace.
const WORKSPACE: &str = "env:";
/// The id of a lock that does not say who holds it: its lease cannot be released, only broken.
const UNNAMED: &str = "unnamed-lease";

/// What names of versions begin with, where the account does not name them.
const SNAPSHOT: &str = "snapshot-";
const CONTENT: &str = "md5-";

/// States in a container of Azure Blob Storage.
///
/// Versions are the blob's snapshots, which are made before each write where `snapshot` is set, and the versions that the
/// account keeps, where it does.
#[derive(Debug, Clone)]
pub struct AzureStore {
    api: Arc<Api>,
    /// Whether an answer named a version: only then is it known that the account keeps them.
    has_versions: Arc<AtomicBool>,
}

impl AzureStore {
    /// The store that the attributes of a backend `azurerm` and the environment name. Nobody is asked yet.
    ///
    /// The attributes are those of terraform's backend, and `blob_endpoint` (or `LANDFAST_AZURE_BLOB_ENDPOINT`): the URL of the
    /// account's blobs where it does not follow from the account's name.
    ///
    /// # Errors
    /// When an attribute is missing, wrong or not supported, or a file that one names cannot be read.
    pub fn from_address(address: &StateAddress, environment: &Environment) -> Result<Self, StoreError> {
        let api = Arc::new(Api::new(Settings::of(address, environment)?));
        Ok(Self { api, has_versions: Arc::default() })
    }

    /// The name of a state's blob, which the service and what speaks to it must not read as another path.
    fn blob(&self, key: &StateKey) -> Result<String, StoreError> {
        let blob = blob_name(key);
        if blob.is_empty() || blob.split('/').any(|member| [".", ".."].contains(&member)) {
            let message = "a key cannot be empty, nor have a member that is . or ..";
            return Err(StoreError::new(ErrorClass::Configuration, self.api.place(&blob), message));
        }
        Ok(blob)
    }

    async fn describe(&self, key: &StateKey, lease: Option<&str>) -> Result<Option<Blob>, StoreError> {
        let blob = self.blob(key)?;
        self.api.describe(&self.api.place(&blob), &blob, lease).await
    }

    async fn read_which(&self, key: &StateKey, which: Which<'_>) -> Result<Option<StoredState>, StoreError> {
        let blob = self.blob(key)?;
        let found = self.api.read(&self.api.place(&blob), &blob, which).await?;
        Ok(found.filter(|(_, bytes)| !bytes.is_empty()).map(|(blob, bytes)| {
            if blob.version.is_some() {
                self.has_versions.store(true, Ordering::Relaxed);
            }
            StoredState::new(bytes)
                .with_etag(blob.md5.map(Etag))
                .with_version(blob.version.map(VersionId))
                .with_modified(blob.modified)
        }))
    }

    /// Who holds the lease of a blob.
    fn holder(blob: &Blob) -> Option<LockInfo> {
        blob.is_leased.then(|| {
            let info = blob.metadata.get(LOCK).and_then(|text| LockInfo::from_json(&base64_decode(text).ok()?));
            info.unwrap_or_else(|| LockInfo { id: UNNAMED.to_owned(), ..LockInfo::default() })
        })
    }

    async fn take(&self, key: &StateKey, info: LockInfo) -> Result<AzureLock, StoreError> {
        let blob = self.blob(key)?;
        let place = self.api.place(&blob);
        let info = info.at(format!("{}/{blob}", self.api.container()));
        let locked = async || {
            let holder = self.describe(key, None).await.ok().flatten().as_ref().and_then(Self::holder);
            StoreError::locked(place.clone(), holder)
        };
        match self.describe(key, None).await? {
            Some(found) if found.is_leased => return Err(StoreError::locked(place, Self::holder(&found))),
            Some(_) => {}
            None => {
                let empty = Bytes::new();
                let md5 = md5_of(&empty);
                // Refused: somebody else made it meanwhile.
                self.api.put(&place, &blob, empty, &md5, &Metadata::new(), Replacing::Nothing).await?;
            }
        }
        let mut ended = self.api.acquire(&place, &blob, &info.id).await;
        if ended.as_ref().is_err_and(|error| error.outcome == WriteOutcome::Unknown) {
            ended = self.api.acquire(&place, &blob, &info.id).await;
        }
        let Ended::Done(()) = ended? else { return Err(locked().await) };
        let recorded = self.record(key, &info).await;
        if let Err(error) = recorded {
            // Without the record nobody could tell whose lock it is.
            return Err(match self.api.release(&place, &blob, &info.id).await {
                Ok(()) => StoreError { outcome: WriteOutcome::NotWritten, ..error },
                Err(_) => error.with_unknown_outcome(),
            });
        }
        Ok(AzureLock { store: self.clone(), key: key.clone(), blob, info })
    }

    /// Writes who holds the lock beside the state.
    async fn record(&self, key: &StateKey, info: &LockInfo) -> Result<(), StoreError> {
        let blob = self.blob(key)?;
        let place = self.api.place(&blob);
        let found = self.describe(key, Some(&info.id)).await?;
        let mut metadata = found.map(|found| found.metadata).unwrap_or_default();
        metadata.insert(LOCK.to_owned(), base64_encode(info.to_json().as_bytes()));
        self.api.set_metadata(&place, &blob, &info.id, &metadata).await
    }

    /// Takes the record of a lock away, then the lease. Fails with a conflict where the lease is not `id`'s.
    async fn unlock(&self, key: &StateKey, id: &str) -> Result<(), StoreError> {
        let blob = self.blob(key)?;
        let place = self.api.place(&blob);
        let found = self.describe(key, Some(id)).await?;
        let Some(mut found) = found else { return Err(StoreError::conflict(place, "the lock was taken away")) };
        if found.metadata.remove(LOCK).is_some() {
            self.api.set_metadata(&place, &blob, id, &found.metadata).await?;
        }
        self.api.release(&place, &blob, id).await
    }
}

fn blob_name(key: &StateKey) -> String {
    if key.is_default_workspace() { key.key.clone() } else { format!("{}{WORKSPACE}{}", key.key, key.workspace) }
}

/// The state that a blob of this name holds.
fn key_of(blob: &str) -> StateKey {
    match blob.rsplit_once(WORKSPACE) {
        Some((key, workspace)) if !key.is_empty() && !workspace.is_empty() && !workspace.contains('/') => {
            StateKey::new(key).in_workspace(workspace)
        }
        _ => StateKey::new(blob),
    }
}

/// The digest of a content as the service writes it.
fn md5_of(bytes: &[u8]) -> String {
    base64_encode(Md5::digest(bytes).as_slice())
}

/// The name of a content that has no other: its digest.
fn content_id(md5: &str) -> Option<VersionId> {
    let digest = base64_decode(md5).ok()?;
    Some(VersionId(digest.iter().fold(CONTENT.to_owned(), |id, byte| format!("{id}{byte:02x}"))))
}

fn version(found: &Listed) -> Option<StateVersion> {
    let md5 = found.properties.md5.as_deref().filter(|md5| !md5.is_empty());
    let id = match (&found.version_id, &found.snapshot) {
        (_, Some(snapshot)) => VersionId(format!("{SNAPSHOT}{snapshot}")),
        (Some(version), None) => VersionId(version.clone()),
        (None, None) => md5.and_then(content_id).unwrap_or_else(|| VersionId("current".to_owned())),
    };
    let noted = md5.is_some() && found.metadata(NOTE_MD5) == md5;
    let note = found.metadata(NOTE).filter(|_| noted).and_then(|text| base64_decode(text).ok());
    (found.properties.length > 0).then(|| StateVersion {
        modified: found.properties.modified.as_deref().and_then(crate::signing::http_date),
        size: Some(found.properties.length),
        is_current: found.is_current(),
        note: note.and_then(|text| note::from_text(std::str::from_utf8(&text).ok()?)),
        ..StateVersion::new(id)
    })
}

impl StateStore for AzureStore {
    fn place(&self, key: &StateKey) -> String {
        self.api.place(&blob_name(key))
    }

    fn capabilities(&self) -> Capabilities {
        let keeps = self.api.snapshots() == Snapshots::Made || self.has_versions.load(Ordering::Relaxed);
        let versions = if keeps { Support::Yes } else { Support::No };
        Capabilities::new(ConditionalWrite::Atomic, Locking::Record, versions, Support::Yes)
    }

    fn read<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<StoredState>> {
        Box::pin(self.read_which(key, Which::Current))
    }

    fn read_again<'a>(&'a self, key: &'a StateKey, known: &'a StoredState) -> StoreFuture<'a, Reread> {
        Box::pin(async move {
            let there = self.describe(key, None).await?.and_then(|there| there.md5.map(Etag));
            if there.is_some() && there == known.etag {
                return Ok(Reread::Unchanged);
            }
            Ok(Reread::of(self.read(key).await?, known))
        })
    }

    fn read_version<'a>(&'a self, key: &'a StateKey, version: &'a VersionId) -> StoreFuture<'a, StoredState> {
        Box::pin(async move {
            let found = if let Some(snapshot) = version.0.strip_prefix(SNAPSHOT) {
                self.read_which(key, Which::Snapshot(snapshot)).await?
            } else if version.0 == "current" {
                self.read(key).await?
            } else if version.0.starts_with(CONTENT) {
                let is_it = |found: &StoredState| {
                    found.etag.as_ref().and_then(|etag| content_id(&etag.0)).as_ref() == Some(version)
                };
                self.read(key).await?.filter(is_it)
            } else {
                // A server that keeps no versions passes over the name of one, and gives what is there now.
                let found = self.read_which(key, Which::Version(&version.0)).await?;
                found.filter(|found| found.version.as_ref() == Some(version))
            };
            found.ok_or_else(|| {
                StoreError::new(ErrorClass::NotFound, self.place(key), format!("there is no version {version}"))
            })
        })
    }

    fn versions<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Vec<StateVersion>> {
        Box::pin(async move {
            let blob = self.blob(key)?;
            let mut found = self.api.list(&self.api.place(&blob), &blob, "metadata,snapshots,versions").await?;
            found.retain(|found| found.name() == blob);
            // Names are times, in one form.
            let time = |found: &Listed| found.snapshot.clone().or(found.version_id.clone()).unwrap_or_default();
            found.sort_by_key(|found| std::cmp::Reverse((found.is_current(), time(found))));
            // Locking and unlocking change metadata, which makes versions of one content.
            found.dedup_by(|older, newer| {
                older.properties.md5.is_some() && older.properties.md5 == newer.properties.md5
            });
            Ok(found.iter().filter_map(version).collect())
        })
    }

    fn list<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, Vec<StateKey>> {
        Box::pin(async move {
            let found = self.api.list(&self.api.place(prefix), prefix, "metadata").await?;
            // An empty blob is there for its lock.
            let states = found.iter().filter(|found| found.properties.length > 0);
            let mut keys: Vec<_> = states.map(|found| key_of(&found.name())).collect();
            keys.retain(|key| key.key.starts_with(prefix));
            keys.sort();
            Ok(keys)
        })
    }

    fn lock<'a>(&'a self, key: &'a StateKey, info: LockInfo) -> StoreFuture<'a, Box<dyn HeldLock>> {
        Box::pin(async move { Ok(Box::new(self.take(key, info).await?) as Box<dyn HeldLock>) })
    }

    fn lock_info<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<LockInfo>> {
        Box::pin(async move { Ok(self.describe(key, None).await?.as_ref().and_then(Self::holder)) })
    }

    fn force_unlock<'a>(&'a self, key: &'a StateKey, request: ForceUnlock<'a>) -> StoreFuture<'a, LockInfo> {
        Box::pin(async move {
            let removed = request.authorise(&self.place(key), self.lock_info(key).await?)?;
            if removed.id == UNNAMED {
                let blob = self.blob(key)?;
                self.api.break_lease(&self.api.place(&blob), &blob).await?;
            } else {
                self.unlock(key, &removed.id).await?;
            }
            Ok(removed)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_terraforms() {
        for (key, workspace, blob) in [
            ("prod.tfstate", "default", "prod.tfstate"),
            ("prod.tfstate", "blue", "prod.tfstateenv:blue"),
            ("a/env:/b", "default", "a/env:/b"),
        ] {
            let key = StateKey::new(key).in_workspace(workspace);
            assert_eq!(blob_name(&key), blob);
            assert_eq!(key_of(blob), key);
        }
        assert_eq!(key_of("env:blue"), StateKey::new("env:blue"));
        assert_eq!(content_id(&md5_of(b"")).unwrap().0, "md5-d41d8cd98f00b204e9800998ecf8427e");
    }
}
