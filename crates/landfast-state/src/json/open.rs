//! What a reader knows besides its text: enough to stop, and to go on with the next part of a document.

use super::keys::Keys;
use super::kind::Kind;
use super::limits::Limits;
use super::text;

/// A container that is open.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    /// Where this object's keys begin in `Open::keys`.
    pub(super) keys_from: usize,
    /// Members or elements begun so far.
    pub(super) count: usize,
}

/// The containers that are open, and how much has been passed.
#[derive(Debug, Clone)]
pub(crate) struct Open {
    pub(super) limits: Limits,
    pub(super) frames: Vec<Frame>,
    pub(super) keys: Keys,
    pub(super) values: usize,
    /// Offset of the text in the whole document.
    pub(super) base: usize,
}

/// How an object begins, to the array in it that was entered last: where another document has the same text, it need not be
/// read again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Beginning {
    pub(super) text: String,
    /// Spans of the object's keys in the text.
    pub(super) keys: Vec<(usize, usize)>,
}

/// Where a reader stood.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    frames: usize,
    count: usize,
    keys: usize,
    noticed: usize,
    values: usize,
}

impl Open {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { limits: limits.clone(), frames: Vec::new(), keys: Keys::default(), values: 0, base: 0 }
    }

    /// How many containers are open.
    pub(crate) fn depth(&self) -> usize {
        self.frames.len()
    }

    /// Offset of the text in the whole document.
    pub(crate) fn base(&self) -> usize {
        self.base
    }

    /// The names that are watched for, see [`Keys`].
    pub(crate) fn keys(&mut self) -> &mut Keys {
        &mut self.keys
    }

    /// Where the reader stands, to be gone back to while no container of now has been left.
    pub(crate) fn mark(&self) -> Mark {
        let count = self.frames.last().map_or(0, |frame| frame.count);
        let (keys, noticed) = (self.keys.len(), self.keys.noticed());
        Mark { frames: self.frames.len(), count, keys, noticed, values: self.values }
    }

    pub(crate) fn rewind(&mut self, mark: Mark) {
        self.frames.truncate(mark.frames);
        if let Some(frame) = self.frames.last_mut() {
            frame.count = mark.count;
        }
        self.keys.truncate(mark.keys);
        self.keys.forget_noticed(mark.noticed);
        self.values = mark.values;
    }

    /// How the object that holds the array which was just entered begins, from `start` to `end` of `text`. `None` where not all
    /// of it is at hand.
    pub(crate) fn beginning(&self, text: &str, start: usize, end: usize) -> Option<Beginning> {
        let [.., object, _] = self.frames.as_slice() else { return None };
        let mut keys = self.keys.plain_spans(text, object.keys_from)?;
        keys.iter_mut().for_each(|span| *span = (span.0.saturating_sub(start), span.1.saturating_sub(start)));
        Some(Beginning { text: text.get(start..end)?.to_owned(), keys })
    }

    /// Lets the first `shift` bytes of `text` go.
    pub(crate) fn shift(&mut self, text: &str, shift: usize) {
        self.keys.keep(text, self.base, shift);
        self.base += shift;
    }

    /// The path through the outermost `depth` open containers, as `a.b[0]["c d"]`.
    pub(super) fn path(&self, text: &str, depth: usize) -> String {
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
            text::push_key(&mut path, &self.keys.text(text, keys_to.saturating_sub(1)));
        }
        path
    }
}
