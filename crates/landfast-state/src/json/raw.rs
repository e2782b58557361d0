//! Checked slices: parts of a document that [`Reader`](super::Reader) has checked and nobody has taken apart yet.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

use super::error::JsonError;
use super::limits::Limits;
use super::reader::Reader;
use super::scan::{is_white_space, plain_run_end, skip_white_space};
use super::text;

/// The text of one JSON value that has been checked. Walking it checks nothing again and allocates nothing.
///
/// `Debug` shows the length only: the text may hold a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Raw<'a>(&'a str);

/// A [`Raw`] value taken apart by one level.
#[derive(Debug, Clone)]
pub enum RawKind<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// The text of a number.
    Number(&'a str),
    /// A string, its escapes taken apart.
    String(Cow<'a, str>),
    /// The elements of an array.
    Array(Elements<'a>),
    /// The members of an object, in the order of the text.
    Object(Members<'a>),
}

impl<'a> Raw<'a> {
    /// The value `null`.
    pub const NULL: Raw<'static> = Raw("null");

    /// The empty string.
    pub const EMPTY_STRING: Raw<'static> = Raw("\"\"");

    /// Checks a whole document.
    ///
    /// # Errors
    /// On everything that [`Reader`] refuses.
    pub fn check(input: &'a [u8], limits: &Limits) -> Result<Self, JsonError> {
        let mut reader = Reader::new(input, limits)?;
        let raw = reader.raw()?;
        reader.finish()?;
        Ok(raw)
    }

    /// A text that a [`Reader`] has passed as one value.
    pub(crate) fn checked(text: &'a str) -> Self {
        Self(text)
    }

    /// The text, without white space around it.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// The value, taken apart by one level.
    #[must_use]
    pub fn kind(self) -> RawKind<'a> {
        match self.0.as_bytes().first() {
            Some(b'{') => RawKind::Object(Members(Items::inside(self.0))),
            Some(b'[') => RawKind::Array(Elements(Items::inside(self.0))),
            Some(b'"') => RawKind::String(string_of(self.0)),
            Some(b't') => RawKind::Bool(true),
            Some(b'f') => RawKind::Bool(false),
            Some(b'n') | None => RawKind::Null,
            Some(_) => RawKind::Number(self.0),
        }
    }

    /// Offset in bytes at which this slice begins in `document`, when it is a slice of that very memory.
    pub(crate) fn offset_in(self, document: &str) -> Option<usize> {
        let offset = (self.0.as_ptr() as usize).checked_sub(document.as_ptr() as usize)?;
        (offset + self.0.len() <= document.len()).then_some(offset)
    }

    /// The members of an object with their keys as quoted in the text.
    pub(crate) fn quoted_members(self) -> impl Iterator<Item = (Raw<'a>, Raw<'a>)> {
        let mut items = Items::inside(if self.0.starts_with('{') { self.0 } else { "{}" });
        std::iter::from_fn(move || {
            let key = items.take_value()?;
            items.skip(b':');
            Some((Raw(key), Raw(items.take_value()?)))
        })
    }

    /// The key that stands at this offset of the text, as [`NameFilter::offsets`](super::NameFilter::offsets) gives it.
    #[must_use]
    pub fn key_at(self, offset: usize) -> Cow<'a, str> {
        let rest = self.0.get(offset..).unwrap_or_default();
        string_of(rest.get(..string_len(rest.as_bytes())).unwrap_or_default())
    }

    /// Whether this is `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        matches!(self.kind(), RawKind::Null)
    }

    /// The members, when this is an object.
    #[must_use]
    pub fn members(self) -> Option<Members<'a>> {
        match self.kind() {
            RawKind::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The elements, when this is an array.
    #[must_use]
    pub fn elements(self) -> Option<Elements<'a>> {
        match self.kind() {
            RawKind::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The text of the string, when this is one.
    #[must_use]
    pub fn as_string(self) -> Option<Cow<'a, str>> {
        match self.kind() {
            RawKind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The member with this key, when this is an object that has it.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Raw<'a>> {
        self.members()?.find(|(name, _)| name == key).map(|(_, value)| value)
    }
}

impl fmt::Debug for Raw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raw({} bytes)", self.0.len())
    }
}

