//! Values as settings and rules write them.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::number::Number;
use crate::value::{Members, Value};

/// A value that a person wrote into settings or rules: a text, a number, a boolean, a list or a table.
///
/// It is for such files, TOML above all. Documents whose numbers must stay as they are written are read with [`json`](crate::json): a
/// fraction comes as the nearest double here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenValue(pub Value);

impl WrittenValue {
    /// The members of a table of such values.
    #[must_use]
    pub fn members(written: impl IntoIterator<Item = (String, Self)>) -> Members {
        written.into_iter().map(|(name, value)| (name, value.0)).collect()
    }
}

impl<'de> Deserialize<'de> for WrittenValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written).map(Self)
    }
}

/// What the `toml` crate names the only member of what stands for a date.
const DATE: &str = "$__toml_private_datetime";

struct Written;

fn number<E: de::Error>(text: &str) -> Result<Value, E> {
    let number: Number = text.parse().map_err(|_| E::custom(format!("{text} is no number here")))?;
    Ok(Value::Number(number))
}

impl<'de> Visitor<'de> for Written {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, a boolean, a list or a table")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        number(&value.to_string())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        number(&value.to_string())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        // This form has as few digits as tell the double from all others, and an exponent where it is large.
        number(&format!("{value:?}"))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(WrittenValue(element)) = elements.next_element()? {
            list.push(element);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Members::new();
        while let Some(name) = members.next_key::<String>()? {
            if name == DATE {
                return Err(de::Error::custom("a date is written as a text here, in quotes"));
            }
            let WrittenValue(value) = members.next_value()?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_what_is_written() {
        let text = r#"{"a": ["x", true, -7, 18446744073709551615], "b": {"c": {}}, "d": 0.1, "e": 1e300}"#;
        let WrittenValue(value) = serde_json::from_str(text).unwrap();
        let expected = r#"{"a":["x",true,-7,18446744073709551615],"b":{"c":{}},"d":0.1,"e":1e300}"#;
        let raw = crate::json::Raw::check(expected.as_bytes(), &crate::Limits::default()).unwrap();
        assert_eq!(value, Value::from_raw(raw, &[]));
        assert!(serde_json::from_str::<WrittenValue>("null").is_err());
    }

    #[test]
    fn what_is_no_number_is_none() {
        let read = |number: f64| {
            WrittenValue::deserialize(de::value::F64Deserializer::<de::value::Error>::new(number)).map(|it| it.0)
        };
        assert!(read(f64::NAN).is_err() && read(f64::INFINITY).is_err());
        assert_eq!(read(-2.5), Ok(Value::Number("-2.5".parse().unwrap())));
    }
}
