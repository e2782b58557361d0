//! Why a backup was not made, read or restored.

use std::path::PathBuf;

use landfast_state::ReadError;

use crate::change::ChangeError;
use crate::encrypt::{KeyError, OpenError, SealError};
use crate::protection::NoKey;

/// Why a backup was not made, read or restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// A file or folder cannot be used.
    #[error("{}: {what}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What could not be done.
        what: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file cannot be put in place.
    #[error("the backup cannot be written")]
    NotWritten(#[source] landfast_durable::ReplaceError),
    /// The folder holds something already.
    #[error("{}: a backup needs a folder that is empty, and this one is not", .path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// One state was given twice.
    #[error("{place}: this state was given twice")]
    Twice {
        /// The state.
        place: String,
    },
    /// Encryption is enforced, and there is no key.
    #[error("no backup can be made")]
    NoKey(#[source] NoKey),
    /// Something cannot be encrypted.
    #[error("the backup cannot be encrypted")]
    NotSealed(#[source] SealError),
    /// Something cannot be decrypted.
    #[error("the backup cannot be decrypted")]
    NotOpened(#[source] OpenError),
    /// A key cannot be fetched.
    #[error("the backup cannot be decrypted")]
    Key(#[source] KeyError),
    /// There is no manifest: the backup was interrupted, or is none.
    #[error("{}: there is no manifest: this is no backup, or one that was interrupted", .path.display())]
    NoManifest {
        /// The folder.
        path: PathBuf,
    },
    /// It is encrypted, and no key was given.
    #[error("{}: the backup is encrypted, and no key was given", .path.display())]
    Sealed {
        /// The file.
        path: PathBuf,
    },
    /// It is in plain text, and encryption is enforced.
    #[error("{}: the backup is in plain text, and encryption is enforced", .path.display())]
    InPlainText {
        /// The file.
        path: PathBuf,
    },
    /// The manifest was changed, or is none of this version.
    #[error("{}: {what}", .path.display())]
    BadManifest {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
    /// A file is not what the manifest says.
    #[error("{}: {what}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
    /// A file holds no state.
    #[error("what the backup holds is no state")]
    NoState(#[source] ReadError),
    /// A state cannot be put back.
    #[error("{place}: the state cannot be put back")]
    NotRestored {
        /// The state.
        place: String,
        /// Why.
        #[source]
        source: Box<ChangeError>,
    },
    /// The state in the backup cannot be given another serial.
    #[error("{place}: the state cannot be given a higher serial")]
    NoSerial {
        /// The state.
        place: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The runtime is shutting down.
    #[error("the program is being stopped")]
    Stopped,
}
