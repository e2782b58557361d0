//! Attributes of an object put together from values.

use bytes::Bytes;

use crate::attribute_path::{AttributePath, PathStep};
use crate::fingerprint::{Fingerprint, FingerprintKey};
use crate::json::{JsonError, Limits, RawJson, write_go};
use crate::origin::{Origin, SourceKind};
use crate::snapshot::{Attributes, ContentDigest, ResourceObject, Snapshot};
use crate::value::{Members, Value};

impl ResourceObject {
    /// The object with these attributes in the place of its own; `attributes` is an object. Sensitive and unknown values are
    /// marked as such again: [`ResourceObject::value`] gives back what was given.
    ///
    /// # Errors
    /// When the values are nested deeper than [`Limits::DEPTH_CEILING`], or a number is longer than any limit allows.
    pub fn with_value(mut self, attributes: &Members) -> Result<Self, JsonError> {
        let mut parts = Parts::default();
        // Mostly they take about as much room.
        let before = match &self.attributes {
            Attributes::None => 0,
            Attributes::Nested(raw) | Attributes::Flat(raw) => raw.as_raw().as_str().len(),
        };
        let mut text = String::with_capacity(before + before / 8);
        parts.write_object(attributes, &mut text);
        let limits = Limits { max_depth: Limits::DEPTH_CEILING, ..Limits::default() };
        // What is written is JSON: there is nothing to be checked but its bounds.
        let text = Bytes::from(text);
        let fits = parts.deepest <= limits.max_depth && parts.longest_number <= limits.max_number_len;
        let raw = if fits { RawJson::checked_slice(&text, 0..text.len()) } else { RawJson::check(text, &limits)? };
        self.attributes = Attributes::Nested(raw);
        self.sensitive = parts.sensitive;
        self.unknown = parts.unknown;
        self.fingerprints = parts.fingerprints;
        Ok(self)
    }

    /// Digest of the object alone, as [`Snapshot::digest`] makes that of all.
    #[must_use]
    pub fn digest(&self, key: &FingerprintKey) -> ContentDigest {
        let origin = Origin::new(SourceKind::Snapshot, "");
        Snapshot::of_unique(origin, vec![self.clone()], Default::default()).digest(key)
    }
}

/// What is written of values, beside their text.
#[derive(Default)]
struct Parts<'v> {
    sensitive: Vec<AttributePath>,
    unknown: Vec<AttributePath>,
    fingerprints: Vec<(AttributePath, Fingerprint)>,
    /// Where the value is that is being written.
    place: Vec<Step<'v>>,
    /// Whether that is inside a sensitive value, where marks say nothing more.
    hidden: bool,
    /// The most objects and lists that stand in each other, and the length of the longest number.
    deepest: usize,
    longest_number: usize,
}

/// A step of a path.
#[derive(Clone, Copy)]
enum Step<'v> {
    Key(&'v str),
    Index(usize),
}

impl<'v> Parts<'v> {
    fn place(&self) -> AttributePath {
        let step = |step: &Step<'_>| match *step {
            Step::Key(name) => PathStep::Key(name.into()),
            Step::Index(at) => PathStep::Index(at),
        };
        AttributePath { steps: self.place.iter().map(step).collect() }
    }

    fn write_object(&mut self, members: &'v Members, out: &mut String) {
        self.deepest = self.deepest.max(self.place.len() + 1);
        out.push('{');
        for (at, (name, value)) in members.iter().enumerate() {
            out.push_str(if at > 0 { "," } else { "" });
            write_go(name, out);
            out.push(':');
            self.write_at(Step::Key(name), value, out);
        }
        out.push('}');
    }

    fn write_at(&mut self, step: Step<'v>, value: &'v Value, out: &mut String) {
        self.place.push(step);
        self.write(value, out);
        self.place.pop();
    }

    fn write(&mut self, value: &'v Value, out: &mut String) {
        match value {
            Value::Object(members) => self.write_object(members, out),
            Value::List(elements) => {
                self.deepest = self.deepest.max(self.place.len() + 1);
                out.push('[');
                for (at, element) in elements.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    self.write_at(Step::Index(at), element, out);
                }
                out.push(']');
            }
            Value::Unknown => {
                if !self.hidden {
                    self.unknown.push(self.place());
                }
                out.push_str("null");
            }
            Value::Sensitive(sensitive) => match (sensitive.expose(), sensitive.held_fingerprint()) {
                (Some(value), _) => {
                    if !self.hidden {
                        self.sensitive.push(self.place());
                    }
                    let outside = std::mem::replace(&mut self.hidden, true);
                    self.write(value, out);
                    self.hidden = outside;
                }
                (None, fingerprint) => {
                    if let Some(fingerprint) = fingerprint.filter(|_| !self.hidden) {
                        self.fingerprints.push((self.place(), fingerprint.clone()));
                    }
                    out.push_str("null");
                }
            },
            Value::Number(number) => {
                self.longest_number = self.longest_number.max(number.as_str().len());
                value.write_json(out);
            }
            Value::Null | Value::Bool(_) | Value::String(_) => value.write_json(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::Raw;
    use crate::value::Sensitive;

    fn values() -> impl Strategy<Value = Value> {
        let key = FingerprintKey::from_bytes([7; 32]);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(|number| Value::Number(number.into())),
            any::<f64>().prop_filter_map("finite", |number| number.to_string().parse().ok().map(Value::Number)),
            ".{0,8}".prop_map(Value::String),
            Just(Value::Unknown),
            "[a-z]{1,9}".prop_map(|text| Value::Sensitive(Sensitive::new(Value::String(text)))),
            "[a-z]{1,9}"
                .prop_map(move |text| Value::Sensitive(Sensitive::from_fingerprint(key.fingerprint(text.as_bytes())))),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                proptest::collection::btree_map(".{0,6}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_put_in_comes_out(members in proptest::collection::btree_map(".{0,6}", values(), 0..5)) {
            let members: Members = members.into_iter().collect();
            let address: crate::address::ObjectAddress = "a_thing.a".parse().unwrap();
            let object = ResourceObject::bare(address, "").with_value(&members).unwrap();
            prop_assert_eq!(object.value(), Value::Object(members));
            let Attributes::Nested(raw) = &object.attributes else { panic!("{object:?}") };
            prop_assert!(Raw::check(raw.as_raw().as_str().as_bytes(), &Limits::default()).is_ok());
        }
    }

    #[test]
    fn what_is_too_deep_or_too_long_is_refused() {
        let object = || ResourceObject::bare("a_thing.a".parse().unwrap(), "");
        let nested = |depth| (0..depth).fold(Value::Null, |inner, _| Value::List(vec![inner]));
        let members = |value| Members::from([("a".to_owned(), value)]);
        // The attributes are an object, which counts.
        let most = Limits::DEPTH_CEILING - 1;
        assert!(object().with_value(&members(nested(most))).is_ok());
        assert!(object().with_value(&members(nested(most + 1))).is_err());
        assert!(object().with_value(&members(Value::Sensitive(Sensitive::new(nested(most + 1))))).is_err());
        let number = |len| Value::Number("1".repeat(len).parse().unwrap());
        assert!(object().with_value(&members(number(1024))).is_ok());
        assert!(object().with_value(&members(number(1025))).is_err());
    }
}
