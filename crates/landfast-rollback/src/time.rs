//! Moments as RFC 3339 text, in UTC with milliseconds.

use std::time::SystemTime;

use jiff::Timestamp;

/// The text of a moment; moments outside of the years -9999 to 9999 are the nearest one inside.
pub(crate) fn to_text(at: SystemTime) -> String {
    let stamp =
        Timestamp::try_from(at).unwrap_or(if at < SystemTime::UNIX_EPOCH { Timestamp::MIN } else { Timestamp::MAX });
    format!("{stamp:.3}")
}

/// The moment of a text in RFC 3339.
pub(crate) fn from_text(text: &str) -> Option<SystemTime> {
    text.parse::<Timestamp>().ok().map(SystemTime::from)
}
