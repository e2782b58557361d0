//! A state under its lock, for as long as an operation lasts.

use std::sync::{Arc, Mutex as Held, PoisonError};

use landfast_backends::change::{ChangeError, ChangeOptions, Changing, begin};
use landfast_backends::{Locking, StateKey, StateStore, StoreError, StoredState};
use landfast_rollback::{Hold, HoldError, PortFuture};
use landfast_safety::Target;
use landfast_state::{BytesDigest, Snapshot, StateFile};
use tokio::sync::Mutex;

/// A state whose lock is held. It is the [`Hold`] of an operation, and what a [`StateActuator`](crate::StateActuator) writes to.
///
/// Dropped without [`HeldState::release`], it leaves the lock in stores whose locks are records.
#[derive(Debug)]
pub struct HeldState {
    store: Arc<dyn StateStore>,
    key: StateKey,
    lock: String,
    target: Held<Target>,
    changing: Mutex<Option<Changing<'static>>>,
    parsed: Held<Option<(BytesDigest, Snapshot)>>,
}

/// Why a held state was not read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HeldStateError {
    /// The lock was given back already.
    #[error("the lock of {place} was given back already")]
    Released {
        /// The state.
        place: String,
    },
    /// The state could not be read or written.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// Another state is there than the operation began with.
    #[error("{place}: the state there has the lineage {there}, and it had {began}")]
    OtherLineage {
        /// The state.
        place: String,
        /// Its lineage now.
        there: String,
        /// Its lineage when the lock was taken.
        began: String,
    },
}

impl HeldState {
    /// Takes the lock of a state and reads it. There may be none yet.
    ///
    /// # Errors
    /// When somebody else holds the lock for longer than the options say, or what is there is no state.
    pub async fn open(
        store: Arc<dyn StateStore>,
        key: StateKey,
        environment: &str,
        options: &ChangeOptions,
    ) -> Result<Self, ChangeError> {
        let changing = begin(&*store, &key, options).await?.into_owned();
        let target = target_of(&*store, &key, environment, changing.state());
        let lock = changing.lock_info().id.clone();
        Ok(Self {
            store,
            key,
            lock,
            target: Held::new(target),
            changing: Mutex::new(Some(changing)),
            parsed: Held::default(),
        })
    }

    /// The same, where plans name the state by this place: one that means the same wherever it is read, such as an absolute path.
    #[must_use]
    pub fn with_place(self, place: String) -> Self {
        self.target.lock().unwrap_or_else(PoisonError::into_inner).store = place;
        self
    }

    /// The lock's id.
    #[must_use]
    pub fn lock_id(&self) -> &str {
        &self.lock
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &dyn StateStore {
        &*self.store
    }

    /// The state's key in the store.
    #[must_use]
    pub fn key(&self) -> &StateKey {
        &self.key
    }

    /// Reads the bytes that are there now; `None` where there is no state.
    ///
    /// # Errors
    /// When the store fails, or the lock was given back.
    pub async fn stored(&self) -> Result<Option<StoredState>, HeldStateError> {
        let mut changing = self.changing.lock().await;
        Ok(self.read_again(&mut changing).await?.stored().cloned())
    }

    /// Reads the objects that are there now; `None` where there is no state.
    ///
    /// # Errors
    /// When the store fails, what is there is no state, or the lock was given back.
    pub async fn snapshot(&self) -> Result<Option<Snapshot>, HeldStateError> {
        let mut changing = self.changing.lock().await;
        let changing = self.read_again(&mut changing).await?;
        let (Some(stored), Some(state)) = (changing.stored(), changing.state()) else { return Ok(None) };
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((digest, snapshot)) = &*parsed
            && *digest == stored.digest
        {
            return Ok(Some(snapshot.clone()));
        }
        let snapshot = state.snapshot();
        *parsed = Some((stored.digest, snapshot.clone()));
        Ok(Some(snapshot))
    }

    /// Changes the state in one conditional write: exactly what `edit` was given is replaced. `Ok(Err)` is what `edit` says.
    pub(crate) async fn change<E>(
        &self,
        edit: impl FnOnce(&StateFile) -> Result<StateFile, E> + Send,
        absent: impl FnOnce() -> E + Send,
    ) -> Result<Result<(), E>, HeldStateError> {
        let mut changing = self.changing.lock().await;
        let changing = self.read_again(&mut changing).await?;
        let after = match changing.state() {
            None => return Ok(Err(absent())),
            Some(state) => match edit(state) {
                Ok(after) => after,
                Err(error) => return Ok(Err(error)),
            },
        };
        changing.write(&after).await?;
        self.target.lock().unwrap_or_else(PoisonError::into_inner).serial = after.serial();
        Ok(Ok(()))
    }

    /// Gives the lock back. Giving it back again is nothing to do.
    ///
    /// # Errors
    /// When the lock may still be there.
    pub async fn release(&self) -> Result<(), ChangeError> {
        match self.changing.lock().await.take() {
            Some(changing) => changing.abandon().await.map(drop),
            None => Ok(()),
        }
    }

    async fn read_again<'c>(
        &self,
        changing: &'c mut Option<Changing<'static>>,
    ) -> Result<&'c mut Changing<'static>, HeldStateError> {
        let place = || self.store.place(&self.key);
        let changing = changing.as_mut().ok_or_else(|| HeldStateError::Released { place: place() })?;
        changing.read_again().await?;
        let mut target = self.target.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = changing.state() {
            if state.lineage() != target.lineage {
                let (there, began) = (state.lineage().to_owned(), target.lineage.clone());
                return Err(HeldStateError::OtherLineage { place: place(), there, began });
            }
            target.serial = state.serial();
        }
        Ok(changing)
    }

    async fn is_ours(&self) -> Result<bool, StoreError> {
        let Some(found) = self.store.lock_info(&self.key).await? else { return Ok(false) };
        if !found.id.is_empty() || self.store.capabilities().locking == Locking::Record {
            return Ok(found.id == self.lock);
        }
        // A lock that ends with its session need not have an id: reading through that session says whether it is there.
        match &*self.changing.lock().await {
            Some(changing) => Ok(changing.lock_info().id == self.lock),
            None => Ok(false),
        }
    }
}

/// Where a state is, for plans.
pub(crate) fn target_of(
    store: &dyn StateStore,
    key: &StateKey,
    environment: &str,
    state: Option<&StateFile>,
) -> Target {
    Target {
        environment: environment.to_owned(),
        store: store.place(key),
        workspace: key.workspace.clone(),
        lineage: state.map(StateFile::lineage).unwrap_or_default().to_owned(),
        serial: state.map_or(0, StateFile::serial),
    }
}

impl Hold for HeldState {
    fn target(&self) -> Target {
        self.target.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn state<'a>(&'a self) -> PortFuture<'a, Result<BytesDigest, HoldError>> {
        Box::pin(async move {
            match self.stored().await {
                Ok(stored) => Ok(stored.map_or_else(|| BytesDigest::of(&[]), |stored| stored.digest)),
                Err(error) => Err(HoldError::Unknown(Box::new(error))),
            }
        })
    }

    fn check<'a>(&'a self) -> PortFuture<'a, Result<(), HoldError>> {
        Box::pin(async move {
            match self.is_ours().await {
                Ok(true) => Ok(()),
                Ok(false) => Err(HoldError::Lost {
                    how: format!("{} says that somebody else has it, or nobody", self.target().store),
                }),
                Err(error) => Err(HoldError::Unknown(Box::new(error))),
            }
        })
    }
}
