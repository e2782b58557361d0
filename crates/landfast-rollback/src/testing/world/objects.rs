//! What changes do to the objects of the memory world.

use landfast_safety::ActionKind;
use landfast_state::address::ObjectAddress;
use landfast_state::{Members, ResourceObject, Value};

use super::acting::{aside, touched};
use super::{Item, Meddling, World};
use crate::actuator::{ActuatorError, ActuatorFailure, Change};
use crate::testing::Kind;

/// The provider of objects that somebody else makes.
const PROVIDER: &str = "registry.terraform.io/hashicorp/memory";

fn refused(why: &str) -> ActuatorError {
    ActuatorError::new(ActuatorFailure::Rejected, why)
}

impl World {
    fn kind_of(&self, address: &ObjectAddress) -> Kind {
        self.kinds.get(&*address.instance.resource.type_name).cloned().unwrap_or_default()
    }

    /// The object as reads show it, and what they do not show.
    pub(super) fn shown(&self, object: ResourceObject) -> (ResourceObject, Members) {
        let kind = self.kind_of(&object.address);
        let Value::Object(mut members) = object.value() else { return (object, Members::new()) };
        // They stand there as null, set or not.
        let hidden = kind.write_only.iter().filter_map(|name| {
            let value = members.get_mut(name)?;
            (*value != Value::Null).then(|| (name.clone(), std::mem::replace(value, Value::Null)))
        });
        let hidden: Members = hidden.collect();
        (rebuilt(object, &members), hidden)
    }

    pub(super) fn show(&mut self, address: &ObjectAddress) -> Option<ResourceObject> {
        let kind = self.kind_of(address);
        let object = self.items.get(address)?.object.clone();
        if kind.volatile.is_empty() {
            return Some(object);
        }
        self.reads += 1;
        let Value::Object(mut members) = object.value() else { return Some(object) };
        for name in &kind.volatile {
            members.insert(name.clone(), Value::Number(self.reads.into()));
        }
        Some(rebuilt(object, &members))
    }

