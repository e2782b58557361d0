//! Comparing where at least one side is sensitive. What is found inside is told as one change of the whole.

use landfast_state::{Sensitive, SensitiveComparison, Value};

use super::walk::{Place, Walk};
use crate::normalise::{Normaliser, sdk_null_zero};

impl Walk<'_> {
    /// Compares what stands at the present path, one side of it sensitive. Marks alone are no difference: sources differ in
    /// what they mark.
    pub(super) fn sensitive(&mut self, before: Option<&Value>, after: Option<&Value>, place: Place) {
        let (Some(open_before), Some(open_after)) = (Open::new(before), Open::new(after)) else {
            return self.fingerprints(before, after, place);
        };
        let mut found = self.aside(|walk| walk.pair(open_before.0, open_after.0, place));
        self.found.unreadable.append(&mut found.unreadable);
        if found.weight == 0 {
            for mut normalised in found.normalised {
                normalised.before = normalised.before.as_ref().map(mark);
                normalised.after = normalised.after.as_ref().map(mark);
                self.found.normalised.push(normalised);
            }
        } else {
            self.change(before.map(mark).as_ref(), after.map(mark).as_ref(), place);
        }
    }

    /// Compares where one side is known by its fingerprint only.
    fn fingerprints(&mut self, before: Option<&Value>, after: Option<&Value>, place: Place) {
        let null = Value::Null;
        let absent = before.is_none() || after.is_none();
        let marked = (mark(before.unwrap_or(&null)), mark(after.unwrap_or(&null)));
        if absent && !matches!(place, Place::Attribute | Place::Member) {
            return self.change(before.map(|_| &marked.0), after.map(|_| &marked.1), place);
        }
        match self.compare_held(before.unwrap_or(&null), after.unwrap_or(&null)) {
            SensitiveComparison::Same if absent && self.enabled(Normaliser::NullAbsent) => {
                let sides = (before.map(|_| &marked.0), after.map(|_| &marked.1));
                self.normalise(Normaliser::NullAbsent, None, sides.0, sides.1);
            }
            SensitiveComparison::Same if !absent => {}
            SensitiveComparison::Unreadable => self.found.unreadable.push(self.here()),
            SensitiveComparison::Same | SensitiveComparison::Different => {
                let sides = (before.map(|_| &marked.0), after.map(|_| &marked.1));
                match self.null_zero_rule(place) {
                    Some(rule) if self.null_against_zero(before, after) => {
                        self.normalise(Normaliser::SdkNullZero, Some(rule), sides.0, sides.1);
                    }
                    _ => self.change(sides.0, sides.1, place),
                }
            }
        }
    }

    /// Whether one side is null, or absent, and the other one a zero of the legacy SDK, as far as fingerprints tell.
    fn null_against_zero(&self, before: Option<&Value>, after: Option<&Value>) -> bool {
        let is = |side: Option<&Value>, value: &Value| {
            side.is_some_and(|side| self.compare_held(side, value) == SensitiveComparison::Same)
        };
        let is_null = |side: Option<&Value>| side.is_none() || is(side, &Value::Null);
        let is_zero = |side: Option<&Value>| sdk_null_zero::zeros().iter().any(|zero| is(side, zero));
        (is_null(before) && is_zero(after)) || (is_zero(before) && is_null(after))
    }

    pub(super) fn compare_held(&self, before: &Value, after: &Value) -> SensitiveComparison {
        match (held(before), held(after)) {
            (Some(before), Some(after)) => before.compare(&after, self.options.fingerprint_key.as_ref()),
            _ => SensitiveComparison::Unreadable,
        }
    }
}

/// A side without its mark, unless only its fingerprint is known.
struct Open<'v>(Option<&'v Value>);

impl<'v> Open<'v> {
    fn new(side: Option<&'v Value>) -> Option<Self> {
        match side {
            Some(Value::Sensitive(held)) => Some(Self(Some(held.expose()?))),
            side => Some(Self(side)),
        }
    }
}

