//! `dynamic-wrapper`: states write a value of dynamic type as `{"value": …, "type": …}`; the JSON of `terraform show`
//! writes the value alone.

use landfast_state::Value;

/// The value inside of a wrapper: an object of exactly `value` and `type`, where the type is one that the value has.
pub(crate) fn inner(value: &Value) -> Option<&Value> {
    let Value::Object(members) = value else { return None };
    let (inner, type_of) = (members.get("value")?, members.get("type")?);
    (members.len() == 2 && fits(inner, type_of)).then_some(inner)
}

/// Whether a value can have the type that is written as `type_of`: the name of a primitive type, or a constructor with its
/// argument.
fn fits(value: &Value, type_of: &Value) -> bool {
    let value = match value {
        Value::Sensitive(sensitive) => match sensitive.expose() {
            Some(value) => value,
            None => return true,
        },
        value => value,
    };
    let open = matches!(value, Value::Null | Value::Unknown);
    match type_of {
        Value::String(name) => match name.as_str() {
            "string" => open || matches!(value, Value::String(_)),
            "number" => open || matches!(value, Value::Number(_)),
            "bool" => open || matches!(value, Value::Bool(_)),
            "dynamic" => open,
            _ => false,
        },
        Value::List(parts) => match parts.as_slice() {
            [Value::String(constructor), argument] => match (constructor.as_str(), argument) {
                ("list" | "set", Value::String(_) | Value::List(_)) | ("tuple", Value::List(_)) => {
                    open || matches!(value, Value::List(_))
                }
                ("map", Value::String(_) | Value::List(_)) | ("object", Value::Object(_)) => {
                    open || matches!(value, Value::Object(_))
                }
                _ => false,
            },
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::json_document::parse;

    #[test]
    fn wrappers() {
        for (wrapper, value) in [
            (r#"{"value":"a","type":"string"}"#, r#""a""#),
            (r#"{"value":1,"type":"number"}"#, "1"),
            (r#"{"value":null,"type":"bool"}"#, "null"),
            (r#"{"value":["a"],"type":["list","string"]}"#, r#"["a"]"#),
            (r#"{"value":[1,"a"],"type":["tuple",["number","string"]]}"#, r#"[1,"a"]"#),
            (r#"{"value":{"a":1},"type":["object",{"a":"number"}]}"#, r#"{"a":1}"#),
        ] {
            let wrapper = parse(wrapper).unwrap();
            assert_eq!(inner(&wrapper), parse(value).as_ref(), "{wrapper}");
        }
    }

    #[test]
    fn swallows_nothing_else() {
        for object in [
            r#"{"value":"a"}"#,
            r#"{"type":"string"}"#,
            r#"{"value":"a","type":"string","more":1}"#,
            r#"{"value":"a","type":"A"}"#,
            r#"{"value":"a","type":"number"}"#,
            r#"{"value":"1","type":"number"}"#,
            r#"{"value":"a","type":["list","string"]}"#,
            r#"{"value":["a"],"type":["list"]}"#,
            r#"{"value":["a"],"type":["list","string","more"]}"#,
            r#"{"value":["a"],"type":["bag","string"]}"#,
            r#"{"value":{},"type":["object","string"]}"#,
            r#"{"value":"a","type":null}"#,
            r#"["value","type"]"#,
        ] {
            assert_eq!(inner(&parse(object).unwrap()), None, "{object}");
        }
    }
}
