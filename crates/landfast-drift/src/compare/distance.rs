//! How far two values are apart, for finding which elements of two lists are the same one before and after.

use landfast_state::{PathStep, Value};

use super::walk::{Place, Walk};

/// How many leaves the search for elements that belong together looks at in one resource. Beyond it, elements are paired
/// in their order: still right, but no longer the shortest account of what changed.
pub(super) const LEAF_BUDGET: usize = 1 << 20;

/// How many pairs of elements are weighed for one list.
const PAIR_BUDGET: usize = 10_000;

/// How far two values are apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Distance {
    /// The number of leaves that changed, went or came, as far as no named rule makes them equal.
    pub(super) leaves: usize,
    /// The number of changes that a report would list.
    pub(super) changes: usize,
    /// Whether both are objects or both lists, which can be one element however much of it has changed.
    same_container: bool,
}

impl Distance {
    /// The distance, where the two values can be one element of a set.
    pub(super) fn if_one_element(self) -> Option<usize> {
        (self.same_container || self.leaves == 0).then_some(self.leaves)
    }
}

impl Walk<'_> {
    /// Walks two elements of the list at the present path, which a report would place `at`, without listing what is found.
    pub(super) fn distance(&mut self, at: usize, before: Option<&Value>, after: Option<&Value>) -> Distance {
        let weighing = std::mem::replace(&mut self.weighing, true);
        let found = self.aside(|walk| {
            walk.below(PathStep::Index(at), |walk| walk.pair(before, after, Place::Element));
        });
        self.weighing = weighing;
        let kinds = (before.and_then(container), after.and_then(container));
        Distance { leaves: found.weight, changes: found.count, same_container: kinds.0.is_some() && kinds.0 == kinds.1 }
    }

    /// The distances of all pairs, row by row, of elements with their places. Ask first whether that can be afforded.
    pub(super) fn table<'v>(
        &mut self,
        before: impl IntoIterator<Item = (usize, &'v Value)>,
        after: impl IntoIterator<Item = &'v Value> + Clone,
    ) -> Vec<Distance> {
        let mut distances = Vec::new();
        for (at, old) in before {
            for new in after.clone() {
                distances.push(self.distance(at, Some(old), Some(new)));
            }
        }
        distances
    }

    /// Whether a look at all pairs of these elements is within what one resource may cost; if so, it is paid for.
    pub(super) fn affords_pairs<'v>(
        &mut self,
        before: impl IntoIterator<Item = &'v Value>,
        after: impl IntoIterator<Item = &'v Value>,
    ) -> bool {
        let count = |(count, sum): (usize, usize), value: &Value| (count + 1, sum + visits(value));
        let (rows, old) = before.into_iter().fold((0, 0), count);
        let (columns, new) = after.into_iter().fold((0, 0), count);
        let cost = old.saturating_mul(columns).saturating_add(new.saturating_mul(rows));
        rows.saturating_mul(columns) <= PAIR_BUDGET && self.pay(cost)
    }

    /// Whether this many looks at all elements are within what one resource may cost; if so, they are paid for.
    pub(super) fn affords(&mut self, times: usize, before: &[Value], after: &[Value]) -> bool {
        let cost: usize = before.iter().chain(after).map(visits).sum();
        self.pay(cost.saturating_mul(times))
    }

    fn pay(&mut self, cost: usize) -> bool {
        let left = self.leaves_left.checked_sub(cost);
        self.leaves_left = left.unwrap_or(self.leaves_left);
        left.is_some()
    }
}

/// What can hold elements or members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Object,
    List,
}

/// What kind of container a value is, behind its mark if it has one.
pub(super) fn container(value: &Value) -> Option<Container> {
    match exposed(value) {
        Value::Object(_) => Some(Container::Object),
        Value::List(_) => Some(Container::List),
        _ => None,
    }
}

/// The number of leaves: what holds nothing is one.
pub(super) fn leaves(value: &Value) -> usize {
    match exposed(value) {
        Value::Object(members) => members.values().map(leaves).sum::<usize>().max(1),
        Value::List(elements) => elements.iter().map(leaves).sum::<usize>().max(1),
        _ => 1,
    }
}

/// How many values are looked at when this one is walked.
fn visits(value: &Value) -> usize {
    match exposed(value) {
        Value::Object(members) => 1 + members.values().map(visits).sum::<usize>(),
        Value::List(elements) => 1 + elements.iter().map(visits).sum::<usize>(),
        _ => 1,
    }
}

fn exposed(value: &Value) -> &Value {
    match value {
        Value::Sensitive(sensitive) => sensitive.expose().unwrap_or(value),
        value => value,
    }
}
