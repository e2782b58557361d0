//! The raw difference of two values: exact, without hints and normalisers, and reversible.
//!
//! `diff(a, a)` is empty, `diff(a, b).apply(&a)` is `b`, and `diff(a, b).inverse().apply(&b)` is `a`. What a report
//! lists is made by [`compare`](crate::compare), which knows what differences mean; this module does not.

mod apply;
pub(crate) mod hash;
mod json_patch;
pub(crate) mod script;

use std::collections::BTreeMap;

use landfast_state::{Members, Value};

pub use apply::{PatchError, PatchProblem};
pub use json_patch::PatchOperation;

use hash::ValueHasher;
use script::{Run, script};

/// The difference between two values.
///
/// It holds what it removes as well as what it adds, so that it can be turned round, and so that applying it to
/// anything else than the value that it was made from is an error. Sensitive values in it stay sensitive.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diff {
    root: Option<Edit>,
}

/// What happens to one value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Edit {
    /// Another value stands in its place.
    Replace { before: Value, after: Value },
    /// Some members of an object differ.
    Object(BTreeMap<String, MemberEdit>),
    /// Some elements of a list differ: the whole list, from front to back.
    List(Vec<ElementEdit>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum MemberEdit {
    Added(Value),
    Removed(Value),
    Edited(Edit),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum ElementEdit {
    /// This many elements stay as they are.
    Keep(usize),
    Added(Value),
    Removed(Value),
    Edited(Edit),
}

/// The exact difference between two values. Numbers are equal when their values are, however they are written.
///
/// Lists are compared by a minimal edit script over hashes of their elements; replaced elements are paired by position
/// and compared in turn. For long lists with little in common the script is exact but no longer minimal, so that the
/// work stays near linear.
///
/// ```
/// use landfast_drift::diff::diff;
/// use landfast_state::Value;
/// let list = |items: &[&str]| Value::List(items.iter().map(|item| Value::String(item.to_string())).collect());
/// let (a, b) = (list(&["x", "y", "z"]), list(&["y", "z", "w"]));
/// let difference = diff(&a, &b);
/// assert_eq!(difference.apply(&a)?, b);
/// assert_eq!(difference.inverse().apply(&b)?, a);
/// assert!(diff(&a, &a).is_empty());
/// # Ok::<(), landfast_drift::diff::PatchError>(())
/// ```
#[must_use]
pub fn diff(a: &Value, b: &Value) -> Diff {
    Diff { root: edit(a, b, &ValueHasher::default()) }
}

impl Diff {
    /// Whether there is no difference.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// The difference the other way round: what turns the second value into the first.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self { root: self.root.as_ref().map(Edit::inverse) }
    }
}

impl Edit {
    fn inverse(&self) -> Self {
        match self {
            Self::Replace { before, after } => Self::Replace { before: after.clone(), after: before.clone() },
            Self::Object(members) => {
                Self::Object(members.iter().map(|(name, edit)| (name.clone(), edit.inverse())).collect())
            }
            Self::List(elements) => Self::List(elements.iter().map(ElementEdit::inverse).collect()),
        }
    }
}

impl MemberEdit {
    fn inverse(&self) -> Self {
        match self {
            Self::Added(value) => Self::Removed(value.clone()),
            Self::Removed(value) => Self::Added(value.clone()),
            Self::Edited(edit) => Self::Edited(edit.inverse()),
        }
    }
}

impl ElementEdit {
    fn inverse(&self) -> Self {
        match self {
            Self::Keep(count) => Self::Keep(*count),
            Self::Added(value) => Self::Removed(value.clone()),
            Self::Removed(value) => Self::Added(value.clone()),
            Self::Edited(edit) => Self::Edited(edit.inverse()),
        }
    }
}

/// What turns `a` into `b`, or `None` when they are equal.
fn edit(a: &Value, b: &Value, hasher: &ValueHasher) -> Option<Edit> {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let members = edit_members(a, b, hasher);
            (!members.is_empty()).then_some(Edit::Object(members))
        }
        (Value::List(a), Value::List(b)) => edit_elements(a, b, hasher).map(Edit::List),
        _ if a == b => None,
        _ => Some(Edit::Replace { before: a.clone(), after: b.clone() }),
    }
}

fn edit_members(a: &Members, b: &Members, hasher: &ValueHasher) -> BTreeMap<String, MemberEdit> {
    let mut edits = BTreeMap::new();
    for (name, before) in a {
        let edit = match b.get(name) {
            None => Some(MemberEdit::Removed(before.clone())),
            Some(after) => edit(before, after, hasher).map(MemberEdit::Edited),
        };
        edits.extend(edit.map(|edit| (name.clone(), edit)));
    }
    let added = b.iter().filter(|(name, _)| !a.contains_key(*name));
    edits.extend(added.map(|(name, after)| (name.clone(), MemberEdit::Added(after.clone()))));
    edits
}

fn edit_elements(a: &[Value], b: &[Value], hasher: &ValueHasher) -> Option<Vec<ElementEdit>> {
    let hashes = |values: &[Value]| -> Vec<u64> { values.iter().map(|value| hasher.hash(value)).collect() };
    let mut edits = ElementEdits::default();
    for run in script(&hashes(a), &hashes(b)) {
        let (before, after) = match run {
            // Elements of equal hashes are compared all the same: hashes may collide.
            Run::Keep { old, new, len } => (a.get(old..old + len), b.get(new..new + len)),
            Run::Replace { old, new } => (a.get(old), b.get(new)),
        };
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        let paired = before.len().min(after.len());
        for (before, after) in before.iter().zip(after) {
            edits.push_pair(edit(before, after, hasher));
        }
        let removed = before.iter().skip(paired).map(|value| ElementEdit::Removed(value.clone()));
        let added = after.iter().skip(paired).map(|value| ElementEdit::Added(value.clone()));
        removed.chain(added).for_each(|edit| edits.push(edit));
    }
    edits.finish()
}

/// Gathers the edits of a list, kept elements as runs.
#[derive(Default)]
struct ElementEdits {
    edits: Vec<ElementEdit>,
    kept: usize,
}

impl ElementEdits {
    fn push_pair(&mut self, edit: Option<Edit>) {
        match edit {
            None => self.kept += 1,
            Some(edit) => self.push(ElementEdit::Edited(edit)),
        }
    }

    fn push(&mut self, edit: ElementEdit) {
        if self.kept > 0 {
            self.edits.push(ElementEdit::Keep(self.kept));
            self.kept = 0;
        }
        self.edits.push(edit);
    }

    fn finish(mut self) -> Option<Vec<ElementEdit>> {
        if self.edits.is_empty() {
            return None;
        }
        if self.kept > 0 {
            self.edits.push(ElementEdit::Keep(self.kept));
        }
        Some(self.edits)
    }
}
