//! The keys of all objects that are open, and whether one of them stands twice.

use std::borrow::Cow;
use std::sync::Arc;

use super::names::NameFilter;
use super::scan::print_of;
use super::spelling::is_spelling;
use super::text::unescape;

/// Objects with up to this many keys are checked for duplicates as each key is read, larger ones at their end.
const EAGER_KEYS: usize = 64;

/// A stack of keys, shared by the open objects: each knows where its keys begin.
#[derive(Debug, Default, Clone)]
pub(crate) struct Keys {
    entries: Vec<Entry>,
    /// The keys at the bottom of the stack whose text is not at hand any more.
    kept: Vec<Kept>,
    /// Those that are known ones in another case, by their places in the stack.
    odd: Vec<usize>,
    /// Names to watch for.
    watched: Option<Arc<NameFilter>>,
    /// Offsets in the whole document of the keys that came and are one of them.
    noticed: Vec<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Span in the text, quotes excluded.
    span: (usize, usize),
    /// Equal for equal keys.
    print: u64,
    /// Bits of the prints of the keys of the same object, from its first one to this one: where a bit is not set there is no
    /// key with such a print.
    seen: u64,
}

#[derive(Debug, Clone)]
struct Kept {
    key: Box<str>,
    /// Offset of the key in the whole document.
    offset: usize,
}

/// A key that an object has twice: offsets of both, quotes included, and its text.
#[derive(Debug)]
pub(super) struct Twice {
    pub(super) first: usize,
    pub(super) second: usize,
    pub(super) key: String,
}

impl Keys {
    /// From now on, watches for these names.
    pub(crate) fn watch(&mut self, names: Option<Arc<NameFilter>>) {
        self.watched = names;
        self.noticed.clear();
    }

