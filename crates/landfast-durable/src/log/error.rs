//! Why a log was not opened, read or appended to.

use std::io;
use std::path::PathBuf;

use crate::lock::LockError;
use crate::replace::ReplaceError;
use crate::step::Step;

/// What is wrong with a record that is neither whole nor torn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// Its length and number are not what was written, or it does not follow the record before.
    #[error("its length or number is not what was written, or it does not belong here")]
    Lead,
    /// It has another number than the one that is due.
    #[error("its number is not the one that is due")]
    Sequence,
    /// Its content is not what was written.
    #[error("its content is not what was written")]
    Content,
}

/// Why a log was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadLogError {
    /// There is no such file.
    #[error("{}: there is no such file", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// The file is no log.
    #[error("{}: it is not a log", path.display())]
    NotALog {
        /// The path.
        path: PathBuf,
    },
    /// A newer program wrote it.
    #[error("{}: version {version} of the log format is not known", path.display())]
    Version {
        /// The path.
        path: PathBuf,
        /// The version.
        version: u32,
    },
    /// The log holds records of another kind.
    #[error("{}: it is a log of kind {found:?} and not {wanted:?}", path.display())]
    Kind {
        /// The path.
        path: PathBuf,
        /// The kind of the file.
        found: String,
        /// The kind that was asked for.
        wanted: String,
    },
    /// The header is not what was written.
    #[error("{}: the header of the log is damaged", path.display())]
    Header {
        /// The path.
        path: PathBuf,
    },
    /// A record is not what was written. Nothing from there on is read.
    #[error("{}: record {sequence} at byte {offset} is damaged: {damage}", path.display())]
    Damaged {
        /// The path.
        path: PathBuf,
        /// Where the record begins, in bytes.
        offset: u64,
        /// The number that the record should have.
        sequence: u64,
        /// What is wrong.
        damage: Damage,
    },
    /// A record is larger than the options allow.
    #[error("{}: record {sequence} at byte {offset} has {length} bytes, more than {limit}", path.display())]
    TooLarge {
        /// The path.
        path: PathBuf,
        /// Where the record begins, in bytes.
        offset: u64,
        /// The number of the record.
        sequence: u64,
        /// The length of its content in bytes.
        length: u32,
        /// The limit in bytes.
        limit: u32,
    },
    /// A step failed.
    #[error("{}: {step} failed", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// The step.
        step: Step,
        /// Why.
        source: io::Error,
    },
}

/// Why a log was not opened for appending.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenLogError {
    /// A kind is 1 to 16 bytes of ASCII letters, digits and hyphens.
    #[error("{kind:?} is no kind of log: 1 to 16 letters, digits and hyphens")]
    Kind {
        /// What was given.
        kind: String,
    },
    /// It could not be locked: somebody else writes to it, there is no such file, or a step failed.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// It could not be made.
    #[error(transparent)]
    Create(#[from] ReplaceError),
    /// What is there could not be read, or is damaged. Nothing was changed.
    #[error(transparent)]
    Read(#[from] ReadLogError),
    /// The torn end could not be cut off.
    #[error("{}: {step} failed", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// The step.
        step: Step,
        /// Why.
        source: io::Error,
    },
}

/// Why a record was not appended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The record is larger than the options allow. The log is unchanged.
    #[error("{}: a record of {length} bytes is larger than {limit}", path.display())]
    TooLarge {
        /// The path.
        path: PathBuf,
        /// The length of the record in bytes.
        length: usize,
        /// The limit in bytes.
        limit: u32,
    },
    /// A step failed before the record was whole, and what was written of it was cut off again. The log is unchanged.
    #[error("{}: {step} failed", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// The step.
        step: Step,
        /// Why.
        source: io::Error,
    },
    /// A step failed, and whether the record will be found is not known. Nothing more can be appended: open the log again.
    #[error("{}: {step} failed, and whether the record is there will be seen when the log is opened again", path.display())]
    Unknown {
        /// The path.
        path: PathBuf,
        /// The step.
        step: Step,
        /// Why.
        source: io::Error,
    },
    /// An earlier call failed in a way that leaves the end of the log unknown. Open it again.
    #[error("{}: an earlier failure left the end of the log unknown", path.display())]
    Closed {
        /// The path.
        path: PathBuf,
    },
}
