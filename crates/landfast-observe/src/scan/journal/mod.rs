//! A journal makes a scan one that can be killed and taken up: what was read is in a file, and is not read again while it is fresh.

mod binding;
mod record;

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use landfast_durable::{AppendError, Log, LogOptions, LogPlace, MissingLog, OpenLogError, ReadLogError, SyncPolicy};
use landfast_state::address::ObjectAddress;
use landfast_state::{FingerprintKey, Redactor, ResourceObject, SecretTexts};

pub use binding::JournalBinding;
pub use record::RecordError;

use super::remember::{Remember, RememberError, Remembered};
use binding::sample_seed;
use record::{read_age, read_record, write_record};

/// What the log holds.
const KIND: &str = "scan";

/// After so many records, or so much time, they are on the disk for good.
const SYNC_RECORDS: u32 = 256;
const SYNC_TIME: Duration = Duration::from_secs(5);

/// Marks what is sensitive in an object and not marked in it: rules know more than documents say.
#[derive(Clone)]
pub struct SecretMarker(Arc<dyn Fn(ResourceObject) -> ResourceObject + Send + Sync>);

impl SecretMarker {
    /// Marks by this.
    #[must_use]
    pub fn new(mark: impl Fn(ResourceObject) -> ResourceObject + Send + Sync + 'static) -> Self {
        Self(Arc::new(mark))
    }
}

impl fmt::Debug for SecretMarker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretMarker")
    }
}

/// How a journal is used.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct JournalOptions {
    /// What time it is when the scan begins.
    pub now: SystemTime,
    /// What is older than this is read again. Default: nothing is.
    pub max_age: Option<Duration>,
    /// What marks secrets that documents do not mark. Default: nothing.
    pub marker: Option<SecretMarker>,
    /// Texts of secrets of the recorded side: copies of them are not written in clear, wherever they turn up. Default: none,
    /// besides those of the object itself. Who scans a state without holding it gathers them in a pass before.
    pub secrets: SecretTexts,
}

impl JournalOptions {
    /// Options for a scan that begins now.
    #[must_use]
    pub fn new(now: SystemTime) -> Self {
        Self { now, max_age: None, marker: None, secrets: SecretTexts::default() }
    }
}

/// The journal of a scan: a log of [`landfast_durable`], which a kill leaves whole.
///
/// It belongs to one recorded side, one choice of objects and certain providers, and refuses to be used for others. Sensitive values
/// are in it as fingerprints only, as in a snapshot file. So that an interrupted scan ends with the very result of one that
/// was not interrupted, a scan with a journal delivers all objects as the journal holds them.
///
/// Objects that could not be read are not in it: they are tried again. In memory it holds some hundred bytes for each object that
/// it had when it was opened.
#[derive(Debug)]
pub struct ScanJournal {
    log: Log,
    key: FingerprintKey,
    options: JournalOptions,
    redactor: Redactor,
    /// By the hash of the address: when it was read, in milliseconds since 1970, and where that stands.
    known: HashMap<u64, (u64, LogPlace)>,
    unsynced: u32,
    synced: Duration,
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The file cannot be opened as a journal.
    #[error("the journal cannot be opened")]
    Open(#[from] OpenLogError),
    /// The file cannot be read further.
    #[error("the journal cannot be read")]
    Read(#[from] ReadLogError),
    /// The file cannot be written.
    #[error("the journal cannot be written")]
    Write(#[from] AppendError),
    /// A new journal was asked for, and there is one already.
    #[error("{}: there is a journal already", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The journal belongs to something else.
    #[error("{}: the journal is of another scan: {what} not the same", .path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What differs, as a subject with its verb.
        what: String,
    },
    /// A record is none of a journal.
    #[error("{}: record {sequence} of the journal cannot be understood", .path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// Which one.
        sequence: u64,
        /// Why.
        #[source]
        source: Box<RecordError>,
    },
}

fn misread(path: &Path, sequence: u64, source: RecordError) -> JournalError {
    JournalError::Record { path: path.to_owned(), sequence, source: Box::new(source) }
}

impl ScanJournal {
    /// Begins a journal. There must be none in the file yet.
    ///
    /// # Errors
    /// When there is one, or the file cannot be written.
    pub fn create(
        path: &Path,
        binding: &JournalBinding,
        key: FingerprintKey,
        options: JournalOptions,
    ) -> Result<Self, JournalError> {
        let (mut log, recovery) = Log::open(path, KIND, &log_options(MissingLog::Create))?;
        if recovery.records > 0 {
            return Err(JournalError::Exists { path: path.to_owned() });
        }
        log.append(binding.text(&key).as_bytes())?;
        log.sync()?;
        Ok(Self::new(log, key, options, HashMap::new()))
    }

