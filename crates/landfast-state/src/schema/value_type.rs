//! Types of values, and the JSON expressions that name them.

use std::collections::BTreeMap;

use crate::json::{Limits, Raw, RawKind, quote_go};

/// The type of a value, as schemas name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ValueType {
    /// A boolean.
    Bool,
    /// A number of any size.
    Number,
    /// A string.
    String,
    /// Any value, which then brings its type with it.
    Dynamic,
    /// Any number of values of one type, in an order.
    List(Box<ValueType>),
    /// Any number of values of one type, without order and without two that are equal.
    Set(Box<ValueType>),
    /// Any number of values of one type, by key.
    Map(Box<ValueType>),
    /// As many values as there are types, in an order.
    Tuple(Vec<ValueType>),
    /// Values by name, each of a type of its own.
    Object(BTreeMap<String, ValueType>),
}

/// The text is not the expression of a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueTypeError {
    /// It is not JSON, or nested too deep.
    #[error("not a type expression: not a JSON document that can be read")]
    Json(#[source] Box<crate::json::JsonError>),
    /// It is JSON and no type.
    #[error("not a type expression: {0}")]
    Form(&'static str),
}

/// Types nest no deeper than this.
const MAX_DEPTH: usize = 64;

impl ValueType {
    /// Reads a type expression: `"string"`, `["list", "number"]`, `["object", {"a": "bool"}]` and so on. Which attributes of
    /// an object may be left out, which only configurations ask, is passed over.
    ///
    /// # Errors
    /// When the text is no such expression, or nested deeper than 64.
    pub fn parse(expression: &[u8]) -> Result<Self, ValueTypeError> {
        let limits = Limits { max_depth: 2 * MAX_DEPTH + 2, max_bytes: 16 << 20, ..Limits::default() };
        let raw = Raw::check(expression, &limits).map_err(|error| ValueTypeError::Json(Box::new(error)))?;
        Self::of_raw(raw)
    }

    /// Reads a type expression that was checked as JSON already.
    ///
    /// # Errors
    /// When the value is no such expression, or nested deeper than 64.
    pub fn of_raw(raw: Raw<'_>) -> Result<Self, ValueTypeError> {
        parse(raw, MAX_DEPTH)
    }

    /// The expression of the type, as terraform writes it.
    #[must_use]
    pub fn expression(&self) -> String {
        let mut text = String::new();
        self.write_expression(&mut text);
        text
    }

    fn write_expression(&self, out: &mut String) {
        let mut of_one = |kind: &str, inner: &Self| {
            out.push_str(kind);
            inner.write_expression(out);
            out.push(']');
        };
        match self {
            Self::List(inner) => of_one("[\"list\",", inner),
            Self::Set(inner) => of_one("[\"set\",", inner),
            Self::Map(inner) => of_one("[\"map\",", inner),
            Self::Tuple(types) => {
                out.push_str("[\"tuple\",[");
                for (at, inner) in types.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    inner.write_expression(out);
                }
                out.push_str("]]");
            }
            Self::Object(types) => {
                out.push_str("[\"object\",{");
                for (at, (name, inner)) in types.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    out.push_str(&quote_go(name));
                    out.push(':');
                    inner.write_expression(out);
                }
                out.push_str("}]");
            }
            Self::Bool => out.push_str("\"bool\""),
            Self::Number => out.push_str("\"number\""),
            Self::String => out.push_str("\"string\""),
            Self::Dynamic => out.push_str("\"dynamic\""),
        }
    }

    /// Whether a value of this type may bring a type with it somewhere.
    #[must_use]
    pub fn has_dynamic(&self) -> bool {
        match self {
            Self::Dynamic => true,
            Self::Bool | Self::Number | Self::String => false,
            Self::List(inner) | Self::Set(inner) | Self::Map(inner) => inner.has_dynamic(),
            Self::Tuple(types) => types.iter().any(Self::has_dynamic),
            Self::Object(types) => types.values().any(Self::has_dynamic),
        }
    }

    /// The type's kind with its article, for messages.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Dynamic => "a value of any type",
            Self::List(_) => "a list",
            Self::Set(_) => "a set",
            Self::Map(_) => "a map",
            Self::Tuple(_) => "a tuple",
            Self::Object(_) => "an object",
        }
    }
}