    /// Offsets in the whole document of the keys that have come since the last call and that are one of the names that are
    /// watched for, quotes included.
    pub(crate) fn take_noticed(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.noticed)
    }

    /// How many keys were noticed.
    pub(super) fn noticed(&self) -> usize {
        self.noticed.len()
    }

    /// Forgets the keys that were noticed after the first `len` ones.
    pub(super) fn forget_noticed(&mut self, len: usize) {
        self.noticed.truncate(len);
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The spans of the keys from `from` on, as long as their texts are at hand and plain.
    pub(super) fn plain_spans(&self, text: &str, from: usize) -> Option<Vec<(usize, usize)>> {
        let spans: Vec<_> = self.entries.get(from..)?.iter().map(|entry| entry.span).collect();
        let plain = |span: &(usize, usize)| text.get(span.0..span.1).is_some_and(|key| !key.contains('\\'));
        (self.kept.len() <= from && spans.iter().all(plain)).then_some(spans)
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.entries.truncate(len);
        self.kept.truncate(len);
        while self.has_odd(len) {
            self.odd.pop();
        }
    }

    /// Whether a key of the object whose keys begin at `from` is a known one in another case.
    #[inline]
    pub(super) fn has_odd(&self, from: usize) -> bool {
        self.odd.last().is_some_and(|at| *at >= from)
    }

    /// Notes that the last key is a known one in another case.
    pub(super) fn note_odd(&mut self) {
        self.odd.extend(self.len().checked_sub(1));
    }

    /// Among the keys from `from` on, one before the last that is `name` in whatever case.
    #[cold]
    pub(super) fn other_spelling(&self, text: &str, base: usize, from: usize, name: &str) -> Option<Twice> {
        let last = self.len().checked_sub(1)?;
        let first = (from..last).find(|at| is_spelling(&self.text(text, *at), name))?;
        Some(self.twice(text, base, first, last))
    }

    /// The text of a key; empty where there is no such one.
    pub(super) fn text<'t>(&'t self, text: &'t str, at: usize) -> Cow<'t, str> {
        match (self.kept.get(at), self.entries.get(at).map(|entry| entry.span)) {
            (Some(kept), _) => Cow::Borrowed(&kept.key),
            (None, Some((start, end))) => unescape(text.get(start..end).unwrap_or_default()),
            (None, None) => Cow::Borrowed(""),
        }
    }

    /// Adds a key of the object whose keys begin at `from`; the key it repeats comes back, if it is found already.
    #[inline]
    pub(super) fn push(
        &mut self,
        text: &str,
        base: usize,
        from: usize,
        span: (usize, usize),
        escaped: bool,
    ) -> Option<Twice> {
        let written = text.as_bytes().get(span.0..span.1).unwrap_or_default();
        let (print, noticed) = if escaped {
            let key = unescape(text.get(span.0..span.1).unwrap_or_default());
            (print_of(key.as_bytes()), self.is_watched(key.as_bytes()))
        } else {
            (print_of(written), self.is_watched(written))
        };
        if noticed {
            self.noticed.push(base + span.0.saturating_sub(1));
        }
        let bit = 1 << (print.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58);
        let known = self.entries.get(from..).unwrap_or_default();
        let before = known.last().map_or(0, |entry| entry.seen);
        let candidate = before & bit != 0 && known.len() < EAGER_KEYS && known.iter().any(|entry| entry.print == print);
        self.entries.push(Entry { span, print, seen: before | bit });
        if candidate { self.first_like_the_last(text, base, from) } else { None }
    }

    #[inline]
    fn is_watched(&self, key: &[u8]) -> bool {
        self.watched.as_ref().is_some_and(|watched| watched.has_bytes(key))
    }

    #[cold]
    fn first_like_the_last(&self, text: &str, base: usize, from: usize) -> Option<Twice> {
        let last = self.len() - 1;
        let key = self.text(text, last);
        let first = (from..last).find(|at| self.text(text, *at) == key)?;
        Some(self.twice(text, base, first, last))
    }

    fn twice(&self, text: &str, base: usize, first: usize, second: usize) -> Twice {
        let key = self.text(text, second).into_owned();
        Twice { first: self.offset(base, first), second: self.offset(base, second), key }
    }

    /// Offset of a key's quote in the document.
    fn offset(&self, base: usize, at: usize) -> usize {
        match (self.kept.get(at), self.entries.get(at)) {
            (Some(kept), _) => kept.offset,
            (None, entry) => base + entry.map_or(0, |entry| entry.span.0.saturating_sub(1)),
        }
    }

    /// Ends an object: its keys, from `from` on, are looked through if that was too much to do for each.
    #[inline]
    pub(super) fn close(&mut self, text: &str, base: usize, from: usize) -> Option<Twice> {
        let twice = if self.len() - from > EAGER_KEYS { self.among(text, base, from) } else { None };
        if twice.is_none() {
            self.truncate(from);
        }
        twice
    }

    /// Of the keys that stand twice, the one that shows first.
    fn among(&self, text: &str, base: usize, from: usize) -> Option<Twice> {
        let mut order: Vec<(u64, usize)> =
            self.entries.iter().enumerate().skip(from).map(|(at, entry)| (entry.print, at)).collect();
        order.sort_unstable();
        let mut found: Option<(usize, usize)> = None;
        for group in order.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1) {
            let mut texts: Vec<(Cow<'_, str>, usize)> =
                group.iter().map(|(_, at)| (self.text(text, *at), *at)).collect();
            texts.sort();
            for pair in texts.windows(2) {
                if let [(a, first), (b, second)] = pair
                    && a == b
                    && found.is_none_or(|(_, earliest)| second < &earliest)
                {
                    found = Some((*first, *second));
                }
            }
        }
        found.map(|(first, second)| self.twice(text, base, first, second))
    }

    /// Keeps the text of all keys, of which the first `shift` bytes are about to go.
    pub(super) fn keep(&mut self, text: &str, base: usize, shift: usize) {
        for at in self.kept.len()..self.len() {
            let kept = Kept { key: self.text(text, at).into(), offset: self.offset(base, at) };
            self.kept.push(kept);
        }
        for Entry { span, .. } in &mut self.entries {
            *span = (span.0.saturating_sub(shift), span.1.saturating_sub(shift));
        }
    }
}
