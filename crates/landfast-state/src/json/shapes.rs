//! What objects that were read before looked like: where the next one has the same text from the end of a value to the
//! beginning of the next, its keys need no closer look.
//!
//! A shape is a chain of such texts from the beginning of an object on, each with what checking it has found. A key is known
//! only where all keys before it in its object are those of the chain, so that it cannot stand twice in one object unless it did
//! in the other, which was then refused.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::names::NameFilter;

/// How many keys are remembered, in all.
const MAX_STEPS: usize = 1 << 14;

/// How many keys are remembered that may stand at one place of a chain.
const MAX_ALTERNATIVES: usize = 8;

/// The longest text before a value that is remembered, in bytes.
const MAX_LITERAL: usize = 256;

/// A place in a chain: what may follow there is remembered under it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot(usize);

impl Slot {
    /// Nothing is known, or remembered.
    pub(super) const NONE: Self = Self(0);

    /// Behind this step, in the same object.
    fn behind(step: usize) -> Self {
        Self(2 * step)
    }

    /// In the value of the member that was passed last.
    pub(super) fn inside(self) -> Self {
        if self == Self::NONE { self } else { Self(self.0 | 1) }
    }
}

/// What is known of a key whose text stands where the text of another one stood.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// Its print and those of the keys before it, see [`Keys`](super::keys::Keys).
    pub(super) print: u64,
    pub(super) seen: u64,
    /// Whether it is one of the names that are watched for.
    pub(super) noticed: bool,
}

/// A key with all that stands between the value before it and its own.
#[derive(Debug, Clone)]
pub(super) struct Step {
    literal: Range<usize>,
    /// Span of the key in the literal, quotes excluded.
    key: (usize, usize),
    pub(super) known: Known,
    /// Another step at the same place, or 0.
    other: usize,
    /// The first step behind this one, and in its value; or 0.
    first: [usize; 2],
}

/// The shapes of the objects that were read.
#[derive(Debug, Default, Clone)]
pub(super) struct Shapes {
    steps: Vec<Step>,
    literals: Vec<u8>,
    /// Where the shapes of values with a name of their own begin, and what was watched for in them.
    named: HashMap<Box<str>, (Slot, Option<Arc<NameFilter>>), RandomState>,
    /// Where the shapes of the value that is read next begin.
    root: Slot,
    /// Where the shapes of objects begin that a reader enters by itself, by what they are.
    parts: Vec<(&'static str, Slot)>,
    /// How often everything was forgotten: places of before mean nothing.
    forgotten: usize,
    off: bool,
}

/// A key that was predicted.
pub(super) struct Predicted {
    /// Where its value begins.
    pub(super) value: usize,
    /// Span of the key, quotes excluded.
    pub(super) key: (usize, usize),
    pub(super) known: Known,
    pub(super) behind: Slot,
}

impl Shapes {
    /// From now on values are of the kind `name`, in which `watched` is watched for.
    pub(super) fn select(&mut self, name: &str, watched: Option<&Arc<NameFilter>>) {
        let same = |other: &Option<Arc<NameFilter>>| match (other, watched) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        self.root = match self.named.get(name) {
            Some((root, other)) if same(other) => *root,
            _ => {
                let root = self.new_root();
                self.named.insert(name.into(), (root, watched.cloned()));
                root
            }
        };
    }

    /// From now on nothing is predicted.
    pub(super) fn deselect(&mut self) {
        self.root = Slot::NONE;
    }

    /// Where the shapes of a value begin that is about to be read.
    pub(super) fn root(&self) -> Slot {
        self.root
    }

    /// Where the shapes of an object begin that is such a part of a document. Nothing may be watched for in it.
    pub(super) fn part(&mut self, part: &'static str) -> Slot {
        if let Some((_, slot)) = self.parts.iter().find(|(name, _)| *name == part) {
            return *slot;
        }
        let slot = self.new_root();
        self.parts.push((part, slot));
        slot
    }

    /// Whether there is no room left.
    pub(super) fn is_full(&self) -> bool {
        self.steps.len() >= MAX_STEPS
    }

    pub(super) fn forgotten(&self) -> usize {
        self.forgotten
    }

    #[cfg(test)]
    pub(super) fn turn_off(&mut self) {
        self.off = true;
    }

    /// Forgets everything. No place of before may be used any more.
    pub(super) fn forget(&mut self) {
        let (forgotten, off) = (self.forgotten + 1, self.off);
        *self = Self { forgotten, off, ..Self::default() };
    }

    fn new_root(&mut self) -> Slot {
        if self.off {
            return Slot::NONE;
        }
        // The first step stands for none.
        for _ in 0..=usize::from(self.steps.is_empty()) {
            let known = Known { print: 0, seen: 0, noticed: false };
            self.steps.push(Step { literal: 0..0, key: (0, 0), known, other: 0, first: [0, 0] });
        }
        Slot::behind(self.steps.len() - 1).inside()
    }

    fn first(&self, slot: Slot) -> usize {
        let step = self.steps.get(slot.0 / 2);
        step.and_then(|step| step.first.get(slot.0 % 2)).copied().unwrap_or(0)
    }

    /// The key at `at`, behind the value before it, where it is one that is known at this place.
    #[inline]
    pub(super) fn predict(&self, slot: Slot, bytes: &[u8], at: usize) -> Option<Predicted> {
        let rest = bytes.get(at..)?;
        let mut next = self.first(slot);
        while next != 0 {
            let step = self.steps.get(next)?;
            let literal = self.literals.get(step.literal.clone())?;
            if rest.starts_with(literal) {
                return Some(Predicted {
                    value: at + literal.len(),
                    key: (at + step.key.0, at + step.key.1),
                    known: step.known,
                    behind: Slot::behind(next),
                });
            }
            next = step.other;
        }
        None
    }

    /// Remembers a key that was checked: `literal` is the text from the value before it to its own, in which it has the span
    /// `key`. The place behind it comes back.
    pub(super) fn learn(&mut self, slot: Slot, literal: &[u8], key: (usize, usize), known: Known) -> Slot {
        if slot == Slot::NONE || literal.len() > MAX_LITERAL || self.steps.len() >= MAX_STEPS {
            return Slot::NONE;
        }
        let (mut others, mut last, mut next) = (0, None, self.first(slot));
        while let Some(step) = self.steps.get(next).filter(|_| next != 0) {
            (others, last, next) = (others + 1, Some(next), step.other);
        }
        if others >= MAX_ALTERNATIVES {
            return Slot::NONE;
        }
        let new = self.steps.len();
        let link = match last {
            Some(last) => self.steps.get_mut(last).map(|step| &mut step.other),
            None => self.steps.get_mut(slot.0 / 2).and_then(|step| step.first.get_mut(slot.0 % 2)),
        };
        let Some(link) = link else { return Slot::NONE };
        *link = new;
        let from = self.literals.len();
        self.literals.extend_from_slice(literal);
        let literal = from..self.literals.len();
        self.steps.push(Step { literal, key, known, other: 0, first: [0, 0] });
        Slot::behind(new)
    }
}

#[cfg(test)]
#[path = "shapes_tests.rs"]
mod tests;
