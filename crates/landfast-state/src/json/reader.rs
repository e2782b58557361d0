//! The reader: a cursor over a text that checks what it passes.

use std::borrow::Cow;

use super::error::{JsonError, JsonErrorKind as E, Place};
use super::kind::Kind;
use super::limits::Limits;
use super::raw::Raw;
use super::text;

/// Objects with up to this many keys are checked for duplicates as each key is read, larger ones by sorting at their end.
const EAGER_KEYS: usize = 16;

#[derive(Debug)]
struct Frame {
    kind: Kind,
    /// Where this object's keys begin in `Reader::keys`.
    keys_from: usize,
    /// Members or elements begun so far.
    count: usize,
}

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
    text: &'a str,
    pos: usize,
    limits: Limits,
    frames: Vec<Frame>,
    /// Spans of the keys of all open objects, quotes excluded: a stack shared by the frames.
    keys: Vec<(usize, usize)>,
    values: usize,
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
        if text.bytes().all(is_white_space) {
            return Err(fail(E::Empty, 0));
        }
        Ok(Self { text, pos: 0, limits: limits.clone(), frames: Vec::new(), keys: Vec::new(), values: 0 })
    }

    /// The limits in force.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Offset in bytes of the next token; white space before it is passed.
    pub fn offset(&mut self) -> usize {
        self.skip_white_space();
        self.pos
    }

    /// Where the next token stands.
    pub fn place(&mut self) -> Place {
        let offset = self.offset();
        Place::of(self.text.as_bytes(), offset)
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
        if !self.next_item(b'}', "a key or the end of the object")? {
            return Ok(None);
        }
        let at = self.pos;
        if self.byte() != Some(b'"') {
            return Err(self.unexpected("a key", self.byte()));
        }
        let span = self.string_span()?;
        self.skip_white_space();
        if self.byte() != Some(b':') {
            return Err(self.unexpected("a colon after the key", self.byte()));
        }
        self.pos += 1;
        self.keys.push(span);
        let text = self.text;
        let (from, count) = self.frames.last().map_or((0, 0), |frame| (frame.keys_from, frame.count));
        if count <= EAGER_KEYS {
            let known = self.keys.get(from..self.keys.len() - 1).unwrap_or_default();
            if let Some(first) = known.iter().find(|other| same_key(text, **other, span)) {
                return Err(self.duplicate(first.0 - 1, at));
            }
        }
        Ok(Some(key_text(text, span)))
    }

    /// Whether the open array has one more element, to be read next; `false` at the array's end.
    ///
    /// # Errors
    /// On broken syntax.
    pub fn next_element(&mut self) -> Result<bool, JsonError> {
        self.next_item(b']', "a value or the end of the array")
    }

    /// Reads a string.
    ///
    /// # Errors
    /// When the next value is not a string, or a broken one.
    pub fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.expect(Kind::String)?;
        self.count_value()?;
        let span = self.string_span()?;
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
        let floor = self.frames.len();
        loop {
            match self.peek()? {
                Kind::Object => self.enter(Kind::Object)?,
                Kind::Array => self.enter(Kind::Array)?,
                Kind::String => drop(self.string()?),
                Kind::Bool => drop(self.boolean()?),
                Kind::Null => drop(self.null()?),
                Kind::Number => drop(self.number()?),
            }
            // Move to the next value that is to be read, leaving the containers that end here.
            loop {
                if self.frames.len() == floor {
                    return Ok(Raw::checked(self.text.get(start..self.pos).unwrap_or_default()));
                }
                let more = match self.frames.last().map(|frame| frame.kind) {
                    Some(Kind::Object) => self.next_member()?.is_some(),
                    _ => self.next_element()?,
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
        self.skip_white_space();
        if self.pos < self.text.len() {
            return Err(self.error(E::TrailingData));
        }
        Ok(())
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
        self.path_through(self.frames.len())
    }

    /// The path through the outermost `depth` open containers.
    fn path_through(&self, depth: usize) -> String {
        let mut path = String::new();
        for (level, frame) in self.frames.iter().enumerate().take(depth) {
            if frame.count == 0 {
                break;
            }
            if frame.kind == Kind::Array {
                path.push_str(&format!("[{}]", frame.count - 1));
                continue;
            }
            let keys_to = self.frames.get(level + 1).map_or(self.keys.len(), |inner| inner.keys_from);
            let key = self.keys.get(frame.keys_from..keys_to).and_then(<[_]>::last);
            text::push_key(&mut path, &key.map(|span| key_text(self.text, *span)).unwrap_or_default());
        }
        path
    }

    fn enter(&mut self, kind: Kind) -> Result<(), JsonError> {
        let limit = self.limits.depth();
        if self.frames.len() >= limit {
            return Err(self.error(E::TooDeep { limit }));
        }
        self.count_value()?;
        self.pos += 1;
        self.frames.push(Frame { kind, keys_from: self.keys.len(), count: 0 });
        Ok(())
    }

    /// Passes the comma before the next item, or the end of the container.
    fn next_item(&mut self, end: u8, expected: &'static str) -> Result<bool, JsonError> {
        self.skip_white_space();
        let first = self.frames.last().is_none_or(|frame| frame.count == 0);
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
        if let Some(frame) = self.frames.last_mut() {
            frame.count += 1;
        }
        Ok(true)
    }

    fn leave(&mut self) -> Result<(), JsonError> {
        let Some(frame) = self.frames.last() else {
            return Ok(());
        };
        if frame.count > EAGER_KEYS && frame.kind == Kind::Object {
            let text = self.text;
            let from = frame.keys_from;
            let keys = self.keys.get_mut(from..).unwrap_or_default();
            keys.sort_unstable_by(|a, b| key_text(text, *a).cmp(&key_text(text, *b)).then(a.0.cmp(&b.0)));
            let twice = keys
                .windows(2)
                .filter_map(|pair| match pair {
                    [a, b] if same_key(text, *a, *b) => Some((a.0 - 1, b.0 - 1)),
                    _ => None,
                })
                .min_by_key(|(_, second)| *second);
            if let Some((first, second)) = twice {
                return Err(self.duplicate(first, second));
            }
        }
        self.keys.truncate(frame.keys_from);
        self.frames.pop();
        self.pos += 1;
        Ok(())
    }

    /// The error for a key at `second` that stands first at `first`; the path names the object that has both.
    fn duplicate(&self, first: usize, second: usize) -> JsonError {
        let bytes = self.text.as_bytes();
        let key = self.keys.iter().rfind(|span| span.0 == second + 1);
        let key = key.map(|span| key_text(self.text, *span)).unwrap_or_default();
        JsonError {
            kind: E::DuplicateKey { key: text::quote_safe(&key), first: Place::of(bytes, first) },
            place: Place::of(bytes, second),
            path: self.path_through(self.frames.len().saturating_sub(1)),
        }
    }

    fn count_value(&mut self) -> Result<(), JsonError> {
        self.values += 1;
        if self.values > self.limits.max_values {
            return Err(self.error(E::TooMany { what: "values", limit: self.limits.max_values }));
        }
        Ok(())
    }

    /// Passes a string at the cursor; the span excludes its quotes.
    fn string_span(&mut self) -> Result<(usize, usize), JsonError> {
        let bytes = self.text.as_bytes();
        let start = self.pos + 1;
        self.pos = start;
        loop {
            let rest = bytes.get(self.pos..).unwrap_or_default();
            let Some(run) = memchr::memchr2(b'"', b'\\', rest) else {
                self.pos = bytes.len();
                return Err(self.error(E::UnexpectedEnd { expected: "the end of a string" }));
            };
            if let Some(bad) = rest.get(..run).unwrap_or_default().iter().position(|byte| *byte < 0x20) {
                self.pos += bad;
                return Err(self.error(E::ControlCharacter));
            }
            self.pos += run;
            if self.byte() == Some(b'"') {
                let end = self.pos;
                self.pos += 1;
                return Ok((start, end));
            }
            self.pos += text::escape_len(self.rest()).map_err(|kind| self.error(kind))?;
        }
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
        if end - start > self.limits.max_number_len {
            return Err(self.error(E::TooMany { what: "characters in a number", limit: self.limits.max_number_len }));
        }
        let number = self.text.get(start..end).unwrap_or_default();
        if !crate::number::is_json_number(number) {
            return Err(self.error(E::InvalidNumber));
        }
        self.pos = end;
        Ok(number)
    }

    fn word(&mut self, word: &'static str) -> Result<(), JsonError> {
        if !self.rest().starts_with(word) {
            return Err(self.unexpected("a value", self.byte()));
        }
        self.pos += word.len();
        Ok(())
    }

    fn skip_white_space(&mut self) {
        let bytes = self.text.as_bytes();
        while bytes.get(self.pos).is_some_and(|byte| is_white_space(*byte)) {
            self.pos += 1;
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.pos).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.pos..).unwrap_or_default()
    }

    fn unexpected(&self, expected: &'static str, found: Option<u8>) -> JsonError {
        self.error(match found {
            None => E::UnexpectedEnd { expected },
            Some(byte) => E::Unexpected { expected, found: text::class_of(byte) },
        })
    }

    fn error_at(&self, kind: E, offset: usize) -> JsonError {
        JsonError { kind, place: Place::of(self.text.as_bytes(), offset), path: self.path() }
    }
}

fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The text of a checked string whose quotes stand just outside `span`.
fn key_text(text: &str, span: (usize, usize)) -> Cow<'_, str> {
    text::unescape(text.get(span.0..span.1).unwrap_or_default())
}

fn same_key(text: &str, a: (usize, usize), b: (usize, usize)) -> bool {
    let (a, b) = (text.get(a.0..a.1).unwrap_or_default(), text.get(b.0..b.1).unwrap_or_default());
    a == b || ((a.contains('\\') || b.contains('\\')) && text::unescape(a) == text::unescape(b))
}
