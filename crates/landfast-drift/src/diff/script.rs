//! Edit scripts over the hashes of list elements: minimal where that is affordable, bounded always.

use std::collections::HashMap;
use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// The work that one script may take, in cells of the comparison table of old and new elements. Within it the script is
/// minimal; beyond it, elements that stand once on both sides are the anchors, and what lies between two anchors is
/// compared in turn. 4 million cells take some milliseconds.
const BUDGET: usize = 4_000_000;

/// A part of a script; the parts cover both lists without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Run {
    /// Elements with equal hashes: `len` from `old` and from `new` on.
    Keep { old: usize, new: usize, len: usize },
    /// Elements of the old list in whose place those of the new list stand; either may be empty.
    Replace { old: Range<usize>, new: Range<usize> },
}

/// The script that turns `old` into `new`.
pub(crate) fn script(old: &[u64], new: &[u64]) -> Vec<Run> {
    let mut writer = Writer::default();
    let mut budget = BUDGET;
    segment(old, new, &mut writer, &mut budget);
    writer.finish()
}

/// Writes the script of one segment, which starts where the writer stands.
fn segment(old: &[u64], new: &[u64], writer: &mut Writer, budget: &mut usize) {
    let prefix = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    writer.keep(prefix);
    let (old, new) = (old.get(prefix..).unwrap_or_default(), new.get(prefix..).unwrap_or_default());
    let suffix = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let old = old.get(..old.len() - suffix).unwrap_or_default();
    let new = new.get(..new.len() - suffix).unwrap_or_default();
    let cost = old.len().saturating_mul(new.len());
    if cost == 0 {
        writer.replace(old.len(), new.len());
    } else if cost <= *budget {
        *budget -= cost;
        minimal(old, new, writer);
    } else {
        anchored(old, new, writer, budget);
    }
    writer.keep(suffix);
}

fn minimal(old: &[u64], new: &[u64], writer: &mut Writer) {
    for op in capture_diff_slices(Algorithm::Myers, old, new) {
        match op {
            DiffOp::Equal { len, .. } => writer.keep(len),
            DiffOp::Delete { old_len, .. } => writer.replace(old_len, 0),
            DiffOp::Insert { new_len, .. } => writer.replace(0, new_len),
            DiffOp::Replace { old_len, new_len, .. } => writer.replace(old_len, new_len),
        }
    }
}

/// Splits a segment at the elements that stand once on each side, as far as they keep their order. Without any, the
/// elements are paired by position.
fn anchored(old: &[u64], new: &[u64], writer: &mut Writer, budget: &mut usize) {
    let anchors = in_order(&common_unique(old, new));
    if anchors.is_empty() {
        writer.by_position(old, new);
        return;
    }
    let (mut old_at, mut new_at) = (0, 0);
    for (old_anchor, new_anchor) in anchors {
        let old_part = old.get(old_at..old_anchor).unwrap_or_default();
        let new_part = new.get(new_at..new_anchor).unwrap_or_default();
        segment(old_part, new_part, writer, budget);
        writer.keep(1);
        (old_at, new_at) = (old_anchor + 1, new_anchor + 1);
    }
    segment(old.get(old_at..).unwrap_or_default(), new.get(new_at..).unwrap_or_default(), writer, budget);
}

/// The places, old and new, of hashes that stand exactly once on each side, in the order of the old list.
fn common_unique(old: &[u64], new: &[u64]) -> Vec<(usize, usize)> {
    let once = |hashes: &[u64]| {
        let mut places: HashMap<u64, Option<usize>> = HashMap::with_capacity(hashes.len());
        for (at, hash) in hashes.iter().enumerate() {
            places.entry(*hash).and_modify(|place| *place = None).or_insert(Some(at));
        }
        places
    };
    let (old_places, new_places) = (once(old), once(new));
    let place = |places: &HashMap<u64, Option<usize>>, hash: &u64| places.get(hash).copied().flatten();
    old.iter().filter_map(|hash| Some((place(&old_places, hash)?, place(&new_places, hash)?))).collect()
}

