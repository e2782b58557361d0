//! What a comparison says: the report, one entry per resource, one entry per change.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use landfast_state::address::{InstanceAddress, ObjectAddress};
use landfast_state::schema::Setting;
use landfast_state::{AttributePath, Origin, Redactor, Value};
use serde::{Serialize, Serializer};

use crate::classification::{Class, DriftStatus, Impact, Severity};
use crate::normalise::Normaliser;
use crate::scan::ScanReport;

/// The id of a rule, in kebab case: unique among all rules, cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId(Arc<str>);

impl RuleId {
    /// An id with this text.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for RuleId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// What [`compare`](crate::compare) found. Two reports are equal when they say the same, whatever else their redactors know.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DriftReport {
    /// Where the recorded side comes from.
    pub recorded: Vec<Origin>,
    /// Where the observed side comes from.
    pub observed: Vec<Origin>,
    /// Every resource instance that was compared, or that would have been but for a gap; sorted by address. Those in sync
    /// are here too, unless they were only to be counted.
    pub resources: Vec<ResourceDrift>,
    /// How many resource instances are in sync and only counted, see [`InSync::Count`](crate::InSync::Count).
    pub in_sync_counted: usize,
    /// Every object that is not compared by its nature, on whichever side it stands; sorted by address, each once.
    pub not_compared: Vec<NotCompared>,
    /// Types of which objects that nothing recorded owns would not all be seen, and why; empty where nobody looked for such objects.
    pub not_listed: BTreeMap<Box<str>, String>,
    /// What the scan did that read the observed side object by object; `None` where it came from elsewhere.
    pub scan: Option<ScanReport>,
    /// Masks the secrets of both sides in texts from elsewhere that are shown beside the report.
    pub redactor: Redactor,
}

impl PartialEq for DriftReport {
    fn eq(&self, other: &Self) -> bool {
        let Self { recorded, observed, resources, in_sync_counted, not_compared, not_listed, scan, redactor: _ } = self;
        (recorded, observed, in_sync_counted) == (&other.recorded, &other.observed, &other.in_sync_counted)
            && *scan == other.scan
            && (resources, not_compared, not_listed) == (&other.resources, &other.not_compared, &other.not_listed)
    }
}

impl DriftReport {
    /// How many resources ended in each status.
    #[must_use]
    pub fn counts(&self) -> StatusCounts {
        let mut counts = StatusCounts { in_sync: self.in_sync_counted, ..StatusCounts::default() };
        for resource in &self.resources {
            *counts.slot(resource.status) += 1;
        }
        counts
    }

    /// The highest severity of any resource; [`Severity::None`] without any.
    #[must_use]
    pub fn worst_severity(&self) -> Severity {
        self.resources.iter().map(|resource| resource.severity).max().unwrap_or_default()
    }

    /// How much of the infrastructure the report speaks about.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        let counts = self.counts();
        let partial = |resource: &&ResourceDrift| !resource.status.is_gap() && !resource.unreadable.is_empty();
        Coverage {
            total: self.resources.len() + self.in_sync_counted,
            read: self.resources.len() + self.in_sync_counted - counts.unreadable - counts.unsupported,
            unreadable: counts.unreadable,
            unsupported: counts.unsupported,
            partly_read: self.resources.iter().filter(partial).count(),
            left_out: self.scan.as_ref().map_or(0, |scan| scan.left_out.total()),
        }
    }

    /// Whether any resource is drifted, missing or unmanaged. `false` says nothing about resources that were not read:
    /// see [`DriftReport::coverage`].
    #[must_use]
    pub fn has_drift(&self) -> bool {
        self.resources.iter().any(|resource| resource.status.is_drift())
    }

    /// The entry of the resource with this address.
    #[must_use]
    pub fn get(&self, address: &InstanceAddress) -> Option<&ResourceDrift> {
        let at = self.resources.binary_search_by(|resource| resource.address.cmp(address)).ok()?;
        self.resources.get(at)
    }
}

/// How many resources ended in each status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StatusCounts {
    /// Resources in [`DriftStatus::InSync`].
    pub in_sync: usize,
    /// Resources in [`DriftStatus::Drifted`].
    pub drifted: usize,
    /// Resources in [`DriftStatus::Missing`].
    pub missing: usize,
    /// Resources in [`DriftStatus::Unmanaged`].
    pub unmanaged: usize,
    /// Resources in [`DriftStatus::Suppressed`].
    pub suppressed: usize,
    /// Resources in [`DriftStatus::Unreadable`].
    pub unreadable: usize,
    /// Resources in [`DriftStatus::Unsupported`].
    pub unsupported: usize,
}

impl StatusCounts {
    /// The count of one status.
    #[must_use]
    pub fn of(mut self, status: DriftStatus) -> usize {
        *self.slot(status)
    }

    fn slot(&mut self, status: DriftStatus) -> &mut usize {
        match status {
            DriftStatus::InSync => &mut self.in_sync,
            DriftStatus::Drifted => &mut self.drifted,
            DriftStatus::Missing => &mut self.missing,
            DriftStatus::Unmanaged => &mut self.unmanaged,
            DriftStatus::Suppressed => &mut self.suppressed,
            DriftStatus::Unreadable => &mut self.unreadable,
            DriftStatus::Unsupported => &mut self.unsupported,
        }
    }
}

