//! The comparison of a recorded snapshot with an observation.

mod alignment;
mod assignment;
mod distance;
mod grade;
mod list;
mod mask;
mod sensitive;
mod walk;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::iter::Peekable;
use std::sync::Arc;

use landfast_state::address::{InstanceAddress, ObjectAddress, ResourceMode};
use landfast_state::{
    AttributePath, Attributes, FingerprintKey, Gap, GapKind, Observation, ResourceObject, Snapshot, Value,
};

use crate::classification::{DriftStatus, Severity};
use crate::normalise::{Normaliser, mirror};
use crate::report::{DriftReport, Normalised, NotCompared, NotComparedReason, ResourceDrift};
use crate::rules::{Hint, RuleSet, TypeRules};
use walk::{Flat, Found, Walk};

/// How to compare.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CompareOptions {
    /// The rules. Default: the packs that come with the program.
    pub rules: Arc<RuleSet>,
    /// Hints that come before those of the rules, such as those made from a provider's schema. Default: none.
    pub hints: Vec<Hint>,
    /// Normalisers that must not apply: what they would make equal is a change. Default: none.
    pub disabled_normalisers: BTreeSet<Normaliser>,
    /// The key of the fingerprints of sensitive values; without it a fingerprint can be compared with another one of the
    /// same key only. Default: none.
    pub fingerprint_key: Option<FingerprintKey>,
}

impl Default for CompareOptions {
    fn default() -> Self {
        Self {
            rules: RuleSet::embedded(),
            hints: Vec::new(),
            disabled_normalisers: BTreeSet::new(),
            fingerprint_key: None,
        }
    }
}

/// Compares what was recorded with what was observed.
///
/// Current objects in managed mode are compared by their addresses; all others are listed as not compared. An object
/// that only one side has is missing or unmanaged, unless the observation says by a gap that it knows nothing about it. The
/// order of the objects on either side changes nothing.
///
/// Objects that one side has at an old address, by the moves that the other side knows of, are compared at the new one.
///
/// It never fails: what cannot be compared is in the report, as unreadable.
#[must_use]
pub fn compare(recorded: &Snapshot, observed: &Observation, options: &CompareOptions) -> DriftReport {
    let (before, mut previous) = recorded.after_moves(observed.snapshot.moves());
    let (after, previous_after) = observed.snapshot.after_moves(recorded.moves());
    previous.extend(previous_after);
    let (recorded, observed_objects) = (&*before, &*after);
    let mut rules: HashMap<&str, TypeRules<'_>> = HashMap::new();
    let mut gaps: BTreeMap<&InstanceAddress, &Gap> = BTreeMap::new();
    for gap in observed.gaps.iter().filter(|gap| is_managed(&gap.address)) {
        gaps.entry(&gap.address).or_insert(gap);
    }
    let mut resources = Vec::new();
    for (address, before, after) in Joined::new(recorded, observed_objects) {
        let type_name = &*address.resource.type_name;
        let rules = rules.entry(type_name).or_insert_with(|| TypeRules::new(&options.rules, &options.hints, type_name));
        let mut resource = compare_resource(address, before, after, gaps.remove(address), rules, options);
        resource.previous_address = previous.remove(address);
        resources.push(resource);
    }
    // What neither side holds, but the observation knows of.
    resources.extend(gaps.into_values().map(|gap| unknown_resource(&gap.address, "", gap)));
    resources.sort_by(|a, b| a.address.cmp(&b.address));
    let redactor = mask::secrets(recorded, observed_objects, &resources).redactor();
    resources.iter_mut().for_each(|resource| mask::mask_copies(resource, &redactor));
    tracing::debug!(resources = resources.len(), "compared");
    DriftReport {
        recorded: recorded.origins().to_vec(),
        observed: observed.snapshot.origins().to_vec(),
        resources,
        not_compared: not_compared(recorded, observed_objects),
    }
}

fn is_managed(address: &InstanceAddress) -> bool {
    address.resource.mode == ResourceMode::Managed
}

