//! An append-only log of records: each append is on the disk when it returns, and what a kill or a power failure leaves is
//! told apart from damage.

mod error;
mod format;
mod reader;
mod scan;

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::Path;

pub use error::{AppendError, Damage, OpenLogError, ReadLogError};
pub use reader::LogReader;

use crate::lock::{LockError, LockOptions, LockedFile, Missing, Wait};
use crate::path::Symlinks;
use crate::replace::{ReplaceError, ReplaceOptions, create};
use crate::step::Failed;
use scan::{Found, Position, Scan};

/// When an appended record is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SyncPolicy {
    /// When [`Log::append`] returns.
    #[default]
    EachRecord,
    /// When [`Log::sync`] returns. Until then a kill of the process loses nothing, but a power failure may, and may leave the
    /// records that were not synced out of order, which counts as damage and not as a torn end.
    OnRequest,
}

/// What to do where there is no log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingLog {
    /// It is an error.
    Refuse,
    /// An empty log is made.
    #[default]
    Create,
}

/// How a log is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogOptions {
    /// What to do where there is no log. By default it is made.
    pub missing: MissingLog,
    /// When a record is on the disk. By default when it is appended.
    pub sync: SyncPolicy,
    /// The largest content of a record that is written or read, in bytes. By default 16 MiB.
    pub largest_record: u32,
    /// How long to wait for another writer. By default not at all.
    pub wait: Wait,
    /// The permission bits of a log that is made. By default `0o600`.
    pub mode: u32,
    /// Whether the path may be a link. By default not.
    pub symlinks: Symlinks,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            missing: MissingLog::default(),
            sync: SyncPolicy::default(),
            largest_record: 16 << 20,
            wait: Wait::default(),
            mode: 0o600,
            symlinks: Symlinks::default(),
        }
    }
}

/// A record of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// Its number: 1 for the first one, and so on without gaps.
    pub sequence: u64,
    /// Where it begins in the file, in bytes.
    pub offset: u64,
    /// What was appended.
    pub content: Vec<u8>,
}

/// The end of a log that a writer did not finish: no record whose append has returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Torn {
    /// Where it begins in the file, in bytes.
    pub offset: u64,
    /// How long it is, in bytes.
    pub bytes: u64,
}

/// What was found when a log was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovery {
    /// How many records there are.
    pub records: u64,
    /// The torn end, which has been cut off.
    pub torn: Option<Torn>,
}

/// A log that this process appends to. It holds the file's lock, so there is one writer; [`LockedFile`] says what that means
/// for the rest of the process.
///
/// A log that was cut exactly behind a record cannot be told from a shorter one: who must notice that keeps the number of the
/// last record elsewhere.
#[derive(Debug)]
pub struct Log {
    file: LockedFile,
    start: Position,
    end: Position,
    options: LogOptions,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Closed,
}

impl Log {
    /// Opens a log for appending, and reads all of it to see that it is whole. A torn end is cut off.
    ///
    /// `kind` says what the records are, so that no log is taken for another: 1 to 16 ASCII letters, digits and hyphens.
    ///
    /// # Errors
    /// Another writer has the log, it is of another kind, a record is damaged, or a step fails. A log that is damaged is
    /// not changed; [`LogReader`] reads what stands before the damage.
    pub fn open(path: &Path, kind: &str, options: &LogOptions) -> Result<(Self, Recovery), OpenLogError> {
        if kind.is_empty()
            || kind.len() > format::LONGEST_KIND
            || !kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            return Err(OpenLogError::Kind { kind: kind.to_owned() });
        }
        let file = lock(path, kind, options)?;
        let mut scan = Scan::begin(file.path(), file.tracked(), kind, options.largest_record)?;
        let start = scan.position.clone();
        let torn = loop {
            match scan.next()? {
                Found::Record(_) => {}
                Found::End => break None,
                Found::Torn(torn) => break Some(torn),
            }
        };
        let end = scan.position;
        if torn.is_some() {
            let cut = file.set_length_raw(end.offset).and_then(|()| file.sync_raw());
            cut.map_err(|Failed { step, source }| OpenLogError::Io { path: file.path().to_owned(), step, source })?;
        }
        let recovery = Recovery { records: end.sequence - 1, torn };
        Ok((Self { file, start, end, options: options.clone(), state: State::Open }, recovery))
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The number of the last record; 0 where there is none.
    #[must_use]
    pub fn last_sequence(&self) -> u64 {
        self.end.sequence - 1
    }

