//! What a lock says about its holder, in the form that terraform writes and reads.

use std::fmt;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who holds a lock, since when and for what: terraform's `LockInfo`, member for member.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct LockInfo {
    /// Id of the lock; a UUID where terraform or we chose it, otherwise whatever the store chose.
    #[serde(rename = "ID")]
    pub id: String,
    /// What is being done, such as `OperationTypeApply`.
    pub operation: String,
    /// More about it.
    pub info: String,
    /// Who, as `user@host`.
    pub who: String,
    /// Version of the program.
    pub version: String,
    /// When it was taken, in the form of RFC 3339, by the clock of its holder.
    pub created: String,
    /// Where the state lies, as the store says it.
    pub path: String,
}

impl LockInfo {
    /// A new lock with an id of its own.
    ///
    /// `operation` is what is being done, `who` is `user@host`, `now` the caller's clock. [`LockInfo::path`] is filled in by the
    /// store.
    #[must_use]
    pub fn new(operation: &str, who: &str, now: SystemTime) -> Self {
        Self {
            id: uuid::Uuid::new_v4().to_string(),
            operation: operation.to_owned(),
            who: who.to_owned(),
            version: concat!("landfast ", env!("CARGO_PKG_VERSION")).to_owned(),
            created: Timestamp::try_from(now).map(|now| now.to_string()).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// With the place of the state.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Reads the JSON text of a lock. Members that are not known are passed over.
    #[must_use]
    pub fn from_json(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }

    /// The JSON text that terraform reads.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// When it was taken; `None` where the text is not a time.
    #[must_use]
    pub fn created_at(&self) -> Option<SystemTime> {
        // Go's own form, `2026-01-02 03:04:05.6 +0000 UTC`, stands in files that terraform wrote.
        let text = self.created.strip_suffix(" UTC").unwrap_or(&self.created);
        text.parse::<Timestamp>().ok().map(SystemTime::from)
    }

    /// How old the lock is.
    #[must_use]
    pub fn age(&self, now: SystemTime) -> LockAge {
        match self.created_at().map(|created| now.duration_since(created)) {
            None => LockAge::Unknown,
            Some(Ok(age)) => LockAge::Since(age),
            Some(Err(ahead)) => LockAge::FromTheFuture(ahead.duration()),
        }
    }
}

/// How old a lock is, by two clocks that need not agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockAge {
    /// The lock does not say when it was taken.
    Unknown,
    /// So long ago.
    Since(Duration),
    /// It was taken so far in the future: the clocks of its holder and of this machine disagree.
    FromTheFuture(Duration),
}

impl fmt::Display for LockAge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("of unknown age"),
            Self::Since(age) => write!(f, "{} old", Coarse(*age)),
            Self::FromTheFuture(ahead) => {
                write!(f, "dated {} in the future, so the clocks disagree", Coarse(*ahead))
            }
        }
    }
}

/// A duration in its largest unit that is not zero.
struct Coarse(Duration);

impl fmt::Display for Coarse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0..60 => write!(f, "{seconds} s"),
            60..3600 => write!(f, "{} min", seconds / 60),
            3600..86400 => write!(f, "{} h", seconds / 3600),
            _ => write!(f, "{} d", seconds / 86400),
        }
    }
}

impl fmt::Display for LockInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |text: &'_ str, other: &'static str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
        write!(
            f,
            "{} ({}, {}, id {})",
            or(&self.who, "somebody unknown"),
            or(&self.operation, "no operation named"),
            or(&self.created, "no time named"),
            or(&self.id, "unknown")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_what_terraform_writes_and_back() {
        let text = r#"{"ID":"7cd9","Operation":"OperationTypeApply","Info":"","Who":"a@b","Version":"1.11.4","Created":"2026-11-21T09:00:00.5Z","Path":"terraform.tfstate"}"#;
        let info = LockInfo::from_json(text.as_bytes()).unwrap();
        assert_eq!(info.to_json(), text);
        let later = info.created_at().unwrap() + Duration::from_secs(7200);
        assert_eq!(info.age(later).to_string(), "2 h old");
        assert_eq!(
            info.age(info.created_at().unwrap() - Duration::from_secs(90)).to_string(),
            "dated 1 min in the future, so the clocks disagree"
        );
    }

    #[test]
    fn a_lock_that_says_nothing_is_still_a_lock() {
        let info = LockInfo::from_json(b"{}").unwrap();
        assert_eq!(info.age(SystemTime::now()), LockAge::Unknown);
        assert_eq!(info.to_string(), "somebody unknown (no operation named, no time named, id unknown)");
        assert_eq!(LockInfo::from_json(b"half {"), None);
    }
}
