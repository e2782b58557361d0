//! Normalisers: named rules by which two values that differ are equal all the same. A file each, with the test that it swallows
//! nothing else; where they apply is decided by the comparison.

pub(crate) mod dynamic_wrapper;
pub(crate) mod flatmap_scalar;
pub(crate) mod json_document;
pub(crate) mod mirror;
pub(crate) mod null_absent;
pub(crate) mod sdk_null_zero;
pub(crate) mod unknown_value;

use std::fmt;

use serde::Serialize;

/// A named rule by which two values that differ are equal all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Normaliser {
    /// Two strings that are equal as JSON documents. Applies where a rule or a `json-string` hint asks for it.
    JsonDocument,
    /// Null, or absent, against `""`, `0`, `false` or an empty collection, as the legacy provider SDK writes them.
    /// Applies where a rule asks for it.
    SdkNullZero,
    /// Null against absent. Always applies, but not to entries of what a hint calls a map.
    NullAbsent,
    /// A value of dynamic type in the wrapper that states put around it, against the bare value. Always applies.
    DynamicWrapper,
    /// A string of a flat attribute map against the boolean or number that it stands for. Applies where one side was
    /// flat.
    FlatmapScalar,
    /// A value that is not known yet, against anything. Always applies.
    UnknownValue,
    /// Lists that hold the same elements in another order, or, for a set, another number of times. Applies where a
    /// `set` or `unordered` hint asks for it.
    CollectionKind,
    /// An attribute that only repeats what another one says, which has changed with it. Applies where a mirror rule
    /// asks for it.
    Mirror,
    /// An attribute that the service or the provider changes by itself, such as the time up to which a database can be
    /// restored. Applies where a volatile rule names it.
    Volatile,
}

impl Normaliser {
    /// Every normaliser, in the order of declaration.
    pub const ALL: &'static [Self] = &[
        Self::JsonDocument,
        Self::SdkNullZero,
        Self::NullAbsent,
        Self::DynamicWrapper,
        Self::FlatmapScalar,
        Self::UnknownValue,
        Self::CollectionKind,
        Self::Mirror,
        Self::Volatile,
    ];

    /// The id, in kebab case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JsonDocument => "json-document",
            Self::SdkNullZero => "sdk-null-zero",
            Self::NullAbsent => "null-absent",
            Self::DynamicWrapper => "dynamic-wrapper",
            Self::FlatmapScalar => "flatmap-scalar",
            Self::UnknownValue => "unknown-value",
            Self::CollectionKind => "collection-kind",
            Self::Mirror => "mirror",
            Self::Volatile => "volatile",
        }
    }
}

impl fmt::Display for Normaliser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use landfast_state::Value;
    use proptest::prelude::*;

    /// Values as JSON has them: no unknown and no sensitive ones. Small, so that equal ones turn up.
    pub(crate) fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            prop_oneof![Just("0"), Just("1"), Just("1.0"), Just("-2.5"), Just("9007199254740993")]
                .prop_map(|text| Value::Number(text.parse().unwrap())),
            prop_oneof![Just(""), Just("a"), Just("1"), Just("true"), Just("{}"), Just("[ ]")]
                .prop_map(|text| Value::String(text.to_owned())),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                proptest::collection::btree_map("[abc]", inner, 0..4).prop_map(Value::Object),
            ]
        })
    }

    /// Known values, some of them sensitive.
    pub(crate) fn any_value() -> impl Strategy<Value = Value> {
        let sensitive = any_json().prop_map(|value| Value::Sensitive(landfast_state::Sensitive::new(value)));
        prop_oneof![4 => any_json(), 1 => sensitive]
    }

    #[test]
    fn ids_are_what_serde_writes() {
        for normaliser in super::Normaliser::ALL {
            assert_eq!(serde_json::to_value(normaliser).unwrap(), normaliser.as_str());
        }
    }
}