/// The longest part of `pairs` in which the second numbers rise; the first ones do already.
fn in_order(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // `tails[k]` ends the best rising part of length k + 1; `before[i]` is what stands before pair i in its part.
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    let second = |at: usize| pairs.get(at).map_or(0, |pair| pair.1);
    for (at, pair) in pairs.iter().enumerate() {
        let len = tails.partition_point(|tail| second(*tail) < pair.1);
        before.push(len.checked_sub(1).and_then(|last| tails.get(last).copied()));
        match tails.get_mut(len) {
            Some(tail) => *tail = at,
            None => tails.push(at),
        }
    }
    let mut chain = Vec::with_capacity(tails.len());
    let mut next = tails.last().copied();
    while let Some(at) = next {
        chain.extend(pairs.get(at).copied());
        next = before.get(at).copied().flatten();
    }
    chain.reverse();
    chain
}

/// Writes runs, joining neighbours of one kind.
#[derive(Default)]
struct Writer {
    runs: Vec<Run>,
    old: usize,
    new: usize,
}

impl Writer {
    fn keep(&mut self, count: usize) {
        if count == 0 {
            return;
        }
        if let Some(Run::Keep { len, .. }) = self.runs.last_mut() {
            *len += count;
        } else {
            self.runs.push(Run::Keep { old: self.old, new: self.new, len: count });
        }
        self.old += count;
        self.new += count;
    }

    fn replace(&mut self, removed: usize, added: usize) {
        if removed == 0 && added == 0 {
            return;
        }
        let (old_end, new_end) = (self.old + removed, self.new + added);
        if let Some(Run::Replace { old, new }) = self.runs.last_mut() {
            (old.end, new.end) = (old_end, new_end);
        } else {
            self.runs.push(Run::Replace { old: self.old..old_end, new: self.new..new_end });
        }
        (self.old, self.new) = (old_end, new_end);
    }

    /// Compares place by place.
    fn by_position(&mut self, old: &[u64], new: &[u64]) {
        for (a, b) in old.iter().zip(new) {
            if a == b {
                self.keep(1);
            } else {
                self.replace(1, 1);
            }
        }
        let both = old.len().min(new.len());
        self.replace(old.len() - both, new.len() - both);
    }

    fn finish(self) -> Vec<Run> {
        self.runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(old: &[u64], new: &[u64]) -> usize {
        let runs = script(old, new);
        let (mut old_at, mut new_at, mut changed) = (0, 0, 0);
        for run in runs {
            match run {
                Run::Keep { old: from, new: to, len } => {
                    assert_eq!((from, to), (old_at, new_at));
                    assert_eq!(old[from..from + len], new[to..to + len]);
                    (old_at, new_at) = (from + len, to + len);
                }
                Run::Replace { old: from, new: to } => {
                    assert_eq!((from.start, to.start), (old_at, new_at));
                    changed += from.len().max(to.len());
                    (old_at, new_at) = (from.end, to.end);
                }
            }
        }
        assert_eq!((old_at, new_at), (old.len(), new.len()));
        changed
    }

    #[test]
    fn short_lists_get_a_minimal_script() {
        assert_eq!(changed(&[1, 2, 3], &[1, 2, 3]), 0);
        assert_eq!(changed(&[1, 2, 3], &[2, 3]), 1);
        assert_eq!(changed(&[1, 2, 3, 4], &[1, 9, 3, 4, 5]), 2);
        assert_eq!(changed(&[], &[1]), 1);
    }

    #[test]
    fn long_lists_find_their_anchors() {
        let old: Vec<u64> = (0..50_000).collect();
        let new: Vec<u64> = std::iter::once(99_999).chain(1..49_999).chain([77_777, 88_888]).collect();
        assert_eq!(changed(&old, &new), 3);
    }

    #[test]
    fn long_lists_without_anything_in_common_are_done_at_once() {
        let old: Vec<u64> = (0..200_000).collect();
        let new: Vec<u64> = (200_000..400_000).collect();
        assert_eq!(changed(&old, &new), 200_000);
    }

    #[test]
    fn long_lists_of_repeated_elements_are_done_at_once() {
        let old: Vec<u64> = (0..100_000).map(|at| at % 7).collect();
        let new: Vec<u64> = (0..100_000).map(|at| at % 5).collect();
        assert!(changed(&old, &new) > 0);
    }
}
