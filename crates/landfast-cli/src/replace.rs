//! Where the command's files are put: replaced as a whole, or made where nothing is.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use landfast_durable::{Inherit, ReplaceError, ReplaceOptions, Symlinks};

use crate::error::CliError;
use crate::output::Secrecy;

/// Puts these bytes in the place of a file, as a whole or not at all. A link is followed to what it names; a device or a
/// pipe, which cannot be replaced, is written to. A file that is there keeps who may read and write it, but a private
/// result never becomes readable by others.
pub(crate) fn replace(path: &Path, bytes: &[u8], secrecy: Secrecy) -> Result<(), CliError> {
    let what = "cannot be written";
    match landfast_durable::replace(path, bytes, &options(secrecy)) {
        Err(ReplaceError::NotAFile { .. }) => {
            let written = OpenOptions::new().write(true).open(path).and_then(|mut file| file.write_all(bytes));
            written.map_err(|error| CliError::io(path, what, &error))
        }
        replaced => replaced.map_err(|error| explain(path, what, &error)),
    }
}

/// Makes a file that only its owner can read, if nothing has its name. Whether it was made.
pub(crate) fn create_private(path: &Path, bytes: &[u8], what: &str) -> Result<bool, CliError> {
    match landfast_durable::create(path, bytes, &options(Secrecy::Private)) {
        Ok(()) => Ok(true),
        Err(ReplaceError::Exists { .. }) => Ok(false),
        Err(error) => Err(explain(path, what, &error)),
    }
}

fn options(secrecy: Secrecy) -> ReplaceOptions {
    let mut options = ReplaceOptions::default();
    let (mode, mask) = match secrecy {
        Secrecy::Ordinary => (0o666, 0o777),
        Secrecy::Private => (0o600, 0o700),
    };
    options.mode = mode;
    options.inherit = Inherit::Permissions { mask };
    options.symlinks = Symlinks::Follow;
    options
}

/// The file that was asked for, and why; the name of a temporary file only where one is left.
fn explain(path: &Path, what: &str, error: &ReplaceError) -> CliError {
    match error {
        ReplaceError::Io { source, left, .. } => {
            let explained = CliError::io(path, what, source);
            match left {
                Some(left) => explained.hint(format!("remove the temporary file {}", left.display())),
                None => explained,
            }
        }
        ReplaceError::Unsynced { source, .. } => {
            CliError::io(path, "written, but it may be the old file again after a power failure", source)
        }
        other => CliError::new(other.to_string()),
    }
}
