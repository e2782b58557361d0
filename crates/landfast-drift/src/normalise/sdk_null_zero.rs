//! `sdk-null-zero`: the legacy provider SDK knows no null. What is not set is now null, now absent, now the zero of its
//! type, depending on which of its functions wrote it.
//!
//! In that SDK an object is a block, as an element of a list or set, or the resource itself. An object that stands in an
//! attribute directly is a map, and an empty entry of a map is not the same as none: the comparison asks this rule about
//! attributes only, never about entries and elements.

use landfast_state::Value;

/// Whether one side is null or absent and the other one `""`, `0`, `false` or an empty collection.
pub(crate) fn equal(before: Option<&Value>, after: Option<&Value>) -> bool {
    match (before, after) {
        (None | Some(Value::Null), Some(value)) | (Some(value), None | Some(Value::Null)) => is_zero(value),
        _ => false,
    }
}

/// Whether a value is what the legacy SDK writes for null: `""`, `0`, `false` or an empty collection.
pub(crate) fn is_zero(value: &Value) -> bool {
    match value {
        Value::Bool(value) => !value,
        Value::Number(number) => number.is_zero(),
        Value::String(text) => text.is_empty(),
        Value::List(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Null | Value::Unknown | Value::Sensitive(_) => false,
    }
}

/// The empty collection that null stands for, where one side is null or absent and the other one a collection.
pub(crate) fn empty_in_place_of_null(before: Option<&Value>, after: Option<&Value>) -> Option<Value> {
    match (before, after) {
        (None | Some(Value::Null), Some(other)) | (Some(other), None | Some(Value::Null)) => match other {
            Value::List(_) => Some(Value::List(Vec::new())),
            Value::Object(_) => Some(Value::Object(Default::default())),
            _ => None,
        },
        _ => None,
    }
}

/// The zero of each kind of value.
pub(crate) fn zeros() -> [Value; 5] {
    [
        Value::String(String::new()),
        Value::Number(0_u64.into()),
        Value::Bool(false),
        Value::List(Vec::new()),
        Value::Object(Default::default()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::tests::any_value;
    use proptest::prelude::*;

    #[test]
    fn null_and_absent_against_zero() {
        for zero in zeros() {
            for empty in [None, Some(&Value::Null)] {
                assert!(equal(empty, Some(&zero)) && equal(Some(&zero), empty), "{zero}");
            }
        }
    }

    #[test]
    fn swallows_no_two_zeros_of_different_kinds() {
        for (at, a) in zeros().iter().enumerate() {
            assert!(zeros().iter().skip(at + 1).all(|b| !equal(Some(a), Some(b))), "{a}");
        }
    }

    proptest! {
        #[test]
        fn swallows_nothing_else(value in any_value()) {
            let zero = zeros().contains(&value);
            prop_assert_eq!(equal(None, Some(&value)), zero);
            prop_assert_eq!(equal(Some(&value), Some(&Value::Null)), zero);
        }

        #[test]
        fn swallows_nothing_between_two_values(a in any_value(), b in any_value()) {
            prop_assume!(a != Value::Null && b != Value::Null);
            prop_assert!(!equal(Some(&a), Some(&b)));
        }
    }
}