fn parse(raw: Raw<'_>, depth: usize) -> Result<ValueType, ValueTypeError> {
    let Some(depth) = depth.checked_sub(1) else { return Err(ValueTypeError::Form("it is nested too deep")) };
    let mut elements = match raw.kind() {
        RawKind::String(name) => {
            return match &*name {
                "bool" => Ok(ValueType::Bool),
                "number" => Ok(ValueType::Number),
                "string" => Ok(ValueType::String),
                "dynamic" => Ok(ValueType::Dynamic),
                _ => Err(ValueTypeError::Form("there is no such type")),
            };
        }
        RawKind::Array(elements) => elements,
        _ => return Err(ValueTypeError::Form("a string or an array is expected")),
    };
    let constructor = elements.next().and_then(Raw::as_string);
    let argument = elements.next().ok_or(ValueTypeError::Form("what follows the constructor is missing"))?;
    let constructor = constructor.ok_or(ValueTypeError::Form("an array begins with the name of a constructor"))?;
    let boxed = || parse(argument, depth).map(Box::new);
    let parsed = match &*constructor {
        "list" => ValueType::List(boxed()?),
        "set" => ValueType::Set(boxed()?),
        "map" => ValueType::Map(boxed()?),
        "tuple" => match argument.kind() {
            RawKind::Array(types) => ValueType::Tuple(types.map(|it| parse(it, depth)).collect::<Result<_, _>>()?),
            _ => return Err(ValueTypeError::Form("the types of a tuple are an array")),
        },
        "object" => match argument.kind() {
            RawKind::Object(members) => {
                // Which attributes may be left out.
                elements.next();
                let types = members.map(|(name, it)| Ok((name.into_owned(), parse(it, depth)?)));
                ValueType::Object(types.collect::<Result<_, ValueTypeError>>()?)
            }
            _ => return Err(ValueTypeError::Form("the types of an object are an object")),
        },
        _ => return Err(ValueTypeError::Form("there is no such constructor")),
    };
    match elements.next() {
        None => Ok(parsed),
        Some(_) => Err(ValueTypeError::Form("something follows the argument")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn types() -> impl Strategy<Value = ValueType> {
        let leaf = prop_oneof![
            Just(ValueType::Bool),
            Just(ValueType::Number),
            Just(ValueType::String),
            Just(ValueType::Dynamic)
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                inner.clone().prop_map(|it| ValueType::List(Box::new(it))),
                inner.clone().prop_map(|it| ValueType::Set(Box::new(it))),
                inner.clone().prop_map(|it| ValueType::Map(Box::new(it))),
                proptest::collection::vec(inner.clone(), 0..4).prop_map(ValueType::Tuple),
                proptest::collection::btree_map(".{0,6}", inner, 0..4).prop_map(ValueType::Object),
            ]
        })
    }

    proptest! {
        #[test]
        fn an_expression_is_read_as_what_it_was_written_of(ty in types()) {
            prop_assert_eq!(ValueType::parse(ty.expression().as_bytes()), Ok(ty));
        }
    }

    #[test]
    fn optional_attributes_of_objects_are_passed_over() {
        let parsed = ValueType::parse(br#"["object", {"a": "string", "b": ["set", "number"]}, ["a"]]"#).unwrap();
        assert_eq!(parsed.expression(), r#"["object",{"a":"string","b":["set","number"]}]"#);
    }

    #[test]
    fn what_is_no_type_is_refused() {
        let deep = format!("{}\"bool\"{}", "[\"list\",".repeat(65), "]".repeat(65));
        for text in [
            "",
            "null",
            "\"text\"",
            "[]",
            "[\"list\"]",
            "[\"list\",\"bool\",1]",
            "[\"map\",{}]",
            "[\"tuple\",{}]",
            "[\"object\",[]]",
            "[\"object\",{},[],1]",
            "[1,2]",
            "{\"list\":\"bool\"}",
            &deep,
        ] {
            assert!(ValueType::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
