//! The folder that a provider has for its socket and for temporary files, or is unpacked into.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use tempfile::TempDir;

/// How the names of such folders begin.
const PREFIX: &str = "landfast-provider-";

/// How often a folder is made anew that somebody took for one that was left.
const TRIES: usize = 5;

/// A folder that only its owner can enter. It goes with this value, and when this process is killed, with the next folder that is
/// made: as long as its maker lives, it is locked.
#[derive(Debug)]
pub(crate) struct ProviderFolder {
    folder: TempDir,
    /// Ends with the process, however that ends.
    _lock: Option<File>,
}

impl ProviderFolder {
    /// Makes one among the temporary files of the system, and removes those whose makers are gone.
    pub(crate) fn make() -> io::Result<Self> {
        Self::make_in(&std::env::temp_dir())
    }

    fn make_in(parent: &Path) -> io::Result<Self> {
        sweep(parent);
        for _ in 1..TRIES {
            let made = Self::try_make(parent)?;
            // Before it was locked, it could be taken for one that was left.
            if made.path().is_dir() {
                return Ok(made);
            }
        }
        Self::try_make(parent)
    }

    fn try_make(parent: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = builder.tempdir_in(parent)?;
        // Where folders cannot be locked none is taken for one that was left.
        let lock = File::open(folder.path()).ok().filter(|file| file.lock().is_ok());
        Ok(Self { folder, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes the folders of makers that are gone. What cannot be removed is left: there is nobody to tell.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    let ours = entries.flatten().filter(|entry| {
        entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX)) && is_own_folder(&entry.path())
    });
    for entry in ours {
        let Ok(file) = File::open(entry.path()) else { continue };
        if file.try_lock().is_ok() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether it is a folder, and that of this user.
#[cfg(unix)]
fn is_own_folder(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::symlink_metadata(path)
        .is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == rustix::process::geteuid().as_raw())
}

/// Folders cannot be locked everywhere.
#[cfg(not(unix))]
fn is_own_folder(_path: &Path) -> bool {
    false
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn folders_of_makers_that_are_gone_go_and_all_others_stay() {
        let parent = tempfile::tempdir().unwrap();
        let held = ProviderFolder::make_in(parent.path()).unwrap();
        assert_eq!(fs::metadata(held.path()).unwrap().permissions().mode() & 0o777, 0o700);
        let left = parent.path().join("landfast-provider-left");
        fs::create_dir(&left).unwrap();
        fs::write(left.join("socket"), "").unwrap();
        let other = parent.path().join("landfast-other");
        fs::create_dir(&other).unwrap();
        std::os::unix::fs::symlink(&other, parent.path().join("landfast-provider-link")).unwrap();
        let next = ProviderFolder::make_in(parent.path()).unwrap();
        assert!(held.path().is_dir() && next.path().is_dir() && other.is_dir());
        assert!(!left.exists());
        let path = held.path().to_owned();
        drop(held);
        assert!(!path.exists());
    }
}
