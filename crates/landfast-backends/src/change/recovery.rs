//! What was to be written and could not be, kept for a second attempt.

use std::path::{Path, PathBuf};

use landfast_durable::{ReplaceError, ReplaceOptions};

#[cfg(feature = "encryption")]
use crate::encrypt::{Binding, SealError, is_sealed};
#[cfg(feature = "encryption")]
use crate::protection::Protection;

/// How the file is called, as terraform calls it.
const NAME: &str = "errored";
const EXTENSION: &str = "tfstate";
#[cfg(feature = "encryption")]
const SEALED: &str = "sealed";
/// Names are tried until one is free.
const MOST: usize = 1000;

/// Why a state could not be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecoveryError {
    /// It cannot be written.
    #[error("the state cannot be kept")]
    NotWritten(#[source] ReplaceError),
    /// It cannot be encrypted, and must be.
    #[cfg(feature = "encryption")]
    #[error("the state cannot be kept")]
    NotSealed(#[source] SealError),
    /// Too many are there already.
    #[error("{}: there are {MOST} of them already", path.display())]
    TooMany {
        /// The last one that was tried.
        path: PathBuf,
    },
}

/// Keeps a state that could not be written as `errored.tfstate` in `folder`, or under the next number where there is one
/// already: `errored.1.tfstate`. Only its owner can read it. Gives its path.
///
/// # Errors
/// When it cannot be written there.
pub fn save_recovery(folder: &Path, state: &[u8]) -> Result<PathBuf, RecoveryError> {
    save(folder, state, EXTENSION)
}

/// As [`save_recovery`], under this protection: an envelope is called `errored.sealed`. Where encryption is enforced and there is
/// no key, nothing is written.
///
/// # Errors
/// When it cannot be written or encrypted.
#[cfg(feature = "encryption")]
pub fn save_recovery_under(
    folder: &Path,
    state: &bytes::Bytes,
    binding: &Binding,
    protection: &Protection,
) -> Result<PathBuf, RecoveryError> {
    let kept = protection.protect(state, binding).map_err(RecoveryError::NotSealed)?;
    save(folder, &kept, if is_sealed(&kept) { SEALED } else { EXTENSION })
}

fn save(folder: &Path, state: &[u8], extension: &str) -> Result<PathBuf, RecoveryError> {
    let mut options = ReplaceOptions::default();
    options.mode = 0o600;
    let mut path = folder.join(format!("{NAME}.{extension}"));
    for number in 1..=MOST {
        match landfast_durable::create(&path, state, &options) {
            Ok(()) => return Ok(path),
            Err(ReplaceError::Exists { .. }) => path = folder.join(format!("{NAME}.{number}.{extension}")),
            Err(error) => return Err(RecoveryError::NotWritten(error)),
        }
    }
    Err(RecoveryError::TooMany { path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_one_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        for (state, name) in [("a", "errored.tfstate"), ("b", "errored.1.tfstate"), ("c", "errored.2.tfstate")] {
            let path = save_recovery(folder.path(), state.as_bytes()).unwrap();
            assert_eq!(path, folder.path().join(name));
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(std::fs::read(folder.path().join("errored.tfstate")).unwrap(), b"a");
    }
}
