//! States in local files, as terraform's `local` backend keeps them.

mod listing;
mod lock;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use landfast_durable::{Holder, ReadError, Symlinks};

use crate::address::StateAddress;
use crate::error::{ErrorClass, StoreError};
use crate::key::StateKey;
use crate::lock_info::LockInfo;
use crate::open::Environment;
use crate::store::{
    Capabilities, ConditionalWrite, ForceUnlock, HeldLock, Locking, StateStore, StoreFuture, Support, unsupported,
};
use crate::stored::StoredState;

/// The largest state that is read, in bytes.
const LARGEST: u64 = 2 << 30;
/// What a state is called where no other name was chosen.
const DEFAULT_NAME: &str = "terraform.tfstate";
/// The folder of the states of workspaces.
const WORKSPACES: &str = "terraform.tfstate.d";

/// States in local files. The key is the path of the file, from [`LocalStore::in_folder`] on.
///
/// - The lock is the one that terraform takes: POSIX `fcntl` on the state file, with `.NAME.lock.info` beside it for people. It
///   ends with the process that holds it, however that ends.
/// - A state is replaced as a whole: after a kill or a power failure the old one is there or the new one. A terraform that
///   waited for the lock meanwhile fails loudly instead of writing where nobody looks.
/// - What a write replaces is kept as `NAME.backup`, as terraform does it, unless [`LocalStore::with_backup`] says otherwise. New files can be read by their owner only; one that
///   is replaced keeps its permissions.
/// - The state of a workspace is `terraform.tfstate.d/WORKSPACE/terraform.tfstate`, beside the state of the default one.
/// - Links are followed: the file that they lead to is replaced, and they stay.
#[derive(Debug, Clone)]
pub struct LocalStore {
    folder: PathBuf,
    workspace_folder: Option<PathBuf>,
    backup: BackupFile,
}

/// Whether what a write replaces is kept beside a local state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum BackupFile {
    /// As `NAME.backup`.
    #[default]
    Beside,
    /// It is not: something else keeps it, or it must not lie there.
    None,
}

impl LocalStore {
    /// A store whose relative keys begin in `folder`.
    #[must_use]
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), workspace_folder: None, backup: BackupFile::default() }
    }

    /// With what a write replaces kept beside the state or not.
    #[must_use]
    pub fn with_backup(mut self, backup: BackupFile) -> Self {
        self.backup = backup;
        self
    }

    /// The store that an address of the kind `local` names: keys begin in the working folder, workspaces in the attribute
    /// `workspace_dir`, if there is one. The attribute `backup` is `-` where no `NAME.backup` is to be made, as terraform's option
    /// of that name has it.
    ///
    /// # Errors
    /// When an attribute is none of these, or no text.
    pub fn from_address(address: &StateAddress, _: &Environment) -> Result<Self, StoreError> {
        let workspace_folder = match address.attributes.get("workspace_dir") {
            None => None,
            Some(serde_json::Value::String(folder)) => Some(folder.into()),
            Some(_) => {
                let message = "the attribute workspace_dir is no text";
                return Err(StoreError::new(ErrorClass::Configuration, "backend local", message));
            }
        };
        let backup = match address.attributes.get("backup") {
            None => BackupFile::Beside,
            Some(value) if value == "-" => BackupFile::None,
            Some(_) => {
                let message = "the attribute backup is -, or left out";
                return Err(StoreError::new(ErrorClass::Configuration, "backend local", message));
            }
        };
        Ok(Self { workspace_folder, backup, ..Self::in_folder("") })
    }

    /// The file of a state.
    #[must_use]
    pub fn path(&self, key: &StateKey) -> PathBuf {
        let path = self.folder.join(&key.key);
        if key.is_default_workspace() {
            return path;
        }
        let beside = || path.parent().unwrap_or(Path::new("")).join(WORKSPACES);
        let workspaces = self.workspace_folder.as_ref().map_or_else(beside, |folder| self.folder.join(folder));
        workspaces.join(&key.workspace).join(DEFAULT_NAME)
    }
}

impl StateStore for LocalStore {
    fn place(&self, key: &StateKey) -> String {
        self.path(key).display().to_string()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new(ConditionalWrite::UnderLock, Locking::Session, Support::No, Support::Yes)
    }

    fn read<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<StoredState>> {
        let path = self.path(key);
        Box::pin(blocking(move || read(&path)))
    }

    fn list<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, Vec<StateKey>> {
        let (folder, prefix) = (self.folder.clone(), prefix.to_owned());
        Box::pin(blocking(move || listing::states(&folder, &prefix)))
    }

    fn lock<'a>(&'a self, key: &'a StateKey, info: LockInfo) -> StoreFuture<'a, Box<dyn HeldLock>> {
        let (path, backup) = (self.path(key), self.backup);
        Box::pin(async move {
            let held = blocking(move || lock::LocalLock::take(&path, info, backup)).await?;
            Ok(Box::new(held) as Box<dyn HeldLock>)
        })
    }

    fn lock_info<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<LockInfo>> {
        let path = self.path(key);
        Box::pin(blocking(move || match landfast_durable::lock_holder(&path, Symlinks::Follow) {
            Ok(None) => Ok(None),
            Ok(Some(holder)) => Ok(Some(lock::info_of(&path).unwrap_or_else(|| unnamed(holder)))),
            Err(error) => {
                Err(StoreError::new(ErrorClass::Device, path.display().to_string(), "the lock cannot be asked for")
                    .because(error))
            }
        }))
    }

    fn force_unlock<'a>(&'a self, key: &'a StateKey, _: ForceUnlock<'a>) -> StoreFuture<'a, LockInfo> {
        unsupported(
            self.place(key),
            "the lock of a local state ends with the process that holds it: there is nothing to remove",
        )
    }
}

/// What is known about a holder that left no note.
fn unnamed(holder: Holder) -> LockInfo {
    LockInfo { who: holder.to_string(), ..LockInfo::default() }
}

/// Reads a state: `None` when there is no file.
fn read(path: &Path) -> Result<Option<StoredState>, StoreError> {
    let content = match landfast_durable::read(path, LARGEST, Symlinks::Follow) {
        Ok(content) => content,
        Err(ReadError::Missing { .. }) => return Ok(None),
        Err(error) => {
            return Err(
                StoreError::new(class_of(&error), path.display().to_string(), "it cannot be read").because(error)
            );
        }
    };
    let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    Ok(Some(StoredState::new(Bytes::from(content)).with_modified(modified)))
}

fn class_of(error: &ReadError) -> ErrorClass {
    match error {
        ReadError::Io { source, .. } => class_of_io(source),
        ReadError::Unsettled { .. } => ErrorClass::Transient,
        ReadError::TooLarge { .. } => ErrorClass::Corrupt,
        _ => ErrorClass::Configuration,
    }
}

/// The class of what a file system said.
fn class_of_io(error: &std::io::Error) -> ErrorClass {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => ErrorClass::PermissionDenied,
        std::io::ErrorKind::NotFound => ErrorClass::NotFound,
        _ => ErrorClass::Device,
    }
}

/// Runs what blocks away from the threads that futures run on.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(StoreError::new(ErrorClass::Device, "local files", "the work was not done")
            .because(error)
            .with_unknown_outcome()),
    }
}
