//! What has to happen to each object.

use std::collections::{BTreeMap, BTreeSet};

use landfast_safety::{ActionKind, Flag};
use landfast_state::address::{ObjectAddress, ResourceAddress};
use landfast_state::{AttributePath, ResourceObject};

use super::inverse::{Judged, of_create, of_delete, of_put_aside, of_record, of_update};
use super::{ChangeScope, Planner, PlannerError, Wanted};
use crate::sameness::{Sameness, sameness};
use crate::values::Values;

/// A step that has no number yet.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) action: ActionKind,
    pub(super) address: ObjectAddress,
    pub(super) moves_to: Option<ObjectAddress>,
    pub(super) deposes: Option<Box<str>>,
    pub(super) replaced: Option<ObjectAddress>,
    pub(super) attributes: Vec<AttributePath>,
    pub(super) judged: Judged,
}

impl Draft {
    fn new(action: ActionKind, address: &ObjectAddress, judged: Judged) -> Self {
        Self {
            action,
            address: address.clone(),
            moves_to: None,
            deposes: None,
            replaced: None,
            attributes: Vec::new(),
            judged,
        }
    }
}

/// What has to happen, sorted by address.
pub(super) fn changes(planner: &Planner, wanted: &Wanted, values: &Values) -> Result<Vec<Draft>, PlannerError> {
    let mut drafts = Vec::new();
    let (left, come) = check_moves(wanted)?;
    let puts_aside = put_aside_with(wanted);
    for (from, to) in &wanted.moves {
        drafts.push(moved(planner, wanted, values, from, to)?);
    }
    let addresses: BTreeSet<&ObjectAddress> =
        wanted.before.objects().iter().chain(wanted.after.objects()).map(|object| &object.address).collect();
    for address in addresses {
        let before = wanted.before.get(address).filter(|_| !left.contains(address));
        let after = wanted.after.get(address).filter(|_| !come.contains(address));
        match (before, after, wanted.scope) {
            (None, None, _) => {}
            (None, Some(_), ChangeScope::Objects) => {
                drafts.push(Draft::new(ActionKind::Create, address, of_create(planner, address)));
            }
            (None, Some(_), ChangeScope::Bookkeeping) => {
                drafts.push(Draft::new(ActionKind::Adopt, address, Judged::exact()));
            }
            (Some(before), None, ChangeScope::Objects) => {
                drafts.push(Draft::new(ActionKind::Delete, address, of_delete(planner, before, values)));
            }
            (Some(before), None, ChangeScope::Bookkeeping) => {
                drafts.push(Draft::new(ActionKind::Forget, address, of_record(before, values)));
            }
            (Some(before), Some(after), scope) => {
                let is_replaced = wanted.replaced.contains(address);
                let Some(attributes) = differing(planner, values, before, after, is_replaced)? else { continue };
                if scope == ChangeScope::Bookkeeping {
                    let judged = of_record(before, values);
                    drafts.push(Draft { attributes, ..Draft::new(ActionKind::Adopt, address, judged) });
                    continue;
                }
                let type_name = &address.instance.resource.type_name;
                let traits = planner.traits.of(type_name);
                let is_forced = attributes.iter().any(|path| traits.forces_replacement(path));
                if is_replaced || is_forced {
                    drafts.extend(replacement(planner, &puts_aside, values, before, attributes, is_forced));
                } else {
                    let judged = of_update(planner, before, after, &attributes, values);
                    drafts.push(Draft { attributes, ..Draft::new(ActionKind::Update, address, judged) });
                }
            }
        }
    }
    drafts.sort_by(|a, b| (&a.address, a.action).cmp(&(&b.address, b.action)));
    Ok(drafts)
}

/// The attributes in which the two differ; none where they do not.
fn differing(
    planner: &Planner,
    values: &Values,
    before: &ResourceObject,
    after: &ResourceObject,
    is_replaced: bool,
) -> Result<Option<Vec<AttributePath>>, PlannerError> {
    let mut compared = planner.compared.clone();
    compared.fingerprint_key = Some(values.key().clone());
    match sameness(Some(after), Some(before), &compared) {
        Sameness::Same if !is_replaced => Ok(None),
        Sameness::Same => Ok(Some(Vec::new())),
        Sameness::Different(paths) => Ok(Some(paths)),
        Sameness::Unreadable(_) => Err(PlannerError::Unreadable { address: before.address.clone() }),
    }
}

