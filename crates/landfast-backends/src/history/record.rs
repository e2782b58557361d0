//! The records of a history.

use std::time::SystemTime;

use jiff::Timestamp;
use landfast_state::BytesDigest;
use serde::{Deserialize, Serialize};

use super::Intent;
use super::contents::Writer;

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
    /// Id of the key that the contents are sealed under and the record is authenticated by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authentication: Option<String>,
}

#[cfg(feature = "encryption")]
impl Written {
    pub(super) fn key_id(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Whether this key authenticates the record.
    pub(super) fn is_under(&self, writer: &Writer) -> bool {
        let digest = self.authentication.as_deref().and_then(BytesDigest::from_hex);
        writer.authenticate(&self.authenticated()).is_some_and(|(_, expected)| digest == Some(expected))
    }
}

impl Written {
    /// What is authenticated: everything else.
    fn authenticated(&self) -> Vec<u8> {
        let Self { at, place, who, why, lineage, serial, before, after, size, key: _, authentication: _ } = self;
        serde_json::to_vec(&(at, place, who, why, lineage, serial, before, after, size)).unwrap_or_default()
    }
}

impl Line {
    pub(super) fn intent(
        intent: &Intent<'_>,
        before: Option<BytesDigest>,
        after: BytesDigest,
        writer: &Writer,
    ) -> Self {
        let mut written = Written {
            at: Timestamp::try_from(intent.at).map(|at| at.to_string()).unwrap_or_default(),
            place: intent.place.to_owned(),
            who: intent.note.who.clone(),
            why: intent.note.why.clone(),
            lineage: intent.lineage.to_owned(),
            serial: intent.note.serial,
            before: before.map(|before| before.to_string()),
            after: after.to_string(),
            size: intent.after.len() as u64,
            key: None,
            authentication: None,
        };
        if let Some((key, authentication)) = writer.authenticate(&written.authenticated()) {
            written.key = Some(key);
            written.authentication = Some(authentication.to_string());
        }
        Self::Intent(Box::new(written))
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
    /// Digest of what was there before; `None` when nothing was. Where contents are encrypted it is a keyed one.
    pub before: Option<BytesDigest>,
    /// Digest of what was written. Where contents are encrypted it is a keyed one.
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
