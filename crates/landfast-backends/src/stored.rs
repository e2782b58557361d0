//! What a store holds, and what a write is conditional on.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use landfast_state::BytesDigest;

/// What a store calls one content of one object: an entity tag, a generation, a row version. Opaque, and compared as text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Etag(pub String);

/// What a store calls a version of an object that it keeps: S3's version id, a generation, a number of our own history.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VersionId(pub String);

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A state as it is stored: its bytes and what identifies exactly them.
#[derive(Clone)]
#[non_exhaustive]
pub struct StoredState {
    /// The bytes. Possibly not a valid state: a store reads what is there.
    pub bytes: Bytes,
    /// Digest of the bytes.
    pub digest: BytesDigest,
    /// What the store calls this content; `None` where it has no such name.
    pub etag: Option<Etag>,
    /// What the store calls this version, where it keeps versions.
    pub version: Option<VersionId>,
    /// When it was written, by the store's clock; `None` where it does not say.
    pub modified: Option<SystemTime>,
}

impl StoredState {
    /// Bytes that a store gave, without anything else known.
    #[must_use]
    pub fn new(bytes: Bytes) -> Self {
        let digest = BytesDigest::of(&bytes);
        Self::of_digest(bytes, digest)
    }

    /// Bytes whose digest is known already.
    pub(crate) fn of_digest(bytes: Bytes, digest: BytesDigest) -> Self {
        Self { bytes, digest, etag: None, version: None, modified: None }
    }

    /// With the store's name of this content.
    #[must_use]
    pub fn with_etag(mut self, etag: Option<Etag>) -> Self {
        self.etag = etag;
        self
    }

    /// With the store's name of this version.
    #[must_use]
    pub fn with_version(mut self, version: Option<VersionId>) -> Self {
        self.version = version;
        self
    }

    /// With the time of its writing.
    #[must_use]
    pub fn with_modified(mut self, modified: Option<SystemTime>) -> Self {
        self.modified = modified;
        self
    }

    /// What a write must find to replace exactly this.
    #[must_use]
    pub fn expected(&self) -> Expected {
        Expected::Exactly { digest: self.digest, etag: self.etag.clone() }
    }
}

impl fmt::Debug for StoredState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The bytes may hold secrets.
        f.debug_struct("StoredState")
            .field("bytes", &self.bytes.len())
            .field("digest", &self.digest)
            .field("etag", &self.etag)
            .field("version", &self.version)
            .field("modified", &self.modified)
            .finish()
    }
}

/// What the caller of a write believes to be there. Where it is wrong, nothing is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// No state, or an empty object, which terraform's backends treat as none.
    Absent,
    /// A state of exactly these bytes.
    Exactly {
        /// Digest of the bytes that were read.
        digest: BytesDigest,
        /// What the store called them.
        etag: Option<Etag>,
    },
}

impl Expected {
    /// What a write must find to replace what was read, where `None` is no state.
    #[must_use]
    pub fn of(read: Option<&StoredState>) -> Self {
        read.map_or(Self::Absent, StoredState::expected)
    }

    /// Whether `found` is what is expected, by its bytes.
    #[must_use]
    pub fn is_met_by(&self, found: Option<&StoredState>) -> bool {
        match self {
            Self::Absent => found.is_none_or(|found| found.bytes.is_empty()),
            Self::Exactly { .. } => self.is_met_by_digest(found.map(|found| found.digest)),
        }
    }

    /// As [`Expected::is_met_by`], where `None` is no state and not an empty one either.
    pub(crate) fn is_met_by_digest(&self, found: Option<BytesDigest>) -> bool {
        match self {
            Self::Absent => found.is_none(),
            Self::Exactly { digest, .. } => found == Some(*digest),
        }
    }
}

/// Who wrote a version and why: kept beside the state where the store can, and in our own history.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct WriteNote {
    /// Who, such as `alice@laptop`.
    #[serde(default)]
    pub who: String,
    /// Why: the command, or the words of who wrote it.
    #[serde(default)]
    pub why: String,
    /// Serial of what was written.
    #[serde(default)]
    pub serial: Option<u64>,
    /// Digest of what was there before, in hexadecimal digits; empty when nothing was.
    #[serde(default)]
    pub before: String,
    /// Digest of what was written.
    #[serde(default)]
    pub after: String,
}

impl WriteNote {
    /// A note of who writes and why.
    #[must_use]
    pub fn new(who: &str, why: &str) -> Self {
        Self { who: who.to_owned(), why: why.to_owned(), ..Self::default() }
    }

    /// With the serial of what is written.
    #[must_use]
    pub fn with_serial(mut self, serial: u64) -> Self {
        self.serial = Some(serial);
        self
    }
}

/// A state that is to be written.
#[derive(Clone)]
#[non_exhaustive]
pub struct StateWrite {
    /// What must be there now.
    pub expected: Expected,
    /// What is to be there.
    pub bytes: Bytes,
    /// Digest of these bytes.
    pub digest: BytesDigest,
    /// Who writes it and why.
    pub note: WriteNote,
}

impl StateWrite {
    /// A write of `bytes` where `expected` is.
    #[must_use]
    pub fn new(expected: Expected, bytes: Bytes, mut note: WriteNote) -> Self {
        if let Expected::Exactly { digest, .. } = &expected {
            note.before = digest.to_string();
        }
        let after = BytesDigest::of(&bytes);
        note.after = after.to_string();
        Self { expected, bytes, digest: after, note }
    }
}

impl fmt::Debug for StateWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateWrite")
            .field("expected", &self.expected)
            .field("bytes", &self.bytes.len())
            .field("note", &self.note)
            .finish()
    }
}

/// What a store says about a write that it made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// Digest of what was written.
    pub digest: BytesDigest,
    /// What the store calls the new content.
    pub etag: Option<Etag>,
    /// What the store calls the new version, where it keeps versions.
    pub version: Option<VersionId>,
}

impl Written {
    /// A write whose new names are not known.
    #[must_use]
    pub fn new(digest: BytesDigest) -> Self {
        Self { digest, etag: None, version: None }
    }

    /// With the store's name of the new content.
    #[must_use]
    pub fn with_etag(mut self, etag: Option<Etag>) -> Self {
        self.etag = etag;
        self
    }

    /// With the store's name of the new version.
    #[must_use]
    pub fn with_version(mut self, version: Option<VersionId>) -> Self {
        self.version = version;
        self
    }

    /// What the next write of the same holder must find.
    #[must_use]
    pub fn expected(&self) -> Expected {
        Expected::Exactly { digest: self.digest, etag: self.etag.clone() }
    }
}

/// One version of a state that a store keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StateVersion {
    /// Its name.
    pub id: VersionId,
    /// When it was written, by the store's clock.
    pub modified: Option<SystemTime>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// Whether it is what a read gives now.
    pub is_current: bool,
    /// Who wrote it and why, where we did.
    pub note: Option<WriteNote>,
}

impl StateVersion {
    /// A version of which nothing but the name is known.
    #[must_use]
    pub fn new(id: VersionId) -> Self {
        Self { id, modified: None, size: None, is_current: false, note: None }
    }
}
