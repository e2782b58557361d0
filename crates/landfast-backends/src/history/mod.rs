//! Our own history of states, in a folder: who wrote what and why, and the content of every version.

pub(crate) mod content;
pub(crate) mod contents;
mod place;
mod record;
mod timeline;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use landfast_durable::{AppendError, Log, LogOptions, LogReader, OpenLogError, ReadLogError, Wait};
use landfast_state::BytesDigest;

use crate::protection::{NoKey, Protection};
use crate::stored::WriteNote;
use contents::Contents;
use record::Line;
pub use record::{HistoryEntry, HistoryOutcome};
pub use timeline::{Timeline, TimelineEntry, TimelineError};

/// What the log of a history is called, in its folder and in its header.
const LOG: &str = "history.log";
const KIND: &str = "state-history";
/// How long to wait for another landfast that writes to the same history.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a history could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// The folder or a file in it cannot be used.
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
    /// The environment names no folder for what belongs to the user.
    #[error("there is no folder for the history: neither XDG_STATE_HOME nor HOME is set")]
    NoFolder,
    /// A file could not be put in place.
    #[error("the content of a version cannot be kept")]
    NotKept(#[source] landfast_durable::ReplaceError),
    /// The log cannot be opened.
    #[error("the log cannot be opened")]
    NotOpened(#[source] OpenLogError),
    /// The log cannot be read.
    #[error("the log cannot be read")]
    NotRead(#[source] ReadLogError),
    /// Nothing can be added to the log.
    #[error("the log cannot be written")]
    NotAppended(#[source] AppendError),
    /// A record is not what this version writes.
    #[error("{}: record {sequence} is none of this history's", .path.display())]
    UnknownRecord {
        /// The log.
        path: PathBuf,
        /// Number of the record.
        sequence: u64,
    },
    /// The content of a version is not kept any more, or never was.
    #[error("{}: the content is not kept there", .path.display())]
    NoContent {
        /// Where it would be.
        path: PathBuf,
    },
    /// Encryption is enforced and there is no key.
    #[error("nothing can be kept")]
    NoKey(#[source] NoKey),
    /// The content cannot be encrypted.
    #[cfg(feature = "encryption")]
    #[error("the content of a version cannot be encrypted")]
    NotSealed(#[source] crate::encrypt::SealError),
    /// The content, or the key of the folder, cannot be decrypted.
    #[cfg(feature = "encryption")]
    #[error("what is kept cannot be decrypted")]
    CannotOpen(#[source] crate::encrypt::OpenError),
    /// The content is encrypted, and no key was given.
    #[error("{}: the content is encrypted, and no key was given", .path.display())]
    Sealed {
        /// The file.
        path: PathBuf,
    },
    /// The content is kept in plain text, and encryption is enforced.
    #[error("{}: the content is kept there in plain text, and encryption is enforced", .path.display())]
    InPlainText {
        /// The folder.
        path: PathBuf,
    },
    /// A record is not authenticated by the key that it names.
    #[error("{}: record {sequence} is not as it was written", .path.display())]
    Forged {
        /// The log.
        path: PathBuf,
        /// Number of the record.
        sequence: u64,
    },
    /// The content of a version is not what was written.
    #[error("{}: the content was changed after it was written", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

/// What a write is about to do.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Intent<'a> {
    /// When, by the caller's clock.
    pub at: SystemTime,
    /// Where the state lies, without credentials.
    pub place: &'a str,
    /// Who writes and why.
    pub note: &'a WriteNote,
    /// Lineage of what is written.
    pub lineage: &'a str,
    /// What is there now; `None` when nothing is.
    pub before: Option<&'a Bytes>,
    /// What is to be there.
    pub after: &'a Bytes,
    /// Digest of `before`, where it is known already.
    pub before_digest: Option<BytesDigest>,
    /// Digest of `after`, where it is known already.
    pub after_digest: Option<BytesDigest>,
}

impl<'a> Intent<'a> {
    /// A write of `after` where `before` is.
    #[must_use]
    pub fn new(
        at: SystemTime,
        place: &'a str,
        note: &'a WriteNote,
        lineage: &'a str,
        before: Option<&'a Bytes>,
        after: &'a Bytes,
    ) -> Self {
        Self { at, place, note, lineage, before, after, before_digest: None, after_digest: None }
    }

    /// With digests that are known already, so that they are not computed again.
    #[must_use]
    pub fn with_digests(mut self, before: Option<BytesDigest>, after: BytesDigest) -> Self {
        (self.before_digest, self.after_digest) = (before, Some(after));
        self
    }
}

/// How much of a history is kept. What is current always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retention {
    /// How many writes are kept with their content, and with what each of them replaced. Default: 50.
    pub count: usize,
    /// How long contents are kept; `None` for ever. Default: `None`.
    pub age: Option<Duration>,
}

impl Default for Retention {
    fn default() -> Self {
        Self { count: 50, age: None }
    }
}

impl Retention {
    /// So many versions.
    #[must_use]
    pub fn of_count(count: usize) -> Self {
        Self { count, ..Self::default() }
    }

    /// And none older than this.
    #[must_use]
    pub fn with_age(mut self, age: Option<Duration>) -> Self {
        self.age = age;
        self
    }
}

/// Our own history of one state, in a folder of its own.
///
/// It holds what states hold, secrets included: folder and files can be read by their owner only. The log says of every write
/// who, when, why, and the digests before and after; it is written before the state is ([`History::begin`]), and says
/// afterwards how it ended ([`History::conclude`]). Contents lie beside it under their digests.
///
/// With [`History::with_protection`] contents are sealed, their digests are keyed ones ([`History::digest_of`]), and records are
/// authenticated. Who wrote, when, why, where, lineage and serial can be read all the same. That records are missing at the end
/// is not noticed.
#[derive(Debug, Clone)]
pub struct History {
    contents: Contents,
}

impl History {
    /// The history in this folder. Nothing is made before something is recorded.
    #[must_use]
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self { contents: Contents::new(&folder.into(), Protection::plain()) }
    }

    /// With contents encrypted so.
    #[must_use]
    pub fn with_protection(self, protection: Protection) -> Self {
        Self { contents: Contents::new(self.folder(), protection) }
    }

    /// Whether and how contents are encrypted.
    #[must_use]
    pub fn protection(&self) -> &Protection {
        self.contents.protection()
    }

    /// Fetches what sealing and opening needs from others; only rings with a transit key need it. [`crate::change`] does it.
    ///
    /// # Errors
    /// When the transit engine does not do it.
    #[cfg(feature = "encryption")]
    pub async fn prepare(&self) -> Result<(), HistoryError> {
        self.contents.prepare().await
    }

    /// The digest under which this history names a content: that of its bytes, or a keyed one where contents are encrypted.
    ///
    /// # Errors
    /// When there is no key, or it does not open the history.
    pub fn digest_of(&self, content: &[u8]) -> Result<BytesDigest, HistoryError> {
        Ok(self.contents.writer()?.name_of(content))
    }

    /// All digests under which this history may name a content: that of its bytes, and one for each key that it can open.
    pub(crate) fn names_of(&self, content: &[u8]) -> Vec<BytesDigest> {
        self.contents.names_of(content)
    }

    /// The history of a local state: `.landfast/history/NAME` beside it.
    #[must_use]
    pub fn beside(state: &Path) -> Self {
        let name = state.file_name().unwrap_or_default();
        Self::in_folder(state.with_file_name(".landfast").join("history").join(name))
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.contents.folder()
    }

    /// Keeps what is there and what is to be there, and records who is about to write it and why. Gives the number under which
    /// [`History::conclude`] says how it ended.
    ///
    /// # Errors
    /// When it cannot be kept durably. The write must not happen then.
    pub fn begin(&self, intent: &Intent<'_>) -> Result<u64, HistoryError> {
        // Refused before anything is made, where nothing may be written.
        self.protection().check().map_err(HistoryError::NoKey)?;
        content::make_private(self.folder())?;
        let writer = self.contents.writer()?;
        let keep = |content, digest| self.contents.keep(&writer, content, digest);
        let before = intent.before.map(|before| keep(before, intent.before_digest)).transpose()?;
        let after = keep(intent.after, intent.after_digest)?;
        let mut log = self.open()?;
        log.append(&Line::intent(intent, before, after, &writer).to_bytes()).map_err(HistoryError::NotAppended)
    }

    /// Records how the write with this number ended.
    ///
    /// # Errors
    /// When it cannot be recorded. The write ended as it did all the same, and counts as unknown in the history.
    pub fn conclude(&self, number: u64, outcome: HistoryOutcome) -> Result<(), HistoryError> {
        let mut log = self.open()?;
        log.append(&Line::Outcome { of: number, outcome }.to_bytes()).map_err(HistoryError::NotAppended)?;
        Ok(())
    }

    /// Every write that was recorded, the newest first.
    ///
    /// # Errors
    /// When the log is damaged.
    pub fn entries(&self) -> Result<Vec<HistoryEntry>, HistoryError> {
        let path = self.folder().join(LOG);
        if !path.exists() {
            return Ok(Vec::new());
        }
        let reader = LogReader::open(&path, KIND, &LogOptions::default()).map_err(HistoryError::NotRead)?;
        let mut entries: Vec<HistoryEntry> = Vec::new();
        for record in reader {
            let record = record.map_err(HistoryError::NotRead)?;
            let unknown = || HistoryError::UnknownRecord { path: path.clone(), sequence: record.sequence };
            match Line::from_bytes(&record.content).ok_or_else(unknown)? {
                Line::Intent(written) if !self.is_authentic(&written)? => {
                    return Err(HistoryError::Forged { path, sequence: record.sequence });
                }
                Line::Intent(written) => entries.push(HistoryEntry::new(record.sequence, *written)),
                Line::Outcome { of, outcome } => {
                    if let Some(entry) = entries.iter_mut().find(|entry| entry.number == of) {
                        entry.outcome = outcome;
                    }
                }
            }
        }
        entries.reverse();
        Ok(entries)
    }

    /// The content with this digest, checked.
    ///
    /// # Errors
    /// When it is not kept, or was changed.
    pub fn content(&self, digest: &BytesDigest) -> Result<Bytes, HistoryError> {
        self.contents.read(digest)
    }

    /// Whether the content with this digest is kept, as far as shows without reading it.
    #[must_use]
    pub fn keeps(&self, digest: &BytesDigest) -> bool {
        self.contents.keeps(digest)
    }

    /// Removes contents that the retention does not cover; records stay. Contents of writes whose end is not known are kept.
    /// Gives how many were removed.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn prune(&self, retention: &Retention, now: SystemTime) -> Result<usize, HistoryError> {
        let entries = self.entries()?;
        let is_old = |entry: &HistoryEntry| {
            let age = entry.at.and_then(|at| now.duration_since(at).ok());
            retention.age.is_some_and(|limit| age.is_some_and(|age| age > limit))
        };
        let kept = entries.iter().enumerate().filter(|(place, entry)| {
            *place == 0 || entry.outcome == HistoryOutcome::Unknown || (*place < retention.count && !is_old(entry))
        });
        // What a write replaced belongs to it: another program may have written that, and nothing else keeps it.
        let kept: Vec<BytesDigest> =
            kept.flat_map(|(_, entry)| [entry.after].into_iter().chain(entry.before)).collect();
        // Contents are written under temporary names first, and a kill leaves one.
        if let Err(error) = landfast_durable::sweep(self.folder()) {
            tracing::debug!(%error, "files of killed writers were not looked for");
        }
        content::remove_others(self.folder(), &kept)
    }

    /// Whether a record is as it was written, as far as the keys can tell.
    #[cfg(feature = "encryption")]
    fn is_authentic(&self, written: &record::Written) -> Result<bool, HistoryError> {
        let (Some(id), Some(keyring)) = (written.key_id(), self.protection().keyring()) else { return Ok(true) };
        if !keyring.can_open() {
            return Ok(true);
        }
        Ok(written.is_under(&contents::Writer::Sealed(self.contents.known_key(keyring, id)?)))
    }

    #[cfg(not(feature = "encryption"))]
    #[expect(clippy::unnecessary_wraps, reason = "with encryption it can fail")]
    fn is_authentic(&self, _: &record::Written) -> Result<bool, HistoryError> {
        Ok(true)
    }

    fn open(&self) -> Result<Log, HistoryError> {
        let mut options = LogOptions::default();
        options.wait = Wait::For(PATIENCE);
        let (log, _) = Log::open(&self.folder().join(LOG), KIND, &options).map_err(HistoryError::NotOpened)?;
        Ok(log)
    }
}
