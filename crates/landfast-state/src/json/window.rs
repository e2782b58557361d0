//! A window on a document that need not be in memory as a whole: a checking reader goes through it step by step.

use std::io::{self, ErrorKind, Read};

use super::error::{JsonError, JsonErrorKind as E, Place};
use super::limits::Limits;
use super::open::{Beginning, Open};
use super::reader::Reader;
use super::scan::skip_white_space;

/// How much is read at a time, at least, in bytes.
pub(crate) const CHUNK: usize = 128 * 1024;

/// Why a step failed.
#[derive(Debug)]
pub(crate) enum WindowError {
    Io(io::Error),
    /// Lines and columns count from the beginning of the window; offsets are those of the document.
    Json(JsonError),
}

/// The part of a document that is at hand.
#[derive(Debug)]
pub(crate) struct Window<R> {
    input: R,
    /// Where the input holds the whole document as a text: how to get at it. The window then is all of it.
    held: Option<fn(&R) -> &str>,
    /// What was read of an input that does not.
    text: String,
    pos: usize,
    open: Option<Open>,
    /// Bytes at the end of what was read that are the beginning of a character.
    tail: Vec<u8>,
    /// Bytes read so far.
    read: usize,
    /// Whether the input is at its end.
    ended: bool,
    max_bytes: usize,
    /// How much is read at a time, at least.
    least: usize,
    /// The longest that the text has been.
    longest: usize,
}

impl<R> Window<R> {
    /// A window on all of a document that the input holds, and that is neither empty nor larger than allowed.
    pub(crate) fn hold(input: R, held: fn(&R) -> &str, limits: &Limits) -> Self {
        let len = held(&input).len();
        Self {
            input,
            held: Some(held),
            text: String::new(),
            pos: 0,
            open: Some(Open::new(limits)),
            tail: Vec::new(),
            read: len,
            ended: true,
            max_bytes: limits.max_bytes,
            least: 0,
            longest: len,
        }
    }

    /// The text at hand: spans that a step gave are of it, until the next step.
    pub(crate) fn text(&self) -> &str {
        match self.held {
            Some(held) => held(&self.input),
            None => &self.text,
        }
    }
}

impl<R: Read> Window<R> {
    /// A window at the beginning of a document.
    pub(crate) fn open(input: R, limits: &Limits, least: usize) -> Result<Self, WindowError> {
        let mut window = Self {
            input,
            held: None,
            text: String::new(),
            pos: 0,
            open: Some(Open::new(limits)),
            tail: Vec::new(),
            read: 0,
            ended: false,
            max_bytes: limits.max_bytes,
            least,
            longest: 0,
        };
        window.refill()?;
        while !window.ended && skip_white_space(window.text.as_bytes(), 0) == window.text.len() {
            window.refill()?;
        }
        let text = window.text.as_bytes();
        if text.starts_with(b"\xef\xbb\xbf") {
            return Err(window.fail(E::ByteOrderMark, 0));
        }
        if skip_white_space(text, 0) == text.len() {
            return Err(window.fail(E::Empty, 0));
        }
        Ok(window)
    }