/// A replacement as two steps.
fn replacement(
    planner: &Planner,
    puts_aside: &BTreeSet<ResourceAddress>,
    values: &Values,
    before: &ResourceObject,
    attributes: Vec<AttributePath>,
    is_forced: bool,
) -> [Draft; 2] {
    let address = &before.address;
    let mut delete = Draft::new(ActionKind::Delete, address, of_delete(planner, before, values));
    let mut create = Draft::new(ActionKind::Create, address, of_create(planner, address));
    if is_forced {
        delete.judged.flags.insert(Flag::ForcedReplacement);
    }
    create.attributes = attributes;
    if puts_aside.contains(&address.instance.resource.without_keys()) {
        let key = deposed_key(address);
        create.judged = of_put_aside(planner, address);
        create.deposes = Some(key.clone());
        delete.replaced = Some(address.clone());
        delete.address = ObjectAddress { instance: address.instance.clone(), deposed: Some(key) };
    }
    [delete, create]
}

/// The resources that are replaced by creating first: those of which that is wanted, and all that these depend on. Were one of
/// those destroyed first, the old object of the other one would have to go before it, and its new one come after.
fn put_aside_with(wanted: &Wanted) -> BTreeSet<ResourceAddress> {
    let mut found = BTreeSet::new();
    let mut next: Vec<ResourceAddress> = wanted.create_before_destroy.iter().cloned().collect();
    while let Some(resource) = next.pop() {
        if !found.insert(resource.clone()) {
            continue;
        }
        let objects = wanted.before.objects().iter().chain(wanted.after.objects());
        for object in objects.filter(|object| object.address.instance.resource.without_keys() == resource) {
            next.extend(object.dependencies.iter().map(ResourceAddress::without_keys));
        }
    }
    found
}

/// Eight hexadecimal digits that are always the same for an address.
fn deposed_key(address: &ObjectAddress) -> Box<str> {
    let digest = landfast_state::BytesDigest::of(address.to_string().as_bytes()).to_string();
    digest.chars().take(8).collect::<String>().into()
}

fn moved(
    planner: &Planner,
    wanted: &Wanted,
    values: &Values,
    from: &ObjectAddress,
    to: &ObjectAddress,
) -> Result<Draft, PlannerError> {
    let wrong = |why| PlannerError::Move { from: from.clone(), to: to.clone(), why };
    let before = wanted.before.get(from).ok_or_else(|| wrong("nothing is there"))?;
    let after = wanted.after.get(to).ok_or_else(|| wrong("what it is to be there is not said"))?;
    match differing(planner, values, before, after, false)? {
        None => Ok(Draft { moves_to: Some(to.clone()), ..Draft::new(ActionKind::Move, from, Judged::exact()) }),
        Some(_) => Err(wrong("it is to change as well, which takes a plan of its own")),
    }
}

type Ends<'w> = (BTreeSet<&'w ObjectAddress>, BTreeSet<&'w ObjectAddress>);

fn check_moves(wanted: &Wanted) -> Result<Ends<'_>, PlannerError> {
    let mut left: BTreeMap<&ObjectAddress, &ObjectAddress> = BTreeMap::new();
    let mut come: BTreeSet<&ObjectAddress> = BTreeSet::new();
    for (from, to) in &wanted.moves {
        let wrong = |why| PlannerError::Move { from: from.clone(), to: to.clone(), why };
        if from == to {
            return Err(wrong("it is there already"));
        }
        if left.insert(from, to).is_some() {
            return Err(wrong("it is moved elsewhere as well"));
        }
        if !come.insert(to) {
            return Err(wrong("another object is moved there as well"));
        }
    }
    Ok((left.into_keys().collect(), come))
}
