//! Why a working directory names no state.

use std::path::PathBuf;

use crate::error::StoreError;

/// Why a working directory names no state.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkdirError {
    /// A file cannot be read.
    #[error("{}: it cannot be read", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// What `init` wrote down is not what it writes.
    #[error("{}: {reason}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The configuration asks for a backend, and nobody ran `init`.
    #[error("{}:{line}: the backend {kind} is asked for, and the folder is not initialised", file.display())]
    NotInitialised {
        /// The file of the configuration.
        file: PathBuf,
        /// The line of the block.
        line: usize,
        /// The kind that is asked for.
        kind: String,
    },
    /// The configuration asks for another backend than `init` saw.
    #[error("{}:{line}: the backend {asked} is asked for, and the folder is initialised for {initialised}", file.display())]
    Changed {
        /// The file of the configuration.
        file: PathBuf,
        /// The line of the block.
        line: usize,
        /// The kind that is asked for.
        asked: String,
        /// The kind that `init` saw.
        initialised: String,
    },
    /// terraform has a client for this kind, and there is none here.
    #[error("{}: its state is kept in {kind}, for which there is no store here", folder.display())]
    NoStore {
        /// The folder.
        folder: PathBuf,
        /// The kind.
        kind: String,
    },
    /// The attributes name no state.
    #[error(transparent)]
    Address(StoreError),
}
