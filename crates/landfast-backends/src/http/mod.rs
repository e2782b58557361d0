//! States behind terraform's `http` backend: GET and POST of one address, LOCK and UNLOCK of another.

mod held;
mod protocol;
mod settings;

use std::sync::Arc;

use crate::address::StateAddress;
use crate::decorate::RetryOptions;
use crate::error::{ErrorClass, StoreError};
use crate::key::StateKey;
use crate::lock_info::LockInfo;
use crate::open::Environment;
use crate::store::{
    Capabilities, ConditionalWrite, ForceUnlock, HeldLock, Locking, Reread, StateStore, StoreFuture, Support,
    unsupported,
};
use crate::stored::StoredState;
use held::HttpLock;
use protocol::Protocol;
use settings::Settings;

/// One state behind an HTTP server, as terraform's `http` backend speaks to it.
///
/// There is one state for each store: its key is empty and its workspace the default one. Without `lock_address` and
/// `unlock_address` it can be read only.
///
/// The protocol has no way to ask who holds the lock, so [`StateStore::lock_info`], and every write before it begins, try to
/// take the lock: the refusal names the holder. Where nobody held it, what was taken is given back at once; for that moment
/// others are refused.
#[derive(Debug, Clone)]
pub struct HttpStore {
    protocol: Arc<Protocol>,
    retries: RetryOptions,
}

impl HttpStore {
    /// A store from the attributes of terraform's backend and `TF_HTTP_*`.
    ///
    /// # Errors
    /// [`ErrorClass::Configuration`] when an attribute is missing, wrong or not known.
    pub fn from_address(address: &StateAddress, environment: &Environment) -> Result<Self, StoreError> {
        let settings = Settings::read(address, environment)?;
        let retries = settings.retries.clone();
        Ok(Self { protocol: Arc::new(Protocol::new(settings)?), retries })
    }

    /// How often to try again, as `retry_max`, `retry_wait_min` and `retry_wait_max` say. The store itself tries once;
    /// [`crate::open`] puts a [`crate::decorate::Retry`] around it.
    #[must_use]
    pub fn retries(&self) -> RetryOptions {
        self.retries.clone()
    }

    fn check_key(&self, key: &StateKey) -> Result<(), StoreError> {
        if key.key.is_empty() && key.is_default_workspace() {
            return Ok(());
        }
        let message = format!("behind an HTTP address is one state, and none for {key}");
        Err(StoreError::new(ErrorClass::Unsupported, self.protocol.place(), message))
    }
}

impl StateStore for HttpStore {
    fn place(&self, _: &StateKey) -> String {
        self.protocol.place().to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        let locking = if self.protocol.can_lock() { Locking::Record } else { Locking::None };
        Capabilities::new(ConditionalWrite::UnderLock, locking, Support::No, Support::No)
    }

    fn read<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<StoredState>> {
        Box::pin(async move {
            self.check_key(key)?;
            Ok(self.protocol.read().await?.state)
        })
    }

    fn read_again<'a>(&'a self, key: &'a StateKey, known: &'a StoredState) -> StoreFuture<'a, Reread> {
        Box::pin(async move {
            self.check_key(key)?;
            self.protocol.read_again(known).await
        })
    }

    fn list<'a>(&'a self, _: &'a str) -> StoreFuture<'a, Vec<StateKey>> {
        unsupported(self.protocol.place().to_owned(), "states behind HTTP cannot be listed")
    }

    fn lock<'a>(&'a self, key: &'a StateKey, info: LockInfo) -> StoreFuture<'a, Box<dyn HeldLock>> {
        Box::pin(async move {
            self.check_key(key)?;
            let info = info.at(self.protocol.place());
            self.protocol.lock(&info).await?;
            Ok(Box::new(HttpLock::new(Arc::clone(&self.protocol), info)) as Box<dyn HeldLock>)
        })
    }

    fn lock_info<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<LockInfo>> {
        Box::pin(async move {
            self.check_key(key)?;
            self.protocol.holder().await
        })
    }

    fn force_unlock<'a>(&'a self, key: &'a StateKey, request: ForceUnlock<'a>) -> StoreFuture<'a, LockInfo> {
        Box::pin(async move {
            self.check_key(key)?;
            let removed = request.authorise(self.protocol.place(), self.protocol.holder().await?)?;
            self.protocol.unlock(&removed).await?;
            Ok(removed)
        })
    }
}
