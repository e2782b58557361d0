//! Trying again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};

use crate::error::{ErrorClass, StoreError, WriteOutcome};
use crate::key::StateKey;
use crate::lock_info::LockInfo;
use crate::store::{Capabilities, ForceUnlock, HeldLock, Reread, StateStore, StoreFuture};
use crate::stored::{StateVersion, StateWrite, StoredState, VersionId, Written};

/// How often to try again, and how long to wait before.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RetryOptions {
    /// How often a call is repeated after the first time. Default: 4.
    pub times: usize,
    /// How long to wait before the first repetition; each later one waits twice as long. Default: 200 ms.
    pub first_wait: Duration,
    /// The longest wait, without what jitter adds. Default: 10 s.
    pub longest_wait: Duration,
    /// What is added to waits, so that many clients do not come back at the same moment.
    pub jitter: Jitter,
}

impl Default for RetryOptions {
    fn default() -> Self {
        Self {
            times: 4,
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(10),
            jitter: Jitter::Random,
        }
    }
}

/// What is added to a wait: up to as much again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jitter {
    /// A random part of it.
    Random,
    /// A part of it that follows from the seed, for tests.
    Seeded(u64),
    /// Nothing.
    None,
}

/// Repeats calls that failed with [`ErrorClass::Transient`], waiting longer each time.
///
/// A write of which nobody knows whether it happened is never simply repeated: the state is read under the lock first. Where
/// the new bytes are there, the write is acknowledged; where the expected ones still are, it is repeated; otherwise it is a
/// conflict. A lock of unknown outcome, and removing somebody else's lock, are not repeated. Where giving a lock back fails
/// that way, the store is asked whether the lock is still there.
#[derive(Debug, Clone)]
pub struct Retry(Arc<Retries>);

impl Retry {
    /// Repetitions as the options say.
    #[must_use]
    pub fn new(options: RetryOptions) -> Self {
        Self(Arc::new(Retries { options, operations: AtomicU64::new(0) }))
    }

    /// The store with repetitions around it.
    #[must_use]
    pub fn around(&self, store: Arc<dyn StateStore>) -> Arc<dyn StateStore> {
        Arc::new(RetryingStore { retries: Arc::clone(&self.0), inner: store })
    }
}

#[derive(Debug)]
struct Retries {
    options: RetryOptions,
    operations: AtomicU64,
}

impl Retries {
    /// The waits of one operation.
    fn waits(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        let RetryOptions { times, first_wait, longest_wait, jitter } = self.options.clone();
        let builder = ExponentialBuilder::new()
            .with_min_delay(first_wait)
            .with_max_delay(longest_wait.max(first_wait))
            .with_max_times(times);
        let nth = self.operations.fetch_add(1, Ordering::Relaxed);
        match jitter {
            Jitter::None => builder.build(),
            Jitter::Seeded(seed) => builder.with_jitter().with_jitter_seed(seed.wrapping_add(nth)).build(),
            Jitter::Random => {
                let (seed, _) = uuid::Uuid::new_v4().as_u64_pair();
                builder.with_jitter().with_jitter_seed(seed).build()
            }
        }
    }

    /// Makes calls until one succeeds, fails for good, or the last one failed.
    async fn repeat<'a, T>(&self, mut call: impl FnMut() -> StoreFuture<'a, T> + Send) -> Result<T, StoreError> {
        let mut waits = self.waits();
        loop {
            let error = match call().await {
                Err(error) if is_to_repeat(&error) => error,
                done => return done,
            };
            pause(&mut waits, error).await?;
        }
    }
}

/// Waits before the next attempt; where there is none, the error stands.
async fn pause(waits: &mut (impl Iterator<Item = Duration> + Send), error: StoreError) -> Result<(), StoreError> {
    let Some(wait) = waits.next() else { return Err(error) };
    tracing::debug!(place = error.place, class = %error.class, ?wait, "trying again");
    tokio::time::sleep(wait).await;
    Ok(())
}

/// Whether the same call may succeed later, and did nothing yet.
fn is_to_repeat(error: &StoreError) -> bool {
    error.class == ErrorClass::Transient && error.outcome == WriteOutcome::NotWritten
}

#[derive(Debug)]
struct RetryingStore {
    retries: Arc<Retries>,
    inner: Arc<dyn StateStore>,
}

