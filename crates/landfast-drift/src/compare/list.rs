//! Comparing lists: as sequences, or as the sets and bags that a hint says they are.

use std::collections::HashMap;
use std::ops::Range;

use landfast_state::{PathStep, Value};

use super::similarity::Weighed;
use super::walk::{Place, Walk};
use crate::diff::hash::ValueHasher;
use crate::diff::script::{Run, script};
use crate::normalise::Normaliser;
use crate::rules::HintKind;

/// How many pairs of elements are looked at to find those that are similar; with more, replaced elements of a sequence
/// are paired by position, and those of a set count as removed and added.
const PAIR_BUDGET: usize = 10_000;

/// Places of an element, before and after; one of them is there.
type Match = (Option<usize>, Option<usize>);

/// An element with its place.
type Placed<'v> = (usize, &'v Value);

impl Walk<'_> {
    pub(super) fn lists(&mut self, before: &[Value], after: &[Value]) {
        let hint = self.hint().filter(|_| self.enabled(Normaliser::CollectionKind));
        match hint {
            Some((HintKind::Set, _)) => self.bag(before, after, Repeats::Overlook),
            Some((HintKind::Unordered, _)) => self.bag(before, after, Repeats::Count),
            _ => self.sequence(before, after),
        }
    }

    /// Compares the elements in their order.
    fn sequence(&mut self, before: &[Value], after: &[Value]) {
        let hashes = |values: &[Value]| -> Vec<u64> { values.iter().map(|value| self.hasher().hash(value)).collect() };
        for run in script(&hashes(before), &hashes(after)) {
            let matches = match run {
                Run::Keep { old, new, len } => (0..len).map(|at| (Some(old + at), Some(new + at))).collect(),
                Run::Replace { old, new } => self.align(before, after, old, new),
            };
            matches.into_iter().for_each(|places| self.element(before, after, places));
        }
    }

    /// Compares two elements, or tells that one is there on one side only.
    fn element(&mut self, before: &[Value], after: &[Value], (old, new): Match) {
        let (Some(place), old, new) =
            (old.or(new), old.and_then(|at| before.get(at)), new.and_then(|at| after.get(at)))
        else {
            return;
        };
        if old != new {
            self.below(PathStep::Index(place), |walk| walk.pair(old, new, Place::Element));
        }
    }

    /// Pairs the elements in whose place others stand: similar ones in their order, what lies between them by position.
    fn align(&self, before: &[Value], after: &[Value], old: Range<usize>, new: Range<usize>) -> Vec<Match> {
        let (rows, columns) = (old.len(), new.len());
        let cells = rows.saturating_mul(columns);
        let plain = |values: Option<&[Value]>| values.unwrap_or_default().iter().all(is_plain);
        if cells <= 1 || cells > PAIR_BUDGET || (plain(before.get(old.clone())) && plain(after.get(new.clone()))) {
            return by_position(old, new);
        }
        let (old_side, new_side) = (weigh(before.get(old.clone())), weigh(after.get(new.clone())));
        let row = |a: Weighed<'_>| new_side.iter().map(|b| self.similarity(a, *b)).collect::<Vec<_>>();
        let scores: Vec<Option<usize>> = old_side.iter().flat_map(|a| row(*a)).collect();
        let mut matches = Vec::new();
        let (mut old_at, mut new_at) = (old.start, new.start);
        for (row, column) in best_alignment(&scores, rows, columns) {
            let (a, b) = (old.start + row, new.start + column);
            matches.extend(by_position(old_at..a, new_at..b));
            matches.push((Some(a), Some(b)));
            (old_at, new_at) = (a + 1, b + 1);
        }
        matches.extend(by_position(old_at..old.end, new_at..new.end));
        matches
    }

    /// Compares the elements in any order.
    fn bag(&mut self, before: &[Value], after: &[Value], repeats: Repeats) {
        let mut old = self.placed(before, repeats);
        let mut new = self.placed(after, repeats);
        let repeated = old.len() < before.len() || new.len() < after.len();
        let mut matches: Vec<Match> = Vec::new();
        matches.extend(match_by(&self.exact, &mut old, &mut new));
        matches.extend(match_by(&self.loose, &mut old, &mut new));
        self.match_similar(&mut old, &mut new, &mut matches);
        matches.extend(old.iter().map(|(at, _)| (Some(*at), None)));
        matches.sort_by_key(|(old, _)| *old);
        matches.extend(new.iter().map(|(at, _)| (None, Some(*at))));
        let moved = matches.windows(2).any(|pair| matches!(pair, [(_, Some(a)), (_, Some(b))] if a > b));
        let found = self.aside(|walk| {
            matches.into_iter().for_each(|places| walk.element(before, after, places));
        });
        if found.is_equal() && (moved || repeated) {
            let sides = [before, after].map(|elements| Value::List(elements.to_vec()));
            let rule = self.hint().map(|(_, id)| id);
            self.normalise(Normaliser::CollectionKind, rule, Some(&sides[0]), Some(&sides[1]));
        }
        self.found.extend(found);
    }

    /// The elements with their places; of equal ones only the first, where repeats are overlooked.
    fn placed<'v>(&self, elements: &'v [Value], repeats: Repeats) -> Vec<Placed<'v>> {
        let mut seen: HashMap<u64, Vec<&Value>> = HashMap::new();
        let mut is_new = |value: &'v Value| {
            let same_hash = seen.entry(self.exact.hash(value)).or_default();
            let new = !same_hash.contains(&value);
            same_hash.extend(new.then_some(value));
            new
        };
        let all = elements.iter().enumerate();
        match repeats {
            Repeats::Count => all.collect(),
            Repeats::Overlook => all.filter(|(_, value)| is_new(value)).collect(),
        }
    }

    /// Pairs the most similar of what is left.
    fn match_similar(&self, old: &mut Vec<Placed<'_>>, new: &mut Vec<Placed<'_>>, matches: &mut Vec<Match>) {
        if old.len().saturating_mul(new.len()) > PAIR_BUDGET {
            return;
        }
        let mut candidates = Vec::new();
        let weighed: Vec<_> = new.iter().map(|(at, value)| (*at, Weighed::new(value))).collect();
        for (old_at, before) in old.iter() {
            let before = Weighed::new(before);
            for (new_at, after) in &weighed {
                candidates.extend(self.similarity(before, *after).map(|score| (score, *old_at, *new_at)));
            }
        }
        candidates.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2))));
        for (_, old_at, new_at) in candidates {
            let places = (old.iter().position(|(at, _)| *at == old_at), new.iter().position(|(at, _)| *at == new_at));
            if let (Some(in_old), Some(in_new)) = places {
                old.remove(in_old);
                new.remove(in_new);
                matches.push((Some(old_at), Some(new_at)));
            }
        }
    }
}

