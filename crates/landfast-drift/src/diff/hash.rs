//! Hashes of values, for finding equal elements of lists. They are never the last word: what has equal hashes is
//! compared afterwards, and no output depends on their order.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use landfast_state::{FingerprintKey, Value};

use crate::normalise::sdk_null_zero::is_zero;

/// Hashes values under a key of its own, so that nobody can prepare collisions.
#[derive(Debug, Default)]
pub(crate) struct ValueHasher {
    state: RandomState,
    looseness: Looseness,
}

/// Which differences a hash overlooks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Looseness {
    /// Null members of objects, and the mark of sensitive values.
    pub(crate) nulls: bool,
    /// Members that the legacy SDK writes for null.
    pub(crate) zeros: bool,
    /// Whether a scalar is a string or the boolean or number of the same text.
    pub(crate) scalar_kinds: bool,
}

impl ValueHasher {
    /// A hasher that overlooks some differences.
    pub(crate) fn loose(looseness: Looseness) -> Self {
        Self { state: RandomState::new(), looseness }
    }

    /// The hash of a value: equal for equal values.
    pub(crate) fn hash(&self, value: &Value) -> u64 {
        let mut hasher = self.state.build_hasher();
        self.write(value, &mut hasher);
        hasher.finish()
    }

    fn write(&self, value: &Value, hasher: &mut impl Hasher) {
        match value {
            Value::Null => hasher.write_u8(0),
            Value::Bool(value) if self.looseness.scalar_kinds => {
                hasher.write_u8(3);
                (if *value { "true" } else { "false" }).hash(hasher);
            }
            Value::Bool(value) => {
                hasher.write_u8(1);
                value.hash(hasher);
            }
            Value::Number(number) if self.looseness.scalar_kinds => {
                hasher.write_u8(3);
                number.as_str().hash(hasher);
            }
            Value::Number(number) => {
                hasher.write_u8(2);
                number.hash(hasher);
            }
            Value::String(text) => {
                hasher.write_u8(3);
                text.hash(hasher);
            }
            Value::List(elements) => {
                hasher.write_u8(4);
                elements.iter().for_each(|element| self.write(element, hasher));
                hasher.write_u8(5);
            }
            Value::Object(members) => {
                hasher.write_u8(6);
                for (name, member) in members.iter().filter(|(_, member)| !self.overlooks(member)) {
                    name.hash(hasher);
                    self.write(member, hasher);
                }
                hasher.write_u8(7);
            }
            Value::Unknown => hasher.write_u8(8),
            Value::Sensitive(sensitive) => match sensitive.expose() {
                Some(inner) if self.looseness.nulls => self.write(inner, hasher),
                Some(inner) => {
                    hasher.write_u8(9);
                    self.write(inner, hasher);
                }
                None => {
                    hasher.write_u8(10);
                    // The fingerprint that is held; the key would only be used to make one.
                    sensitive.fingerprint(&FingerprintKey::from_bytes([0; 32])).hash.hash(hasher);
                }
            },
        }
    }

    fn overlooks(&self, member: &Value) -> bool {
        let exposed = match member {
            Value::Sensitive(sensitive) if self.looseness.nulls => sensitive.expose().unwrap_or(member),
            _ => member,
        };
        (self.looseness.nulls && *exposed == Value::Null) || (self.looseness.zeros && is_zero(exposed))
    }
}
