//! Where what is kept for a user lies.

use std::path::PathBuf;

use crate::open::Environment;

/// The folder for what is kept between runs and is no configuration: `$XDG_STATE_HOME/landfast`, or
/// `$HOME/.local/state/landfast`. `None` where the environment names neither. Nothing is made.
#[must_use]
pub fn user_state_folder(environment: &Environment) -> Option<PathBuf> {
    let base = match environment.get("XDG_STATE_HOME") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(environment.get("HOME")?).join(".local").join("state"),
    };
    Some(base.join("landfast"))
}
