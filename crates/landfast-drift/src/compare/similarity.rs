//! How much two elements of a list have in common, for finding those that are one element before and after.
//!
//! Similarity never compares lists within lists pair by pair, so that nesting does not multiply the work.

use std::collections::HashMap;

use landfast_state::{SensitiveComparison, Value};

use super::walk::Walk;
use crate::normalise::sdk_null_zero::is_zero;
use crate::normalise::{Normaliser, json_document};

/// The score of elements that are equal by named rules.
const EQUAL: usize = 1001;

/// An element with the number of its telling leaves.
#[derive(Clone, Copy)]
pub(super) struct Weighed<'v> {
    value: &'v Value,
    leaves: usize,
}

impl<'v> Weighed<'v> {
    pub(super) fn new(value: &'v Value) -> Self {
        Self { value: exposed(value), leaves: leaves(value) }
    }
}

impl Walk<'_> {
    /// How similar two elements are, from 0 to 1001, or `None` when they are not the same element. Objects and lists are the
    /// same when they share at least half of their leaves; leaves that say nothing (null, `""`, `0`, `false`, empty
    /// collections) do not count. Other values are the same when they are equal by a named rule, or not known to differ.
    pub(super) fn similarity(&self, before: Weighed<'_>, after: Weighed<'_>) -> Option<usize> {
        let total = before.leaves.max(after.leaves);
        match (before.value, after.value) {
            (Value::Unknown, _) | (_, Value::Unknown) => Some(0),
            (Value::Sensitive(_), _) | (_, Value::Sensitive(_)) => {
                let same = self.compare_held(before.value, after.value) != SensitiveComparison::Different;
                same.then_some(EQUAL)
            }
            (Value::Object(_), Value::Object(_)) | (Value::List(_), Value::List(_)) => {
                if before.leaves.min(after.leaves) * 2 < total {
                    return None;
                }
                let shared = self.shared(before.value, after.value);
                (shared * 2 >= total).then(|| (shared * 1000).checked_div(total).unwrap_or(0))
            }
            (Value::String(a), Value::String(b)) => {
                (self.compares_documents() && json_document::equal(a, b)).then_some(EQUAL)
            }
            (a, b) => self.stands_for(a, b).then_some(EQUAL),
        }
    }

    /// Whether strings that are equal as JSON documents are equal at the present path.
    fn compares_documents(&self) -> bool {
        self.enabled(Normaliser::JsonDocument)
            && self.rules.normaliser(Normaliser::JsonDocument, &self.here().steps).is_some()
    }

    /// How many leaves two values share.
    fn shared(&self, before: &Value, after: &Value) -> usize {
        match (exposed(before), exposed(after)) {
            (Value::Object(before), Value::Object(after)) => {
                let both = before.iter().filter_map(|(name, value)| Some((value, after.get(name)?)));
                both.map(|(before, after)| self.shared(before, after)).sum()
            }
            (Value::List(before), Value::List(after)) => {
                let mut left: HashMap<u64, usize> = HashMap::new();
                after.iter().for_each(|element| *left.entry(self.hasher().hash(element)).or_default() += 1);
                let mut take = |element: &&Value| match left.get_mut(&self.hasher().hash(element)) {
                    Some(count) if *count > 0 => {
                        *count -= 1;
                        true
                    }
                    _ => false,
                };
                before.iter().filter(|element| take(element)).map(leaves).sum()
            }
            (before, after) if before == after => leaves(before),
            _ => 0,
        }
    }
}

fn exposed(value: &Value) -> &Value {
    match value {
        Value::Sensitive(sensitive) => sensitive.expose().unwrap_or(value),
        value => value,
    }
}

/// The number of leaves that say something.
fn leaves(value: &Value) -> usize {
    match exposed(value) {
        Value::Object(members) => members.values().map(leaves).sum(),
        Value::List(elements) => elements.iter().map(leaves).sum(),
        Value::Null => 0,
        value if is_zero(value) => 0,
        _ => 1,
    }
}