/// The members of a [`Raw`] object: key and value, in the order of the text.
#[derive(Debug, Clone)]
pub struct Members<'a>(Items<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, Raw<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.0.take_value()?;
        self.0.skip(b':');
        Some((string_of(key), Raw(self.0.take_value()?)))
    }
}

/// The elements of a [`Raw`] array.
#[derive(Debug, Clone)]
pub struct Elements<'a>(Items<'a>);

impl<'a> Iterator for Elements<'a> {
    type Item = Raw<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take_value().map(Raw)
    }
}

/// A cursor over the inside of a checked container.
#[derive(Clone)]
struct Items<'a>(&'a str);

impl fmt::Debug for Items<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes left", self.0.len())
    }
}

impl<'a> Items<'a> {
    fn inside(container: &'a str) -> Self {
        let end = container.len().saturating_sub(1);
        Self(container.get(1..end).unwrap_or_default())
    }

    fn skip(&mut self, sign: u8) {
        self.0 = self.0.trim_ascii_start();
        if self.0.as_bytes().first() == Some(&sign) {
            self.0 = self.0.get(1..).unwrap_or_default();
        }
        self.0 = self.0.trim_ascii_start();
    }

    fn take_value(&mut self) -> Option<&'a str> {
        self.skip(b',');
        let len = value_len(self.0.as_bytes());
        let value = self.0.get(..len).filter(|value| !value.is_empty())?;
        self.0 = self.0.get(len..).unwrap_or_default();
        Some(value)
    }
}

/// Length of the checked value that `text` starts with.
fn value_len(text: &[u8]) -> usize {
    match text.first() {
        Some(b'"') => string_len(text),
        Some(b'{' | b'[') => container_len(text),
        _ => text
            .iter()
            .position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r'))
            .unwrap_or(text.len()),
    }
}

fn string_len(text: &[u8]) -> usize {
    let mut at = plain_run_end(text, 1);
    loop {
        match text.get(at) {
            Some(b'"') => return at + 1,
            Some(_) => at = plain_run_end(text, at + 2),
            None => return text.len(),
        }
    }
}

fn container_len(text: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                at += string_len(text.get(at..).unwrap_or_default());
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            byte if is_white_space(*byte) => {
                at = skip_white_space(text, at);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    text.len()
}

fn string_of(quoted: &str) -> Cow<'_, str> {
    let end = quoted.len().saturating_sub(1);
    text::unescape(quoted.get(1..end).unwrap_or_default())
}

/// An owned checked value: a slice of a shared buffer, cheap to clone.
///
/// `Debug` shows the length only: the text may hold a secret.
#[derive(Clone)]
pub struct RawJson(Bytes);

impl RawJson {
    /// Checks a whole document and keeps it.
    ///
    /// # Errors
    /// On everything that [`Reader`] refuses.
    pub fn check(input: Bytes, limits: &Limits) -> Result<Self, JsonError> {
        let raw = Raw::check(&input, limits)?;
        Ok(Self::from_raw(&input, raw))
    }

    /// The owned form of `raw`, a slice of `source`, sharing its memory. A slice of another buffer is copied.
    #[must_use]
    pub fn from_raw(source: &Bytes, raw: Raw<'_>) -> Self {
        let bytes = raw.0.as_bytes();
        let inside = source.as_ptr_range().contains(&bytes.as_ptr()) && bytes.len() <= source.len();
        Self(if inside { source.slice_ref(bytes) } else { Bytes::copy_from_slice(bytes) })
    }

    /// The part of a text that a [`Reader`] has passed as one value.
    pub(crate) fn checked_slice(source: &Bytes, span: std::ops::Range<usize>) -> Self {
        let inside = span.start <= span.end && span.end <= source.len();
        Self(if inside { source.slice(span) } else { Bytes::new() })
    }

    /// The borrowed form.
    #[must_use]
    pub fn as_raw(&self) -> Raw<'_> {
        // Checked when this was made; the empty text stands for null and cannot come from a check.
        Raw(std::str::from_utf8(&self.0).unwrap_or("null"))
    }
}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_raw().fmt(f)
    }
}