    /// As [`Window::step`]; where the step gives nothing, it has not been taken. It must not have left a container then.
    pub(crate) fn attempt<T>(
        &mut self,
        mut step: impl FnMut(&mut Reader<'_>) -> Result<Option<T>, JsonError>,
    ) -> Result<Option<T>, WindowError> {
        let mark = self.open.as_ref().map(Open::mark);
        let before = self.base() + self.pos;
        let taken = self.step(|reader| step(reader))?;
        if let (None, Some(open), Some(mark)) = (&taken, &mut self.open, mark) {
            open.rewind(mark);
            self.pos = before - open.base();
        }
        Ok(taken)
    }

    /// Takes one step. When the text at hand does not suffice for it, more is read and the step is taken anew: it must
    /// not mind.
    pub(crate) fn step<T>(
        &mut self,
        mut step: impl FnMut(&mut Reader<'_>) -> Result<T, JsonError>,
    ) -> Result<T, WindowError> {
        loop {
            let open = self.open.take().unwrap_or_else(|| Open::new(&Limits::default()));
            let mark = open.mark();
            let mut reader = Reader::resume(self.text(), self.pos, !self.ended, open);
            let taken = step(&mut reader);
            let (pos, mut open) = reader.suspend();
            let more = !self.ended && matches!(&taken, Err(JsonError { kind: E::UnexpectedEnd { .. }, .. }));
            if more {
                open.rewind(mark);
            } else {
                self.pos = pos;
            }
            self.open = Some(open);
            if !more {
                return taken.map_err(WindowError::Json);
            }
            self.refill()?;
        }
    }

    /// How the object at this offset of the document begins, to the array in it that was just entered.
    pub(crate) fn beginning(&self, offset: usize) -> Option<Beginning> {
        self.open.as_ref()?.beginning(self.text(), offset.checked_sub(self.base())?, self.pos)
    }

    /// Offset of the text in the document.
    pub(crate) fn base(&self) -> usize {
        self.open.as_ref().map_or(0, Open::base)
    }

    /// How many bytes of the document have been read.
    pub(crate) fn read(&self) -> usize {
        self.read
    }

    /// The most bytes that were held at a time.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    pub(crate) fn input(&mut self) -> &mut R {
        &mut self.input
    }

    pub(crate) fn open_mut(&mut self) -> Option<&mut Open> {
        self.open.as_mut()
    }

    fn fail(&self, kind: E, offset: usize) -> WindowError {
        WindowError::Json(JsonError { kind, place: Place { offset, ..Place::of(b"", 0) }, path: String::new() })
    }

    /// Lets go of what has been passed and reads more: at least as much as is still at hand, so that steps that need much
    /// are not taken too often.
    fn refill(&mut self) -> Result<(), WindowError> {
        if let Some(open) = self.open.as_mut().filter(|_| self.pos > 0) {
            open.shift(&self.text, self.pos);
            self.text.drain(..self.pos);
            self.pos = 0;
        }
        let (base, at_hand) = (self.base(), self.text.len());
        let mut bytes = std::mem::take(&mut self.text).into_bytes();
        bytes.append(&mut self.tail);
        let begun = bytes.len();
        bytes.resize(begun + self.least.max(at_hand), 0);
        let filled = self.fill(&mut bytes, begun).map_err(WindowError::Io)?;
        bytes.truncate(filled);
        self.read += filled - begun;
        if self.read > self.max_bytes {
            return Err(self.fail(E::TooLarge { limit: self.max_bytes, actual: self.read }, 0));
        }
        if !self.ended {
            self.tail = bytes.split_off(bytes.len() - begun_character(&bytes));
        }
        let text = String::from_utf8(bytes);
        self.text = text.map_err(|error| self.fail(E::InvalidUtf8, base + error.utf8_error().valid_up_to()))?;
        self.longest = self.longest.max(self.text.len());
        Ok(())
    }

    /// Reads into `bytes` from `filled` on, as much as there is room for; how much of it is filled then.
    fn fill(&mut self, bytes: &mut [u8], mut filled: usize) -> io::Result<usize> {
        while let Some(room) = bytes.get_mut(filled..).filter(|room| !room.is_empty()) {
            match self.input.read(room) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

/// How many bytes at the end are the beginning of a character that goes on behind them.
fn begun_character(bytes: &[u8]) -> usize {
    let begins =
        |back: &usize| bytes.len().checked_sub(*back).and_then(|at| bytes.get(at)).is_some_and(|byte| *byte >= 0xc0);
    let Some(back) = (1..4).find(begins) else { return 0 };
    let last = bytes.get(bytes.len() - back..).unwrap_or_default();
    let begun = std::str::from_utf8(last).is_err_and(|error| error.error_len().is_none());
    if begun { back } else { 0 }
}
