//! Amazon S3, and what speaks like it.
//!
//! Attributes, environment variables and names of objects are those of terraform's `s3` backend. Every write is conditional in
//! the store (`If-Match`, `If-None-Match`). Locks are an object beside the state (`use_lockfile`), an item in a DynamoDB table
//! (`dynamodb_table`), or both. Where the configuration names neither, terraform locks nothing; this store takes the lock object
//! for its own writes, unless `use_lockfile` is `false`: then nothing can be written.

mod attributes;
mod client;
mod credentials;
mod dynamo;
mod endpoint;
mod listing;
mod lock;
mod network;
mod note;
mod object;
mod profile;
mod settings;
mod state;
mod sts;

use std::fmt;
use std::sync::Arc;

use self::attributes::{Flag, wrong};
use self::client::Client;
use self::credentials::{CredentialSettings, Source};
use self::settings::Settings;
use self::state::md5;
use crate::address::StateAddress;
use crate::error::{ErrorClass, StoreError};
use crate::key::StateKey;
use crate::lock_info::LockInfo;
use crate::open::Environment;
use crate::store::{
    Capabilities, ConditionalWrite, ForceUnlock, HeldLock, Locking, Reread, StateStore, StoreFuture, Support,
};
use crate::stored::{StateVersion, StoredState, VersionId};

/// A bucket. Clones share connections and credentials.
#[derive(Clone)]
pub struct S3Store {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    client: Client,
}

impl fmt::Debug for S3Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Store")
            .field("bucket", &self.settings.bucket)
            .field("region", &self.settings.region)
            .field("endpoint", &self.settings.endpoints.s3.as_str())
            .finish_non_exhaustive()
    }
}

impl S3Store {
    /// The bucket that an address names. Reads the profiles of AWS's tools where there are any, and asks nobody.
    ///
    /// # Errors
    /// When an attribute is wrong, missing, or not supported.
    pub fn from_address(address: &StateAddress, environment: &Environment) -> Result<Self, StoreError> {
        let mut settings = Settings::read(address, environment)?;
        // The client has the credentials from here on.
        let nothing = CredentialSettings {
            source: Source::Nowhere,
            metadata_endpoint: None,
            allowed_accounts: Vec::new(),
            forbidden_accounts: Vec::new(),
        };
        let credentials = std::mem::replace(&mut settings.credentials, nothing);
        let place = format!("s3://{}", settings.bucket);
        let client =
            Client::new(&place, &settings.network, &settings.endpoints, &settings.region, credentials, environment)?;
        Ok(Self { inner: Arc::new(Inner { settings, client }) })
    }
}

impl Inner {
    fn bucket_place(&self) -> String {
        format!("s3://{}", self.settings.bucket)
    }

    /// The name of the object that a state is.
    fn path(&self, key: &StateKey) -> Result<String, StoreError> {
        settings::check_key("key", &key.key)?;
        let workspace = &key.workspace;
        if workspace.is_empty()
            || workspace.contains('/')
            || workspace.chars().any(char::is_control)
            || is_dots(workspace)
        {
            return Err(wrong("workspace", "must not be empty, and must not hold '/' or control characters"));
        }
        Ok(self.path_unchecked(key))
    }

    fn path_unchecked(&self, key: &StateKey) -> String {
        match (key.is_default_workspace(), self.settings.workspace_prefix.as_str()) {
            (true, _) => key.key.clone(),
            (false, "") => format!("{}/{}", key.workspace, key.key),
            (false, prefix) => format!("{prefix}/{}/{}", key.workspace, key.key),
        }
    }

    fn place(&self, key: &StateKey) -> String {
        format!("s3://{}/{}", self.settings.bucket, self.path_unchecked(key))
    }
}

fn is_dots(part: &str) -> bool {
    part == "." || part == ".."
}

impl StateStore for S3Store {
    fn place(&self, key: &StateKey) -> String {
        self.inner.place(key)
    }

    fn capabilities(&self) -> Capabilities {
        let Settings { lockfile, table, .. } = &self.inner.settings;
        let can_lock = *lockfile == Flag::On || table.is_some();
        let locking = if can_lock { Locking::Record } else { Locking::None };
        Capabilities::new(ConditionalWrite::Atomic, locking, Support::Yes, Support::Yes)
    }

    fn read<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<StoredState>> {
        Box::pin(async move { self.inner.read_state(&self.inner.place(key), &self.inner.path(key)?).await })
    }

    fn read_again<'a>(&'a self, key: &'a StateKey, known: &'a StoredState) -> StoreFuture<'a, Reread> {
        Box::pin(async move {
            // The digest in the table was checked when it was read.
            let tag = self.inner.tag(&self.inner.place(key), &self.inner.path(key)?).await?;
            if tag.is_some() && tag == known.etag {
                return Ok(Reread::Unchanged);
            }
            Ok(Reread::of(self.read(key).await?, known))
        })
    }

    fn read_version<'a>(&'a self, key: &'a StateKey, version: &'a VersionId) -> StoreFuture<'a, StoredState> {
        Box::pin(async move {
            let place = self.inner.place(key);
            let no_version = || StoreError::new(ErrorClass::NotFound, &place, format!("there is no version {version}"));
            match self.inner.get(&place, &self.inner.path(key)?, Some(version)).await {
                Ok(found) => found.ok_or_else(no_version),
                // So S3 answers to a version id that it would never give.
                Err(error) if error.class == ErrorClass::Configuration => Err(no_version().because(error)),
                Err(error) => Err(error),
            }
        })
    }

    fn versions<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Vec<StateVersion>> {
        Box::pin(async move {
            let (place, path) = (self.inner.place(key), self.inner.path(key)?);
            let mut versions = self.inner.versions_of(&place, &path).await?;
            self.inner.add_notes(&place, &path, &mut versions).await?;
            Ok(versions)
        })
    }

    fn list<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, Vec<StateKey>> {
        Box::pin(self.inner.states(prefix))
    }

    fn lock<'a>(&'a self, key: &'a StateKey, info: LockInfo) -> StoreFuture<'a, Box<dyn HeldLock>> {
        Box::pin(async move {
            let held = Arc::clone(&self.inner).lock(key, self.inner.place(key), info).await?;
            Ok(Box::new(held) as Box<dyn HeldLock>)
        })
    }

    fn lock_info<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<LockInfo>> {
        Box::pin(async move { self.inner.holder(&self.inner.place(key), &self.inner.path(key)?).await })
    }

    fn force_unlock<'a>(&'a self, key: &'a StateKey, request: ForceUnlock<'a>) -> StoreFuture<'a, LockInfo> {
        Box::pin(async move { self.inner.force_unlock(&self.inner.place(key), key, request).await })
    }
}
