//! Comparing lists: as sequences, or as the sets and bags that a hint says they are.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use landfast_state::{PathStep, Value};

use super::distance::{Container, container, leaves};
use super::shared_marks::SharedMarks;
use super::walk::{Place, Walk};
use super::{alignment, assignment};
use crate::diff::hash::ValueHasher;
use crate::diff::script::{Run, script};
use crate::normalise::Normaliser;
use crate::rules::HintKind;

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
        let mut matches = self.edits(before, after);
        // Elements that stand more than once, or moved, can make a script short that says more: what stands in its place and
        // differs little is the better account then.
        let in_place = by_position(0..before.len(), 0..after.len());
        if before.len() == after.len() && matches != in_place && self.affords(2, before, after) {
            let (moved, stayed) = (self.distances(before, after, &matches), self.distances(before, after, &in_place));
            if stayed.leaves < moved.leaves || stayed.changes <= moved.changes {
                matches = in_place;
            }
        }
        let marks = SharedMarks::of(before, after);
        matches.into_iter().for_each(|places| self.element(before, after, places, &marks));
    }

    /// The places of the elements by a minimal edit script, each replaced run aligned.
    fn edits(&mut self, before: &[Value], after: &[Value]) -> Vec<Match> {
        let hashes = |values: &[Value]| -> Vec<u64> { values.iter().map(|value| self.hasher().hash(value)).collect() };
        let mut matches = Vec::new();
        for run in script(&hashes(before), &hashes(after)) {
            match run {
                Run::Keep { old, new, len } => matches.extend((0..len).map(|at| (Some(old + at), Some(new + at)))),
                Run::Replace { old, new } => matches.extend(self.align(before, after, old, new)),
            }
        }
        matches
    }

    /// What all pairs of elements are apart together.
    fn distances(&mut self, before: &[Value], after: &[Value], matches: &[Match]) -> Apart {
        let mut sum = Apart { leaves: 0, changes: 0 };
        for (old, new) in matches {
            let at = old.or(*new).unwrap_or_default();
            let (old, new) = (old.and_then(|at| before.get(at)), new.and_then(|at| after.get(at)));
            let distance = self.distance(at, old, new);
            sum.leaves = sum.leaves.saturating_add(distance.leaves);
            sum.changes += distance.changes;
        }
        sum
    }

    /// Compares two elements, or tells that one is there on one side only.
    fn element(&mut self, before: &[Value], after: &[Value], (old, new): Match, marks: &SharedMarks) {
        let (Some(place), old, new) =
            (old.or(new), old.and_then(|at| before.get(at)), new.and_then(|at| after.get(at)))
        else {
            return;
        };
        if old != new {
            let (old, new) = marks.on(old, new);
            self.below(PathStep::Index(place), |walk| walk.pair(old.as_deref(), new.as_deref(), Place::Element));
        }
    }

    /// Pairs the elements in whose place others stand, in their order, so that the fewest leaves differ.
    fn align(&mut self, before: &[Value], after: &[Value], old: Range<usize>, new: Range<usize>) -> Vec<Match> {
        let (Some(before), Some(after)) = (before.get(old.clone()), after.get(new.clone())) else {
            return by_position(old, new);
        };
        let plain = before.iter().chain(after).all(is_plain);
        if before.len().saturating_mul(after.len()) <= 1 || plain || !self.affords_pairs(before, after) {
            return by_position(old, new);
        }
        let costs: Vec<usize> =
            self.table(old.clone().zip(before), after).into_iter().map(|distance| distance.leaves).collect();
        let gaps = |values: &[Value]| -> Vec<usize> { values.iter().map(|value| leaves(value).max(1)).collect() };
        let aligned = alignment::cheapest(&costs, &gaps(before), &gaps(after));
        let place = |at: Option<usize>, range: &Range<usize>| at.map(|at| range.start + at);
        aligned.into_iter().map(|(row, column)| (place(row, &old), place(column, &new))).collect()
    }

    /// Compares the elements in any order.
    fn bag(&mut self, before: &[Value], after: &[Value], repeats: Repeats) {
        let mut old = self.placed(before, repeats);
        let mut new = self.placed(after, repeats);
        let repeated = old.len() < before.len() || new.len() < after.len();
        let mut matches: Vec<Match> = Vec::new();
        matches.extend(match_by(&self.exact, &mut old, &mut new));
        matches.extend(match_by(&self.loose, &mut old, &mut new));
        self.match_closest(&mut old, &mut new, &mut matches);
        matches.extend(old.iter().map(|(at, _)| (Some(*at), None)));
        matches.sort_by_key(|(old, _)| *old);
        matches.extend(new.iter().map(|(at, _)| (None, Some(*at))));
        let moved = matches.windows(2).any(|pair| matches!(pair, [(_, Some(a)), (_, Some(b))] if a > b));
        let marks = SharedMarks::of(before, after);
        let found = self.aside(|walk| {
            matches.into_iter().for_each(|places| walk.element(before, after, places, &marks));
        });
        if found.is_equal() && (moved || repeated) {
            let sides = marks.on_all(before, after);
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

    /// Pairs what is left: objects with objects and lists with lists, so that the fewest leaves differ, other values only
    /// where they are equal by a named rule. Objects and lists are paired however little they have in common, so that an
    /// element in which more has changed never counts for less.
    fn match_closest(&mut self, old: &mut Vec<Placed<'_>>, new: &mut Vec<Placed<'_>>, matches: &mut Vec<Match>) {
        let before: Vec<&Value> = old.iter().map(|(_, value)| *value).collect();
        let after: Vec<&Value> = new.iter().map(|(_, value)| *value).collect();
        let (rows, columns) = (before.len(), after.len());
        let pairs = if rows.min(columns) == 0 {
            return;
        } else if self.affords_pairs(before.iter().copied(), after.iter().copied()) {
            let placed = old.iter().map(|(at, value)| (*at, *value));
            let costs =
                self.table(placed, after).into_iter().map(|distance| distance.if_one_element()).collect::<Vec<_>>();
            assignment::cheapest(&costs, rows, columns)
        } else {
            in_turn(&before, &after)
        };
        for (row, column) in &pairs {
            matches.extend(old.get(*row).zip(new.get(*column)).map(|(old, new)| (Some(old.0), Some(new.0))));
        }
        let rest = |placed: &mut Vec<Placed<'_>>, taken: &HashSet<usize>| {
            let mut at = 0..;
            placed.retain(|_| at.next().is_some_and(|at| !taken.contains(&at)));
        };
        rest(old, &pairs.iter().map(|(row, _)| *row).collect());
        rest(new, &pairs.iter().map(|(_, column)| *column).collect());
    }
}

/// How far lists are apart.
struct Apart {
    leaves: usize,
    changes: usize,
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
    let mut taken = HashSet::new();
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

/// Pairs objects with objects and lists with lists in their order.
fn in_turn(before: &[&Value], after: &[&Value]) -> Vec<(usize, usize)> {
    let places = |values: &[&Value], kind: Container| -> Vec<usize> {
        values.iter().enumerate().filter(|(_, value)| container(value) == Some(kind)).map(|(at, _)| at).collect()
    };
    let pair = |kind| places(before, kind).into_iter().zip(places(after, kind));
    pair(Container::Object).chain(pair(Container::List)).collect()
}

fn by_position(old: Range<usize>, new: Range<usize>) -> Vec<Match> {
    let count = old.len().max(new.len());
    let place = |range: &Range<usize>, at: usize| Some(range.start + at).filter(|at| *at < range.end);
    (0..count).map(|at| (place(&old, at), place(&new, at))).collect()
}
