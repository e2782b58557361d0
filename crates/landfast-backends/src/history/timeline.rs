//! The versions of one state, from wherever they are kept.

use std::time::SystemTime;

use landfast_state::{BytesDigest, Limits, StateFile};

use super::{History, HistoryEntry, HistoryError, HistoryOutcome};
use crate::address::VersionSelector;
use crate::error::{ErrorClass, StoreError};
use crate::key::StateKey;
use crate::store::{StateStore, Support};
use crate::stored::{StateVersion, StoredState, VersionId};

/// The fewest digits of a digest by which a version is named.
const SHORTEST: usize = 8;
/// How many versions of a store are read in search of a serial that no note names.
const MOST_READ: usize = 100;

/// Why versions could not be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TimelineError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Our own history failed.
    #[error("the history cannot be used")]
    History(#[from] HistoryError),
    /// No such version is known.
    #[error("{place}: no version {version} is known")]
    NoVersion {
        /// The state.
        place: String,
        /// What was asked for, with its `@`.
        version: String,
    },
    /// Several versions are called so.
    #[error("{place}: {count} versions are called {version}")]
    Ambiguous {
        /// The state.
        place: String,
        /// What was asked for, with its `@`.
        version: String,
        /// How many.
        count: usize,
    },
    /// The version is known, and its content is not kept any more.
    #[error("{place}: the content of version {version} is not kept any more")]
    NotKept {
        /// The state.
        place: String,
        /// What was asked for, with its `@`.
        version: String,
    },
}

/// What is known of one version of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimelineEntry {
    /// By what it can be asked for behind an `@`, where a serial does not do: a store's name, or the start of a digest.
    pub id: String,
    /// Its serial, where it is known.
    pub serial: Option<u64>,
    /// When it was written; `None` where nobody says.
    pub at: Option<SystemTime>,
    /// Who wrote it; `None` where it was not us.
    pub who: Option<String>,
    /// Why; `None` where it was not us.
    pub why: Option<String>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// How its write ended; versions that a store keeps were written.
    pub outcome: HistoryOutcome,
    /// Whether it is what a read gives now.
    pub is_current: bool,
    /// Whether its content can still be had.
    pub is_kept: bool,
    origin: Origin,
}

/// Where the content of a version is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    Store(VersionId),
    Ours(BytesDigest),
    /// It is what a read gives, and nothing else keeps it.
    Current,
}

/// The versions of one state: those that the store keeps, or else our own history.
#[derive(Debug, Clone, Copy)]
pub struct Timeline<'a> {
    store: &'a dyn StateStore,
    key: &'a StateKey,
    history: Option<&'a History>,
    limits: &'a Limits,
}

impl<'a> Timeline<'a> {
    /// The versions of the state under `key`. `history` is ours, see [`History::of`].
    #[must_use]
    pub fn new(store: &'a dyn StateStore, key: &'a StateKey, history: Option<&'a History>, limits: &'a Limits) -> Self {
        Self { store, key, history, limits }
    }

    /// All versions that are known, the newest first, without their contents. A version that another program wrote, and that one of
    /// ours replaced, is among them.
    ///
    /// # Errors
    /// When the store or the history fails.
    pub async fn entries(&self) -> Result<Vec<TimelineEntry>, TimelineError> {
        let current = self.store.read(self.key).await?.filter(|current| !current.bytes.is_empty());
        if self.store.capabilities().versions == Support::Yes {
            match self.store.versions(self.key).await {
                Ok(versions) => return Ok(versions.into_iter().map(of_store).collect()),
                // The bucket keeps none: there may be a history of ours.
                Err(error) if error.class == ErrorClass::Unsupported => {}
                Err(error) => return Err(error.into()),
            }
        }
        let (history, limits) = (self.history.cloned(), self.limits.clone());
        #[cfg(feature = "encryption")]
        if let Some(history) = &history {
            history.prepare().await?;
        }
        blocking(move || of_ours(history.as_ref(), current.as_ref(), &limits)).await
    }

    /// The version that is asked for.
    ///
    /// # Errors
    /// When there is none, or more than one, or its content is gone; when the store or the history fails.
    pub async fn read(&self, selector: &VersionSelector) -> Result<StoredState, TimelineError> {
        let place = self.store.place(self.key);
        let version = selector.to_string();
        let entries = self.entries().await?;
        let found = match selector {
            VersionSelector::Serial(serial) => match self.with_serial(&entries, *serial).await? {
                Some(found) => vec![found],
                // Names that stores choose may be numbers.
                None => entries.iter().filter(|entry| entry.id == serial.to_string()).collect(),
            },
            VersionSelector::Version(VersionId(id)) => {
                let is_named =
                    |entry: &&TimelineEntry| entry.id == *id || (id.len() >= SHORTEST && entry.is_digest(id));
                entries.iter().filter(is_named).collect()
            }
        };
        let mut origins: Vec<&Origin> = found.iter().map(|entry| &entry.origin).collect();
        origins.dedup();
        match (found.first(), origins.len()) {
            (None, _) => Err(TimelineError::NoVersion { place, version }),
            (Some(entry), 1) => match self.content(&entry.origin).await {
                Err(TimelineError::History(HistoryError::NoContent { .. })) => {
                    Err(TimelineError::NotKept { place, version })
                }
                content => content,
            },
            (Some(_), count) => Err(TimelineError::Ambiguous { place, version, count }),
        }
    }

