//! Putting states back.

use std::path::Path;
use std::sync::Arc;

use landfast_state::{Limits, StateFile};

use super::files::Folder;
use super::{BackupEntry, BackupError, read_entry, read_manifest};
use crate::change::{ChangeOptions, Changing, begin};
use crate::history::History;
use crate::key::StateKey;
use crate::protection::Protection;
use crate::store::StateStore;

/// Where a state of a backup goes.
#[derive(Debug, Clone)]
pub struct RestoreTarget {
    /// The store.
    pub store: Arc<dyn StateStore>,
    /// The key.
    pub key: StateKey,
    /// Where what is replaced is kept; `None` where the store keeps versions itself.
    pub history: Option<History>,
}

/// What became of a state.
#[derive(Debug)]
pub enum Restored {
    /// There was none: it was written with its own serial.
    Created,
    /// It was written over another one, under this serial, which is higher than that of the other.
    Replaced {
        /// The serial it has now.
        serial: u64,
    },
    /// What is there is what the backup holds.
    WasThere,
    /// It was not put back; the others were all the same.
    Failed(BackupError),
}

/// A state that was to be put back.
#[derive(Debug)]
#[non_exhaustive]
pub struct RestoredState {
    /// The state, as the backup has it.
    pub entry: BackupEntry,
    /// Where it went.
    pub place: String,
    /// What became of it.
    pub outcome: Restored,
}

/// Puts states of a backup back: those for which `choose` gives a place to go. A state over another one gets a higher serial, so
/// that no tool takes it for an old one; what it replaces goes into the history. `options` says who does it and why.
///
/// # Errors
/// When the manifest cannot be read. What went wrong with single states is in the result.
pub async fn restore(
    folder: &Path,
    protection: &Protection,
    choose: impl Fn(&BackupEntry) -> Option<RestoreTarget>,
    options: &ChangeOptions,
) -> Result<Vec<RestoredState>, BackupError> {
    let folder = Folder::new(folder, protection.clone());
    let manifest = read_manifest(&folder).await?;
    let mut restored = Vec::new();
    for entry in manifest.entries {
        let Some(target) = choose(&entry) else { continue };
        let place = target.store.place(&target.key);
        let options = options.clone().with_history(target.history.clone());
        let outcome = match one(&folder, &entry, &target, &options).await {
            Ok(outcome) => outcome,
            Err(error) => Restored::Failed(error),
        };
        restored.push(RestoredState { entry, place, outcome });
    }
    Ok(restored)
}

async fn one(
    folder: &Folder,
    entry: &BackupEntry,
    target: &RestoreTarget,
    options: &ChangeOptions,
) -> Result<Restored, BackupError> {
    let state = read_entry(folder, entry, &options.limits).await?;
    let place = target.store.place(&target.key);
    let not = |source| BackupError::NotRestored { place: place.clone(), source: Box::new(source) };
    let changing = begin(&*target.store, &target.key, options).await.map_err(not)?;
    let after = match next(&changing, &state, &options.limits) {
        Ok(Some(after)) => after,
        Ok(None) => {
            changing.abandon().await.map_err(not)?;
            return Ok(Restored::WasThere);
        }
        Err(source) => {
            changing.abandon().await.map_err(not)?;
            return Err(BackupError::NoSerial { place, source });
        }
    };
    let (serial, is_first) = (after.serial(), changing.state().is_none());
    changing.commit(after).await.map_err(not)?;
    Ok(if is_first { Restored::Created } else { Restored::Replaced { serial } })
}

/// What is to be written; `None` when it is there.
fn next(
    changing: &Changing<'_>,
    state: &StateFile,
    limits: &Limits,
) -> Result<Option<StateFile>, Box<dyn std::error::Error + Send + Sync>> {
    let Some(there) = changing.state() else { return Ok(Some(state.clone())) };
    if there.as_bytes() == state.as_bytes() {
        return Ok(None);
    }
    if there.lineage() != state.lineage() || there.serial() < state.serial() {
        // Of another lineage: refused when it is to be written.
        return Ok(Some(state.clone()));
    }
    Ok(Some(state.refactor().finish(changing.next_serial(), limits)?))
}