/// How much of the infrastructure a report speaks about, in resource instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coverage {
    /// All resources of the report: `read + unreadable + unsupported`.
    pub total: usize,
    /// Those about which the report says something, a missing one included.
    pub read: usize,
    /// Those that could not be read or compared.
    pub unreadable: usize,
    /// Those that nothing here can read.
    pub unsupported: usize,
    /// Of those read, the ones with at least one attribute that could not be compared.
    pub partly_read: usize,
    /// Objects that are not among the resources of the report, because nobody wanted to look at them.
    pub left_out: u64,
}

impl Coverage {
    /// Whether everything was read, and nothing left out. Only then does "no drift" mean that there is none.
    #[must_use]
    pub fn is_complete(self) -> bool {
        self.gaps() == 0 && self.left_out == 0
    }

    /// The resources of the report about which it does not say all. What was left out by choice is none of them.
    #[must_use]
    pub fn gaps(self) -> usize {
        self.unreadable + self.unsupported + self.partly_read
    }
}

/// An object that a comparison leaves out by its nature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotCompared {
    /// Its address.
    pub address: ObjectAddress,
    /// Why it is left out.
    pub reason: NotComparedReason,
}

/// Why an object is not compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotComparedReason {
    /// Terraform only reads it: nobody declared what it should be.
    DataMode,
    /// It exists for one run only.
    Ephemeral,
    /// It waits to be destroyed and has been replaced already.
    Deposed,
}

impl NotComparedReason {
    /// Every reason, in the order of declaration.
    pub const ALL: &'static [Self] = &[Self::DataMode, Self::Ephemeral, Self::Deposed];

    /// The name that machine formats use, in snake case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DataMode => "data_mode",
            Self::Ephemeral => "ephemeral",
            Self::Deposed => "deposed",
        }
    }
}

/// What the comparison says about one resource instance.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceDrift {
    /// Its address.
    pub address: InstanceAddress,
    /// The address at which one side still has it, where the other side knows that it moved.
    pub previous_address: Option<InstanceAddress>,
    /// The provider's source address, as the recorded side has it or else the observed one; may be empty.
    pub provider: Box<str>,
    /// What was found.
    pub status: DriftStatus,
    /// How serious it is; [`Severity::None`] for what is in sync or not known.
    pub severity: Severity,
    /// What it touches: the impacts of all its changes and of the rules about the resource itself.
    pub impacts: BTreeSet<Impact>,
    /// The most serious class of its changes; `None` where there is no drift to classify.
    pub class: Option<Class>,
    /// The rules that made severity, impacts and class; sorted by id, each once.
    pub rules: Vec<AppliedRule>,
    /// What differs, sorted by path. Empty unless the status is [`DriftStatus::Drifted`] or
    /// [`DriftStatus::Suppressed`].
    pub changes: Vec<AttributeChange>,
    /// Differences that are none by a named rule, sorted by path.
    pub normalised: Vec<Normalised>,
    /// Sensitive attributes that could not be compared, because only a fingerprint made under another key is known.
    pub unreadable: Vec<AttributePath>,
    /// Why nothing, or not everything, is known; in words for people.
    pub reason: Option<String>,
}

impl ResourceDrift {
    /// The resource type, such as `aws_instance`.
    #[must_use]
    pub fn type_name(&self) -> &str {
        &self.address.resource.type_name
    }
}

/// A rule that took part in grading a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedRule {
    /// The rule.
    pub id: RuleId,
    /// Why it applies, in words for people: the rule's description, or what was counted.
    pub why: String,
    /// The severity that it asks for, at least.
    pub severity: Option<Severity>,
    /// The impacts that it adds.
    pub impacts: BTreeSet<Impact>,
    /// The class that it gives.
    pub class: Option<Class>,
}

/// How an attribute changed from recorded to observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Both sides have a value.
    Changed,
    /// Only the observed side has a value.
    Added,
    /// Only the recorded side has a value.
    Removed,
}

impl ChangeKind {
    /// Every kind, in the order of declaration.
    pub const ALL: &'static [Self] = &[Self::Changed, Self::Added, Self::Removed];

    /// The name that machine formats use, in snake case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }
}

/// One change: of a leaf, or of a whole block, element or map entry that was added or removed.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributeChange {
    /// Where. An index counts in the recorded list; the last index of an added element counts in the observed list.
    /// Inside a string that is compared as a JSON document, the path goes on into the document.
    pub path: AttributePath,
    /// How it changed.
    pub kind: ChangeKind,
    /// The recorded value; `None` or null where nothing was recorded.
    pub before: Option<Value>,
    /// The observed value; `None` or null where nothing was observed.
    pub after: Option<Value>,
    /// Whether a sensitive value takes part. If the change itself is in a sensitive value, `before` and `after` are
    /// [`Value::Sensitive`]; otherwise some value inside of them is.
    pub sensitive: bool,
    /// Who sets the attribute, where the provider's schema is known: what the provider alone sets was in no configuration.
    pub setting: Option<Setting>,
    /// What the change touches.
    pub impacts: BTreeSet<Impact>,
    /// Its class.
    pub class: Class,
    /// The rules that gave impacts and class, sorted.
    pub rules: Vec<RuleId>,
}

/// A difference that is none by a named rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalised {
    /// Where.
    pub path: AttributePath,
    /// What made the sides equal.
    pub normaliser: Normaliser,
    /// The rule or hint of a rule pack that asked for it; `None` for what always applies.
    pub rule: Option<RuleId>,
    /// The recorded value.
    pub before: Option<Value>,
    /// The observed value.
    pub after: Option<Value>,
}
