//! Calls on systems that are not Unix: what replacing a file needs. Folders are not synced, since there is no call for it.

use std::fs::{self, File, OpenOptions};
use std::path::Path;

use super::{Access, Result, call};
use crate::step::Step;

pub(crate) fn open(path: &Path, access: Access) -> Result<File> {
    let Access::New(_) = access;
    call(access.step(), || OpenOptions::new().read(true).write(true).create_new(true).open(path))
}

/// Gives a file a name that must be free.
pub(crate) fn rename_new(from: &Path, to: &Path) -> Result<()> {
    call(Step::RenameNew, || fs::hard_link(from, to))?;
    super::remove(from)
}

pub(crate) fn sync_folder(_: &Path) -> Result<()> {
    Ok(())
}
