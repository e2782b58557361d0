//! The records of a history.

use std::time::SystemTime;

use jiff::Timestamp;
use landfast_state::BytesDigest;
use serde::{Deserialize, Serialize};

use super::Intent;

/// How a write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HistoryOutcome {
    /// It was written, and read back.
    Written,
    /// It was not written.
    NotWritten,
    /// It is not known: landfast was killed, or the store did not answer.
    Unknown,
}

/// One line of the log.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(super) enum Line {
    Intent(Box<Written>),
    Outcome { of: u64, outcome: HistoryOutcome },
}

/// What is recorded of a write.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Written {
    at: String,
    place: String,
    who: String,
    why: String,
    lineage: String,
    serial: Option<u64>,
    before: Option<String>,
    after: String,
    size: u64,
}

impl Line {
    pub(super) fn intent(intent: &Intent<'_>) -> Self {
        Self::Intent(Box::new(Written {
            at: Timestamp::try_from(intent.at).map(|at| at.to_string()).unwrap_or_default(),
            place: intent.place.to_owned(),
            who: intent.note.who.clone(),
            why: intent.note.why.clone(),
            lineage: intent.lineage.to_owned(),
            serial: intent.note.serial,
            before: intent.before.map(|before| BytesDigest::of(before).to_string()),
            after: BytesDigest::of(intent.after).to_string(),
            size: intent.after.len() as u64,
        }))
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// One write of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryEntry {
    /// Its number.
    pub number: u64,
    /// When it began, by the clock of who wrote.
    pub at: Option<SystemTime>,
    /// Who, such as `alice@laptop`.
    pub who: String,
    /// Why.
    pub why: String,
    /// Lineage of what was written.
    pub lineage: String,
    /// Serial of what was written.
    pub serial: Option<u64>,
    /// Digest of what was there before; `None` when nothing was.
    pub before: Option<BytesDigest>,
    /// Digest of what was written.
    pub after: BytesDigest,
    /// Size of what was written, in bytes.
    pub size: u64,
    /// How it ended.
    pub outcome: HistoryOutcome,
}

impl HistoryEntry {
    pub(super) fn new(number: u64, written: Written) -> Self {
        Self {
            number,
            at: written.at.parse::<Timestamp>().ok().map(SystemTime::from),
            who: written.who,
            why: written.why,
            lineage: written.lineage,
            serial: written.serial,
            before: written.before.as_deref().and_then(BytesDigest::from_hex),
            after: BytesDigest::from_hex(&written.after).unwrap_or_else(|| BytesDigest::of(b"")),
            size: written.size,
            outcome: HistoryOutcome::Unknown,
        }
    }
}