/// The value marked as sensitive.
fn mark(value: &Value) -> Value {
    match value {
        Value::Sensitive(_) => value.clone(),
        value => Value::Sensitive(Sensitive::new(value.clone())),
    }
}

/// The value as a fingerprint can be compared with it: marked as a whole and nowhere inside. `None` when a fingerprint
/// stands inside of it.
fn held(value: &Value) -> Option<Sensitive> {
    match value {
        Value::Sensitive(sensitive) if sensitive.expose().is_none() => Some(sensitive.clone()),
        value => strip(value).map(Sensitive::new),
    }
}

fn strip(value: &Value) -> Option<Value> {
    Some(match value {
        Value::Sensitive(sensitive) => strip(sensitive.expose()?)?,
        Value::List(elements) => Value::List(elements.iter().map(strip).collect::<Option<_>>()?),
        Value::Object(members) => {
            let strip = |(name, member): (&String, &Value)| Some((name.clone(), strip(member)?));
            Value::Object(members.iter().map(strip).collect::<Option<_>>()?)
        }
        value => value.clone(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use landfast_state::FingerprintKey;
    use proptest::prelude::*;

    use super::super::CompareOptions;
    use super::super::resource::compare_values;
    use super::super::walk::Flat;
    use super::*;
    use crate::classification::DriftStatus;
    use crate::normalise::tests::{any_json, any_value};
    use crate::report::{ChangeKind, ResourceDrift};
    use crate::rules::{Hint, HintKind, RuleSet, TypeRules};

    fn key(byte: u8) -> FingerprintKey {
        FingerprintKey::from_bytes([byte; 32])
    }

    fn text(text: &str) -> Value {
        Value::String(text.to_owned())
    }

    /// What a snapshot keeps of a value: its fingerprint under key 7.
    fn kept(value: Value) -> Value {
        Value::Sensitive(Sensitive::from_fingerprint(Sensitive::new(value).fingerprint(&key(7))))
    }

    fn resource(password: Option<Value>) -> Value {
        Value::Object(password.into_iter().map(|value| ("password".to_owned(), value)).collect::<BTreeMap<_, _>>())
    }

    fn compared(before: &Value, after: &Value, byte: u8) -> ResourceDrift {
        let rules = RuleSet::from_toml(&[(
            "test.toml",
            "[pack]\nid = \"t\"\nversion = 1\ndescription = \"x\"\n[[normalise]]\nid = \"sdk\"\n\
             normaliser = \"sdk-null-zero\"\nresource_types = [\"*\"]\n",
        )])
        .unwrap();
        let hints = [Hint::new("set", "*", "set", HintKind::Set).unwrap()];
        let options = CompareOptions { fingerprint_key: Some(key(byte)), ..CompareOptions::default() };
        let address = "test_thing.x".parse().unwrap();
        compare_values(
            &address,
            before,
            after,
            Flat::Neither,
            &TypeRules::new(&rules, &hints, None, "test_thing"),
            &options,
        )
    }

    fn passwords(before: Option<Value>, after: Option<Value>, byte: u8) -> ResourceDrift {
        compared(&resource(before), &resource(after), byte)
    }

    #[test]
    fn a_fingerprint_compares_with_values_marked_or_not() {
        for after in [Value::Sensitive(Sensitive::new(text("hunter22"))), text("hunter22"), kept(text("hunter22"))] {
            let found = passwords(Some(kept(text("hunter22"))), Some(after), 7);
            assert_eq!((found.status, found.normalised.len()), (DriftStatus::InSync, 0));
        }
        for after in [Value::Sensitive(Sensitive::new(text("hunter23"))), text("hunter23"), kept(text("hunter23"))] {
            let found = passwords(Some(kept(text("hunter22"))), Some(after), 7);
            assert_eq!((found.status, found.changes.len()), (DriftStatus::Drifted, 1));
            assert!(!format!("{found:?}").contains("hunter"), "{found:?}");
        }
    }

    #[test]
    fn under_another_key_nobody_can_say() {
        for (before, after) in [
            (Some(kept(text("hunter22"))), Some(text("hunter22"))),
            (Some(kept(text("hunter22"))), Some(text("other"))),
            (None, Some(kept(text("hunter22")))),
        ] {
            let found = passwords(before, after, 8);
            assert_eq!((found.status, found.changes.len()), (DriftStatus::Unreadable, 0));
            let reason = found.reason.unwrap();
            assert!(reason.starts_with("password: only the fingerprint") && reason.contains("under a key"), "{reason}");
        }
    }

    #[test]
    fn other_changes_are_told_beside_what_nobody_can_say() {
        let with = |n: u64, password: Value| {
            Value::Object([("n".to_owned(), Value::Number(n.into())), ("password".to_owned(), password)].into())
        };
        let found = compared(&with(1, kept(text("a"))), &with(2, text("b")), 8);
        assert_eq!((found.status, found.changes.len(), found.unreadable.len()), (DriftStatus::Drifted, 1, 1));
        assert!(found.reason.is_some());
    }

    #[test]
    fn a_fingerprint_of_nothing() {
        let found = passwords(Some(kept(Value::Null)), None, 7);
        assert_eq!((found.status, found.normalised[0].normaliser), (DriftStatus::InSync, Normaliser::NullAbsent));
        let found = passwords(Some(kept(Value::Null)), Some(text("")), 7);
        assert_eq!((found.status, found.normalised[0].normaliser), (DriftStatus::InSync, Normaliser::SdkNullZero));
        let found = passwords(None, Some(kept(text(""))), 7);
        assert_eq!((found.status, found.normalised[0].normaliser), (DriftStatus::InSync, Normaliser::SdkNullZero));
        let found = passwords(None, Some(kept(text("x"))), 7);
        assert_eq!((found.status, found.changes[0].kind), (DriftStatus::Drifted, ChangeKind::Added));
    }

    #[test]
    fn fingerprints_in_sets_and_lists() {
        for name in ["set", "list"] {
            let with = |elements: Vec<Value>| Value::Object([(name.to_owned(), Value::List(elements))].into());
            let before = with(vec![kept(text("a")), kept(text("b"))]);
            let found = compared(&before, &with(vec![text("a"), kept(text("b")), text("c")]), 7);
            assert_eq!((found.changes.len(), found.changes[0].kind), (1, ChangeKind::Added), "{name}");
            let found = compared(&before, &with(vec![text("a"), text("x")]), 8);
            assert_eq!((found.status, found.unreadable.len()), (DriftStatus::Unreadable, 2), "{name}");
        }
        let with = |elements: Vec<Value>| Value::Object([("set".to_owned(), Value::List(elements))].into());
        let found = compared(&with(vec![kept(text("a")), kept(text("b"))]), &with(vec![text("b"), text("a")]), 7);
        assert_eq!(found.status, DriftStatus::InSync);
    }

    proptest! {
        #[test]
        fn marks_alone_are_no_difference(value in any_json()) {
            let marked = Value::Sensitive(Sensitive::new(value.clone()));
            let found = passwords(Some(value.clone()), Some(marked.clone()), 7);
            prop_assert_eq!(found.status, DriftStatus::InSync);
            let found = passwords(Some(kept(value)), Some(marked), 7);
            prop_assert_eq!(found.status, DriftStatus::InSync);
        }

        #[test]
        fn a_change_beside_a_mark_is_marked(a in any_value(), b in any_value()) {
            let found = passwords(Some(Value::Sensitive(Sensitive::new(a))), Some(b), 7);
            for change in &found.changes {
                prop_assert!(change.sensitive);
                let marked = |side: &Option<Value>| matches!(side, None | Some(Value::Sensitive(_)));
                prop_assert!(marked(&change.before) && marked(&change.after));
            }
            for normalised in &found.normalised {
                let marked = |side: &Option<Value>| matches!(side, None | Some(Value::Sensitive(_)));
                prop_assert!(marked(&normalised.before) && marked(&normalised.after));
            }
        }
    }
}