    /// The object that a change makes of `wanted`, over what is there.
    fn made(&mut self, address: &ObjectAddress, wanted: &ResourceObject, there: Option<&Item>) -> Item {
        let kind = self.kind_of(address);
        let mut object = wanted.clone();
        object.address = address.clone();
        let (object, hidden) = self.shown(object);
        let Value::Object(mut members) = object.value() else {
            return Item { object, data: 0, hidden };
        };
        let old = there.map(|item| item.object.value());
        for (name, value) in &mut members {
            let is_computed = kind.computed.contains(name);
            let before = old.as_ref().and_then(|old| match old {
                Value::Object(members) => members.get(name),
                _ => None,
            });
            match before {
                Some(before) if is_computed || *value == Value::Unknown => value.clone_from(before),
                None if is_computed || *value == Value::Unknown => {
                    self.made += 1;
                    *value = Value::String(format!("made-{}", self.made));
                }
                _ => {}
            }
        }
        let data = there.map(|item| item.data).unwrap_or_else(|| {
            self.made += 1;
            self.made
        });
        let mut hidden = hidden;
        if let Some(there) = there {
            for (name, value) in &there.hidden {
                hidden.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        Item { object: rebuilt(object, &members), data, hidden }
    }

    pub(super) fn change(&mut self, change: &Change) -> Result<(), ActuatorError> {
        let address = &change.address;
        let there = self.items.get(address).cloned();
        let wanted = || change.after.as_ref().ok_or_else(|| refused("it is not said what is to be there"));
        for address in touched(change) {
            self.theirs.remove(&address);
        }
        match change.action {
            ActionKind::Create => {
                if there.is_some() && change.deposes.is_none() {
                    return Err(refused("there is an object already"));
                }
                let wanted = wanted()?;
                let item = self.made(address, wanted, None);
                if let (Some(there), Some(aside)) = (there, aside(change)) {
                    self.place(&aside, there);
                }
                self.items.insert(address.clone(), item);
            }
            ActionKind::Update => {
                let there = there.ok_or_else(|| refused("there is no object"))?;
                let item = self.made(address, wanted()?, Some(&there));
                if let Some(name) = self.kind_of(address).one_way.iter().find(|name| is_lower(&item, &there, name)) {
                    return Err(refused(&format!("{name} only goes up")));
                }
                self.items.insert(address.clone(), item);
            }
            ActionKind::Delete => {
                if there.is_none() && change.restores.is_none() {
                    return Err(refused("there is no object"));
                }
                self.items.remove(address);
                if let Some(aside) = aside(change) {
                    let back = self.items.remove(&aside).ok_or_else(|| refused("nothing was put aside"))?;
                    self.place(address, back);
                }
            }
            ActionKind::Adopt => {
                let item = self.made(address, wanted()?, there.as_ref());
                self.items.insert(address.clone(), item);
            }
            ActionKind::Forget => {
                self.items.remove(address).ok_or_else(|| refused("there is no object"))?;
            }
            ActionKind::Move => {
                let to = change.moves_to.as_ref().ok_or_else(|| refused("it is not said where to"))?;
                if self.items.contains_key(to) {
                    return Err(refused("there is an object already"));
                }
                let item = self.items.remove(address).ok_or_else(|| refused("there is no object"))?;
                self.place(to, item);
            }
            ActionKind::Replace => return Err(refused("a replacement is two changes")),
        }
        Ok(())
    }

    fn place(&mut self, address: &ObjectAddress, mut item: Item) {
        item.object.address = address.clone();
        self.items.insert(address.clone(), item);
    }

    /// Does a part of a change: what is left is neither what was there nor what was to be.
    pub(super) fn change_partly(&mut self, change: &Change) {
        let there = self.items.get(&change.address).cloned();
        match change.action {
            ActionKind::Delete | ActionKind::Forget => {}
            ActionKind::Move => {
                if let (Some(item), Some(to)) = (there, &change.moves_to) {
                    self.place(to, item);
                }
                return;
            }
            _ => {
                if self.change(change).is_err() {
                    return;
                }
            }
        }
        self.scribble(&change.address, "half");
    }

    pub(super) fn meddle(&mut self, address: &ObjectAddress, how: Meddling) {
        if how == Meddling::Destroy && self.items.contains_key(address) {
            self.items.remove(address);
        } else if self.items.contains_key(address) {
            self.scribble(address, "theirs");
        } else {
            let members = Members::from([("name".to_owned(), Value::String(format!("theirs-{}", self.made)))]);
            let object = rebuilt(ResourceObject::bare(address.clone(), PROVIDER), &members);
            self.made += 1;
            self.items.insert(address.clone(), Item { object, data: self.made, hidden: Members::new() });
            self.foreign.insert(address.clone());
        }
        self.clock += 1;
        let records = self.records.clone().map_or(0, |records| records());
        self.meddled.insert(address.clone());
        // Of what happens between a change and the next read nobody can tell who did it.
        if !self.busy.contains(address) {
            self.theirs.insert(address.clone(), (self.clock, records));
            // What he made himself and took away again is as if he had not been there.
            let is_as_if_never = how == Meddling::Destroy && self.foreign.contains(address);
            if is_as_if_never && !self.items.contains_key(address) {
                self.theirs.remove(address);
                self.foreign.remove(address);
            }
        }
    }

    fn scribble(&mut self, address: &ObjectAddress, word: &str) {
        self.made += 1;
        let made = self.made;
        if let Some(item) = self.items.get_mut(address)
            && let Value::Object(mut members) = item.object.value()
        {
            members.insert("name".to_owned(), Value::String(format!("{word}-{made}")));
            item.object = rebuilt(item.object.clone(), &members);
        }
    }
}

fn rebuilt(object: ResourceObject, members: &Members) -> ResourceObject {
    let kept = object.clone();
    object.with_value(members).unwrap_or(kept)
}

fn is_lower(new: &Item, old: &Item, name: &str) -> bool {
    let number = |item: &Item| match item.object.value() {
        Value::Object(members) => match members.get(name) {
            Some(Value::Number(number)) => number.as_str().parse::<f64>().ok(),
            _ => None,
        },
        _ => None,
    };
    matches!((number(new), number(old)), (Some(new), Some(old)) if new < old)
}
