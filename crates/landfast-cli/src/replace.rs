//! Replacing files as a whole.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::output::Secrecy;

/// Puts these bytes in the place of a file, as a whole or not at all. A link is followed to what it names; a device or a
/// pipe, which cannot be replaced, is written to. A file that is there keeps who may read and write it, but a private
/// result never becomes readable by others.
pub(crate) fn replace(path: &Path, bytes: &[u8], secrecy: Secrecy) -> io::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let before = fs::metadata(&target).ok();
    if before.as_ref().is_some_and(|metadata| !metadata.is_file()) {
        return OpenOptions::new().write(true).open(&target)?.write_all(bytes);
    }
    let folder = folder_of(&target);
    // What is there may be private: nobody else reads the new text before it has the permissions of the old one.
    let open_to = if before.is_some() { Secrecy::Private } else { secrecy };
    let mut file = new_file_in(folder, open_to)?;
    file.write_all(bytes)?;
    if let Some(before) = &before {
        take_over_permissions(file.as_file(), before, secrecy)?;
    }
    file.as_file().sync_all()?;
    file.persist(&target).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// The folder that a file stands in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A new file with a name of its own that goes away unless it is given another one. Errors do not name it: nobody asked
/// for a file of that name.
pub(crate) fn new_file_in(folder: &Path, secrecy: Secrecy) -> io::Result<NamedTempFile> {
    let mut cause = None;
    let made = tempfile::Builder::new().make_in(folder, |path| {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(match secrecy {
                Secrecy::Ordinary => 0o666,
                Secrecy::Private => 0o600,
            });
        }
        options.open(path).inspect_err(|error| cause = error.raw_os_error())
    });
    made.map_err(|error| cause.map_or(error, io::Error::from_raw_os_error))
}

#[cfg(unix)]
fn take_over_permissions(file: &File, before: &Metadata, secrecy: Secrecy) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
    let mut mode = before.mode()
        & match secrecy {
            Secrecy::Ordinary => 0o777,
            Secrecy::Private => 0o700,
        };
    if file.metadata()?.gid() != before.gid() && fchown(file, None, Some(before.gid())).is_err() {
        // What the group of the old file may do is nothing that our own group may do.
        mode &= !0o070;
    }
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn take_over_permissions(_: &File, _: &Metadata, _: Secrecy) -> io::Result<()> {
    Ok(())
}

/// Makes the new name last. Some file systems cannot sync a folder, and a folder that may be written to but not read
/// cannot be opened for it: the file is in its place all the same.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    use std::io::ErrorKind;
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error)
            if !matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::InvalidInput | ErrorKind::Unsupported
            ) =>
        {
            Err(error)
        }
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
pub(crate) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