    /// Takes up a journal. What was cut off in it by a kill is read again.
    ///
    /// # Errors
    /// When there is none, it is of another scan, or it is damaged.
    pub fn resume(
        path: &Path,
        binding: &JournalBinding,
        key: FingerprintKey,
        options: JournalOptions,
    ) -> Result<Self, JournalError> {
        let (mut log, recovery) = Log::open(path, KIND, &log_options(MissingLog::Refuse))?;
        if recovery.records == 0 {
            // Killed before it had begun.
            log.append(binding.text(&key).as_bytes())?;
            return Ok(Self::new(log, key, options, HashMap::new()));
        }
        let mut known = HashMap::new();
        let mut records = log.records();
        while let (Some(place), Some(record)) = (records.place(), records.next()) {
            let record = record?;
            let misread = |source| misread(path, record.sequence, source);
            if record.sequence == 1 {
                let other = binding.difference(&key, record.content).map_err(misread)?;
                if let Some(what) = other {
                    return Err(JournalError::Other { path: path.to_owned(), what });
                }
                continue;
            }
            let (address, at) = read_age(&record.content).map_err(misread)?;
            known.insert(hash(&address), (at, place));
        }
        Ok(Self::new(log, key, options, known))
    }

    /// What the sample of a journal was drawn by, where it is of one: a scan that takes it up reads the same sample.
    ///
    /// # Errors
    /// When there is none, or it is damaged.
    pub fn sample_seed(path: &Path) -> Result<Option<u64>, JournalError> {
        let (log, _) = Log::open(path, KIND, &log_options(MissingLog::Refuse))?;
        match log.records().next().transpose()? {
            Some(record) => sample_seed(record.content).map_err(|source| misread(path, record.sequence, source)),
            // Killed before it had begun.
            None => Ok(None),
        }
    }

    fn new(log: Log, key: FingerprintKey, options: JournalOptions, known: HashMap<u64, (u64, LogPlace)>) -> Self {
        let redactor = options.secrets.clone().redactor();
        Self { log, key, options, redactor, known, unsynced: 0, synced: Duration::ZERO }
    }

    /// How many objects it has results of, fresh or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether it had no result when it was opened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    fn look_up(&mut self, address: &ObjectAddress, after: Duration) -> Result<Option<Remembered>, JournalError> {
        let text = address.to_string();
        let Some((at, place)) = self.known.get(&hash(&text)) else { return Ok(None) };
        let now = millis(self.options.now) + millis_of(after);
        // What was read in the future was read by another clock.
        let fresh = self.options.max_age.is_none_or(|most| *at <= now && now - at <= millis_of(most));
        if !fresh {
            return Ok(None);
        }
        let record = self.log.read_at(place)?;
        let (path, sequence) = (self.log.path(), record.sequence);
        let misread =
            |source: RecordError| JournalError::Record { path: path.to_owned(), sequence, source: Box::new(source) };
        let found = read_record(record.content, path).map_err(misread)?;
        // Two addresses may have one hash.
        Ok((found.recorded.address == *address).then_some(found))
    }

    fn write(&mut self, result: Remembered, after: Duration) -> Result<Remembered, JournalError> {
        let mark = |object| match &self.options.marker {
            Some(marker) => (marker.0)(object),
            None => object,
        };
        let recorded = mark(result.recorded);
        let observed = result.observed.map(mark);
        let own;
        let has_secrets = |object: &ResourceObject| !object.sensitive.is_empty();
        let redactor = if has_secrets(&recorded) || observed.as_ref().is_some_and(has_secrets) {
            let mut secrets = self.options.secrets.clone();
            secrets.add_object(&recorded);
            observed.iter().for_each(|observed| secrets.add_object(observed));
            own = secrets.redactor();
            &own
        } else {
            &self.redactor
        };
        let at = millis(self.options.now) + millis_of(after);
        let result = Remembered { recorded, observed, warnings: result.warnings };
        let text = write_record(&result, at, &self.key, redactor);
        let sequence = self.log.append(text.as_bytes())?;
        self.unsynced += 1;
        if self.unsynced >= SYNC_RECORDS || after.saturating_sub(self.synced) >= SYNC_TIME {
            self.log.sync()?;
            (self.unsynced, self.synced) = (0, after);
        }
        let path = self.log.path();
        read_record(text.into_bytes(), path).map_err(|source| JournalError::Record {
            path: path.to_owned(),
            sequence,
            source: Box::new(source),
        })
    }
}

impl Remember for ScanJournal {
    fn recall(&mut self, address: &ObjectAddress, after: Duration) -> Result<Option<Remembered>, RememberError> {
        Ok(self.look_up(address, after)?)
    }

    fn remember(&mut self, result: Remembered, after: Duration) -> Result<Remembered, RememberError> {
        Ok(self.write(result, after)?)
    }

    fn finish(&mut self) -> Result<(), RememberError> {
        Ok(self.log.sync()?)
    }
}

/// A power failure may lose what was not synced yet, a kill does not.
fn log_options(missing: MissingLog) -> LogOptions {
    let mut options = LogOptions::default();
    options.missing = missing;
    options.sync = SyncPolicy::OnRequest;
    options.largest_record = 512 << 20;
    options
}

fn hash(address: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    address.hash(&mut hasher);
    hasher.finish()
}

fn millis(time: SystemTime) -> u64 {
    millis_of(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn millis_of(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
