//! The steps of the reader: tokens, items and containers.

use std::borrow::Cow;

use super::error::{JsonError, JsonErrorKind as E, Place};
use super::keys::Twice;
use super::kind::Kind;
use super::open::Frame;
use super::reader::Reader;
use super::scan::{ItemValue, plain_item, plain_run_end, skip_white_space};
use super::text;

impl<'a> Reader<'a> {
    pub(super) fn enter(&mut self, kind: Kind) -> Result<(), JsonError> {
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
    pub(super) fn next_item(&mut self, end: u8, expected: &'static str) -> Result<bool, JsonError> {
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

    /// Passes members or elements of the open container as long as they are plain scalars, which most are. Stops before
    /// anything else, for the careful way to go on: it knows what is wrong. `true` where only the value of an item is left to
    /// read.
    #[inline]
    pub(super) fn pass_scalars(&mut self) -> Result<bool, JsonError> {
        let (text, open) = (self.text, &mut self.open);
        let Some(frame) = open.frames.last_mut() else { return Ok(false) };
        // Numbers that are passed here have up to 18 digits.
        let numbers = open.limits.max_number_len > 18;
        let room = if numbers { open.limits.max_values.saturating_sub(open.values) } else { 0 };
        let (keyed, mut passed) = (frame.kind == Kind::Object, 0);
        let (mut twice, mut at_value) = (None, false);
        while passed < room && twice.is_none() {
            let first = frame.count + passed == 0;
            self.pos = skip_white_space(text.as_bytes(), self.pos);
            let Some(item) = plain_item(text.as_bytes(), self.pos, first, keyed) else { break };
            if let Some(key) = item.key {
                twice = open.keys.push(text, open.base, frame.keys_from, key, false);
            }
            match item.value {
                ItemValue::Scalar(end) => self.pos = end,
                ItemValue::Other(start) => {
                    self.pos = start;
                    at_value = true;
                    break;
                }
            }
            passed += 1;
        }
        frame.count += passed + usize::from(at_value);
        open.values += passed;
        twice.map_or(Ok(at_value), |twice| Err(self.duplicate(&twice)))
    }

    /// Passes a key of the open object and the colon behind it.
    #[inline]
    pub(super) fn key(&mut self) -> Result<(usize, usize), JsonError> {
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
    pub(super) fn leave(&mut self) -> Result<(), JsonError> {
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
    pub(super) fn count_value(&mut self) -> Result<(), JsonError> {
        self.open.values += 1;
        if self.open.values > self.open.limits.max_values {
            return Err(self.error(E::TooMany { what: "values", limit: self.open.limits.max_values }));
        }
        Ok(())
    }

    /// Passes a string at the cursor: the span, which excludes its quotes, and whether there are escapes in it.
    #[inline]
    pub(super) fn string_span(&mut self) -> Result<((usize, usize), bool), JsonError> {
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

    pub(super) fn escape_len(&self) -> Result<usize, JsonError> {
        let rest = self.rest();
        // The longest escape is a surrogate pair.
        if self.partial && rest.len() < 12 {
            return Err(self.error(E::UnexpectedEnd { expected: "the rest of an escape" }));
        }
        text::escape_len(rest).map_err(|kind| self.error(kind))
    }

    pub(super) fn number_text(&mut self) -> Result<&'a str, JsonError> {
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

    pub(super) fn word(&mut self, word: &'static str) -> Result<(), JsonError> {
        let rest = self.rest();
        if !rest.starts_with(word) {
            let found = self.byte().filter(|_| !(self.partial && word.starts_with(rest)));
            return Err(self.unexpected("a value", found));
        }
        self.pos += word.len();
        Ok(())
    }

    #[inline]
    pub(super) fn skip_white_space(&mut self) {
        self.pos = skip_white_space(self.text.as_bytes(), self.pos);
    }

    pub(super) fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.pos).copied()
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.pos..).unwrap_or_default()
    }

    #[cold]
    pub(super) fn unexpected(&self, expected: &'static str, found: Option<u8>) -> JsonError {
        self.error(match found {
            None => E::UnexpectedEnd { expected },
            Some(byte) => E::Unexpected { expected, found: text::class_of(byte) },
        })
    }

    #[cold]
    pub(super) fn error_at(&self, kind: E, offset: usize) -> JsonError {
        // Nobody will see that the part of the text that is at hand has ended.
        if self.partial && matches!(kind, E::UnexpectedEnd { .. }) {
            return JsonError { kind, place: Place { line: 0, column: 0, offset }, path: String::new() };
        }
        JsonError { kind, place: self.place_of(offset), path: self.path() }
    }

    /// The place of an offset in the text that is at hand. In a text that was resumed, lines and columns count from its
    /// beginning: only the offset is the document's.
    pub(super) fn place_of(&self, offset: usize) -> Place {
        let place = Place::of(self.text.as_bytes(), offset);
        Place { offset: place.offset + self.open.base, ..place }
    }

    pub(super) fn place_of_absolute(&self, offset: usize) -> Place {
        match offset.checked_sub(self.open.base) {
            Some(offset) => self.place_of(offset),
            None => Place { offset, ..Place::of(b"", 0) },
        }
    }
}

/// The text of a checked string whose quotes stand just outside `span`.
pub(super) fn key_text(text: &str, span: (usize, usize)) -> Cow<'_, str> {
    text::unescape(text.get(span.0..span.1).unwrap_or_default())
}
