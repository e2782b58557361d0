//! Moving objects from one state to another, so that a kill at any moment loses none of them.
//!
//! Two stores cannot be written in one step. So both states are locked, what they are to become is kept in a journal, the state
//! that gains the objects is written first, and the one that loses them after it: at no moment is an object in neither. Where
//! that was interrupted, the journal is left; [`Transfers::pending`] finds it, and [`resume`] or [`undo`] ends it.

mod journal;

use std::fmt;

use landfast_state::{BytesDigest, Limits, ReadError, StateFile};

use crate::change::{ChangeError, ChangeOptions, Changing, begin};
use crate::history::HistoryError;
use crate::key::StateKey;
use crate::store::StateStore;
pub use journal::{PendingTransfer, Transfers};

/// One of the two states.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// Its store.
    pub store: &'a dyn StateStore,
    /// Its key.
    pub key: &'a StateKey,
    /// How it is changed: who, why, and its history.
    pub options: &'a ChangeOptions,
}

/// Why objects were not moved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// Both sides are one state.
    #[error("{place}: both states are this one")]
    SameState {
        /// The state.
        place: String,
    },
    /// There is no state to move objects from.
    #[error("{place}: there is no state")]
    NoState {
        /// Where.
        place: String,
    },
    /// What was asked for cannot be done to these states. Nothing was changed.
    #[error("the objects cannot be moved")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// One of the states could not be locked, read or written.
    #[error("{}", .progress.note())]
    State {
        /// How far it came.
        progress: TransferProgress,
        /// What failed.
        #[source]
        source: Box<ChangeError>,
    },
    /// The journal cannot be written or read.
    #[error("the journal of moves between states cannot be used")]
    Journal(#[source] Box<HistoryError>),
    /// A transfer that was interrupted touches one of the states: it must be resumed or undone first.
    #[error(
        "a move from {} to {} was interrupted, and is neither done nor undone (id {})",
        .pending.from_place, .pending.to_place, .pending.id
    )]
    Pending {
        /// The transfer.
        pending: Box<PendingTransfer>,
    },
    /// A state was changed since the transfer was interrupted, so that it can be neither resumed nor undone by itself.
    #[error("{place}: the state was changed since the move was interrupted")]
    Changed {
        /// The state.
        place: String,
    },
    /// The states that were given are not those of the transfer.
    #[error("{given} is not the state of the interrupted move, which is {expected}")]
    OtherState {
        /// What was given.
        given: String,
        /// What the journal says.
        expected: String,
    },
    /// What the journal keeps is no state.
    #[error("what the journal keeps is no state")]
    Unreadable(#[from] ReadError),
}

/// How far a transfer came before it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferProgress {
    /// Neither state was changed.
    Nothing,
    /// The objects are in both states, and the journal is left.
    InBoth,
}

impl TransferProgress {
    fn note(self) -> &'static str {
        match self {
            Self::Nothing => "nothing was moved",
            Self::InBoth => "the objects are in both states now, and the move can be resumed or undone",
        }
    }
}

/// Two states that are locked and read, between which objects are about to be moved.
pub struct Transferring<'a> {
    from: Changing<'a>,
    to: Changing<'a>,
    journal: &'a Transfers,
}

impl fmt::Debug for Transferring<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transferring").field("from", &self.from.place()).field("to", &self.to.place()).finish()
    }
}

/// Locks two states and reads them. The locks are taken in the order of the places, so that two transfers in opposite directions
/// do not wait for each other.
///
/// # Errors
/// When both are one state, when an interrupted transfer touches one of them, or when one cannot be locked or read.
pub async fn begin_transfer<'a>(
    from: Side<'a>,
    to: Side<'a>,
    journal: &'a Transfers,
) -> Result<Transferring<'a>, TransferError> {
    journal.check()?;
    #[cfg(feature = "encryption")]
    journal.prepare(None).await?;
    let (from_place, to_place) = (from.store.place(from.key), to.store.place(to.key));
    for place in [&from_place, &to_place] {
        journal.refuse_pending(place)?;
    }
    let (from, to) = lock_both(from, to).await?;
    let transferring = Transferring { from, to, journal };
    if transferring.from.state().is_none() {
        transferring.abandon().await?;
        return Err(TransferError::NoState { place: from_place });
    }
    Ok(transferring)
}

