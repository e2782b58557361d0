//! What a step, or a try to take it back, left: how an operation knows its own doing again.

use bytes::Bytes;
use landfast_drift::CompareOptions;
use landfast_state::{Limits, ResourceObject, read_snapshot};

use crate::journal::Ended;
use crate::sameness::sameness;

/// What was read when a step, or what takes it back, had last done something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeftBehind {
    /// Whether that is neither what was there nor what was to be.
    pub(crate) is_partial: bool,
    object: Option<String>,
    text: Option<String>,
}

impl LeftBehind {
    pub(crate) fn of(ended: &Ended) -> Self {
        Self {
            is_partial: ended.end == crate::journal::StepEnd::Partial,
            object: ended.object.clone(),
            text: ended.left.clone(),
        }
    }
}

/// Whether what is there is what was left: what was read then where that is known, and what the plan says where it is not.
pub(crate) fn is_as_left(
    behind: Option<&LeftBehind>,
    planned: Option<&ResourceObject>,
    now: Option<&ResourceObject>,
    compared: &CompareOptions,
) -> bool {
    let is_as_planned = || sameness(planned, now, compared).is_same();
    let Some(behind) = behind else { return is_as_planned() };
    let digest = match (now, &compared.fingerprint_key) {
        (Some(now), Some(key)) => Some(now.digest(key).to_string()),
        _ => None,
    };
    if behind.object == digest && (digest.is_some() || (behind.is_partial && now.is_none())) {
        return true;
    }
    // Known to the last attribute, some of which change by themselves.
    let text = behind.text.clone();
    let is_as_read = text.and_then(read_alone).map(|left| sameness(Some(&left), now, compared).is_same());
    match (is_as_read, behind.is_partial) {
        (Some(true), _) => true,
        (Some(false), false) => false,
        // What was done in part may have been finished after it was read.
        (Some(false), true) | (None, _) => is_as_planned(),
    }
}

/// The one object of a snapshot file.
fn read_alone(text: String) -> Option<ResourceObject> {
    let snapshot = read_snapshot(Bytes::from(text), "the journal", &Limits::default()).ok()?;
    snapshot.objects().first().cloned()
}
