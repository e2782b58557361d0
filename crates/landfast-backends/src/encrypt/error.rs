//! Why something was not sealed or opened. No error holds a key, a passphrase or content.

use std::path::PathBuf;

use crate::error::StoreError;

/// Why a key or a passphrase cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file cannot be read.
    #[error("{}: the key cannot be read", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The environment variable is not set.
    #[error("the environment variable {name} is not set, or empty")]
    NotSet {
        /// The variable.
        name: String,
    },
    /// It is no key of 32 bytes.
    #[error("{origin}: a key is 32 bytes, as they are, as 64 hexadecimal digits or in Base64")]
    NoKey {
        /// The file or variable.
        origin: String,
    },
    /// The passphrase is empty, or no text.
    #[error("{origin}: the passphrase is empty, or no text")]
    NoPassphrase {
        /// The file or variable.
        origin: String,
    },
    /// It is no age recipient or identity.
    #[error("{origin}: line {line} is no {expected}")]
    NotAge {
        /// The file or variable.
        origin: String,
        /// The line, counted from 1.
        line: usize,
        /// What should be there.
        expected: &'static str,
    },
    /// Costs of the key derivation that nobody would open.
    #[error("the key derivation cannot take {memory_kib} KiB of memory, {passes} passes and {lanes} lanes")]
    Cost {
        /// Memory.
        memory_kib: u32,
        /// Passes.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
    /// The transit engine did not do what it was asked.
    #[error("the transit engine cannot be used")]
    Transit(#[source] Box<StoreError>),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
}

/// Why something was not sealed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// Encryption is enforced, or asked for, and there is no key to seal with.
    #[error("there is no key to encrypt with, and nothing is written in plain text")]
    NoKey,
    /// A key cannot be used.
    #[error("a key cannot be used")]
    Key(#[from] KeyError),
    /// The key of the transit engine was not fetched before.
    #[error("the key {name} of the transit engine was not fetched")]
    NotPrepared {
        /// Its name.
        name: String,
    },
    /// The cipher refuses: the content is larger than it can be.
    #[error("the content is too large to be encrypted")]
    TooLarge,
}

/// Why an envelope was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It is no envelope.
    #[error("{place}: it is not encrypted by Landfast")]
    NotSealed {
        /// The envelope.
        place: String,
    },
    /// It has a version of the format that this build does not know.
    #[error("{place}: it has another version of the format than this build reads")]
    UnknownVersion {
        /// The envelope.
        place: String,
    },
    /// Something of it was changed, or left out, since it was sealed. Nothing of the content is given.
    #[error("{place}: it is damaged or was tampered with: {part}")]
    Damaged {
        /// The envelope.
        place: String,
        /// What was found.
        part: &'static str,
    },
    /// The header asks for more memory or time than is given to it.
    #[error(
        "{place}: its key derivation asks for {memory_kib} KiB of memory, {passes} passes and {lanes} lanes, which is refused"
    )]
    TooCostly {
        /// The envelope.
        place: String,
        /// Memory.
        memory_kib: u32,
        /// Passes.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
    /// A passphrase was given, and it is another one. (Or the header was replaced by somebody who knows the format.)
    #[error("{place}: the passphrase is wrong")]
    WrongPassphrase {
        /// The envelope.
        place: String,
    },
    /// None of the given keys is one that it was sealed for.
    #[error("{place}: none of the given keys opens it: it was sealed for {sealed_for}")]
    NoKey {
        /// The envelope.
        place: String,
        /// What it was sealed for.
        sealed_for: String,
    },
    /// The key with the right name does not open it.
    #[error("{place}: {key} does not open it, though it was sealed for that key: it was tampered with")]
    KeyMismatch {
        /// The envelope.
        place: String,
        /// Which key.
        key: String,
    },
    /// A key cannot be used.
    #[error("{place}: a key cannot be used")]
    Key {
        /// The envelope.
        place: String,
        /// Why.
        #[source]
        source: KeyError,
    },
    /// It holds something else than the reader expects.
    #[error("{place}: it holds the {member} {found}, and not {expected}")]
    Other {
        /// The envelope.
        place: String,
        /// Which member differs.
        member: &'static str,
        /// What it holds.
        found: String,
        /// What is expected.
        expected: String,
    },
}
