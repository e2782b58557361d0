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

#[cfg(test)]
mod tests {
    use landfast_state::{FingerprintKey, Members, Origin, Snapshot, SourceKind, Value, write_snapshot};

    use super::*;
    use crate::journal::StepEnd;

    fn key() -> FingerprintKey {
        FingerprintKey::from_bytes([1; 32])
    }

    fn object(name: &str) -> ResourceObject {
        let members = Members::from([("name".to_owned(), Value::String(name.to_owned()))]);
        ResourceObject::bare("mem_plain.a".parse().unwrap(), "registry.terraform.io/hashicorp/memory")
            .with_value(&members)
            .unwrap()
    }

    /// What is known of an object that was left: its digest, and its text as well.
    fn behind(end: StepEnd, object: Option<&ResourceObject>, with_text: bool) -> LeftBehind {
        let text = |object: &ResourceObject| {
            let origin = Origin::new(SourceKind::Observation, "test");
            write_snapshot(&Snapshot::new(origin, vec![object.clone()], Default::default()).unwrap(), &key())
        };
        LeftBehind::of(&Ended {
            end,
            object: object.map(|object| object.digest(&key()).to_string()),
            left: object.filter(|_| with_text).map(text),
            failure: None,
            why: String::new(),
        })
    }

    fn is(behind: Option<&LeftBehind>, planned: Option<&ResourceObject>, now: Option<&ResourceObject>) -> bool {
        let mut compared = CompareOptions::default();
        compared.fingerprint_key = Some(key());
        is_as_left(behind, planned, now, &compared)
    }

    #[test]
    fn what_was_read_counts_and_what_was_planned_where_nothing_was() {
        let (planned, half, other) = (object("planned"), object("half"), object("other"));
        for with_text in [true, false] {
            // Its digest alone says that it is the same.
            let left = behind(StepEnd::Partial, Some(&half), with_text);
            assert!(is(Some(&left), Some(&planned), Some(&half)));
            assert!(is(Some(&left), Some(&planned), Some(&planned)), "it may have been finished since");
            assert!(!is(Some(&left), Some(&planned), Some(&other)));
            assert!(!is(Some(&left), Some(&planned), None));
        }
        let done = behind(StepEnd::Done, Some(&half), true);
        assert!(
            !is(Some(&done), Some(&planned), Some(&planned)),
            "what was read is known better than what was planned"
        );
        assert!(is(None, Some(&planned), Some(&planned)) && !is(None, Some(&planned), Some(&half)));
    }

    #[test]
    fn nothing_is_what_was_left_only_where_nothing_was() {
        let planned = object("planned");
        assert!(is(Some(&behind(StepEnd::Partial, None, false)), Some(&planned), None));
        assert!(!is(Some(&behind(StepEnd::Done, None, false)), Some(&planned), None));
        assert!(is(Some(&behind(StepEnd::Done, None, false)), None, None));
        assert!(!is(Some(&behind(StepEnd::Done, None, false)), None, Some(&planned)));
    }
}
