//! Where the history of a state is.

use std::path::Path;

use landfast_state::BytesDigest;

use super::{History, HistoryError};
use crate::address::StateAddress;
use crate::open::Environment;
use crate::store::{StateStore, Support};
use crate::user_folder::user_state_folder;

impl History {
    /// The history of the state that an address means: beside a local state, in the user's folder for states of stores that
    /// keep no versions, and none where the store keeps versions itself.
    ///
    /// # Errors
    /// When the environment names no folder for what belongs to the user.
    pub fn of(
        address: &StateAddress,
        store: &dyn StateStore,
        environment: &Environment,
    ) -> Result<Option<Self>, HistoryError> {
        let place = store.place(&address.key);
        if address.kind == "local" {
            return Ok(Some(Self::beside(Path::new(&place))));
        }
        if store.capabilities().versions == Support::Yes {
            return Ok(None);
        }
        let folder = user_state_folder(environment).ok_or(HistoryError::NoFolder)?;
        // The place may be longer than a file's name can be, and hold what such a name cannot.
        let name = BytesDigest::of(place.as_bytes()).to_string();
        Ok(Some(Self::in_folder(folder.join("history").join(name))))
    }
}
