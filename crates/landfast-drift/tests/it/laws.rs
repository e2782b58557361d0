//! Laws that hold for any input.

use std::collections::{BTreeMap, BTreeSet};

use landfast_drift::diff::diff;
use landfast_drift::{CompareOptions, Comparison, DriftStatus, InSync};
use landfast_state::address::ObjectAddress;
use landfast_state::{Gap, GapKind, Number, Observation, ResourceObject, Sensitive, Value};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use crate::world::{bare, hint, json, object, patched, report, snapshot};
use landfast_drift::rules::{Hint, HintKind};

fn number(text: &str) -> Value {
    Value::Number(text.parse::<Number>().unwrap())
}

/// Values with few different leaves, so that lists have much in common.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (0_u64..5).prop_map(|n| Value::Number(n.into())),
        prop_oneof![Just("0.5"), Just("-3"), Just("1e3"), Just("1.0")].prop_map(number),
        "[ab~/]{0,2}".prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| prop_oneof![vec(inner.clone(), 0..6).prop_map(Value::List), members(inner)])
}

fn members(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    btree_map("[abc~/0.\"]{1,2}", inner, 0..5).prop_map(Value::Object)
}

/// As above, with unknown and sensitive values.
fn any_marked_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => any_value(),
        1 => Just(Value::Unknown),
        2 => any_value().prop_map(|value| Value::Sensitive(Sensitive::new(value))),
        2 => vec(any_value().prop_map(|value| Value::Sensitive(Sensitive::new(value))), 0..4).prop_map(Value::List),
    ]
}

/// A second value that is like the first one: with elements moved, dropped and put in.
fn edited(value: Value, edits: &[(Index, Value)]) -> Value {
    match value {
        Value::List(mut elements) => {
            for (at, edit) in edits {
                match (elements.is_empty(), edit) {
                    (false, Value::Null) => drop(elements.remove(at.index(elements.len()))),
                    (false, Value::Bool(_)) => {
                        let moved = elements.remove(at.index(elements.len()));
                        elements.push(moved);
                    }
                    _ => elements.insert(at.index(elements.len() + 1), edit.clone()),
                }
            }
            Value::List(elements)
        }
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, member)| (name, edited(member, edits))).collect())
        }
        other => edits.first().map_or(other, |(_, edit)| edit.clone()),
    }
}

fn any_pair() -> impl Strategy<Value = (Value, Value)> {
    let edits = vec((any::<Index>(), any_marked_value()), 0..4);
    prop_oneof![
        (any_marked_value(), any_marked_value()),
        (any_marked_value(), edits).prop_map(|(value, edits)| (value.clone(), edited(value, &edits))),
    ]
}

fn resources() -> impl Strategy<Value = Vec<ResourceObject>> {
    let names = btree_map("[a-e]", members(any_value()), 0..5);
    names.prop_map(|attributes: BTreeMap<String, Value>| {
        let object = |(name, value): (&String, &Value)| object(&format!("test_thing.{name}"), &json(value));
        attributes.iter().map(object).collect()
    })
}

