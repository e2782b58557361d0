//! What becomes of a state: every object that appears, goes, moves or changes, data and deposed ones included.

use std::collections::{BTreeMap, BTreeSet};

use landfast_state::address::{InstanceAddress, ObjectAddress};
use landfast_state::{Attributes, Move, Observation, Redactor, ResourceObject, Snapshot, StateFile};

use crate::compare::{CompareOptions, InSync, compare};
use crate::normalise::Normaliser;
use crate::report::AttributeChange;

/// What becomes of a state when another one takes its place. Nothing is normalised: what is written differently differs, except
/// for the form of numbers and white space.
#[derive(Debug)]
#[non_exhaustive]
pub struct StateChange {
    /// Serial of what is there; `None` where there is no state.
    pub serial_before: Option<u64>,
    /// Serial of what takes its place.
    pub serial_after: u64,
    /// Lineages, where they differ.
    pub lineages: Option<(String, String)>,
    /// Objects that are new, sorted.
    pub added: Vec<ObjectAddress>,
    /// Objects that go, sorted.
    pub removed: Vec<ObjectAddress>,
    /// Objects that get another address: the old one and the new one, sorted by the new one.
    pub moved: Vec<(ObjectAddress, ObjectAddress)>,
    /// Objects that stay and are not the same, by their new address, sorted.
    pub changed: Vec<ObjectChange>,
    /// Names of root outputs that are not the same, sorted.
    pub outputs: Vec<String>,
    /// Masks copies of the secrets of both states.
    pub redactor: Redactor,
}

/// How one object changes.
#[derive(Debug)]
#[non_exhaustive]
pub struct ObjectChange {
    /// Its address afterwards.
    pub address: ObjectAddress,
    /// Source addresses of its provider, before and afterwards, where they differ.
    pub providers: Option<(String, String)>,
    /// Its attributes that change; sensitive ones are masked. Of data and deposed objects none are listed.
    pub attributes: Vec<AttributeChange>,
}

impl StateChange {
    /// What becomes of `before` when `after` takes its place. `moved` says which objects got another address; every other one
    /// is taken for itself.
    #[must_use]
    pub fn between(
        before: Option<&StateFile>,
        after: &StateFile,
        moved: &[(ObjectAddress, ObjectAddress)],
        options: &CompareOptions,
    ) -> Self {
        let old = before.map(StateFile::snapshot);
        let new = after.snapshot();
        let objects = |snapshot: Option<&Snapshot>| -> BTreeSet<ObjectAddress> {
            snapshot.into_iter().flat_map(Snapshot::objects).map(|object| object.address.clone()).collect()
        };
        let (there, then) = (objects(old.as_ref()), objects(Some(&new)));
        let mut moved: Vec<_> =
            moved.iter().filter(|(from, to)| there.contains(from) && then.contains(to)).cloned().collect();
        moved.sort_by(|a, b| a.1.cmp(&b.1));
        let left: BTreeSet<&ObjectAddress> = moved.iter().map(|(from, _)| from).collect();
        let came: BTreeSet<&ObjectAddress> = moved.iter().map(|(_, to)| to).collect();
        let only = |here: &BTreeSet<ObjectAddress>, other: &BTreeSet<ObjectAddress>, is_moved: &BTreeSet<_>| {
            here.difference(other).filter(|address| !is_moved.contains(address)).cloned().collect::<Vec<_>>()
        };
        // Where an object comes to an address that another one left, both are moved and neither is new.
        let (removed, added) = (only(&there, &then, &left), only(&then, &there, &came));
        let mut change = Self {
            serial_before: before.map(StateFile::serial),
            serial_after: after.serial(),
            lineages: before
                .map(|before| (before.lineage().to_owned(), after.lineage().to_owned()))
                .filter(|(before, after)| before != after),
            added,
            removed,
            moved,
            changed: Vec::new(),
            outputs: outputs(before, after),
            redactor: Snapshot::redactor(&[&new]),
        };
        if let Some(old) = old {
            change.compare(&old, new, options);
        }
        change
    }

    /// Whether nothing that a state holds is different: serials aside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty()
            && self.removed.is_empty()
            && self.moved.is_empty()
            && self.changed.is_empty()
            && self.outputs.is_empty()
            && self.lineages.is_none()
    }

    fn compare(&mut self, old: &Snapshot, new: Snapshot, options: &CompareOptions) {
        let moves: Vec<Move> =
            self.moved.iter().map(|(from, to)| Move { from: from.instance.clone(), to: to.instance.clone() }).collect();
        let options = CompareOptions {
            disabled_normalisers: Normaliser::ALL.iter().copied().collect(),
            in_sync: InSync::Count,
            ..options.clone()
        };
        let report = compare(old, &Observation::complete(new.clone().with_moves(moves)), &options);
        let changes: BTreeMap<&InstanceAddress, &[AttributeChange]> =
            report.resources.iter().map(|drift| (&drift.address, drift.changes.as_slice())).collect();
        let origins: BTreeMap<&ObjectAddress, &ObjectAddress> =
            self.moved.iter().map(|(from, to)| (to, from)).collect();
        for object in new.objects() {
            let was = origins.get(&object.address).copied().unwrap_or(&object.address);
            let Some(before) = old.get(was) else { continue };
            let providers = (before.provider != object.provider)
                .then(|| (before.provider.to_string(), object.provider.to_string()));
            let attributes: Vec<AttributeChange> = match &object.address.deposed {
                None => changes.get(&object.address.instance).map(|changes| changes.to_vec()).unwrap_or_default(),
                Some(_) => Vec::new(),
            };
            if providers.is_some() || !attributes.is_empty() || is_written_otherwise(before, object) {
                self.changed.push(ObjectChange { address: object.address.clone(), providers, attributes });
            }
        }
        self.redactor = report.redactor;
    }
}

/// Whether an object is not what it was, in what is kept of it beside its address and its provider.
fn is_written_otherwise(before: &ResourceObject, after: &ResourceObject) -> bool {
    let canonical = |object: &ResourceObject| match &object.attributes {
        Attributes::None => None,
        Attributes::Nested(raw) | Attributes::Flat(raw) => {
            let mut text = String::new();
            landfast_state::json::write_canonical(raw.as_raw(), &mut text);
            Some(text)
        }
    };
    let bytes = |object: &ResourceObject| match &object.attributes {
        Attributes::None => None,
        Attributes::Nested(raw) | Attributes::Flat(raw) => Some(raw.as_raw().as_str().to_owned()),
    };
    before.tainted != after.tainted
        || before.schema_version != after.schema_version
        || (bytes(before) != bytes(after) && canonical(before) != canonical(after))
}

/// The outputs that are not the same.
fn outputs(before: Option<&StateFile>, after: &StateFile) -> Vec<String> {
    let said = |state: Option<&StateFile>| -> BTreeSet<(String, String, bool)> {
        let outputs = state.into_iter().flat_map(StateFile::outputs);
        let canonical = |raw: landfast_state::json::Raw<'_>| {
            let mut text = String::new();
            landfast_state::json::write_canonical(raw, &mut text);
            text
        };
        outputs.map(|output| (output.name.clone(), canonical(output.value.as_raw()), output.sensitive)).collect()
    };
    let (before, after) = (said(before), said(Some(after)));
    let different: BTreeSet<String> = before.symmetric_difference(&after).map(|(name, _, _)| name.clone()).collect();
    different.into_iter().collect()
}