async fn lock_both<'a>(from: Side<'a>, to: Side<'a>) -> Result<(Changing<'a>, Changing<'a>), TransferError> {
    let (from_place, to_place) = (from.store.place(from.key), to.store.place(to.key));
    if from_place == to_place {
        return Err(TransferError::SameState { place: from_place });
    }
    let (first, second) = if from_place < to_place { (from, to) } else { (to, from) };
    let locked = begin(first.store, first.key, first.options).await.map_err(untouched)?;
    let other = match begin(second.store, second.key, second.options).await {
        Ok(other) => other,
        Err(error) => {
            // The first lock goes back; that it may not is less than why the second was not to be had.
            let _ = locked.abandon().await;
            return Err(untouched(error));
        }
    };
    Ok(if from_place < to_place { (locked, other) } else { (other, locked) })
}

impl Transferring<'_> {
    /// The state that loses the objects.
    #[must_use]
    pub fn from(&self) -> &Changing<'_> {
        &self.from
    }

    /// The state that gains them; possibly there is none yet.
    #[must_use]
    pub fn to(&self) -> &Changing<'_> {
        &self.to
    }

    /// Gives both locks back without a change.
    ///
    /// # Errors
    /// When a lock may still be there.
    pub async fn abandon(self) -> Result<(), TransferError> {
        let (from, to) = (self.from.abandon().await, self.to.abandon().await);
        from.map_err(untouched)?;
        to.map_err(untouched)?;
        Ok(())
    }

    /// Writes both states, and gives the locks back.
    ///
    /// # Errors
    /// When a state may not follow what is there, or cannot be written. [`TransferProgress`] says whether anything was changed;
    /// where the objects are in both states, the journal is left for [`resume`] and [`undo`].
    pub async fn commit(mut self, from_after: StateFile, to_after: StateFile) -> Result<(), TransferError> {
        let result = self.write(&from_after, &to_after).await;
        let (from, to) = (self.from.abandon().await, self.to.abandon().await);
        result?;
        from.map_err(untouched)?;
        to.map_err(untouched)?;
        Ok(())
    }

    async fn write(&mut self, from_after: &StateFile, to_after: &StateFile) -> Result<(), TransferError> {
        self.from.check_follows(from_after).map_err(untouched)?;
        let pending = self.journal.record(&self.from, &self.to, from_after, to_after)?;
        if let Err(source) = self.to.write(to_after).await {
            if !source.is_unknown() {
                self.journal.forget(&pending.id)?;
            }
            return Err(if source.is_unknown() { in_both(source) } else { untouched(source) });
        }
        self.from.write(from_after).await.map_err(in_both)?;
        self.journal.forget(&pending.id)
    }
}

/// What [`resume`] or [`undo`] found and did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferEnd {
    /// Neither state had been changed: nothing was left to do.
    NothingHadHappened,
    /// Both states had been written: nothing was left to do.
    WasDone,
    /// The objects were in both states; now only where they were to go.
    Finished,
    /// The objects were in both states; now only where they had been.
    TakenBack,
}

/// Which way a transfer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Forward,
    Back,
}

/// Finishes a transfer that was interrupted.
///
/// # Errors
/// When the sides are not those of the transfer, when a state was changed since, or when one cannot be locked or written.
pub async fn resume(
    pending: &PendingTransfer,
    from: Side<'_>,
    to: Side<'_>,
    journal: &Transfers,
) -> Result<TransferEnd, TransferError> {
    end(pending, from, to, journal, Way::Forward).await
}

