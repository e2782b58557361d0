//! Why a document could not be read.

use crate::json::{At, JsonError, JsonErrorKind, Place};
use crate::snapshot::DuplicateObject;

/// Why a state, plan, snapshot or observation could not be read. Every message names the file and, where there is one,
/// the line, column and JSON path; none shows a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file holds nothing. That is not the same as a state without resources.
    #[error("{file}: the file is empty; an empty file is not an empty infrastructure")]
    Empty {
        /// The name that the reader was given for the document.
        file: String,
    },
    /// The text is not JSON as the format has it.
    #[error("{file}:{error}")]
    Json {
        /// The name that the reader was given for the document.
        file: String,
        /// What is wrong, and where.
        error: JsonError,
    },
    /// A state that OpenTofu encrypted.
    #[error("{file}:{}: the state is encrypted by OpenTofu", At(*.place, "encrypted_data"))]
    Encrypted {
        /// The name that the reader was given for the document.
        file: String,
        /// Where the encrypted data stands.
        place: Place,
    },
    /// The log of a terraform run, as `-json` makes it. It names resources and actions, and no values.
    #[error("{file}:{place}: the log of a terraform run holds no values of resources, so there is nothing to compare")]
    RunLog {
        /// The name that the reader was given for the document.
        file: String,
        /// Where it was seen to be one.
        place: Place,
    },
    /// A known format in a version that this crate does not read.
    #[error("{file}:{place}: {format} of version {version} is not supported (supported: {supported})")]
    UnsupportedVersion {
        /// The name that the reader was given for the document.
        file: String,
        /// Where the version stands.
        place: Place,
        /// The format's name.
        format: &'static str,
        /// The version found, escaped.
        version: String,
        /// The versions that are read.
        supported: &'static str,
        /// How the version found relates to those.
        age: VersionAge,
    },
    /// A JSON document of another kind.
    #[error("{file}:{place}: {found} is not {wanted}")]
    Unrecognised {
        /// The name that the reader was given for the document.
        file: String,
        /// Where it was seen not to be one: at the member that tells, or at the document's start.
        place: Place,
        /// What was wanted, with its article.
        wanted: &'static str,
        /// What the document looks like.
        found: &'static str,
    },
    /// Two objects with one address.
    #[error("{file}: {error}")]
    Duplicate {
        /// The name that the reader was given for the document.
        file: String,
        /// Which address, and where.
        error: DuplicateObject,
    },
}

/// How a version that is not read relates to those that are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionAge {
    /// It is later than all of them.
    Later,
    /// It is none that was ever written: before the first one, or not a version at all.
    Unheard,
}

impl ReadError {
    /// Adds the document's name to a JSON error.
    #[must_use]
    pub fn json(file: &str, error: JsonError) -> Self {
        let file = file.to_owned();
        match error.kind {
            JsonErrorKind::Empty => Self::Empty { file },
            _ => Self::Json { file, error },
        }
    }
}
