//! Reading files of settings: whole, text, and of a size that such files have.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::error::SearchError;

/// The largest file of settings that is read, in bytes.
const MAX_SETTINGS: u64 = 8 << 20;

/// The text of a file; `None` where there is none.
pub(super) fn read_settings(path: &Path) -> Result<Option<String>, SearchError> {
    let failed = |source| SearchError::Unreadable { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut bytes = Vec::new();
    file.take(MAX_SETTINGS + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_SETTINGS {
        return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 8 MiB")));
    }
    String::from_utf8(bytes).map(Some).map_err(|_| failed(io::Error::new(io::ErrorKind::InvalidData, "no UTF-8")))
}
