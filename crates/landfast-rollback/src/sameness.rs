//! Whether an object that was read is the one that was expected.

use landfast_drift::{CompareOptions, DriftStatus, compare};
use landfast_state::{AttributePath, Observation, Origin, ResourceObject, Snapshot, SourceKind};

/// How an object that was read stands to the one that was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sameness {
    /// It is the same, for all that can be told by rules that have a name. What was expected as unknown may be anything.
    Same,
    /// It is not: one of the two is not there (no paths), or these attributes differ.
    Different(Vec<AttributePath>),
    /// These attributes cannot be compared: they are sensitive and known under another key.
    Unreadable(Vec<AttributePath>),
}

impl Sameness {
    pub(crate) fn is_same(&self) -> bool {
        *self == Self::Same
    }
}

/// Compares what was expected with what was read. Where they stand does not matter.
pub(crate) fn sameness(
    expected: Option<&ResourceObject>,
    read: Option<&ResourceObject>,
    options: &CompareOptions,
) -> Sameness {
    let (expected, read) = match (expected, read) {
        (None, None) => return Sameness::Same,
        (None, Some(_)) | (Some(_), None) => return Sameness::Different(Vec::new()),
        (Some(expected), Some(read)) => (expected, read),
    };
    if expected.tainted != read.tainted {
        return Sameness::Different(Vec::new());
    }
    let alone = |object: &ResourceObject| {
        let mut object = object.clone();
        // Deposed objects are compared like current ones, and moved ones with what they were.
        object.address = expected.address.instance.clone().into();
        object.provider.clone_from(&expected.provider);
        Snapshot::new(Origin::new(SourceKind::Snapshot, ""), vec![object], Default::default())
    };
    let (Ok(expected), Ok(read)) = (alone(expected), alone(read)) else { return Sameness::Different(Vec::new()) };
    let report = compare(&expected, &Observation::complete(read), options);
    let Some(drift) = report.resources.first() else {
        return Sameness::Same;
    };
    if matches!(drift.status, DriftStatus::Unreadable | DriftStatus::Unsupported) || !drift.unreadable.is_empty() {
        return Sameness::Unreadable(drift.unreadable.clone());
    }
    // What a rule suppresses for a report is still a change that this plan did not expect.
    if drift.changes.is_empty() {
        Sameness::Same
    } else {
        Sameness::Different(drift.changes.iter().map(|change| change.path.clone()).collect())
    }
}
