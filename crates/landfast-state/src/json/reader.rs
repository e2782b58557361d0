//! The reader: a cursor over a text that checks what it passes.

use std::borrow::Cow;

use super::error::{JsonError, JsonErrorKind as E, Place};
use super::kind::Kind;
use super::limits::Limits;
use super::open::{Beginning, Frame, Open};
use super::raw::Raw;
use super::scan::skip_white_space;
use super::tokens::key_text;

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
    pub(super) pos: usize,
    /// Whether more follows behind `text`, so that its end means nothing.
    pub(super) partial: bool,
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

    /// The text at hand.
    pub(crate) fn text(&self) -> &'a str {
        self.text
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

    /// Enters an object and the array in it that `beginning` leads to, where the text is the same; `false` where it is not.
    pub(crate) fn enter_same(&mut self, beginning: &Beginning) -> Result<bool, JsonError> {
        let start = self.offset();
        if !self.pass_same(&beginning.text)? {
            return Ok(false);
        }
        let open = &mut self.open;
        let from = open.keys.len();
        open.frames.push(Frame { kind: Kind::Object, keys_from: from, count: beginning.keys.len() });
        for (key, end) in &beginning.keys {
            open.keys.push(self.text, open.base, from, (start + key, start + end), false);
        }
        open.frames.push(Frame { kind: Kind::Array, keys_from: open.keys.len(), count: 0 });
        open.values += beginning.keys.len() + 2;
        Ok(true)
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
                if self.pass_scalars()? {
                    break;
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
}