/// Takes back a transfer that was interrupted.
///
/// # Errors
/// As [`resume`].
pub async fn undo(
    pending: &PendingTransfer,
    from: Side<'_>,
    to: Side<'_>,
    journal: &Transfers,
) -> Result<TransferEnd, TransferError> {
    end(pending, from, to, journal, Way::Back).await
}

async fn end(
    pending: &PendingTransfer,
    from: Side<'_>,
    to: Side<'_>,
    journal: &Transfers,
    way: Way,
) -> Result<TransferEnd, TransferError> {
    for (side, expected) in [(from, &pending.from_place), (to, &pending.to_place)] {
        let given = side.store.place(side.key);
        if given != *expected {
            return Err(TransferError::OtherState { given, expected: expected.clone() });
        }
    }
    #[cfg(feature = "encryption")]
    journal.prepare(Some(&pending.id)).await?;
    let limits = from.options.limits.clone();
    let (mut from, mut to) = lock_both(from, to).await?;
    let result = end_locked(pending, &mut from, &mut to, journal, way, &limits).await;
    let (from, to) = (from.abandon().await, to.abandon().await);
    let end = result?;
    from.map_err(untouched)?;
    to.map_err(untouched)?;
    Ok(end)
}

async fn end_locked(
    pending: &PendingTransfer,
    from: &mut Changing<'_>,
    to: &mut Changing<'_>,
    journal: &Transfers,
    way: Way,
    limits: &Limits,
) -> Result<TransferEnd, TransferError> {
    let naming = journal.naming(pending)?;
    let digest = |changing: &Changing<'_>| changing.stored().map(|stored| naming.name_of(&stored.bytes));
    let is = |changing: &Changing<'_>, expected: Option<BytesDigest>| digest(changing) == expected;
    let from_is_new = is(from, Some(pending.from_after));
    let to_is_new = is(to, Some(pending.to_after));
    if !from_is_new && !is(from, Some(pending.from_before)) {
        return Err(TransferError::Changed { place: pending.from_place.clone() });
    }
    if !to_is_new && !is(to, pending.to_before) {
        return Err(TransferError::Changed { place: pending.to_place.clone() });
    }
    let end = match (from_is_new, to_is_new, way) {
        (false, false, _) => TransferEnd::NothingHadHappened,
        (true, true, _) => TransferEnd::WasDone,
        // The objects are in neither: somebody put the state that gained them back.
        (true, false, _) => return Err(TransferError::Changed { place: pending.to_place.clone() }),
        (false, true, Way::Forward) => {
            let after = journal.content(&pending.id, &pending.from_after, from, limits)?;
            from.write(&after).await.map_err(in_both)?;
            TransferEnd::Finished
        }
        (false, true, Way::Back) => {
            let before = taken_back(pending, to, journal, limits)?;
            to.write(&before).await.map_err(in_both)?;
            TransferEnd::TakenBack
        }
    };
    journal.forget(&pending.id)?;
    Ok(end)
}

/// What the state that gained the objects was before, under a serial that no tool takes for an old one. Where nothing was, an
/// empty state, since a state cannot be taken away again.
fn taken_back(
    pending: &PendingTransfer,
    to: &Changing<'_>,
    journal: &Transfers,
    limits: &Limits,
) -> Result<StateFile, TransferError> {
    let mut change = match (&pending.to_before, to.state()) {
        (Some(digest), _) => journal.content(&pending.id, digest, to, limits)?.refactor(),
        (None, Some(state)) => state.refactor(),
        (None, None) => return Err(TransferError::NoState { place: pending.to_place.clone() }),
    };
    if pending.to_before.is_none() {
        change.remove(|_| true);
    }
    change.finish(to.next_serial(), limits).map_err(|error| TransferError::Refused(error.into()))
}

/// An error of a state, before anything was changed.
fn untouched(source: ChangeError) -> TransferError {
    TransferError::State { progress: TransferProgress::Nothing, source: Box::new(source) }
}

/// An error of a state, while the objects are in both.
fn in_both(source: ChangeError) -> TransferError {
    TransferError::State { progress: TransferProgress::InBoth, source: Box::new(source) }
}
