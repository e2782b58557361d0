//! The reader: a cursor over a text that checks what it passes.

use std::borrow::Cow;

use super::error::{JsonError, JsonErrorKind as E, Place};
use super::keys::Twice;
use super::kind::Kind;
use super::limits::Limits;
use super::open::{Frame, Open};
use super::raw::Raw;
use super::scan::{plain_run_end, skip_white_space};
use super::text;

const A_KEY: &str = "a key or the end of the object";
const AN_ELEMENT: &str = "a value or the end of the array";

/// A checking cursor over one JSON text. See the [module](super) for what it refuses.
///
/// ```
/// use landfast_state::json::{Limits, Reader};
///
/// let mut reader = Reader::new(br#"{"serial": 7, "rest": [1, 2]}"#, &Limits::default())?;
/// reader.enter_object()?;
/// let mut serial = None;
/// while let Some(key) = reader.next_member()? {
///     match &*key {
///         "serial" => serial = Some(reader.unsigned()?),
///         _ => drop(reader.raw()?),
///     }
/// }
/// reader.finish()?;
/// assert_eq!(serial, Some(7));
/// # Ok::<(), landfast_state::json::JsonError>(())
/// ```
#[derive(Debug)]
pub struct Reader<'a> {
    pub(super) text: &'a str,
    pos: usize,
    /// Whether more follows behind `text`, so that its end means nothing.
    partial: bool,
    pub(super) open: Open,
}

impl<'a> Reader<'a> {
    /// Starts at the beginning of `input`, after checking its size and that it is UTF-8.
    ///
    /// # Errors
    /// [`E::TooLarge`], [`E::Empty`], [`E::ByteOrderMark`] or [`E::InvalidUtf8`].
    pub fn new(input: &'a [u8], limits: &Limits) -> Result<Self, JsonError> {
        let fail = |kind, offset| JsonError { kind, place: Place::of(input, offset), path: String::new() };
        if input.len() > limits.max_bytes {
            let kind = E::TooLarge { limit: limits.max_bytes, actual: input.len() };
            return Err(JsonError { kind, place: Place::of(&[], 0), path: String::new() });
        }
        if input.starts_with(b"\xef\xbb\xbf") {
            return Err(fail(E::ByteOrderMark, 0));
        }
        let text = std::str::from_utf8(input).map_err(|error| fail(E::InvalidUtf8, error.valid_up_to()))?;
        if skip_white_space(input, 0) == input.len() {
            return Err(fail(E::Empty, 0));
        }
        Ok(Self { text, pos: 0, partial: false, open: Open::new(limits) })
    }

    /// Goes on at `pos` of a text that was begun before; `partial` says whether more follows behind it.
    pub(crate) fn resume(text: &'a str, pos: usize, partial: bool, open: Open) -> Self {
        Self { text, pos, partial, open }
    }

    /// Stops, to be resumed.
    pub(crate) fn suspend(self) -> (usize, Open) {
        (self.pos, self.open)
    }

