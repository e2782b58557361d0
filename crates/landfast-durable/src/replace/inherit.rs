//! Making a file like the one that it replaces: owner, group, permission bits.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt as _;

use crate::sys;

/// Takes over owner and group where the system lets us, and the bits of the mask.
pub(super) fn take_over(file: &File, before: &Metadata, mask: u32) -> sys::Result<()> {
    let mut mode = before.mode() & mask & 0o7777;
    let now = sys::metadata(file)?;
    if now.uid() != before.uid() {
        // Only root may give a file away. Others own what they write.
        let _ = sys::set_owner(file, Some(before.uid()), None);
    }
    if now.gid() != before.gid() && sys::set_owner(file, None, Some(before.gid())).is_err() {
        // What the group of the old file may do is nothing that our own group may do.
        mode &= !0o070;
    }
    sys::set_permissions(file, mode)
}
