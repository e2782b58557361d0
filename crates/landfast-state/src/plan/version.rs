//! The version of the documents' format.

use std::fmt;

use super::optional::Read;
use crate::json::{Place, Reader, quote_safe};
use crate::read_error::{ReadError, VersionAge};

/// The `format_version` of a plan or show JSON document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FormatVersion {
    /// Raised when readers of the last version no longer understand the document.
    pub major: u32,
    /// Raised when members are added.
    pub minor: u32,
}

/// At most this much of a version that is refused stands in the message.
const SHOWN_CHARS: usize = 32;

/// A version as it stands in a document, not taken apart yet.
#[derive(Debug)]
pub(super) struct WrittenVersion {
    text: Box<str>,
    place: Place,
}

impl WrittenVersion {
    /// Reads the value that is next, or `None` for `null`.
    pub(super) fn read(reader: &mut Reader<'_>) -> Read<Option<Self>> {
        let place = reader.place();
        Ok(if reader.null()? { None } else { Some(Self { text: reader.string()?.into(), place }) })
    }

    /// A version whose member is missing, so that its place is that of the object that lacks it.
    pub(super) fn missing(place: Place) -> Self {
        Self { text: Box::default(), place }
    }

    /// The same, in a text of which the reader saw one line alone: it stands below `above` others, which have `bytes` bytes.
    pub(super) fn below(mut self, above: usize, bytes: usize) -> Self {
        self.place.line += above;
        self.place.offset += bytes;
        self
    }
}

impl FormatVersion {
    /// Takes a version apart and refuses a major version that this crate does not know. Every minor version of
    /// a known major one is taken.
    pub(super) fn check(written: &WrittenVersion, format: &'static str, file: &str) -> Result<Self, ReadError> {
        let WrittenVersion { text, place } = written;
        let version = text.split_once('.').and_then(|(major, minor)| Some((digits(major)?, digits(minor)?)));
        match version {
            Some((major @ 0..=1, minor)) => Ok(Self { major, minor }),
            _ => {
                let shown: String = text.chars().take(SHOWN_CHARS).collect();
                Err(ReadError::UnsupportedVersion {
                    file: file.to_owned(),
                    place: *place,
                    format,
                    version: quote_safe(&shown),
                    supported: "0.x and 1.x",
                    age: if version.is_some() { VersionAge::Later } else { VersionAge::Unheard },
                })
            }
        }
    }
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

impl fmt::Display for FormatVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_every_minor_version_and_refuses_other_majors_by_name() {
        let check = |text: &str| {
            let written = WrittenVersion { text: text.into(), place: Place::of(b"{", 1) };
            FormatVersion::check(&written, "plan JSON", "p.json").map_err(|error| error.to_string())
        };
        for text in ["0.1", "0.2", "1.0", "1.2", "1.99"] {
            assert_eq!(check(text).unwrap().to_string(), text);
        }
        for text in ["2.0", "abc", "", "1", "1.", "-1.0", "+1.0", "1.0.0", "99999999999.0", "1.x\u{1b}[31m"] {
            let message = check(text).unwrap_err();
            assert!(message.starts_with("p.json:1:2: plan JSON of version \""), "{message}");
            assert!(!message.contains('\u{1b}'));
        }
        insta::assert_snapshot!(check("2.0").unwrap_err(), @r#"p.json:1:2: plan JSON of version "2.0" is not supported (supported: 0.x and 1.x)"#);
    }
}
