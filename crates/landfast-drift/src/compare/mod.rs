//! The comparison of a recorded snapshot with an observation.

mod alignment;
mod assignment;
mod comparison;
mod distance;
mod grade;
mod list;
mod mask;
mod resource;
mod sameness;
mod sensitive;
mod shared_marks;
mod stream;
mod walk;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::iter::Peekable;
use std::sync::Arc;

use landfast_state::address::{InstanceAddress, ObjectAddress, ResourceMode};
use landfast_state::{FingerprintKey, Gap, Observation, Origin, Redactor, ResourceObject, Snapshot};

use crate::classification::DriftStatus;
use crate::normalise::Normaliser;
use crate::report::{DriftReport, NotCompared, NotComparedReason, ResourceDrift};
use crate::rules::{Hint, Marked, RuleSet, TypeRules};
use crate::shapes::{Shapes, Written};
pub use comparison::Comparison;
use resource::{compare_resource, unknown_resource};
use sameness::Sameness;
pub use stream::{Buffered, compare_streams};

/// How to compare.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CompareOptions {
    /// The rules. Default: the packs that come with the program.
    pub rules: Arc<RuleSet>,
    /// Hints that come before those of the rules. Default: none.
    pub hints: Vec<Hint>,
    /// The shapes of the objects on both sides, as their providers tell them. What a shape calls a set or a map is compared as
    /// one, whatever hints say; null and zero are the same in what a configuration may leave out only, where rules say that
    /// they are. Both sides must be in the version of the schema that is given here. Default: none.
    pub shapes: Shapes,
    /// What the configuration writes, where it is at hand: in that, null and zero are never the same. Default: nothing is known.
    pub written: Written,
    /// Normalisers that must not apply: what they would make equal is a change. Default: none.
    pub disabled_normalisers: BTreeSet<Normaliser>,
    /// The key of the fingerprints of sensitive values; without it a fingerprint can be compared with another one of the
    /// same key only. Default: none.
    pub fingerprint_key: Option<FingerprintKey>,
    /// What the report says of resources that are in sync. Default: it lists them.
    pub in_sync: InSync,
}

/// What a report says of resources that are in sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InSync {
    /// It lists them, with what was normalised in them.
    #[default]
    List,
    /// It counts them. The report then is as large as the drift and not as the infrastructure.
    Count,
}

impl Default for CompareOptions {
    fn default() -> Self {
        Self {
            rules: RuleSet::embedded(),
            hints: Vec::new(),
            shapes: Shapes::default(),
            written: Written::default(),
            disabled_normalisers: BTreeSet::new(),
            fingerprint_key: None,
            in_sync: InSync::List,
        }
    }
}

impl CompareOptions {
    /// What concerns one resource type.
    fn of_type(&self, type_name: &str) -> TypeRules<'_> {
        TypeRules::new(&self.rules, &self.hints, self.shapes.get(type_name).map(|schema| &**schema), type_name)
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
/// What the rules know to be a secret is one here, whether or not a document marks it (see [`RuleSet::mark_secrets`]).
///
/// It never fails: what cannot be compared is in the report, as unreadable.
#[must_use]
pub fn compare(recorded: &Snapshot, observed: &Observation, options: &CompareOptions) -> DriftReport {
    let (before, mut previous) = recorded.after_moves(observed.snapshot.moves());
    let (after, previous_after) = observed.snapshot.after_moves(recorded.moves());
    previous.extend(previous_after);
    let (marked, marked_after) = (options.rules.marked(&before), options.rules.marked(&after));
    let mut rules: HashMap<&str, TypeRules<'_>> = HashMap::new();
    let mut gaps: BTreeMap<&InstanceAddress, &Gap> = BTreeMap::new();
    for gap in observed.gaps.iter().filter(|gap| is_managed(&gap.address)) {
        gaps.entry(&gap.address).or_insert(gap);
    }
    let mut resources = Vec::new();
    let mut sameness = Sameness::new(options);
    for (address, before, after) in Joined::new(&marked, &marked_after) {
        let type_name = &*address.resource.type_name;
        let rules = rules.entry(type_name).or_insert_with(|| options.of_type(type_name));
        let mut resource =
            compare_resource(address, before, after, gaps.remove(address), rules, options, &mut sameness);
        resource.previous_address = previous.remove(address);
        resources.push(resource);
    }
    // What neither side holds, but the observation knows of.
    resources.extend(gaps.into_values().map(|gap| unknown_resource(&gap.address, "", gap)));
    resources.sort_by(|a, b| a.address.cmp(&b.address));
    let redactor = mask::secrets([marked.secrets(), marked_after.secrets()].concat(), &resources).redactor();
    tracing::debug!(resources = resources.len(), "compared");
    report(before.origins(), after.origins(), resources, 0, not_compared(&before, &after), redactor, options)
}

/// The report of these resources, sorted by address, of which nothing has been masked by value yet; others were in sync and
/// counted only.
fn report(
    recorded: &[Origin],
    observed: &[Origin],
    mut resources: Vec<ResourceDrift>,
    mut in_sync_counted: usize,
    not_compared: Vec<NotCompared>,
    redactor: Redactor,
    options: &CompareOptions,
) -> DriftReport {
    if options.in_sync == InSync::Count {
        let all = resources.len();
        resources.retain(|resource| resource.status != DriftStatus::InSync);
        in_sync_counted += all - resources.len();
    }
    resources.iter_mut().for_each(|resource| mask::mask_copies(resource, &redactor));
    let (recorded, observed) = (recorded.to_vec(), observed.to_vec());
    let (not_listed, scan) = (BTreeMap::new(), None);
    DriftReport { recorded, observed, resources, in_sync_counted, not_compared, not_listed, scan, redactor }
}

fn is_managed(address: &InstanceAddress) -> bool {
    address.resource.mode == ResourceMode::Managed
}

/// The objects that are left out, on both sides, each once.
fn not_compared(recorded: &Snapshot, observed: &Snapshot) -> Vec<NotCompared> {
    let objects = recorded.objects().iter().chain(observed.objects());
    let left_out: BTreeMap<&ObjectAddress, NotComparedReason> = objects
        .filter_map(|object| {
            let address = &object.address;
            Some((address, reason_to_leave_out(address.instance.resource.mode, address.deposed.is_some())?))
        })
        .collect();
    left_out.into_iter().map(|(address, reason)| NotCompared { address: address.clone(), reason }).collect()
}

/// Why an object is not compared, if it is not.
fn reason_to_leave_out(mode: ResourceMode, deposed: bool) -> Option<NotComparedReason> {
    match mode {
        ResourceMode::Data => Some(NotComparedReason::DataMode),
        ResourceMode::Ephemeral => Some(NotComparedReason::Ephemeral),
        ResourceMode::Managed => deposed.then_some(NotComparedReason::Deposed),
    }
}

/// Walks two marked snapshots side by side: the current objects in managed mode.
struct Joined<'a, I: Iterator<Item = &'a ResourceObject>> {
    before: Peekable<I>,
    after: Peekable<I>,
}

fn compared<'s>(snapshot: &'s Marked<'_>) -> impl Iterator<Item = &'s ResourceObject> {
    snapshot.objects().filter(|object| object.address.deposed.is_none() && is_managed(&object.address.instance))
}

impl<'a> Joined<'a, std::iter::Empty<&'a ResourceObject>> {
    #[expect(clippy::new_ret_no_self, reason = "the type of the iterators has no name")]
    fn new(
        before: &'a Marked<'_>,
        after: &'a Marked<'_>,
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