impl StateStore for RetryingStore {
    fn place(&self, key: &StateKey) -> String {
        self.inner.place(key)
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn read<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<StoredState>> {
        Box::pin(self.retries.repeat(|| self.inner.read(key)))
    }

    fn read_again<'a>(&'a self, key: &'a StateKey, known: &'a StoredState) -> StoreFuture<'a, Reread> {
        Box::pin(self.retries.repeat(|| self.inner.read_again(key, known)))
    }

    fn read_version<'a>(&'a self, key: &'a StateKey, version: &'a VersionId) -> StoreFuture<'a, StoredState> {
        Box::pin(self.retries.repeat(|| self.inner.read_version(key, version)))
    }

    fn versions<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Vec<StateVersion>> {
        Box::pin(self.retries.repeat(|| self.inner.versions(key)))
    }

    fn list<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, Vec<StateKey>> {
        Box::pin(self.retries.repeat(|| self.inner.list(prefix)))
    }

    fn lock<'a>(&'a self, key: &'a StateKey, info: LockInfo) -> StoreFuture<'a, Box<dyn HeldLock>> {
        Box::pin(async move {
            let inner = self.retries.repeat(|| self.inner.lock(key, info.clone())).await?;
            let (retries, store) = (Arc::clone(&self.retries), Arc::clone(&self.inner));
            Ok(Box::new(RetryingLock { retries, store, key: key.clone(), inner }) as Box<dyn HeldLock>)
        })
    }

    fn lock_info<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<LockInfo>> {
        Box::pin(self.retries.repeat(|| self.inner.lock_info(key)))
    }

    fn force_unlock<'a>(&'a self, key: &'a StateKey, request: ForceUnlock<'a>) -> StoreFuture<'a, LockInfo> {
        self.inner.force_unlock(key, request)
    }
}

#[derive(Debug)]
struct RetryingLock {
    retries: Arc<Retries>,
    store: Arc<dyn StateStore>,
    key: StateKey,
    inner: Box<dyn HeldLock>,
}

/// What is there after a write of unknown outcome.
enum Afterwards {
    New(Written),
    Old,
    Other,
}

impl RetryingLock {
    async fn look(&self, write: &StateWrite) -> Result<Afterwards, StoreError> {
        let found = self.retries.repeat(|| self.inner.read()).await?;
        let new = write.digest;
        Ok(match found {
            Some(found) if found.digest == new => {
                Afterwards::New(Written::new(new).with_etag(found.etag).with_version(found.version))
            }
            found if write.expected.is_met_by(found.as_ref()) => Afterwards::Old,
            _ => Afterwards::Other,
        })
    }

    async fn write_until_known(&mut self, write: StateWrite) -> Result<Written, StoreError> {
        let mut waits = self.retries.waits();
        let mut in_doubt: Option<StoreError> = None;
        loop {
            let mut error = match self.inner.write(write.clone()).await {
                Ok(written) => return Ok(written),
                Err(error) => error,
            };
            let is_late = in_doubt.is_some() && error.class == ErrorClass::Conflict;
            if error.outcome == WriteOutcome::Unknown || is_late {
                match self.look(&write).await {
                    Ok(Afterwards::New(written)) => return Ok(written),
                    Ok(Afterwards::Old) if is_late => return Err(error),
                    Ok(Afterwards::Old) => error = known_not_written(error),
                    Ok(Afterwards::Other) => {
                        let message = "another state is there than was read and than was to be written";
                        return Err(StoreError::conflict(error.place.clone(), message).because(error));
                    }
                    // Still nobody knows.
                    Err(_) => return Err(in_doubt.unwrap_or(error)),
                }
                // What was sent may still arrive, so a conflict later on may be with ourselves.
                in_doubt = Some(
                    StoreError::new(error.class, error.place.clone(), error.message.clone()).with_unknown_outcome(),
                );
            }
            if !is_to_repeat(&error) {
                return Err(error);
            }
            pause(&mut waits, error).await?;
        }
    }
}

/// The error of a write that turned out not to have happened.
fn known_not_written(mut error: StoreError) -> StoreError {
    error.outcome = WriteOutcome::NotWritten;
    error
}

impl HeldLock for RetryingLock {
    fn info(&self) -> &LockInfo {
        self.inner.info()
    }

    fn place(&self) -> String {
        self.inner.place()
    }

    fn read(&self) -> StoreFuture<'_, Option<StoredState>> {
        Box::pin(self.retries.repeat(|| self.inner.read()))
    }

    fn write(&mut self, write: StateWrite) -> StoreFuture<'_, Written> {
        Box::pin(self.write_until_known(write))
    }

    fn release(self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move {
            let Self { retries, store, key, inner } = *self;
            let id = inner.info().id.clone();
            let error = match inner.release().await {
                Err(error) if error.class == ErrorClass::Transient => error,
                done => return done,
            };
            // There is nothing left to release with, but what is there can be seen.
            match retries.repeat(|| store.lock_info(&key)).await {
                Ok(holder) if holder.as_ref().is_none_or(|holder| holder.id != id) => Ok(()),
                _ => Err(error),
            }
        })
    }
}