/// Whether the number of times that an element stands in a list means anything.
#[derive(Clone, Copy)]
enum Repeats {
    Count,
    Overlook,
}

/// Pairs elements of equal hashes and takes them out. The comparison looks at them all the same: hashes may collide.
fn match_by(hasher: &ValueHasher, old: &mut Vec<Placed<'_>>, new: &mut Vec<Placed<'_>>) -> Vec<Match> {
    let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
    for (at, value) in new.iter().rev() {
        places.entry(hasher.hash(value)).or_default().push(*at);
    }
    let mut matches = Vec::new();
    let mut taken = std::collections::HashSet::new();
    old.retain(|(old_at, value)| {
        let place = places.get_mut(&hasher.hash(value)).and_then(Vec::pop);
        matches.extend(place.map(|new_at| (Some(*old_at), Some(new_at))));
        taken.extend(place);
        place.is_none()
    });
    new.retain(|(at, _)| !taken.contains(at));
    matches
}

/// Whether similarity says nothing about a value that its hash does not.
fn is_plain(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_))
}

fn weigh(values: Option<&[Value]>) -> Vec<Weighed<'_>> {
    values.unwrap_or_default().iter().map(Weighed::new).collect()
}

fn by_position(old: Range<usize>, new: Range<usize>) -> Vec<Match> {
    let count = old.len().max(new.len());
    let place = |range: &Range<usize>, at: usize| Some(range.start + at).filter(|at| *at < range.end);
    (0..count).map(|at| (place(&old, at), place(&new, at))).collect()
}

/// The pairs of rows and columns, both rising, whose scores add up to the most; row by row in `scores`.
fn best_alignment(scores: &[Option<usize>], rows: usize, columns: usize) -> Vec<(usize, usize)> {
    // best[row][column]: the most that can be had from this row and this column on.
    let width = columns + 1;
    let mut best = vec![0_usize; (rows + 1) * width];
    let score = |row: usize, column: usize| scores.get(row * columns + column).copied().flatten();
    let at = |best: &[usize], row: usize, column: usize| best.get(row * width + column).copied().unwrap_or(0);
    // One more than the score, so that a pair of score 0 is better than none.
    let paired =
        |best: &[usize], row, column| score(row, column).map(|score| score + 1 + at(best, row + 1, column + 1));
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            let most = at(&best, row + 1, column).max(at(&best, row, column + 1));
            let most = most.max(paired(&best, row, column).unwrap_or(0));
            if let Some(cell) = best.get_mut(row * width + column) {
                *cell = most;
            }
        }
    }
    let mut pairs = Vec::new();
    let (mut row, mut column) = (0, 0);
    while row < rows && column < columns {
        let here = at(&best, row, column);
        if paired(&best, row, column) == Some(here) {
            pairs.push((row, column));
            (row, column) = (row + 1, column + 1);
        } else if at(&best, row + 1, column) == here {
            row += 1;
        } else {
            column += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_alignment_keeps_the_order() {
        let scores = [Some(600), Some(1000), None, Some(700)];
        assert_eq!(best_alignment(&scores, 2, 2), [(0, 0), (1, 1)]);
        let scores = [Some(500), Some(1000), Some(900), None];
        assert_eq!(best_alignment(&scores, 2, 2), [(0, 1)]);
        assert_eq!(best_alignment(&[None, Some(0)], 1, 2), [(0, 1)]);
    }
}
