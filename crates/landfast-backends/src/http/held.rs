//! The lock of an HTTP store.

use std::sync::Arc;

use super::protocol::{Found, Protocol};
use crate::error::StoreError;
use crate::lock_info::LockInfo;
use crate::store::{HeldLock, StoreFuture};
use crate::stored::{StateWrite, StoredState, Written};

#[derive(Debug)]
pub(super) struct HttpLock {
    protocol: Arc<Protocol>,
    info: LockInfo,
}

impl HttpLock {
    pub(super) fn new(protocol: Arc<Protocol>, info: LockInfo) -> Self {
        Self { protocol, info }
    }

    /// Whether the lock is still ours. A server may let `?ID=` decide, and not all do.
    async fn check_ours(&self) -> Result<(), StoreError> {
        match self.protocol.holder().await? {
            Some(holder) if holder.id == self.info.id || holder.id.is_empty() => Ok(()),
            _ => Err(StoreError::conflict(self.protocol.place(), "the lock was taken away")),
        }
    }
}

impl HeldLock for HttpLock {
    fn info(&self) -> &LockInfo {
        &self.info
    }

    fn place(&self) -> String {
        self.protocol.place().to_owned()
    }

    fn read(&self) -> StoreFuture<'_, Option<StoredState>> {
        Box::pin(async move { Ok(self.protocol.read().await?.state) })
    }

    fn write(&mut self, write: StateWrite) -> StoreFuture<'_, Written> {
        Box::pin(async move {
            self.check_ours().await?;
            let found = self.protocol.read().await?;
            if !write.expected.is_met_by(found.state.as_ref()) {
                return Err(StoreError::conflict(self.protocol.place(), "another state is there than was read"));
            }
            let written = self.protocol.write(&write.bytes, &found, &self.info.id).await?;
            let may_have_etag = found.state.is_none_or(|state| state.etag.is_some());
            if written.etag.is_some() || !may_have_etag {
                return Ok(written);
            }
            // The server may name what it holds only when it is asked for it. The write is done, so a failure here is none.
            match self.protocol.read().await {
                Ok(Found { state: Some(state), .. }) if state.digest == written.digest => {
                    Ok(written.with_etag(state.etag))
                }
                Ok(_) => {
                    let message = "the server took the write, and another state is there now";
                    Err(StoreError::conflict(self.protocol.place(), message).with_unknown_outcome())
                }
                Err(_) => Ok(written),
            }
        })
    }

    fn release(self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move {
            self.check_ours().await?;
            self.protocol.unlock(&self.info).await
        })
    }
}
