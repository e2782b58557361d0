//! Snapshots out of a plan.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::change::{ChangeEntry, ResourceChange};
use super::mask::value_at;
use super::naming::Problem;
use crate::address::ObjectAddress;
use crate::attribute_path::AttributePath;
use crate::json::{Place, RawJson, write_canonical};
use crate::origin::Origin;
use crate::read_error::ReadError;
use crate::redact::SecretTexts;
use crate::snapshot::{Attributes, DuplicateObject, ResourceObject, Snapshot};

/// The snapshot of these objects, which stand at these offsets of `source`.
pub(super) fn snapshot(
    source: &Bytes,
    origin: Origin,
    objects: Vec<(usize, ResourceObject)>,
    secrets: SecretTexts,
) -> Result<Snapshot, ReadError> {
    let file = origin.source.clone();
    let places: Vec<_> = objects.iter().map(|(at, object)| (&object.address, *at)).collect();
    refuse_twins(source, &file, places)?;
    let objects = objects.into_iter().map(|(_, object)| object).collect();
    match Snapshot::new(origin, objects, secrets) {
        Ok(snapshot) => Ok(snapshot.read_from(&file, source)),
        Err(error) => Err(ReadError::Duplicate { file, error }),
    }
}

/// Refuses two entries with one address, naming both places.
pub(super) fn refuse_twins(
    source: &Bytes,
    file: &str,
    mut entries: Vec<(&ObjectAddress, usize)>,
) -> Result<(), ReadError> {
    entries.sort();
    let twins = entries.windows(2).find_map(|pair| match pair {
        [(a, first), (b, second)] if a == b => Some((*a, *first, *second)),
        _ => None,
    });
    let Some((address, first, second)) = twins else {
        return Ok(());
    };
    let place = |offset| {
        let Place { line, column, .. } = Place::of(source, offset);
        format!("line {line}, column {column}")
    };
    let error = DuplicateObject { address: address.to_string(), first: place(first), second: place(second) };
    Err(ReadError::Duplicate { file: file.to_owned(), error })
}

/// Which side of a change an object is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    Before,
    After,
}

/// Adds what the changes, sorted by address, say about these objects: sensitive values, which documents before format 0.2
/// mark only there, and values that are not known yet.
pub(super) fn add_marks(objects: &mut [(usize, ResourceObject)], changes: &[ResourceChange], side: Side) {
    for (_, object) in objects {
        let Ok(at) = changes.binary_search_by(|change| change.address.cmp(&object.address)) else {
            continue;
        };
        let Some(change) = changes.get(at).map(|resource| &resource.change) else { continue };
        let sensitive = match side {
            Side::Before => &change.before_sensitive,
            Side::After => &change.after_sensitive,
        };
        add_sensitive(object, sensitive);
        if matches!(side, Side::After) {
            object.unknown.clone_from(&change.after_unknown);
        }
    }
}

/// Adds the paths that lead to a value. Terraform marks a null by some masks and not by others: marks on nothing are left
/// as the object's own mask has them, so that two sides of a comparison agree.
fn add_sensitive(object: &mut ResourceObject, paths: &[AttributePath]) {
    let Attributes::Nested(raw) = &object.attributes else { return };
    for path in paths {
        let known = object.sensitive.iter().any(|known| path.starts_with(known));
        if !known && value_at(raw.as_raw(), path).is_some() {
            object.sensitive.push(path.clone());
        }
    }
}

/// Settles which object each entry of `resource_drift` is about. Terraform 0.15.4 to 1.0 wrote no address there: then it is
/// the one instance of the type and name whose refreshed value the entry ends in.
/// A problem comes with the position of its entry.
pub(super) fn place_drift(
    entries: Vec<ChangeEntry>,
    refreshed: &[(usize, ResourceObject)],
    changes: &[ResourceChange],
) -> Result<Vec<(usize, ResourceChange)>, (usize, Problem)> {
    let mut drift = Vec::with_capacity(entries.len());
    for (position, entry) in entries.into_iter().enumerate() {
        let at = entry.naming.at;
        if entry.naming.is_placed() {
            drift.push((at, entry.resolve().map_err(|problem| (position, problem))?));
            continue;
        }
        let known = refreshed.iter().map(|(_, object)| &object.address);
        let known = known.chain(changes.iter().map(|change| &change.address));
        let mut fitting: Vec<_> = known.filter(|address| entry.naming.fits(address)).collect();
        fitting.sort();
        fitting.dedup();
        // The entry ends in the refreshed value; an object that is gone has none.
        let after = entry.change.after.as_ref().map(canonical);
        fitting.retain(|address| {
            let object = refreshed.iter().map(|(_, object)| object).find(|object| object.address == **address);
            let found = object.and_then(|object| match &object.attributes {
                Attributes::Nested(raw) => Some(canonical(raw)),
                _ => None,
            });
            found == after
        });
        match fitting.as_slice() {
            [address] => {
                let address = (*address).clone();
                drift.push((at, entry.place(address)));
            }
            _ => {
                let what = "the address is missing, and it does not show which object is meant \
                            (terraform 0.15.4 to 1.0 wrote drift so; a newer version makes a plan that tells)";
                return Err((position, Problem::new(at, what)));
            }
        }
    }
    drift.sort_by(|(_, a), (_, b)| a.address.cmp(&b.address));
    Ok(drift)
}

fn canonical(raw: &RawJson) -> String {
    let mut text = String::new();
    write_canonical(raw.as_raw(), &mut text);
    text
}

/// The refreshed objects with everything taken back that terraform found changed: what the state said before.
///
/// `planned` tells the schema versions of objects that are gone.
pub(super) fn take_back(
    refreshed: &[(usize, ResourceObject)],
    drift: &[ResourceChange],
    planned: &[(usize, ResourceObject)],
) -> Vec<(usize, ResourceObject)> {
    let by_address = |(at, object): &(usize, ResourceObject)| (object.address.clone(), (*at, object.clone()));
    let mut recorded: BTreeMap<ObjectAddress, (usize, ResourceObject)> = refreshed.iter().map(by_address).collect();
    let planned: BTreeMap<&ObjectAddress, u64> =
        planned.iter().map(|(_, object)| (&object.address, object.schema_version)).collect();
    for change in drift {
        let Some(mut before) = change.before_object() else {
            recorded.remove(&change.address);
            continue;
        };
        let (at, now) = match recorded.get(&change.address) {
            Some((at, now)) => (*at, Some(now)),
            None => (0, None),
        };
        if let Some(now) = now {
            let marks = std::mem::take(&mut before.sensitive);
            let own: Vec<_> = marks.iter().filter(|path| now.sensitive.contains(path)).cloned().collect();
            before.sensitive = own;
            // A document without masks says nothing about this side; what is sensitive now was so before.
            add_sensitive(&mut before, if marks.is_empty() { &now.sensitive } else { &marks });
            before.schema_version = now.schema_version;
            before.tainted = now.tainted;
            before.dependencies.clone_from(&now.dependencies);
            before.provider.clone_from(&now.provider);
        } else {
            before.schema_version = planned.get(&change.address).copied().unwrap_or_default();
        }
        recorded.insert(change.address.clone(), (at, before));
    }
    recorded.into_values().collect()
}
