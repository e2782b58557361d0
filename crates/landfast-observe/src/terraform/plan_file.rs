//! Where terraform puts the plan, which holds every secret of the state.
//!
//! On Linux it is memory that looks like a file: it has a name only below `/proc/PID/fd`, which nobody but the same user can
//! enter, and it is gone with this process, whatever ends it. Elsewhere, and where terraform cannot open such a name, it is a
//! file in the private folder, which the keeper removes.

use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::path::{Path, PathBuf};

use crate::keeper::Leave;

/// A place for a plan.
#[derive(Debug)]
pub(super) enum PlanFile {
    Memory { file: File, path: PathBuf },
    Folder { path: PathBuf },
}

/// What kind of place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Storage {
    Memory,
    Folder,
}

impl PlanFile {
    /// A place of this kind; in the private folder where there is no memory to be had.
    pub(super) fn new(storage: Storage, private: &Path) -> Self {
        let in_memory = match storage {
            Storage::Memory => memory().ok(),
            Storage::Folder => None,
        };
        match in_memory {
            Some((file, path)) => Self::Memory { file, path },
            None => Self::Folder { path: private.join("plan") },
        }
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Memory { path, .. } | Self::Folder { path } => path,
        }
    }

    pub(super) fn storage(&self) -> Storage {
        match self {
            Self::Memory { .. } => Storage::Memory,
            Self::Folder { .. } => Storage::Folder,
        }
    }

    /// What the run that writes the plan has to leave for the run that reads it.
    pub(super) fn leave(&self) -> Leave {
        match self {
            Self::Memory { .. } => Leave::Nothing,
            Self::Folder { .. } => Leave::FolderOfSuccess,
        }
    }

    /// Whether a plan was written.
    pub(super) fn is_written(&self) -> bool {
        let metadata = match self {
            Self::Memory { file, .. } => file.metadata(),
            Self::Folder { path } => path.metadata(),
        };
        metadata.is_ok_and(|metadata| metadata.len() > 0)
    }
}

#[cfg(target_os = "linux")]
fn memory() -> io::Result<(File, PathBuf)> {
    use std::os::fd::AsRawFd as _;
    use std::os::unix::fs::PermissionsExt as _;
    let file = File::from(rustix::fs::memfd_create("landfast-plan", rustix::fs::MemfdFlags::CLOEXEC)?);
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    let path = PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd()));
    // Where /proc is not there or hides this, the name leads nowhere.
    File::options().write(true).open(&path)?;
    Ok((file, path))
}

#[cfg(not(target_os = "linux"))]
fn memory() -> io::Result<(File, PathBuf)> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Providers make sockets in the folder, and the path of a socket may have 103 bytes on some systems.
const MAX_PRIVATE: usize = 75;

/// The system's folder for temporary files, whatever the environment says.
fn short_folder() -> Option<PathBuf> {
    let folder = Path::new("/tmp");
    (cfg!(unix) && folder.is_dir()).then(|| folder.to_owned())
}

/// A name for a private folder that is not taken. The keeper makes the folder, and refuses one that somebody else made.
pub(super) fn private_folder() -> PathBuf {
    // The keys of a hasher are random, and other ones with each.
    let random = RandomState::new().hash_one(std::process::id());
    let folder = std::env::temp_dir();
    // Runs have another working folder.
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    let name = format!("landfast-{random:016x}");
    let folder =
        if folder.as_os_str().len() + name.len() > MAX_PRIVATE { short_folder().unwrap_or(folder) } else { folder };
    folder.join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn memory_can_be_written_by_its_name_and_goes_with_its_owner() {
        let plan = PlanFile::new(Storage::Memory, Path::new("nowhere"));
        assert_eq!((plan.storage(), plan.is_written()), (Storage::Memory, false));
        std::fs::write(plan.path(), "plan").unwrap();
        assert!(plan.is_written());
        let path = plan.path().to_owned();
        drop(plan);
        assert!(!path.exists());
    }

    #[test]
    fn private_folders_have_names_of_their_own() {
        assert_ne!(private_folder(), private_folder());
    }
}
