//! Walking over the records of a log, and telling a torn end from damage.

use std::path::Path;

use super::error::{Damage, ReadLogError};
use super::format::{self, END_MARK, HEADER, Hash, Header, LEAD, Lead};
use super::{Record, Torn};
use crate::lock::read_full_at;
use crate::registry::Tracked;
use crate::step::Failed;
use crate::sys;

/// Where a walk has come to.
#[derive(Debug, Clone)]
pub(super) struct Position {
    /// Where the next record begins.
    pub(super) offset: u64,
    /// The hash of the record before.
    pub(super) hash: Hash,
    /// The number of the next record.
    pub(super) sequence: u64,
}

/// What is found at a position.
#[derive(Debug)]
pub(super) enum Found {
    Record(Record),
    End,
    Torn(Torn),
}

/// A walk over what a file held when it began.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    path: &'a Path,
    file: &'a Tracked,
    end: u64,
    largest: u32,
    pub(super) position: Position,
}

impl<'a> Scan<'a> {
    /// Checks the header.
    pub(super) fn begin(path: &'a Path, file: &'a Tracked, kind: &str, largest: u32) -> Result<Self, ReadLogError> {
        let io = |failed| io(path, failed);
        let end = sys::metadata(file.file()).map_err(io)?.len();
        let mut bytes = [0; HEADER];
        let count = read_full_at(file, &mut bytes, 0).map_err(io)?;
        let owned = || path.to_owned();
        match format::read_header(bytes.get(..count).unwrap_or_default()) {
            Header::Good { kind: found, hash } if found == kind.as_bytes() => {
                let position = Position { offset: HEADER as u64, hash, sequence: 1 };
                Ok(Self { path, file, end, largest, position })
            }
            Header::Good { kind: found, .. } => {
                let found = String::from_utf8_lossy(&found).into_owned();
                Err(ReadLogError::Kind { path: owned(), found, wanted: kind.to_owned() })
            }
            Header::NotALog => Err(ReadLogError::NotALog { path: owned() }),
            Header::Version(version) => Err(ReadLogError::Version { path: owned(), version }),
            Header::Damaged => Err(ReadLogError::Header { path: owned() }),
        }
    }

    /// Goes on from a position that an earlier walk came to.
    pub(super) fn resume(path: &'a Path, file: &'a Tracked, largest: u32, position: Position, end: u64) -> Self {
        Self { path, file, end, largest, position }
    }

    /// What stands at the position; the position moves behind a record.
    ///
    /// Only what an interrupted write leaves counts as torn: too few bytes, or zeros up to the end of the file where the
    /// file had grown and its content was not there yet. Everything else is damage.
    pub(super) fn next(&mut self) -> Result<Found, ReadLogError> {
        let left = self.end.saturating_sub(self.position.offset);
        if left == 0 {
            return Ok(Found::End);
        }
        if left < LEAD as u64 {
            return Ok(self.torn());
        }
        let mut lead = [0; LEAD];
        if self.read(&mut lead, 0)? < LEAD {
            return Ok(self.torn());
        }
        let Some(lead) = Lead::read(&self.position.hash, &lead) else {
            // Zeros from some place before the hash, which no disk error makes of a single record that was whole.
            let zeros = self.is_zero_from(Lead::numbers() as u64)?;
            return if zeros { Ok(self.torn()) } else { Err(self.damaged(Damage::Lead)) };
        };
        if lead.sequence != self.position.sequence {
            return Err(self.damaged(Damage::Sequence));
        }
        let size = LEAD as u64 + u64::from(lead.length) + 1;
        if left < size {
            return Ok(self.torn());
        }
        if lead.length > self.largest {
            return Err(ReadLogError::TooLarge {
                path: self.path.to_owned(),
                offset: self.position.offset,
                sequence: lead.sequence,
                length: lead.length,
                limit: self.largest,
            });
        }
        let mut content = vec![0; lead.length as usize + 1];
        if self.read(&mut content, LEAD as u64)? < content.len() {
            return Ok(self.torn());
        }
        let mark = content.pop();
        let whole = lead.is_of(&self.position.hash, &content);
        match (whole, mark) {
            (true, Some(END_MARK)) => {}
            (_, Some(0)) if left == size => return Ok(self.torn()),
            _ => return Err(self.damaged(Damage::Content)),
        }
        let record = Record { sequence: lead.sequence, offset: self.position.offset, content };
        let offset = self.position.offset + size;
        self.position = Position { offset, hash: lead.hash, sequence: lead.sequence + 1 };
        Ok(Found::Record(record))
    }

    /// As [`Scan::next`] among records that are known to have been appended, where a torn one is damage.
    pub(super) fn next_appended(&mut self) -> Result<Option<Record>, ReadLogError> {
        match self.next()? {
            Found::Record(record) => Ok(Some(record)),
            Found::End => Ok(None),
            Found::Torn(_) => Err(self.damaged(Damage::Content)),
        }
    }

    fn torn(&self) -> Found {
        let offset = self.position.offset;
        Found::Torn(Torn { offset, bytes: self.end.saturating_sub(offset) })
    }

    fn damaged(&self, damage: Damage) -> ReadLogError {
        let Position { offset, sequence, .. } = self.position;
        ReadLogError::Damaged { path: self.path.to_owned(), offset, sequence, damage }
    }

    fn read(&self, buffer: &mut [u8], from: u64) -> Result<usize, ReadLogError> {
        read_full_at(self.file, buffer, self.position.offset + from).map_err(|failed| io(self.path, failed))
    }

    /// Whether all from there to the end is zero.
    fn is_zero_from(&self, from: u64) -> Result<bool, ReadLogError> {
        let mut at = from;
        let mut buffer = vec![0; 64 << 10];
        loop {
            let left = self.end.saturating_sub(self.position.offset + at);
            let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let Some(part) = buffer.get_mut(..wanted).filter(|part| !part.is_empty()) else { return Ok(true) };
            let count = self.read(part, at)?;
            if count == 0 {
                return Ok(true);
            }
            if part.iter().take(count).any(|byte| *byte != 0) {
                return Ok(false);
            }
            at += count as u64;
        }
    }
}

pub(super) fn io(path: &Path, failed: Failed) -> ReadLogError {
    let path = path.to_owned();
    match failed.kind() {
        std::io::ErrorKind::NotFound => ReadLogError::Missing { path },
        _ => ReadLogError::Io { path, step: failed.step, source: failed.source },
    }
}
