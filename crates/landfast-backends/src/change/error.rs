//! Why a state was not changed.

use std::fmt;

use bytes::Bytes;
use landfast_state::ReadError;

use crate::error::{StoreError, WriteOutcome};
use crate::history::HistoryError;

/// A step of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Taking the lock.
    Lock,
    /// Reading what is there.
    Read,
    /// Writing.
    Write,
    /// Reading back what was written.
    ReadBack,
    /// Giving the lock back.
    Unlock,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lock => "taking the lock",
            Self::Read => "reading the state",
            Self::Write => "writing the state",
            Self::ReadBack => "reading back what was written",
            Self::Unlock => "giving the lock back",
        })
    }
}

/// Why a state was not changed, or not known to be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The store failed.
    #[error("{step} failed")]
    Store {
        /// At which step.
        step: Step,
        /// What the store says.
        #[source]
        source: StoreError,
        /// What was to be written, when a second attempt may want it.
        recovery: Option<Bytes>,
    },
    /// What is there is no state.
    #[error(transparent)]
    NoState(#[from] ReadError),
    /// The new state has another lineage: it belongs to other infrastructure.
    #[error("{place}: the state there has the lineage {there}, and the new one {new}")]
    OtherLineage {
        /// The state.
        place: String,
        /// Its lineage.
        there: String,
        /// That of the new state.
        new: String,
    },
    /// The new state is not newer.
    #[error("{place}: the state there has the serial {there}, and the new one {new}, which is not higher")]
    SerialNotHigher {
        /// The state.
        place: String,
        /// Its serial.
        there: u64,
        /// That of the new state.
        new: u64,
    },
    /// What is there cannot be kept, so nothing was written.
    #[error("what is there cannot be kept, so nothing was written")]
    History(#[source] HistoryError),
    /// The lock could not be given back after another error.
    #[error("{error}, and the lock could not be given back")]
    AndStillLocked {
        /// What went wrong first.
        error: Box<ChangeError>,
        /// What went wrong with the lock.
        #[source]
        release: StoreError,
    },
    /// The state was written, and the lock could not be given back.
    #[error("the state was written, and the lock could not be given back")]
    WrittenAndStillLocked {
        /// What went wrong with the lock.
        #[source]
        release: StoreError,
    },
    /// The caller asked to stop, and nothing was written.
    #[error("stopped before anything was written")]
    Cancelled,
    /// The runtime is shutting down.
    #[error("the program is being stopped")]
    Stopped,
}

impl ChangeError {
    /// Whether it is not known if the new state was written.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::Store { source, .. } => source.outcome == WriteOutcome::Unknown,
            Self::AndStillLocked { error, .. } => error.is_unknown(),
            _ => false,
        }
    }

    /// What was to be written, where it should be saved for a second attempt: the store failed after everything was checked.
    #[must_use]
    pub fn recovery(&self) -> Option<&Bytes> {
        match self {
            Self::Store { recovery, .. } => recovery.as_ref(),
            Self::AndStillLocked { error, .. } => error.recovery(),
            _ => None,
        }
    }

    /// The store's error, where one is at the bottom of this.
    #[must_use]
    pub fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store { source, .. } => Some(source),
            Self::AndStillLocked { error, .. } => error.store_error(),
            Self::WrittenAndStillLocked { release } => Some(release),
            _ => None,
        }
    }

    pub(super) fn with_recovery(mut self, bytes: Bytes) -> Self {
        if let Self::Store { recovery, .. } = &mut self {
            *recovery = Some(bytes);
        }
        self
    }
}