    /// Appends a record; its number. With [`SyncPolicy::EachRecord`] the record is on the disk then.
    ///
    /// # Errors
    /// The record is too large, or a step fails. Whether the record may be found later is said by the error.
    pub fn append(&mut self, content: &[u8]) -> Result<u64, AppendError> {
        self.refuse_if_closed()?;
        let limit = self.options.largest_record;
        let too_large = || AppendError::TooLarge { path: self.path().to_owned(), length: content.len(), limit };
        if content.len() > limit as usize {
            return Err(too_large());
        }
        let sequence = self.end.sequence;
        let (bytes, hash) = format::record(&self.end.hash, sequence, content).ok_or_else(too_large)?;
        if let Err(failed) = self.file.write_raw(&bytes, self.end.offset) {
            return Err(self.take_back(failed));
        }
        self.end = Position { offset: self.end.offset + bytes.len() as u64, hash, sequence: sequence + 1 };
        match self.options.sync {
            SyncPolicy::EachRecord => self.sync()?,
            SyncPolicy::OnRequest => {}
        }
        Ok(sequence)
    }

    /// Waits until all that was appended is on the disk.
    ///
    /// # Errors
    /// The disk reports an error. The log takes no more records then, since asking again proves nothing.
    pub fn sync(&mut self) -> Result<(), AppendError> {
        self.refuse_if_closed()?;
        self.file.sync_raw().map_err(|failed| self.unknown(failed))
    }

    /// The records from the first one to the last one that was appended.
    #[must_use]
    pub fn records(&self) -> Records<'_> {
        let (largest, start) = (self.options.largest_record, self.start.clone());
        Records { scan: Some(Scan::resume(self.file.path(), self.file.tracked(), largest, start, self.end.offset)) }
    }

    /// Reads the record at a place once more, without those before it. It is checked as it was in the walk.
    ///
    /// # Errors
    /// The place is none of this log, what stands there is not what stood there, or a step fails.
    pub fn read_at(&self, place: &LogPlace) -> Result<Record, ReadLogError> {
        let (path, position) = (self.file.path(), place.0.clone());
        let (offset, sequence) = (position.offset, position.sequence);
        let mut scan = Scan::resume(path, self.file.tracked(), self.options.largest_record, position, self.end.offset);
        let gone = || ReadLogError::Damaged { path: path.to_owned(), offset, sequence, damage: Damage::Content };
        scan.next_appended()?.ok_or_else(gone)
    }

    fn refuse_if_closed(&self) -> Result<(), AppendError> {
        match self.state {
            State::Open => Ok(()),
            State::Closed => Err(AppendError::Closed { path: self.path().to_owned() }),
        }
    }

    /// Cuts off what was written of a record that could not be written whole.
    fn take_back(&mut self, failed: Failed) -> AppendError {
        if self.file.set_length_raw(self.end.offset).is_err() {
            return self.unknown(failed);
        }
        AppendError::Io { path: self.path().to_owned(), step: failed.step, source: failed.source }
    }

    fn unknown(&mut self, failed: Failed) -> AppendError {
        self.state = State::Closed;
        AppendError::Unknown { path: self.path().to_owned(), step: failed.step, source: failed.source }
    }
}

/// The lock of the log, which is made if there is none and the options say so.
fn lock(path: &Path, kind: &str, options: &LogOptions) -> Result<LockedFile, OpenLogError> {
    let lock_options = LockOptions { wait: options.wait, missing: Missing::Refuse, symlinks: options.symlinks };
    match LockedFile::acquire(path, &lock_options) {
        Err(LockError::Missing { .. }) if options.missing == MissingLog::Create => {}
        locked => return Ok(locked?),
    }
    // It gets its name when it has its header, so no log is ever without one.
    let replace_options =
        ReplaceOptions { mode: options.mode, symlinks: options.symlinks, ..ReplaceOptions::default() };
    match create(path, &format::header(kind.as_bytes(), id()), &replace_options) {
        Ok(()) | Err(ReplaceError::Exists { .. }) => Ok(LockedFile::acquire(path, &lock_options)?),
        Err(error) => Err(error.into()),
    }
}

/// Another one for each log. The system made the keys of the hashers random.
fn id() -> [u8; 16] {
    let half = || RandomState::new().build_hasher().finish();
    (u128::from(half()) << 64 | u128::from(half())).to_le_bytes()
}

/// Where a record stands in a log, for reading it once more: [`Records::place`], [`Log::read_at`]. It takes some fifty bytes,
/// whatever the record holds.
#[derive(Debug, Clone)]
pub struct LogPlace(Position);

/// The records of a log that is open for appending: [`Log::records`]. Ends after the first error.
#[derive(Debug)]
pub struct Records<'a> {
    scan: Option<Scan<'a>>,
}

impl Iterator for Records<'_> {
    type Item = Result<Record, ReadLogError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.scan.as_mut()?.next_appended() {
            Ok(Some(record)) => Some(Ok(record)),
            Ok(None) => None,
            Err(error) => {
                self.scan = None;
                Some(Err(error))
            }
        }
    }
}

impl Records<'_> {
    /// Where the next record stands; `None` after an error. At the end it is the place of a record that is not there.
    #[must_use]
    pub fn place(&self) -> Option<LogPlace> {
        self.scan.as_ref().map(|scan| LogPlace(scan.position.clone()))
    }
}
