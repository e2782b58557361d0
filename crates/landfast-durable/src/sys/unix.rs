//! Calls that only Unix has.

use std::fs::{File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _, fchown};
use std::path::Path;

use rustix::fs::{CWD, FlockOperation, Mode, OFlags, fcntl_lock};
use rustix::io::Errno;
use rustix::process::{Flock, FlockType, fcntl_getlk};

use super::{Access, Result, call, write_whole};
use crate::lock::Holder;
use crate::step::Step;

pub(crate) fn open(path: &Path, access: Access) -> Result<File> {
    // Without O_NONBLOCK, opening a pipe would wait for its other end before anybody can see that it is no file.
    let always = OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let (flags, mode) = match access {
        Access::Read => (OFlags::RDONLY, 0),
        Access::ReadWrite => (OFlags::RDWR, 0),
        Access::New(mode) => (OFlags::RDWR | OFlags::CREATE | OFlags::EXCL, mode),
    };
    let mode = Mode::from_raw_mode((mode & 0o7777) as _);
    call(access.step(), || Ok(File::from(rustix::fs::open(path, always | flags, mode)?)))
}

/// Takes the POSIX write lock on all of the file, if nobody else has a lock on any of it. Whether it was taken.
pub(crate) fn try_lock(file: &File) -> Result<bool> {
    call(Step::Lock, || match fcntl_lock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::AGAIN | Errno::ACCESS) => Ok(false),
        Err(error) => Err(error.into()),
    })
}

pub(crate) fn unlock(file: &File) -> Result<()> {
    call(Step::Unlock, || Ok(fcntl_lock(file, FlockOperation::NonBlockingUnlock)?))
}

/// Who has a lock that is in our way. Which process it is the system does not tell of one on another machine, nor of one in
/// another namespace of processes.
pub(crate) fn holder(file: &File) -> Result<Option<Holder>> {
    call(Step::AskHolder, || {
        let in_the_way = fcntl_getlk(file, &Flock::from(FlockType::WriteLock))?;
        Ok(in_the_way.map(|lock| {
            let pid = lock.pid.and_then(|pid| u32::try_from(pid.as_raw_nonzero().get()).ok());
            pid.map_or(Holder::Unknown, Holder::Process)
        }))
    })
}

/// Reads into the buffer from a place of the file; how many bytes there were.
pub(crate) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> Result<usize> {
    call(Step::Read, || file.read_at(buffer, offset))
}

/// Writes all the bytes to a place of the file.
pub(crate) fn write_at(file: &File, bytes: &[u8], offset: u64) -> Result<()> {
    write_whole(bytes, |rest, done| file.write_at(rest, offset + done as u64))
}

pub(crate) fn set_len(file: &File, length: u64) -> Result<()> {
    call(Step::Truncate, || file.set_len(length))
}

/// Syncs the content, and of what is known about the file what is needed to read it.
pub(crate) fn sync_data(file: &File) -> Result<()> {
    call(Step::Sync, || file.sync_data())
}

pub(crate) fn set_owner(file: &File, user: Option<u32>, group: Option<u32>) -> Result<()> {
    call(Step::SetOwner, || fchown(file, user, group))
}

pub(crate) fn set_permissions(file: &File, mode: u32) -> Result<()> {
    call(Step::SetPermissions, || file.set_permissions(Permissions::from_mode(mode)))
}

/// Gives a file a name that must be free.
pub(crate) fn rename_new(from: &Path, to: &Path) -> Result<()> {
    let renamed = call(Step::RenameNew, || rename_no_replace(from, to));
    match renamed {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
            // The file system does not know the flag. A second name that must be free, and then the first one goes.
            call(Step::RenameNew, || Ok(rustix::fs::linkat(CWD, from, CWD, to, rustix::fs::AtFlags::empty())?))?;
            // The file has its name. The first one is not worth an error: a sweep removes it.
            let _ = super::remove(from);
            Ok(())
        }
        renamed => renamed,
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn rename_no_replace(from: &Path, to: &Path) -> io::Result<()> {
    Ok(rustix::fs::renameat_with(CWD, from, CWD, to, rustix::fs::RenameFlags::NOREPLACE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn rename_no_replace(_: &Path, _: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Makes the names in a folder last. Some file systems cannot sync a folder, and a folder that may be written to but not
/// read cannot be opened for it: the names are in place all the same.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    let synced = call(Step::SyncFolder, || File::open(folder)?.sync_all());
    match synced {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::InvalidInput | ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        synced => synced,
    }
}
