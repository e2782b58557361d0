//! Reading a state without a lock, and looking whether it moved meanwhile.

use std::time::Duration;

use landfast_state::{Limits, ReadError, StateFile};

use super::error::{ChangeError, Step};
use crate::error::StoreError;
use crate::key::StateKey;
use crate::store::{Reread, StateStore};
use crate::stored::StoredState;

/// How often a state is read that another one is in the place of each time.
const READS: usize = 4;

/// How long to wait for half a state to become a whole one.
const PAUSE: Duration = Duration::from_millis(200);

/// A state that was read without a lock.
#[derive(Debug)]
#[non_exhaustive]
pub struct ReadState {
    /// The bytes, and what the store calls them.
    pub stored: StoredState,
    /// What they say.
    pub state: StateFile,
    /// Whether somebody wrote meanwhile.
    pub moved: Moved,
}

/// Whether a state was written while it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// It was not: after it was read, the same was there.
    No,
    /// It was. What came first is not what is given; this came to rest.
    Since {
        /// The serial that came first; `None` when that was half a state.
        first: Option<u64>,
    },
    /// It was, every time. What is given was there, and something else is there now.
    Still,
    /// It was taken away after it was read.
    Gone,
}

/// Reads a state without a lock, and asks the store afterwards whether it is still the same. What was written meanwhile is read
/// again, until it comes to rest or was read four times; [`ReadState::moved`] says that.
///
/// # Errors
/// When the store fails, or when what is there is no state.
pub async fn read_state(
    store: &dyn StateStore,
    key: &StateKey,
    limits: &Limits,
) -> Result<Option<ReadState>, ChangeError> {
    let failed = |source: StoreError| ChangeError::Store { step: Step::Read, source, recovery: None };
    let mut moved = Moved::No;
    let mut found = store.read(key).await.map_err(failed)?;
    let mut reads = 0;
    loop {
        reads += 1;
        let Some(stored) = found.filter(|found| !found.bytes.is_empty()) else { return Ok(None) };
        let is_last = reads == READS;
        let state = match StateFile::read(stored.bytes.clone(), &store.place(key), limits) {
            Ok(state) => state,
            // Half a state may be one that is being written: it is another one a moment later.
            Err(error @ (ReadError::Json { .. } | ReadError::Empty { .. })) if !is_last => {
                tokio::time::sleep(PAUSE).await;
                found = match store.read_again(key, &stored).await.map_err(failed)? {
                    Reread::Changed(next) => next,
                    Reread::Unchanged => return Err(error.into()),
                };
                if moved == Moved::No {
                    moved = Moved::Since { first: None };
                }
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        match store.read_again(key, &stored).await.map_err(failed)? {
            Reread::Unchanged => {}
            Reread::Changed(Some(next)) if !next.bytes.is_empty() && !is_last => {
                if moved == Moved::No {
                    moved = Moved::Since { first: Some(state.serial()) };
                }
                found = Some(next);
                continue;
            }
            Reread::Changed(Some(_)) => moved = Moved::Still,
            Reread::Changed(None) => moved = Moved::Gone,
        }
        return Ok(Some(ReadState { stored, state, moved }));
    }
}