proptest! {
    #[test]
    fn a_value_does_not_differ_from_itself(value in any_marked_value()) {
        prop_assert!(diff(&value, &value.clone()).is_empty());
    }

    #[test]
    fn a_difference_leads_there_and_back((a, b) in any_pair()) {
        let difference = diff(&a, &b);
        prop_assert_eq!(difference.is_empty(), a == b);
        prop_assert_eq!(difference.apply(&a).unwrap(), b.clone());
        prop_assert_eq!(difference.inverse().apply(&b).unwrap(), a);
        prop_assert_eq!(difference.inverse().inverse(), difference);
    }

    #[test]
    fn an_exported_difference_leads_there(a in any_value(), edits in vec((any::<Index>(), any_value()), 0..4), c in any_value()) {
        let b = edited(a.clone(), &edits);
        prop_assert_eq!(patched(&a, &b), b);
        prop_assert_eq!(patched(&a, &c), c);
    }

    #[test]
    fn a_snapshot_compared_with_itself_is_in_sync(objects in resources()) {
        let found = report(objects.clone(), objects.clone(), &CompareOptions::default());
        prop_assert_eq!(found.counts().in_sync, objects.len());
        // Written differently, so that the texts are no help.
        let spaced = |object: &ResourceObject| {
            let text = format!(" {} ", json(&object.value()));
            crate::world::object(&object.address.to_string(), &text.replacen('{', "{ ", 1))
        };
        let found = report(objects.clone(), objects.iter().map(spaced).collect(), &CompareOptions::default());
        prop_assert!(found.resources.iter().all(|resource| resource.status == DriftStatus::InSync));
        prop_assert!(found.resources.iter().all(|resource| resource.normalised.is_empty()));
    }

    #[test]
    fn one_by_one_in_any_order_is_as_all_at_once(
        before in resources(),
        after in resources(),
        unread in "[a-e]?",
        turned in any::<bool>(),
        count in any::<bool>(),
    ) {
        let mut options = CompareOptions::default();
        options.in_sync = if count { InSync::Count } else { InSync::List };
        let gap = |address: &ObjectAddress| {
            let is_it = !unread.is_empty() && address.to_string().ends_with(&unread);
            is_it.then(|| Gap { address: address.instance.clone(), kind: GapKind::Unreadable, reason: "asleep".into() })
        };
        let mut addresses: BTreeSet<_> = before.iter().chain(&after).map(|object| object.address.clone()).collect();
        addresses.extend((!unread.is_empty()).then(|| format!("test_thing.{unread}").parse().unwrap()));
        let gaps = addresses.iter().filter_map(gap).collect();
        let (old, new) = (snapshot(before.clone()), snapshot(after.clone()));
        let observation = Observation { gaps, ..Observation::complete(new.clone()) };
        let mut comparison = Comparison::new(&options);
        let mut order: Vec<_> = addresses.iter().collect();
        if turned {
            order.reverse();
        }
        for address in order {
            let of = |objects: &[ResourceObject]| objects.iter().find(|object| object.address == *address).cloned();
            comparison.add(address, of(&before).as_ref(), of(&after).as_ref(), gap(address).as_ref());
        }
        let one_by_one = comparison.finish(old.origins(), new.origins());
        prop_assert_eq!(one_by_one, landfast_drift::compare(&old, &observation, &options));
    }

    #[test]
    fn without_normalisers_only_equal_values_are_in_sync(a in members(any_value()), b in members(any_value())) {
        let mut options = bare();
        options.disabled_normalisers.extend(landfast_drift::Normaliser::ALL);
        let found = crate::world::drift(&json(&a), &json(&b), &options);
        prop_assert_eq!(found.status == DriftStatus::InSync, a == b);
    }

    #[test]
    fn normalisation_is_always_listed(a in members(any_value()), b in members(any_value())) {
        let found = crate::world::drift(&json(&a), &json(&b), &hint("a", HintKind::Set));
        prop_assert!(a == b || !found.changes.is_empty() || !found.normalised.is_empty());
    }

    #[test]
    fn the_order_of_input_does_not_matter(
        before in resources(),
        after in resources(),
        keys in vec(any::<u32>(), 10),
    ) {
        let shuffle = |objects: &[ResourceObject]| {
            let mut keyed: Vec<_> = keys.iter().zip(objects.to_vec()).collect();
            keyed.sort_by_key(|(key, _)| **key);
            keyed.into_iter().map(|(_, object)| object).collect::<Vec<_>>()
        };
        let options = CompareOptions::default();
        let found = report(before.clone(), after.clone(), &options);
        prop_assert_eq!(report(shuffle(&before), shuffle(&after), &options), found.clone());
        prop_assert!(found.resources.windows(2).all(|pair| pair[0].address < pair[1].address));
    }

    #[test]
    fn severity_never_falls_when_a_drift_grows(
        value in members(any_value()),
        part in subsequence((0..40).collect::<Vec<usize>>(), 0..40),
        more in subsequence((0..40).collect::<Vec<usize>>(), 1..4),
        hints in hints(),
    ) {
        // Leaves by number; a changed one gets a value that stands nowhere else.
        let changed = |which: &[usize]| {
            let mut value = value.clone();
            change_leaves(&mut value, &mut 0, which);
            value
        };
        let mut all = part.clone();
        all.extend(more);
        let grade = |after: &Value| {
            let found = crate::world::drift(&json(&value), &json(after), &hints);
            (found.changes.len(), found.severity)
        };
        let (less, more) = (grade(&changed(&part)), grade(&changed(&all)));
        prop_assert!(more >= less, "{more:?} after {less:?}");
    }

    #[test]
    fn any_marked_values_can_be_compared((a, b) in any_pair()) {
        // Through the objects of a snapshot only what can be written is reached; the raw difference takes all.
        let _ = diff(&a, &b).to_json_patch();
        prop_assert!(diff(&a, &b).is_empty() == (a == b));
    }
}

/// Options that say of some lists that they are sets or without order, at any depth.
fn hints() -> impl Strategy<Value = CompareOptions> {
    let kinds = prop_oneof![Just(None), Just(Some(HintKind::Set)), Just(Some(HintKind::Unordered))];
    vec(kinds, 5).prop_map(|kinds| {
        let mut options = CompareOptions::default();
        for (pattern, kind) in ["*", "*.*", "*.*.*", "a", "a.*.a"].into_iter().zip(kinds) {
            let hint = |kind| Hint::new("test-hint", "*", pattern, kind).unwrap();
            options.hints.extend(kind.map(hint));
        }
        options
    })
}

fn change_leaves(value: &mut Value, leaf: &mut usize, which: &[usize]) {
    match value {
        Value::List(elements) => elements.iter_mut().for_each(|element| change_leaves(element, leaf, which)),
        Value::Object(members) => members.values_mut().for_each(|member| change_leaves(member, leaf, which)),
        other => {
            if which.contains(leaf) {
                *other = Value::String(format!("changed {leaf}"));
            }
            *leaf += 1;
        }
    }
}