/// The objects that are left out, on both sides, each once.
fn not_compared(recorded: &Snapshot, observed: &Snapshot) -> Vec<NotCompared> {
    let reason = |address: &ObjectAddress| match address.instance.resource.mode {
        ResourceMode::Data => Some(NotComparedReason::DataMode),
        ResourceMode::Ephemeral => Some(NotComparedReason::Ephemeral),
        ResourceMode::Managed => address.deposed.is_some().then_some(NotComparedReason::Deposed),
    };
    let objects = recorded.objects().iter().chain(observed.objects());
    let left_out: BTreeMap<&ObjectAddress, NotComparedReason> =
        objects.filter_map(|object| Some((&object.address, reason(&object.address)?))).collect();
    left_out.into_iter().map(|(address, reason)| NotCompared { address: address.clone(), reason }).collect()
}

/// Walks two snapshots side by side: the current objects in managed mode.
struct Joined<'a, I: Iterator<Item = &'a ResourceObject>> {
    before: Peekable<I>,
    after: Peekable<I>,
}

fn compared(snapshot: &Snapshot) -> impl Iterator<Item = &ResourceObject> {
    let objects = snapshot.objects().iter();
    objects.filter(|object| object.address.deposed.is_none() && is_managed(&object.address.instance))
}

impl<'a> Joined<'a, std::iter::Empty<&'a ResourceObject>> {
    #[expect(clippy::new_ret_no_self, reason = "the type of the iterators has no name")]
    fn new(
        before: &'a Snapshot,
        after: &'a Snapshot,
    ) -> impl Iterator<Item = (&'a InstanceAddress, Option<&'a ResourceObject>, Option<&'a ResourceObject>)> {
        Joined { before: compared(before).peekable(), after: compared(after).peekable() }
    }
}

impl<'a, I: Iterator<Item = &'a ResourceObject>> Iterator for Joined<'a, I> {
    type Item = (&'a InstanceAddress, Option<&'a ResourceObject>, Option<&'a ResourceObject>);

    fn next(&mut self) -> Option<Self::Item> {
        let (before, after) = match (self.before.peek(), self.after.peek()) {
            (Some(before), Some(after)) => match before.address.instance.cmp(&after.address.instance) {
                std::cmp::Ordering::Less => (self.before.next(), None),
                std::cmp::Ordering::Greater => (None, self.after.next()),
                std::cmp::Ordering::Equal => (self.before.next(), self.after.next()),
            },
            _ => (self.before.next(), self.after.next()),
        };
        let address = &before.or(after)?.address.instance;
        Some((address, before, after))
    }
}

fn compare_resource(
    address: &InstanceAddress,
    before: Option<&ResourceObject>,
    after: Option<&ResourceObject>,
    gap: Option<&Gap>,
    rules: &TypeRules<'_>,
    options: &CompareOptions,
) -> ResourceDrift {
    let named = |object: &&ResourceObject| !object.provider.is_empty();
    let provider = before.filter(named).or(after).map(|object| &*object.provider).unwrap_or_default();
    let mut resource = match (before, after, gap) {
        (Some(before), Some(after), _) => compare_objects(address, before, after, rules, options),
        (_, _, Some(gap)) => unknown_resource(address, provider, gap),
        (Some(_), None, None) => grade::presence(blank(address, DriftStatus::Missing), rules),
        (None, _, None) => grade::presence(blank(address, DriftStatus::Unmanaged), rules),
    };
    // A gap beside an object means that there is more than was read: then nobody can say that it is in sync.
    if let Some(gap) = gap.filter(|_| resource.reason.is_none()) {
        if resource.status == DriftStatus::InSync {
            resource.status = gap_status(gap);
        }
        resource.reason = Some(gap.reason.clone());
    }
    resource.provider = provider.into();
    resource
}

fn gap_status(gap: &Gap) -> DriftStatus {
    match gap.kind {
        GapKind::Unreadable => DriftStatus::Unreadable,
        GapKind::Unsupported => DriftStatus::Unsupported,
    }
}

fn unknown_resource(address: &InstanceAddress, provider: &str, gap: &Gap) -> ResourceDrift {
    let reason = Some(gap.reason.clone());
    ResourceDrift { reason, provider: provider.into(), ..blank(address, gap_status(gap)) }
}

