//! Attributes of an object put together from values.

use bytes::Bytes;

use crate::attribute_path::AttributePath;
use crate::fingerprint::{Fingerprint, FingerprintKey};
use crate::json::{JsonError, Limits, RawJson};
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
        let mut text = String::new();
        parts.write_object(attributes, &AttributePath::ROOT, &mut text);
        let limits = Limits { max_depth: Limits::DEPTH_CEILING, ..Limits::default() };
        self.attributes = Attributes::Nested(RawJson::check(Bytes::from(text), &limits)?);
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

#[derive(Default)]
struct Parts {
    sensitive: Vec<AttributePath>,
    unknown: Vec<AttributePath>,
    fingerprints: Vec<(AttributePath, Fingerprint)>,
}

impl Parts {
    fn write_object(&mut self, members: &Members, path: &AttributePath, out: &mut String) {
        out.push('{');
        for (at, (name, value)) in members.iter().enumerate() {
            out.push_str(if at > 0 { "," } else { "" });
            Value::String(name.to_string()).write_json(out);
            out.push(':');
            self.write(value, &path.key(name), out);
        }
        out.push('}');
    }

    fn write(&mut self, value: &Value, path: &AttributePath, out: &mut String) {
        match value {
            Value::Object(members) => self.write_object(members, path, out),
            Value::List(elements) => {
                out.push('[');
                for (at, element) in elements.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    self.write(element, &path.index(at), out);
                }
                out.push(']');
            }
            Value::Unknown => {
                self.unknown.push(path.clone());
                out.push_str("null");
            }
            Value::Sensitive(sensitive) => match (sensitive.expose(), sensitive.held_fingerprint()) {
                (Some(value), _) => {
                    self.sensitive.push(path.clone());
                    // Marks inside a sensitive value say nothing more.
                    Self::default().write(value, path, out);
                }
                (None, fingerprint) => {
                    self.fingerprints.extend(fingerprint.map(|fingerprint| (path.clone(), fingerprint.clone())));
                    out.push_str("null");
                }
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.write_json(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::Sensitive;

    fn values() -> impl Strategy<Value = Value> {
        let key = FingerprintKey::from_bytes([7; 32]);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
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
        }
    }
}
