//! `null-absent`: in a state, an absent attribute and a null one differ by the schema that wrote it only.

use landfast_state::Value;

/// Whether both sides are null or absent.
pub(crate) fn equal(before: Option<&Value>, after: Option<&Value>) -> bool {
    let empty = |side: Option<&Value>| matches!(side, None | Some(Value::Null));
    empty(before) && empty(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::tests::any_value;
    use proptest::prelude::*;

    #[test]
    fn null_and_absent() {
        assert!(equal(None, Some(&Value::Null)));
        assert!(equal(Some(&Value::Null), None));
    }

    proptest! {
        #[test]
        fn swallows_nothing_else(a in proptest::option::of(any_value()), b in proptest::option::of(any_value())) {
            let has_value = |side: &Option<Value>| side.as_ref().is_some_and(|value| *value != Value::Null);
            prop_assert_eq!(equal(a.as_ref(), b.as_ref()), !has_value(&a) && !has_value(&b));
        }
    }
}