    /// The limits in force.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.open.limits
    }

    /// Offset in bytes of the next token; white space before it is passed.
    pub fn offset(&mut self) -> usize {
        self.skip_white_space();
        self.pos
    }

    /// Offset in bytes behind the last token that was passed.
    pub(crate) fn passed(&self) -> usize {
        self.pos
    }

    /// The offset in the whole document of an offset in the text at hand.
    pub(crate) fn absolute(&self, offset: usize) -> usize {
        self.open.base + offset
    }

    /// Passes a value that is written like `text`, which was checked where it stood as deep as this one does; `false` where
    /// another follows.
    pub(crate) fn pass_same(&mut self, text: &str) -> Result<bool, JsonError> {
        self.skip_white_space();
        let rest = self.rest();
        if self.partial && rest.len() < text.len() && text.starts_with(rest) {
            return Err(self.error(E::UnexpectedEnd { expected: "the rest of a value" }));
        }
        let same = rest.starts_with(text);
        self.pos += if same { text.len() } else { 0 };
        Ok(same)
    }

    /// A span of the text that has been passed as one value.
    pub(crate) fn slice(&self, span: std::ops::Range<usize>) -> Raw<'a> {
        Raw::checked(self.text.get(span).unwrap_or("null"))
    }

    /// Whether nothing but white space follows the document; unknown, as an error, while more follows the text.
    pub(crate) fn at_end(&mut self) -> Result<(), JsonError> {
        self.skip_white_space();
        match self.byte() {
            Some(_) => Err(self.error(E::TrailingData)),
            None if self.partial => Err(self.error(E::UnexpectedEnd { expected: "the end of the document" })),
            None => Ok(()),
        }
    }

    /// Where the next token stands.
    pub fn place(&mut self) -> Place {
        let offset = self.offset();
        self.place_of(offset)
    }

    /// An error of this kind at the value that is next, with the path of the container that is open.
    #[must_use]
    pub fn error(&self, kind: E) -> JsonError {
        self.error_at(kind, self.pos)
    }

    /// An [`E::Invalid`] error, at `offset`.
    #[must_use]
    pub fn invalid_at(&self, offset: usize, what: impl Into<String>) -> JsonError {
        self.error_at(E::Invalid(what.into()), offset)
    }

    /// As [`Reader::invalid_at`], at an offset in the whole document.
    pub(crate) fn invalid_at_absolute(&self, offset: usize, what: impl Into<String>) -> JsonError {
        JsonError { kind: E::Invalid(what.into()), place: self.place_of_absolute(offset), path: self.path() }
    }

    /// The kind of the value that is next.
    ///
    /// # Errors
    /// When no value can start here.
    pub fn peek(&mut self) -> Result<Kind, JsonError> {
        self.skip_white_space();
        match self.byte() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'"') => Ok(Kind::String),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'n') => Ok(Kind::Null),
            Some(b'-') if self.rest().starts_with("-I") => Err(self.error(E::NotANumber)),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b'N' | b'I') => Err(self.error(E::NotANumber)),
            found => Err(self.unexpected("a value", found)),
        }
    }

    /// Enters an object; read its members with [`Reader::next_member`] until that gives none.
    ///
    /// # Errors
    /// When the next value is not an object, or too deep.
    pub fn enter_object(&mut self) -> Result<(), JsonError> {
        self.expect(Kind::Object)?;
        self.enter(Kind::Object)
    }

    /// Enters an array; read its elements while [`Reader::next_element`] says there is one.
    ///
    /// # Errors
    /// When the next value is not an array, or too deep.
    pub fn enter_array(&mut self) -> Result<(), JsonError> {
        self.expect(Kind::Array)?;
        self.enter(Kind::Array)
    }

    /// The key of the next member of the open object, its value to be read next; `None` at the object's end.
    ///
    /// # Errors
    /// On broken syntax and on a key that the object already has.
    pub fn next_member(&mut self) -> Result<Option<Cow<'a, str>>, JsonError> {
        if !self.next_item(b'}', A_KEY)? {
            return Ok(None);
        }
        let span = self.key()?;
        Ok(Some(key_text(self.text, span)))
    }

    /// Whether the open array has one more element, to be read next; `false` at the array's end.
    ///
    /// # Errors
    /// On broken syntax.
    pub fn next_element(&mut self) -> Result<bool, JsonError> {
        self.next_item(b']', AN_ELEMENT)
    }

    /// Reads a string.
    ///
    /// # Errors
    /// When the next value is not a string, or a broken one.
    pub fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.expect(Kind::String)?;
        self.count_value()?;
        let (span, _) = self.string_span()?;
        Ok(key_text(self.text, span))
    }

    /// Reads a boolean.
    ///
    /// # Errors
    /// When the next value is not a boolean.
    pub fn boolean(&mut self) -> Result<bool, JsonError> {
        self.expect(Kind::Bool)?;
        self.count_value()?;
        if self.byte() == Some(b't') { self.word("true").map(|()| true) } else { self.word("false").map(|()| false) }
    }

    /// Reads the text of a number, checked against JSON's grammar.
    ///
    /// # Errors
    /// When the next value is not a number, or a broken or too long one.
    pub fn number(&mut self) -> Result<&'a str, JsonError> {
        self.expect(Kind::Number)?;
        self.count_value()?;
        self.number_text()
    }

    /// Reads an integer from 0 to 2^64 - 1, written without fraction and exponent.
    ///
    /// # Errors
    /// When the next value is anything else.
    pub fn unsigned(&mut self) -> Result<u64, JsonError> {
        let at = self.offset();
        let text = self.number()?;
        text.parse().map_err(|_| {
            let what = if text.starts_with('-') {
                "negative, where an unsigned integer is needed"
            } else if text.bytes().all(|byte| byte.is_ascii_digit()) {
                "larger than an unsigned 64-bit integer can be"
            } else {
                "a number with a fraction or an exponent, where an unsigned integer is needed"
            };
            self.invalid_at(at, what)
        })
    }

    /// Reads `null` if it is next, and says whether it was.
    ///
    /// # Errors
    /// When no value can start here.
    pub fn null(&mut self) -> Result<bool, JsonError> {
        if self.peek()? != Kind::Null {
            return Ok(false);
        }
        self.count_value()?;
        self.word("null").map(|()| true)
    }

    /// Passes one whole value, checking every part of it, and gives its text.
    ///
    /// # Errors
    /// When anything in the value is wrong.
    pub fn raw(&mut self) -> Result<Raw<'a>, JsonError> {
        let start = self.offset();
        let floor = self.open.frames.len();
        loop {
            match self.peek()? {
                kind @ (Kind::Object | Kind::Array) => self.enter(kind)?,
                Kind::String => {
                    self.count_value()?;
                    self.string_span()?;
                }
                Kind::Number => {
                    self.count_value()?;
                    self.number_text()?;
                }
                Kind::Bool => drop(self.boolean()?),
                Kind::Null => drop(self.null()?),
            }
            // Move to the next value that is to be read, leaving the containers that end here.
            loop {
                if self.open.frames.len() == floor {
                    return Ok(Raw::checked(self.text.get(start..self.pos).unwrap_or_default()));
                }
                let more = match self.open.frames.last().map(|frame| frame.kind) {
                    Some(Kind::Object) => {
                        let more = self.next_item(b'}', A_KEY)?;
                        if more {
                            self.key()?;
                        }
                        more
                    }
                    _ => self.next_item(b']', AN_ELEMENT)?,
                };
                if more {
                    break;
                }
            }
        }
    }

    /// Checks that nothing but white space follows the document.
    ///
    /// # Errors
    /// [`E::TrailingData`].
    pub fn finish(mut self) -> Result<(), JsonError> {
        self.at_end()
    }

    /// Checks that the next value is of this kind.
    ///
    /// # Errors
    /// [`E::Unexpected`], with the kind found.
    pub fn expect(&mut self, kind: Kind) -> Result<(), JsonError> {
        let found = self.peek()?;
        if found == kind {
            return Ok(());
        }
        Err(self.error(E::Unexpected { expected: kind.name(), found: found.name() }))
    }

    /// The path of the value that is being read, as `a.b[0]["c d"]`.
    #[must_use]
    pub fn path(&self) -> String {
        self.open.path(self.text, self.open.depth())
    }

    fn enter(&mut self, kind: Kind) -> Result<(), JsonError> {
        let limit = self.open.limits.depth();
        if self.open.frames.len() >= limit {
            return Err(self.error(E::TooDeep { limit }));
        }
        self.count_value()?;
        self.pos += 1;
        self.open.frames.push(Frame { kind, keys_from: self.open.keys.len(), count: 0 });
        Ok(())
    }

    /// Passes the comma before the next item, or the end of the container.
    #[inline]
    fn next_item(&mut self, end: u8, expected: &'static str) -> Result<bool, JsonError> {
        self.skip_white_space();
        let first = self.open.frames.last().is_none_or(|frame| frame.count == 0);
        match self.byte() {
            Some(byte) if byte == end => {
                self.leave()?;
                return Ok(false);
            }
            Some(b',') if !first => {
                self.pos += 1;
                self.skip_white_space();
                if matches!(self.byte(), Some(b'}' | b']')) {
                    return Err(self.unexpected("something after the comma", self.byte()));
                }
            }
            _ if first => {}
            found => return Err(self.unexpected(expected, found)),
        }
        if self.byte().is_none() {
            return Err(self.unexpected(expected, None));
        }
        if let Some(frame) = self.open.frames.last_mut() {
            frame.count += 1;
        }
        Ok(true)
    }

    /// Passes a key of the open object and the colon behind it.
    #[inline]
    fn key(&mut self) -> Result<(usize, usize), JsonError> {
        if self.byte() != Some(b'"') {
            return Err(self.unexpected("a key", self.byte()));
        }
        let (span, escaped) = self.string_span()?;
        self.skip_white_space();
        if self.byte() != Some(b':') {
            return Err(self.unexpected("a colon after the key", self.byte()));
        }
        self.pos += 1;
        let from = self.open.frames.last().map_or(0, |frame| frame.keys_from);
        match self.open.keys.push(self.text, self.open.base, from, span, escaped) {
            None => Ok(span),
            Some(twice) => Err(self.duplicate(&twice)),
        }
    }

    #[inline]
    fn leave(&mut self) -> Result<(), JsonError> {
        let Some(frame) = self.open.frames.last() else {
            return Ok(());
        };
        if let Some(twice) = self.open.keys.close(self.text, self.open.base, frame.keys_from) {
            return Err(self.duplicate(&twice));
        }
        self.open.frames.pop();
        self.pos += 1;
        Ok(())
    }

    /// The error for a key that stands twice; the path names the object that has both.
    #[cold]
    pub(super) fn duplicate(&self, twice: &Twice) -> JsonError {
        JsonError {
            kind: E::DuplicateKey { key: text::quote_safe(&twice.key), first: self.place_of_absolute(twice.first) },
            place: self.place_of_absolute(twice.second),
            path: self.open.path(self.text, self.open.depth().saturating_sub(1)),
        }
    }

    #[inline]
    fn count_value(&mut self) -> Result<(), JsonError> {
        self.open.values += 1;
        if self.open.values > self.open.limits.max_values {
            return Err(self.error(E::TooMany { what: "values", limit: self.open.limits.max_values }));
        }
        Ok(())
    }

    /// Passes a string at the cursor: the span, which excludes its quotes, and whether there are escapes in it.
    #[inline]
    fn string_span(&mut self) -> Result<((usize, usize), bool), JsonError> {
        let bytes = self.text.as_bytes();
        let start = self.pos + 1;
        let mut escaped = false;
        self.pos = start;
        loop {
            self.pos = plain_run_end(bytes, self.pos);
            match bytes.get(self.pos) {
                Some(b'"') => {
                    let end = self.pos;
                    self.pos += 1;
                    return Ok(((start, end), escaped));
                }
                Some(b'\\') => {
                    escaped = true;
                    self.pos += self.escape_len()?;
                }
                Some(_) => return Err(self.error(E::ControlCharacter)),
                None => return Err(self.error(E::UnexpectedEnd { expected: "the end of a string" })),
            }
        }
    }

    fn escape_len(&self) -> Result<usize, JsonError> {
        let rest = self.rest();
        // The longest escape is a surrogate pair.
        if self.partial && rest.len() < 12 {
            return Err(self.error(E::UnexpectedEnd { expected: "the rest of an escape" }));
        }
        text::escape_len(rest).map_err(|kind| self.error(kind))
    }

    fn number_text(&mut self) -> Result<&'a str, JsonError> {
        let bytes = self.text.as_bytes();
        let start = self.pos;
        let end = bytes
            .get(start..)
            .unwrap_or_default()
            .iter()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            .map_or(bytes.len(), |len| start + len);
        if end - start > self.open.limits.max_number_len {
            let limit = self.open.limits.max_number_len;
            return Err(self.error(E::TooMany { what: "characters in a number", limit }));
        }
        if self.partial && end == bytes.len() {
            return Err(self.error(E::UnexpectedEnd { expected: "the rest of a number" }));
        }
        let number = self.text.get(start..end).unwrap_or_default();
        if !crate::number::is_json_number(number) {
            return Err(self.error(E::InvalidNumber));
        }
        self.pos = end;
        Ok(number)
    }

    fn word(&mut self, word: &'static str) -> Result<(), JsonError> {
        let rest = self.rest();
        if !rest.starts_with(word) {
            let found = self.byte().filter(|_| !(self.partial && word.starts_with(rest)));
            return Err(self.unexpected("a value", found));
        }
        self.pos += word.len();
        Ok(())
    }

    #[inline]
    fn skip_white_space(&mut self) {
        self.pos = skip_white_space(self.text.as_bytes(), self.pos);
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.pos).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.pos..).unwrap_or_default()
    }

    #[cold]
    fn unexpected(&self, expected: &'static str, found: Option<u8>) -> JsonError {
        self.error(match found {
            None => E::UnexpectedEnd { expected },
            Some(byte) => E::Unexpected { expected, found: text::class_of(byte) },
        })
    }

    #[cold]
    fn error_at(&self, kind: E, offset: usize) -> JsonError {
        JsonError { kind, place: self.place_of(offset), path: self.path() }
    }

    /// The place of an offset in the text that is at hand. In a text that was resumed, lines and columns count from its
    /// beginning: only the offset is the document's.
    fn place_of(&self, offset: usize) -> Place {
        let place = Place::of(self.text.as_bytes(), offset);
        Place { offset: place.offset + self.open.base, ..place }
    }

    fn place_of_absolute(&self, offset: usize) -> Place {
        match offset.checked_sub(self.open.base) {
            Some(offset) => self.place_of(offset),
            None => Place { offset, ..Place::of(b"", 0) },
        }
    }
}

/// The text of a checked string whose quotes stand just outside `span`.
fn key_text(text: &str, span: (usize, usize)) -> Cow<'_, str> {
    text::unescape(text.get(span.0..span.1).unwrap_or_default())
}
