//! Applying a difference.

use std::collections::BTreeMap;
use std::fmt;

use landfast_state::{AttributePath, Members, Value};

use super::{Diff, Edit, ElementEdit, MemberEdit};

/// The difference does not fit the value that it was to be applied to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the difference does not fit{}: {problem}", At(.path))]
pub struct PatchError {
    /// Where it does not fit.
    pub path: AttributePath,
    /// What is wrong there.
    pub problem: PatchProblem,
}

/// What does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatchProblem {
    /// Another value stands there.
    #[error("another value stands there")]
    OtherValue,
    /// Nothing stands there.
    #[error("nothing stands there")]
    Absent,
    /// Something stands where something should be added.
    #[error("something stands there already")]
    Present,
    /// The list has more elements than the difference knows.
    #[error("the list is longer")]
    Longer,
}

/// A place in a message; nothing for the whole value.
struct At<'a>(&'a AttributePath);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.steps.is_empty() { Ok(()) } else { write!(f, " at {}", self.0) }
    }
}

impl Diff {
    /// The value that this difference makes of `value`.
    ///
    /// # Errors
    /// When `value` is not what the difference was made from, as far as the difference speaks of it.
    pub fn apply(&self, value: &Value) -> Result<Value, PatchError> {
        match &self.root {
            None => Ok(value.clone()),
            Some(edit) => apply(edit, value, &AttributePath::ROOT),
        }
    }
}

fn apply(edit: &Edit, value: &Value, path: &AttributePath) -> Result<Value, PatchError> {
    match (edit, value) {
        (Edit::Replace { before, after }, value) if before == value => Ok(after.clone()),
        (Edit::Object(edits), Value::Object(members)) => apply_members(edits, members, path).map(Value::Object),
        (Edit::List(edits), Value::List(elements)) => apply_elements(edits, elements, path).map(Value::List),
        _ => Err(PatchError { path: path.clone(), problem: PatchProblem::OtherValue }),
    }
}

fn apply_members(
    edits: &BTreeMap<String, MemberEdit>,
    members: &Members,
    path: &AttributePath,
) -> Result<Members, PatchError> {
    let mut result = members.clone();
    for (name, edit) in edits {
        let fail = |problem| PatchError { path: path.key(name), problem };
        let held = members.get(name);
        match (edit, held) {
            (MemberEdit::Added(value), None) => {
                result.insert(name.clone(), value.clone());
            }
            (MemberEdit::Added(_), Some(_)) => return Err(fail(PatchProblem::Present)),
            (_, None) => return Err(fail(PatchProblem::Absent)),
            (MemberEdit::Removed(value), Some(held)) if value == held => {
                result.remove(name);
            }
            (MemberEdit::Removed(_), Some(_)) => return Err(fail(PatchProblem::OtherValue)),
            (MemberEdit::Edited(edit), Some(held)) => {
                result.insert(name.clone(), apply(edit, held, &path.key(name))?);
            }
        }
    }
    Ok(result)
}

fn apply_elements(edits: &[ElementEdit], elements: &[Value], path: &AttributePath) -> Result<Vec<Value>, PatchError> {
    let mut result = Vec::with_capacity(elements.len());
    let mut at = 0;
    for edit in edits {
        let fail = |problem| PatchError { path: path.index(at), problem };
        match edit {
            ElementEdit::Keep(count) => {
                let kept = elements.get(at..at.saturating_add(*count)).ok_or_else(|| fail(PatchProblem::Absent))?;
                result.extend_from_slice(kept);
                at += count;
            }
            ElementEdit::Added(value) => result.push(value.clone()),
            ElementEdit::Removed(value) => {
                let held = elements.get(at).ok_or_else(|| fail(PatchProblem::Absent))?;
                if value != held {
                    return Err(fail(PatchProblem::OtherValue));
                }
                at += 1;
            }
            ElementEdit::Edited(edit) => {
                let held = elements.get(at).ok_or_else(|| fail(PatchProblem::Absent))?;
                result.push(apply(edit, held, &path.index(at))?);
                at += 1;
            }
        }
    }
    if at < elements.len() {
        return Err(PatchError { path: path.index(at), problem: PatchProblem::Longer });
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::diff;

    fn object(members: &[(&str, Value)]) -> Value {
        Value::Object(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    #[test]
    fn a_difference_fits_only_what_it_was_made_from() {
        let a = object(&[("secret", Value::String("hunter22".into())), ("list", Value::List(vec![Value::Null]))]);
        let b = object(&[("secret", Value::String("hunter23".into())), ("list", Value::List(vec![]))]);
        let difference = diff(&a, &b);
        let error = difference.apply(&b).unwrap_err();
        assert_eq!(error.to_string(), "the difference does not fit at list[0]: nothing stands there");
        let other = object(&[("secret", Value::String("hunter99".into())), ("list", Value::List(vec![Value::Null]))]);
        let error = difference.apply(&other).unwrap_err();
        assert_eq!(error.to_string(), "the difference does not fit at secret: another value stands there");
        assert_eq!(difference.apply(&Value::Null).unwrap_err().path, AttributePath::ROOT);
        let absent = object(&[("list", Value::List(vec![Value::Null]))]);
        assert_eq!(difference.apply(&absent).unwrap_err().problem, PatchProblem::Absent);
        let longer = object(&[
            ("secret", Value::String("hunter22".into())),
            ("list", Value::List(vec![Value::Null, Value::Null])),
        ]);
        assert_eq!(difference.apply(&longer).unwrap_err().problem, PatchProblem::Longer);
        assert_eq!(difference.inverse().apply(&b).unwrap(), a);
    }
}