    /// The newest version with this serial. Versions of a store whose notes name no serial are read to see it.
    async fn with_serial<'e>(
        &self,
        entries: &'e [TimelineEntry],
        serial: u64,
    ) -> Result<Option<&'e TimelineEntry>, TimelineError> {
        let with = |outcome| entries.iter().find(move |entry| entry.serial == Some(serial) && entry.outcome == outcome);
        if let Some(found) = with(HistoryOutcome::Written).or_else(|| with(HistoryOutcome::Unknown)) {
            return Ok(Some(found));
        }
        for entry in entries.iter().filter(|entry| entry.serial.is_none()).take(MOST_READ) {
            let content = match self.content(&entry.origin).await {
                // A marker of a deletion is a version too, and has no content.
                Err(TimelineError::Store(error)) if error.class == ErrorClass::NotFound => continue,
                content => content?,
            };
            if serial_of(&content, self.limits) == Some(serial) {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    async fn content(&self, origin: &Origin) -> Result<StoredState, TimelineError> {
        match origin {
            Origin::Store(version) => Ok(self.store.read_version(self.key, version).await?),
            Origin::Ours(digest) => {
                let (history, digest) = (self.history.cloned(), *digest);
                let content = blocking(move || match history {
                    Some(history) => Ok(history.content(&digest)?),
                    None => Err(HistoryError::NoFolder.into()),
                });
                Ok(StoredState::new(content.await?))
            }
            Origin::Current => {
                let read = self.store.read(self.key).await?;
                let gone = || StoreError::new(ErrorClass::NotFound, self.store.place(self.key), "the state is gone");
                Ok(read.ok_or_else(gone)?)
            }
        }
    }
}

impl TimelineEntry {
    fn is_digest(&self, start: &str) -> bool {
        matches!(&self.origin, Origin::Ours(digest) if digest.to_string().starts_with(start))
    }
}

fn of_store(version: StateVersion) -> TimelineEntry {
    let note = version.note;
    TimelineEntry {
        id: version.id.0.clone(),
        serial: note.as_ref().and_then(|note| note.serial),
        at: version.modified,
        who: note.as_ref().map(|note| note.who.clone()),
        why: note.map(|note| note.why),
        size: version.size,
        outcome: HistoryOutcome::Written,
        is_current: version.is_current,
        is_kept: true,
        origin: Origin::Store(version.id),
    }
}

/// The versions that our history knows of, with what others wrote in between.
fn of_ours(
    history: Option<&History>,
    current: Option<&StoredState>,
    limits: &Limits,
) -> Result<Vec<TimelineEntry>, TimelineError> {
    let written = match history {
        Some(history) => history.entries()?,
        None => Vec::new(),
    };
    let mut entries: Vec<TimelineEntry> = Vec::new();
    let known = |digest: &BytesDigest, entries: &[TimelineEntry]| {
        entries.iter().any(|entry| entry.origin == Origin::Ours(*digest) && entry.outcome != HistoryOutcome::NotWritten)
    };
    for (at, entry) in written.iter().enumerate() {
        entries.push(of_entry(entry, history));
        let earlier = written.get(at + 1..).unwrap_or_default();
        let is_ours = |digest: &BytesDigest| earlier.iter().any(|earlier| earlier.after == *digest);
        // What was there before, and that no write of ours put there.
        if let Some(before) = entry.before.filter(|before| !is_ours(before) && !known(before, &entries)) {
            entries.push(of_others(before, history, limits));
        }
    }
    if let Some(current) = current {
        let names = history.map_or_else(|| vec![current.digest], |history| history.names_of(&current.bytes));
        let is_it = |origin: &Origin| matches!(origin, Origin::Ours(digest) if names.contains(digest));
        match entries.iter_mut().find(|entry| is_it(&entry.origin) && entry.outcome != HistoryOutcome::NotWritten) {
            Some(entry) => entry.is_current = true,
            None => entries.insert(0, of_current(current, limits)),
        }
    }
    Ok(entries)
}

fn of_entry(entry: &HistoryEntry, history: Option<&History>) -> TimelineEntry {
    TimelineEntry {
        id: short(&entry.after),
        serial: entry.serial,
        at: entry.at,
        who: Some(entry.who.clone()),
        why: Some(entry.why.clone()),
        size: Some(entry.size),
        outcome: entry.outcome,
        is_current: false,
        is_kept: history.is_some_and(|history| history.keeps(&entry.after)),
        origin: Origin::Ours(entry.after),
    }
}

/// A version that somebody else wrote and that we kept when we replaced it.
fn of_others(digest: BytesDigest, history: Option<&History>, limits: &Limits) -> TimelineEntry {
    let content = history.and_then(|history| history.content(&digest).ok()).map(StoredState::new);
    TimelineEntry {
        id: short(&digest),
        serial: content.as_ref().and_then(|content| serial_of(content, limits)),
        at: None,
        who: None,
        why: None,
        size: content.as_ref().map(|content| content.bytes.len() as u64),
        outcome: HistoryOutcome::Written,
        is_current: false,
        is_kept: content.is_some(),
        origin: Origin::Ours(digest),
    }
}

fn of_current(current: &StoredState, limits: &Limits) -> TimelineEntry {
    TimelineEntry {
        id: short(&current.digest),
        serial: serial_of(current, limits),
        at: current.modified,
        who: None,
        why: None,
        size: Some(current.bytes.len() as u64),
        outcome: HistoryOutcome::Written,
        is_current: true,
        is_kept: true,
        origin: Origin::Current,
    }
}

fn short(digest: &BytesDigest) -> String {
    digest.to_string().chars().take(SHORTEST + 4).collect()
}

fn serial_of(state: &StoredState, limits: &Limits) -> Option<u64> {
    StateFile::read(state.bytes.clone(), "a version", limits).ok().map(|state| state.serial())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TimelineError> + Send + 'static,
) -> Result<T, TimelineError> {
    let stopped = |_| StoreError::new(ErrorClass::Transient, "the history", "the program is being stopped");
    tokio::task::spawn_blocking(work).await.map_err(stopped)?
}
