//! `unknown-value`: a value that is not known yet cannot be said to differ from anything.

use landfast_state::Value;

/// Whether either side is not known yet.
pub(crate) fn equal(before: Option<&Value>, after: Option<&Value>) -> bool {
    matches!(before, Some(Value::Unknown)) || matches!(after, Some(Value::Unknown))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::tests::any_value;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn swallows_nothing_else(a in any_value(), b in any_value()) {
            prop_assert!(equal(Some(&a), Some(&Value::Unknown)) && equal(Some(&Value::Unknown), None));
            prop_assert!(!equal(Some(&a), Some(&b)) && !equal(None, Some(&b)));
            // A value that holds an unknown one is not unknown itself.
            let holds = Value::List(vec![Value::Unknown]);
            prop_assert!(!equal(Some(&holds), Some(&b)));
        }
    }
}
