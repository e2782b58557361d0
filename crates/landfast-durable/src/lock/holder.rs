//! Asking who holds a lock, without touching it.

use std::path::Path;

use super::error::{Holder, ReadError};
use super::read::read_error;
use crate::path::{Symlinks, Unusable, resolve};
use crate::registry::Tracked;
use crate::sys::Access;

/// Who holds the lock of a file; nobody does where there is no file. The lock is not taken for that, so nobody is kept out.
/// The answer may be old when it arrives.
///
/// # Errors
/// The path is no ordinary file, or the system does not tell.
pub fn lock_holder(path: &Path, symlinks: Symlinks) -> Result<Option<Holder>, ReadError> {
    let (resolved, named) = resolve(path, symlinks).map_err(|unusable| read_error(path, unusable))?;
    if named.is_none() {
        return Ok(None);
    }
    let failed = |failed| read_error(&resolved, Unusable::Failed(failed));
    let (file, metadata) = match Tracked::open(&resolved, Access::Read) {
        Ok(opened) => opened,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if !metadata.is_file() {
        return Err(read_error(&resolved, Unusable::NotAFile));
    }
    file.holder().map_err(failed)
}
