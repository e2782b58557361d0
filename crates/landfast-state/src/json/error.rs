//! What can be wrong with a JSON document, and where. No message repeats a value from the document.

use std::borrow::Cow;
use std::fmt;

/// A place in a text: both numbers count from 1, columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Offset in bytes from the start of the text, from 0.
    pub offset: usize,
}

impl Place {
    /// The place of byte `offset` in `input`. Offsets past the end mean the end.
    #[must_use]
    pub fn of(input: &[u8], offset: usize) -> Self {
        let offset = offset.min(input.len());
        let before = input.get(..offset).unwrap_or_default();
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let in_line = before.get(line_start..).unwrap_or_default();
        // Bytes that continue a UTF-8 sequence do not start a character.
        let column = in_line.iter().filter(|byte| (**byte & 0xc0) != 0x80).count() + 1;
        Self { line, column, offset }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// What is wrong. Messages are lowercase fragments that name kinds of things, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// Nothing, or only white space.
    #[error("the file is empty")]
    Empty,
    /// Longer than [`Limits::max_bytes`](super::Limits::max_bytes).
    #[error("{actual} bytes are more than the limit of {limit}")]
    TooLarge {
        /// The limit in force.
        limit: usize,
        /// The length found.
        actual: usize,
    },
    /// Nested deeper than [`Limits::max_depth`](super::Limits::max_depth).
    #[error("nested deeper than the limit of {limit}")]
    TooDeep {
        /// The limit in force.
        limit: usize,
    },
    /// More of something than its limit allows.
    #[error("more than {limit} {what}")]
    TooMany {
        /// What there is too much of, in the plural.
        what: &'static str,
        /// The limit in force.
        limit: usize,
    },
    /// Bytes that are not UTF-8.
    #[error("invalid UTF-8")]
    InvalidUtf8,
    /// A byte order mark before the document.
    #[error("a byte order mark stands before the document")]
    ByteOrderMark,
    /// The text ends inside the document.
    #[error("the text ends where {expected} should follow")]
    UnexpectedEnd {
        /// What should follow.
        expected: &'static str,
    },
    /// Something else than expected.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What should stand here.
        expected: &'static str,
        /// The kind of thing that stands here.
        found: &'static str,
    },
    /// The same key twice in one object.
    #[error("duplicate key {key} (first at {first})")]
    DuplicateKey {
        /// The key, quoted and escaped.
        key: String,
        /// Where the key stands first.
        first: Place,
    },
    /// Half of a surrogate pair in a `\u` escape.
    #[error("a lone surrogate in a \\u escape")]
    LoneSurrogate,
    /// An escape that JSON does not have.
    #[error("an invalid escape in a string")]
    InvalidEscape,
    /// A control character that must be escaped.
    #[error("an unescaped control character in a string")]
    ControlCharacter,
    /// Not a JSON number.
    #[error("an invalid number")]
    InvalidNumber,
    /// `NaN` or `Infinity`, which JSON does not have.
    #[error("NaN and Infinity are not JSON numbers")]
    NotANumber,
    /// Something after the end of the document.
    #[error("something follows the end of the document")]
    TrailingData,
    /// A value that has the right kind but breaks a rule of the format.
    #[error("{0}")]
    Invalid(String),
}

/// What is wrong with a document, with the place and the path at which it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// What is wrong.
    pub kind: JsonErrorKind,
    /// Where the text was seen to be wrong.
    pub place: Place,
    /// JSON path of the value that was being read, such as `resources[0].serial`; empty for the document itself.
    pub path: String,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", At(self.place, &self.path), self.kind)
    }
}

impl std::error::Error for JsonError {}

/// A place, and the path of the value that stands there, for the start of a message: `2:7` or `2:7: at serial`.
pub(crate) struct At<'a>(pub(crate) Place, pub(crate) &'a str);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(place, path) = self;
        if path.is_empty() { place.fmt(f) } else { write!(f, "{place}: at {}", shortened(path)) }
    }
}

/// The longest path that a message shows whole, and what it shows of the start and end of a longer one, in characters.
const LONGEST_PATH: usize = 160;
const SHOWN_OF_START: usize = 100;
const SHOWN_OF_END: usize = 40;

/// A path that is not too long for a message.
fn shortened(path: &str) -> Cow<'_, str> {
    let count = path.chars().count();
    if count <= LONGEST_PATH {
        return Cow::Borrowed(path);
    }
    let start: String = path.chars().take(SHOWN_OF_START).collect();
    let end: String = path.chars().skip(count - SHOWN_OF_END).collect();
    Cow::Owned(format!("{start}…{end}"))
}
