//! From format 3 to format 4: entries of modules become instances of resources.

use std::collections::BTreeMap;

use super::read::{Document, Instance, Output, Resource, Text};
use crate::json::{JsonError, JsonErrorKind, Place};

/// What format 4 has of a document, in its order.
#[derive(Debug)]
pub(super) struct State<'a> {
    pub(super) serial: u64,
    pub(super) lineage: Text<'a>,
    pub(super) outputs: BTreeMap<Text<'a>, Output<'a>>,
    pub(super) resources: BTreeMap<ResourceId, Instances<'a>>,
}

/// What tells resources apart, in the order that format 4 sorts them by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ResourceId {
    pub(super) module: String,
    pub(super) mode: &'static str,
    pub(super) type_name: String,
    pub(super) name: String,
}

/// The objects of a resource.
#[derive(Debug, Default)]
pub(super) struct Instances<'a> {
    pub(super) provider: String,
    pub(super) objects: BTreeMap<ObjectId, Instance<'a>>,
}

/// Index of an instance, and the key of the object if it is deposed.
pub(super) type ObjectId = (Option<i64>, Option<String>);

/// Gathers the instances of each resource. `source` is the text of the document, for the places of errors.
pub(super) fn to_v4<'a>(document: Document<'a>, source: &[u8]) -> Result<State<'a>, JsonError> {
    let mut state = State {
        serial: document.serial,
        lineage: document.lineage,
        outputs: BTreeMap::new(),
        resources: BTreeMap::new(),
    };
    for mut module in document.modules {
        state.outputs.append(&mut module.outputs);
        module.resources.sort_by(|a, b| a.key.cmp(&b.key).then_with(|| a.path.cmp(&b.path)));
        let mut previous = None;
        for resource in module.resources {
            let id = ResourceId {
                module: module.address.clone(),
                mode: resource.key.mode,
                type_name: resource.key.type_name.clone(),
                name: resource.key.name.clone(),
            };
            let instances = state.resources.entry(id.clone()).or_default();
            // The first instance in a module decides. Where a module comes twice, its last part does.
            if previous.as_ref() != Some(&id) {
                instances.provider = resource.provider.address(&module.address);
            }
            previous = Some(id);
            add(instances, resource, source)?;
        }
    }
    Ok(state)
}

/// Adds the objects of an entry. Deposed objects had no keys before format 4: terraform counts them from one.
fn add<'a>(instances: &mut Instances<'a>, entry: Resource<'a>, source: &[u8]) -> Result<(), JsonError> {
    let index = entry.key.index;
    let primary = entry.primary.map(|object| ((index, None), object));
    let deposed =
        (1_usize..).zip(entry.deposed).map(|(number, object)| ((index, Some(format!("{number:08x}"))), object));
    for (id, object) in primary.into_iter().chain(deposed) {
        if instances.objects.insert(id, object).is_some() {
            return Err(JsonError {
                kind: JsonErrorKind::Invalid("a second entry for one resource instance".to_owned()),
                place: Place::of(source, entry.offset),
                path: entry.path,
            });
        }
    }
    Ok(())
}
