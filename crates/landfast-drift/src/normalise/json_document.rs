//! `json-document`: two strings that are the same JSON document, differently written.

use landfast_state::Value;
use landfast_state::json::{Limits, Raw};

/// Whether both texts are JSON objects or arrays, and equal as such. A document that a reader could understand in two
/// ways, such as one with a duplicate key, is no document here.
pub(crate) fn equal(before: &str, after: &str) -> bool {
    if !looks_like_document(before) || !looks_like_document(after) {
        return false;
    }
    match (parse(before), parse(after)) {
        (Some(before), Some(after)) => before == after,
        _ => false,
    }
}

/// The value that `text` is as JSON, or `None` when it is none.
pub(crate) fn parse(text: &str) -> Option<Value> {
    let raw = Raw::check(text.as_bytes(), &Limits::default()).ok()?;
    Some(Value::from_raw(raw, &[]))
}

fn looks_like_document(text: &str) -> bool {
    text.trim_ascii_start().starts_with(['{', '['])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::tests::any_json;
    use proptest::prelude::*;

    #[test]
    fn white_space_order_of_members_escapes_and_writing_of_numbers() {
        assert!(equal(r#"{"a":1,"b":["x"]}"#, "{ \"b\" : [ \"\\u0078\" ],\n\"a\": 1.0 }"));
        assert!(equal("[]", " [ ] "));
    }

    #[test]
    fn swallows_nothing_else() {
        for (a, b) in [
            (r#"{"a":1}"#, r#"{"a":2}"#),
            (r#"{"a":1}"#, r#"{"a":"1"}"#),
            (r#"{"a":null}"#, "{}"),
            ("[1,2]", "[2,1]"),
            ("[]", "{}"),
            // Scalars are not documents: "1" and "1.0" may be versions.
            ("1", "1.0"),
            ("\"a\"", " \"a\""),
            ("null", " null"),
            // What two readers could understand differently is not a document.
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
            (r#"["\ud800"]"#, r#"[ "\ud800"]"#),
            ("{} x", "{}"),
            ("{}", ""),
            ("[9007199254740993]", "[9007199254740992]"),
        ] {
            assert!(!equal(a, b) && !equal(b, a), "{a} and {b}");
        }
    }

    proptest! {
        #[test]
        fn equal_as_text_means_equal_as_values(a in any_json(), b in any_json()) {
            let text = |value: &Value| { let mut text = String::new(); value.write_json(&mut text); text };
            let document = |value: &Value| matches!(value, Value::List(_) | Value::Object(_));
            prop_assert_eq!(equal(&text(&a), &text(&b)), document(&a) && document(&b) && a == b);
            prop_assert_eq!(equal(&text(&a), &format!(" {}\n", text(&a))), document(&a));
        }
    }
}
