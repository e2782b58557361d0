//! What is held: the objects from the first one that was not delivered yet to the last one that was taken up.

use std::collections::VecDeque;
use std::sync::Arc;

use super::outcome::{ScanOutcome, ScannedObject};
use super::recorded::{RecordedObject, bytes_of};

/// An object that is held.
#[derive(Debug)]
pub(super) enum Slot {
    /// It has its turn still to come, or is being read.
    Open(Open),
    /// The result is known, and waits for those before it.
    Done(Box<ScannedObject>, usize),
}

/// An object of which the result is not known yet.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) object: Arc<RecordedObject>,
    /// Which lane it is in.
    pub(super) lane: usize,
    pub(super) reading: Reading,
    /// How often it was read.
    pub(super) attempts: u32,
    pub(super) throttled: u32,
    pub(super) failed: u32,
    pub(super) crashes: u32,
    bytes: usize,
}

/// Whether an object is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Yes,
    No,
}

impl Open {
    pub(super) fn new(object: RecordedObject, lane: usize) -> Self {
        let bytes = bytes_of(&object.object);
        let object = Arc::new(object);
        Self { object, lane, reading: Reading::No, attempts: 0, throttled: 0, failed: 0, crashes: 0, bytes }
    }
}

/// Objects are numbered in the order of the recorded side, from 0.
#[derive(Debug)]
pub(super) struct Window {
    slots: VecDeque<Slot>,
    /// The number of the first one.
    first: u64,
    bytes: usize,
    most: usize,
    most_bytes: usize,
    limit: usize,
    limit_bytes: usize,
}

impl Window {
    pub(super) fn new(limit: usize, limit_bytes: usize) -> Self {
        Self { slots: VecDeque::new(), first: 0, bytes: 0, most: 0, most_bytes: 0, limit, limit_bytes }
    }

    pub(super) fn has_room(&self) -> bool {
        self.slots.is_empty() || (self.slots.len() < self.limit && self.bytes < self.limit_bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The most objects, and the most bytes, that were held at once.
    pub(super) fn most(&self) -> (usize, usize) {
        (self.most, self.most_bytes)
    }

    /// Holds one more; its number.
    pub(super) fn push(&mut self, slot: Slot) -> u64 {
        self.bytes += slot.bytes();
        self.slots.push_back(slot);
        self.note();
        self.first + (self.slots.len() as u64) - 1
    }

    fn note(&mut self) {
        self.most = self.most.max(self.slots.len());
        self.most_bytes = self.most_bytes.max(self.bytes);
    }

    fn slot_mut(&mut self, number: u64) -> Option<&mut Slot> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.slots.get_mut(at)
    }

    /// The object with this number, where its result is not known yet.
    pub(super) fn open_mut(&mut self, number: u64) -> Option<&mut Open> {
        match self.slot_mut(number)? {
            Slot::Open(open) => Some(open),
            Slot::Done(..) => None,
        }
    }

    /// The numbers of those of which the result is not known yet and that fit.
    pub(super) fn open_where(&self, fits: impl Fn(&Open) -> bool) -> Vec<u64> {
        let open = |slot: &Slot| matches!(slot, Slot::Open(open) if fits(open));
        (self.first..).zip(&self.slots).filter(|(_, slot)| open(slot)).map(|(number, _)| number).collect()
    }

    /// The result of an object is known now.
    pub(super) fn finish(&mut self, number: u64, result: ScannedObject) {
        let done = Slot::done(result);
        let after = done.bytes();
        if let Some(slot) = self.slot_mut(number) {
            let before = std::mem::replace(slot, done).bytes();
            self.bytes = self.bytes - before + after;
            self.note();
        }
    }

    /// Gives the first object away, where its result is known.
    pub(super) fn pop(&mut self) -> Option<ScannedObject> {
        match self.slots.pop_front()? {
            Slot::Done(result, bytes) => {
                self.first += 1;
                self.bytes -= bytes;
                Some(*result)
            }
            open @ Slot::Open(_) => {
                self.slots.push_front(open);
                None
            }
        }
    }
}

impl Slot {
    pub(super) fn done(result: ScannedObject) -> Self {
        let observed = match &result.outcome {
            ScanOutcome::Found(observed) => bytes_of(observed),
            _ => 0,
        };
        let bytes = bytes_of(&result.recorded) + observed;
        Self::Done(Box::new(result), bytes)
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Open(open) => open.bytes,
            Self::Done(_, bytes) => *bytes,
        }
    }
}
