//! What the world itself says was not restored. It compares objects with all that nobody can read, and knows nothing of
//! plans, classes and rules.

use std::collections::{BTreeMap, BTreeSet};

use landfast_state::address::ObjectAddress;
use landfast_state::{Sensitive, SensitiveComparison, Value};

use super::draw::key;
use crate::testing::Item;

/// Every object of a world.
pub(super) type Items = BTreeMap<ObjectAddress, Item>;

/// What is not as it was.
#[derive(Debug, Default)]
pub(super) struct Lost {
    /// Objects that are not there, or there and should not be, or have lost attributes, data, or what was written into them.
    pub(super) objects: BTreeSet<ObjectAddress>,
    /// Objects that are as they were and point to an id that no object has any more, with the object that had it.
    pub(super) dangling: BTreeMap<ObjectAddress, ObjectAddress>,
}

/// What is in `now` otherwise than in `then`.
pub(super) fn lost(then: &Items, now: &Items, holds_data: impl Fn(&ObjectAddress) -> bool) -> Lost {
    let mut lost = Lost::default();
    for address in then.keys().chain(now.keys()) {
        let is_same = match (then.get(address), now.get(address)) {
            (Some(was), Some(is)) => {
                equal(&was.object.value(), &is.object.value())
                    && was.hidden == is.hidden
                    && (was.data == is.data || !holds_data(address))
            }
            (was, is) => was.is_none() && is.is_none(),
        };
        if !is_same {
            lost.objects.insert(address.clone());
        }
    }
    for address in then.keys().filter(|address| !lost.objects.contains(*address)) {
        let pointed = then.get(address).and_then(|item| text_of(item, "ref"));
        let Some(pointed) = pointed else { continue };
        let owner = |items: &Items| {
            items.iter().find(|(_, item)| text_of(item, "id").as_ref() == Some(&pointed)).map(|(at, _)| at.clone())
        };
        if let (Some(had), None) = (owner(then), owner(now)) {
            lost.dangling.insert(address.clone(), had);
        }
    }
    lost
}

fn text_of(item: &Item, name: &str) -> Option<String> {
    match item.object.value() {
        Value::Object(members) => match members.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn equal(was: &Value, is: &Value) -> bool {
    match (was, is) {
        (Value::Object(was), Value::Object(is)) => {
            was.len() == is.len() && was.iter().all(|(name, was)| is.get(name).is_some_and(|is| equal(was, is)))
        }
        (Value::Sensitive(was), Value::Sensitive(is)) => {
            Sensitive::compare(was, is, Some(&key())) == SensitiveComparison::Same
        }
        (was, is) => was == is,
    }
}