fn blank(address: &InstanceAddress, status: DriftStatus) -> ResourceDrift {
    ResourceDrift {
        address: address.clone(),
        previous_address: None,
        provider: Box::default(),
        status,
        severity: Severity::None,
        impacts: BTreeSet::new(),
        class: None,
        rules: Vec::new(),
        changes: Vec::new(),
        normalised: Vec::new(),
        unreadable: Vec::new(),
        reason: None,
    }
}

fn compare_objects(
    address: &InstanceAddress,
    before: &ResourceObject,
    after: &ResourceObject,
    rules: &TypeRules<'_>,
    options: &CompareOptions,
) -> ResourceDrift {
    // Most resources of most runs end here, without being taken apart.
    if same_text(before, after) {
        return blank(address, DriftStatus::InSync);
    }
    let is_flat = |object: &ResourceObject| matches!(object.attributes, Attributes::Flat(_));
    let flat = match (is_flat(before), is_flat(after)) {
        (true, false) => Flat::Before,
        (false, true) => Flat::After,
        _ => Flat::Neither,
    };
    compare_values(address, &before.value(), &after.value(), flat, rules, options)
}

fn compare_values(
    address: &InstanceAddress,
    before: &Value,
    after: &Value,
    flat: Flat,
    rules: &TypeRules<'_>,
    options: &CompareOptions,
) -> ResourceDrift {
    let mut found = Walk::new(rules, options, flat).attributes(before, after);
    drop_mirrors(before, after, &mut found, rules, options);
    found.normalised.sort_by(|a, b| a.path.cmp(&b.path));
    found.unreadable.sort();
    let status = match (found.changes.is_empty(), found.unreadable.is_empty()) {
        (true, true) => DriftStatus::InSync,
        (true, false) => DriftStatus::Unreadable,
        (false, _) => DriftStatus::Drifted,
    };
    let reason = unreadable_reason(&found.unreadable);
    let resource =
        ResourceDrift { normalised: found.normalised, unreadable: found.unreadable, reason, ..blank(address, status) };
    grade::changes(resource, found.changes, rules)
}

/// Whether two objects are written alike, so that they are equal without a look at what they say.
fn same_text(before: &ResourceObject, after: &ResourceObject) -> bool {
    let same = match (&before.attributes, &after.attributes) {
        (Attributes::None, Attributes::None) => true,
        (Attributes::Nested(a), Attributes::Nested(b)) | (Attributes::Flat(a), Attributes::Flat(b)) => {
            a.as_raw() == b.as_raw()
        }
        _ => false,
    };
    // What is known by its fingerprint only does not show in the text.
    same && before.unknown == after.unknown && before.fingerprints.is_empty() && after.fingerprints.is_empty()
}

fn unreadable_reason(paths: &[AttributePath]) -> Option<String> {
    let (first, more) = paths.split_first()?;
    let more = match more.len() {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    Some(format!(
        "{first}{more}: only the fingerprint of the sensitive value is known, and it was made under a key that is not at hand"
    ))
}

/// Takes changes that only repeat another one out of the changes.
fn drop_mirrors(before: &Value, after: &Value, found: &mut Found, rules: &TypeRules<'_>, options: &CompareOptions) {
    if rules.mirrors.is_empty() || options.disabled_normalisers.contains(&Normaliser::Mirror) {
        return;
    }
    let changed: BTreeSet<AttributePath> = found.changes.iter().filter_map(|change| attribute(&change.path)).collect();
    for change in std::mem::take(&mut found.changes) {
        let repeats = rules.mirrors.iter().find(|rule| {
            change.path.starts_with(&AttributePath::ROOT.key(&rule.attribute))
                && (mirror::repeats(before, after, &change.path, &rule.attribute, &rule.of)
                    || (changed.contains(&AttributePath::ROOT.key(&rule.of))
                        && mirror::is_computed(before, after, &change.path, &rule.of)))
        });
        match repeats {
            None => found.changes.push(change),
            Some(rule) => found.normalised.push(Normalised {
                path: change.path,
                normaliser: Normaliser::Mirror,
                rule: Some(rule.id.clone()),
                before: change.before,
                after: change.after,
            }),
        }
    }
}

/// The attribute of the resource that a path leads into.
fn attribute(path: &AttributePath) -> Option<AttributePath> {
    path.steps.first().map(|step| AttributePath::ROOT.with(step.clone()))
}
