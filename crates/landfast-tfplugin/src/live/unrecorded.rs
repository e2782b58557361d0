//! Attributes that a state does not have at all: the provider that wrote it did not know them, and so nobody can say whether they have
//! changed.

use std::collections::BTreeSet;

use landfast_state::json::Raw;
use landfast_state::{Attributes, Members, ResourceObject, Value};

/// The upgraded attributes with those marked as unknown that are there and that the state does not have. `None` where there is none
/// such.
///
/// In blocks, an attribute counts as missing where no block of its kind has it: they stand in another order on each side.
///
/// States of formats before 4 leave out what is null too, and so they do not tell.
pub(super) fn unrecorded(stored: &ResourceObject, upgraded: &Members, observed: &Members) -> Option<Members> {
    let Attributes::Nested(raw) = &stored.attributes else { return None };
    let raw = raw.as_raw();
    if !may_miss(raw, upgraded, observed) {
        return None;
    }
    let mut marked = upgraded.clone();
    mark(&[raw], vec![&mut marked], &[observed]).then_some(marked)
}

/// Whether anything may be marked, at a first look: most objects have all that is there.
fn may_miss(stored: Raw<'_>, upgraded: &Members, observed: &Members) -> bool {
    let differs = |name, before| observed.get(name).is_some_and(|after| after != before && *after != Value::Null);
    upgraded.iter().filter(|(name, before)| differs(*name, *before)).any(|(name, before)| match stored.get(name) {
        None => *before == Value::Null,
        Some(raw) => {
            let mut inner = Vec::new();
            raw_objects(raw, &mut inner);
            !inner.is_empty()
        }
    })
}

/// Marks what is missing in objects of one kind. Whether anything was.
fn mark(stored: &[Raw<'_>], mut upgraded: Vec<&mut Members>, observed: &[&Members]) -> bool {
    let names: BTreeSet<String> = upgraded.iter().flat_map(|members| members.keys().cloned()).collect();
    let mut marked = false;
    for name in names {
        let seen = observed.iter().filter_map(|members| members.get(&name));
        let seen: Vec<&Value> = seen.filter(|value| **value != Value::Null).collect();
        let values: Vec<&mut Value> = upgraded.iter_mut().filter_map(|members| members.get_mut(&name)).collect();
        let is_same = matches!((&*values, &*seen), ([before], [after]) if **before == **after);
        if seen.is_empty() || is_same {
            continue;
        }
        let raws: Vec<Raw<'_>> = stored.iter().filter_map(|raw| raw.get(&name)).collect();
        if raws.is_empty() {
            for value in values.into_iter().filter(|value| **value == Value::Null) {
                *value = Value::Unknown;
                marked = true;
            }
            continue;
        }
        let (mut inner_raws, mut inner_upgraded, mut inner_observed) = (Vec::new(), Vec::new(), Vec::new());
        raws.into_iter().for_each(|raw| raw_objects(raw, &mut inner_raws));
        values.into_iter().for_each(|value| objects_mut(value, &mut inner_upgraded));
        seen.into_iter().for_each(|value| objects(value, &mut inner_observed));
        if !inner_raws.is_empty() {
            marked |= mark(&inner_raws, inner_upgraded, &inner_observed);
        }
    }
    marked
}

/// The objects that a value is, or holds as a list.
fn raw_objects<'a>(raw: Raw<'a>, found: &mut Vec<Raw<'a>>) {
    match raw.elements() {
        Some(elements) => elements.for_each(|element| raw_objects(element, found)),
        None if raw.members().is_some() => found.push(raw),
        None => {}
    }
}

fn objects<'a>(value: &'a Value, found: &mut Vec<&'a Members>) {
    match value {
        Value::Object(members) => found.push(members),
        Value::List(elements) => elements.iter().for_each(|element| objects(element, found)),
        _ => {}
    }
}

fn objects_mut<'a>(value: &'a mut Value, found: &mut Vec<&'a mut Members>) {
    match value {
        Value::Object(members) => found.push(members),
        Value::List(elements) => elements.iter_mut().for_each(|element| objects_mut(element, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use landfast_state::json::{Limits, Raw};

    use super::*;

    fn members(text: &str) -> Members {
        match Value::from_raw(Raw::check(text.as_bytes(), &Limits::default()).unwrap(), &[]) {
            Value::Object(members) => members,
            other => panic!("{other}"),
        }
    }

    /// What is marked of these attributes, upgraded from what is stored, beside those observed.
    fn marked(stored: &str, upgraded: &str, observed: &str) -> Option<String> {
        let raw = Raw::check(stored.as_bytes(), &Limits::default()).unwrap();
        let mut marked = members(upgraded);
        let observed = members(observed);
        // A first look never says that there is nothing where there is something.
        let may_miss = may_miss(raw, &marked, &observed);
        let any = mark(&[raw], vec![&mut marked], &[&observed]);
        assert!(may_miss || !any);
        any.then(|| Value::Object(marked).to_string())
    }

    fn said(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn what_is_not_stored_and_is_there_is_unknown() {
        assert_eq!(marked(r#"{}"#, r#"{"a": null}"#, r#"{"a": 1}"#), said(r#"{"a": (known after apply)}"#));
        assert_eq!(marked(r#"{}"#, r#"{"a": null}"#, r#"{"a": []}"#), said(r#"{"a": (known after apply)}"#));
        // Null is a value, and what is not there is none; what an upgrade fills in is what was stored.
        assert_eq!(marked(r#"{"a": null}"#, r#"{"a": null}"#, r#"{"a": 1}"#), None);
        assert_eq!(marked(r#"{}"#, r#"{"a": null}"#, r#"{"a": null}"#), None);
        assert_eq!(marked(r#"{}"#, r#"{"a": 2}"#, r#"{"a": 1}"#), None);
        assert_eq!(marked(r#"{}"#, r#"{}"#, r#"{"a": 1}"#), None);
    }

    #[test]
    fn in_blocks_it_is_what_none_of_their_kind_has() {
        let upgraded = r#"{"b": [{"x": 1, "y": null}, {"x": 2, "y": null}]}"#;
        let observed = r#"{"b": [{"x": 2, "y": null}, {"x": 1, "y": 5}]}"#;
        assert_eq!(
            marked(r#"{"b": [{"x": 1}, {"x": 2}]}"#, upgraded, observed),
            said(r#"{"b": [{"x": 1, "y": (known after apply)}, {"x": 2, "y": (known after apply)}]}"#)
        );
        assert_eq!(marked(r#"{"b": [{"x": 1}, {"x": 2, "y": null}]}"#, upgraded, observed), None);
        let deep = |inner: &str| format!(r#"{{"b": [{{"c": {{"k": {{"d": [{inner}]}}}}}}]}}"#);
        assert_eq!(
            marked(&deep("{}"), &deep(r#"{"y": null}"#), &deep(r#"{"y": 1}"#)),
            said(r#"{"b": [{"c": {"k": {"d": [{"y": (known after apply)}]}}}]}"#)
        );
        // A block that is new, and one that is gone, are drift.
        let none = r#"{"b": []}"#;
        assert_eq!(marked(none, none, observed), None);
        assert_eq!(marked(r#"{"b": [{"x": 1}]}"#, r#"{"b": [{"x": 1, "y": null}]}"#, none), None);
    }
}
