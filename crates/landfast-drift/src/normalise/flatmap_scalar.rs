//! `flatmap-scalar`: flat attribute maps, as states of formats 1 to 3 have them, hold every leaf as a string.

use landfast_state::{Number, Value};

/// Whether the string `flat` of a flat map stands for `value`: `true` or `1` for true, `false` or `0` for false (as
/// terraform's conversion has it), and any number in any writing for that number.
pub(crate) fn stands_for(flat: &str, value: &Value) -> bool {
    match value {
        Value::Bool(true) => matches!(flat, "true" | "1"),
        Value::Bool(false) => matches!(flat, "false" | "0"),
        Value::Number(number) => flat.parse::<Number>().is_ok_and(|flat| flat == *number),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::tests::any_value;
    use proptest::prelude::*;

    #[test]
    fn booleans_and_numbers() {
        for (flat, value) in [("true", true), ("1", true), ("false", false), ("0", false)] {
            assert!(stands_for(flat, &Value::Bool(value)), "{flat}");
        }
        for (flat, number) in [("1", "1"), ("1.0", "1"), ("1e3", "1000"), ("-2.5", "-2.5")] {
            assert!(stands_for(flat, &Value::Number(number.parse().unwrap())), "{flat}");
        }
    }

    #[test]
    fn swallows_nothing_else() {
        for flat in ["", "True", "TRUE", "yes", "2", "01", " 1", "null", "1.0"] {
            assert!(!stands_for(flat, &Value::Bool(true)) && !stands_for(flat, &Value::Bool(false)), "{flat}");
        }
        for flat in ["", "0", "01", "+1", " 1", "1 ", "0x1", "true", "1.0000000000000000000001"] {
            assert!(!stands_for(flat, &Value::Number("1".parse().unwrap())), "{flat}");
        }
    }

    proptest! {
        #[test]
        fn strings_null_and_collections_are_never_meant(flat in ".{0,6}", value in any_value()) {
            prop_assume!(!matches!(value, Value::Bool(_) | Value::Number(_)));
            prop_assert!(!stands_for(&flat, &value));
        }
    }
}
