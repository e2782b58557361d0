//! Reading a log that others may be writing to.

use std::path::{Path, PathBuf};

use super::error::ReadLogError;
use super::scan::{Found, Position, Scan, io};
use super::{LogOptions, Record, Torn};
use crate::path::Unusable;
use crate::path::resolve;
use crate::registry::Tracked;
use crate::sys::{self, Access};

/// Reads a log from its beginning to where it ended when it was opened. It takes no lock, and disturbs none of this process.
///
/// As an iterator it yields the records in their order. After the first error it ends: what follows damage cannot be
/// trusted. A torn end, or a record that is being written at this moment, is no error: see [`LogReader::torn`].
#[derive(Debug)]
pub struct LogReader {
    path: PathBuf,
    file: Tracked,
    end: u64,
    largest: u32,
    position: Position,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    Done(Option<Torn>),
}

impl LogReader {
    /// Opens a log for reading.
    ///
    /// # Errors
    /// There is no such file, it is not a log of this kind, or its header is damaged.
    pub fn open(path: &Path, kind: &str, options: &LogOptions) -> Result<Self, ReadLogError> {
        let (path, _) = resolve(path, options.symlinks).map_err(|unusable| match unusable {
            Unusable::Symlink | Unusable::NotAFile => ReadLogError::NotALog { path: path.to_owned() },
            Unusable::Failed(failed) => io(path, failed),
        })?;
        let (file, metadata) = Tracked::open(&path, Access::Read).map_err(|failed| io(&path, failed))?;
        if !metadata.is_file() {
            return Err(ReadLogError::NotALog { path });
        }
        let position = Scan::begin(&path, &file, kind, options.largest_record)?.position;
        let end = sys::metadata(file.file()).map_err(|failed| io(&path, failed))?.len();
        Ok(Self { path, file, end, largest: options.largest_record, position, state: State::Reading })
    }

    /// What follows the last whole record, once the iterator has come to its end.
    #[must_use]
    pub fn torn(&self) -> Option<Torn> {
        match self.state {
            State::Reading => None,
            State::Done(torn) => torn,
        }
    }
}

impl Iterator for LogReader {
    type Item = Result<Record, ReadLogError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state != State::Reading {
            return None;
        }
        let mut scan = Scan::resume(&self.path, &self.file, self.largest, self.position.clone(), self.end);
        let found = scan.next();
        self.position = scan.position;
        match found {
            Ok(Found::Record(record)) => return Some(Ok(record)),
            Ok(Found::End) => self.state = State::Done(None),
            Ok(Found::Torn(torn)) => self.state = State::Done(Some(torn)),
            Err(error) => {
                self.state = State::Done(None);
                return Some(Err(error));
            }
        }
        None
    }
}
