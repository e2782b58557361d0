//! Journals in files, on the checksummed log of `landfast-durable`.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use landfast_durable::{AppendError, Log, LogOptions, LogReader, MissingLog, OpenLogError, ReadLogError, Torn};

use super::record::Record;
use super::{Journal, JournalError};
use crate::actuator::PortFuture;

/// The kind of log that a journal is.
const KIND: &str = "landfast-op";

/// The largest record: a plan with what was there before may be as large as a state.
const MAX_RECORD: u32 = 1 << 30;

/// Why a journal in a file could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalFileError {
    /// The log could not be opened for writing.
    #[error("the journal could not be opened")]
    Open(#[from] OpenLogError),
    /// The log could not be read.
    #[error("the journal could not be read")]
    Read(#[from] ReadLogError),
    /// A record is whole and says nothing that this program knows.
    #[error("record {number} of {path} is none of a journal of this program")]
    Record {
        /// The file.
        path: PathBuf,
        /// Number of the record, from 1.
        number: u64,
        /// Why.
        #[source]
        source: Box<serde_json::Error>,
    },
}

/// The journal of one operation in a file. It holds the file's lock: nobody else takes the operation up meanwhile.
#[derive(Debug)]
pub struct FileJournal {
    log: Mutex<Log>,
}

/// What a journal in a file holds.
#[derive(Debug)]
#[non_exhaustive]
pub struct JournalLog {
    /// The records.
    pub records: Vec<Record>,
    /// An end that was not finished, of a record that nobody was told to be written.
    pub torn: Option<Torn>,
}

fn options(missing: MissingLog) -> LogOptions {
    let mut options = LogOptions::default();
    options.missing = missing;
    options.largest_record = MAX_RECORD;
    options
}

impl FileJournal {
    /// A new journal; the file must not be there.
    ///
    /// # Errors
    /// When it is, or it cannot be made.
    pub fn create(path: &Path) -> Result<Self, JournalFileError> {
        let (log, _) = Log::open(path, KIND, &options(MissingLog::Create))?;
        if log.last_sequence() > 0 {
            let exists = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
            return Err(JournalFileError::Record {
                path: path.to_owned(),
                number: log.last_sequence(),
                source: Box::new(serde_json::Error::io(exists)),
            });
        }
        Ok(Self { log: Mutex::new(log) })
    }

    /// Takes a journal up again: a torn end is cut off, and the records are read.
    ///
    /// # Errors
    /// When it is not there, somebody else writes to it, or it is damaged.
    pub fn take_up(path: &Path) -> Result<(Self, JournalLog), JournalFileError> {
        let (log, recovery) = Log::open(path, KIND, &options(MissingLog::Refuse))?;
        let records = log.records().map(|record| parse(path, record?)).collect::<Result<_, _>>()?;
        Ok((Self { log: Mutex::new(log) }, JournalLog { records, torn: recovery.torn }))
    }
}

/// Reads a journal, which somebody may be writing to, and changes nothing.
///
/// # Errors
/// When it is not there or is damaged.
pub fn read_journal(path: &Path) -> Result<JournalLog, JournalFileError> {
    let mut reader = LogReader::open(path, KIND, &options(MissingLog::Refuse))?;
    let records = reader.by_ref().map(|record| parse(path, record?)).collect::<Result<_, _>>()?;
    Ok(JournalLog { records, torn: reader.torn() })
}

fn parse(path: &Path, record: landfast_durable::Record) -> Result<Record, JournalFileError> {
    serde_json::from_slice(&record.content).map_err(|source| JournalFileError::Record {
        path: path.to_owned(),
        number: record.sequence,
        source: Box::new(source),
    })
}

impl Journal for FileJournal {
    fn append<'a>(&'a self, record: &'a Record) -> PortFuture<'a, Result<(), JournalError>> {
        Box::pin(async move {
            let text = serde_json::to_vec(record).map_err(|error| JournalError(Box::new(error)))?;
            let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
            // A record is synced within a few milliseconds; moving it to another thread would cost as much.
            log.append(&text).map(drop).map_err(|error: AppendError| JournalError(Box::new(error)))
        })
    }
}
