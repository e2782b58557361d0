//! The steps that an operation takes through the system, as errors name them.

use std::fmt;
use std::io;

/// A step of an operation, which is one kind of system call. Errors say which one failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// Finding out what a path or a descriptor names.
    Inspect,
    /// Reading where a symbolic link leads.
    ReadLink,
    /// Opening a file that is there, or that may be created empty to be locked.
    Open,
    /// Creating a temporary file.
    CreateTemporary,
    /// Taking or asserting a lock.
    Lock,
    /// Giving a lock back.
    Unlock,
    /// Asking who holds a lock.
    AskHolder,
    /// Listing a folder.
    List,
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// Cutting a file to a length.
    Truncate,
    /// Setting the owner and the group.
    SetOwner,
    /// Setting the permission bits.
    SetPermissions,
    /// Syncing a file to the disk.
    Sync,
    /// Giving a file the name of another one.
    Rename,
    /// Giving a file a name that must be free.
    RenameNew,
    /// Removing a name.
    Remove,
    /// Syncing a folder to the disk.
    SyncFolder,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inspect => "inspecting it",
            Self::ReadLink => "reading the link",
            Self::Open => "opening it",
            Self::CreateTemporary => "creating a temporary file beside it",
            Self::Lock => "locking it",
            Self::Unlock => "unlocking it",
            Self::AskHolder => "asking who holds the lock",
            Self::List => "listing it",
            Self::Read => "reading it",
            Self::Write => "writing it",
            Self::Truncate => "truncating it",
            Self::SetOwner => "setting the owner",
            Self::SetPermissions => "setting the permissions",
            Self::Sync => "syncing it to the disk",
            Self::Rename => "renaming the new file into its place",
            Self::RenameNew => "naming the new file",
            Self::Remove => "removing it",
            Self::SyncFolder => "syncing its folder to the disk",
        })
    }
}

/// A step that failed. Operations add the path and turn it into their own error.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) step: Step,
    pub(crate) source: io::Error,
}

impl Failed {
    pub(crate) fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}
