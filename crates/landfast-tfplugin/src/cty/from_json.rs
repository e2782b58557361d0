//! Values from JSON.

use std::collections::BTreeMap;

use landfast_state::json::{Limits, Raw, RawKind};
use landfast_state::schema::ValueType;
use landfast_state::{Members, Value};

use super::error::{Fault, ValueError, ValueErrorKind};
use super::{MAX_DEPTH, MAX_VALUES};

pub(super) fn decode(bytes: &[u8], value_type: &ValueType) -> Result<Value, ValueError> {
    let mut limits = Limits::default();
    (limits.max_depth, limits.max_values) = (MAX_DEPTH, MAX_VALUES);
    let raw = Raw::check(bytes, &limits).map_err(|error| Fault::from(ValueErrorKind::Json(Box::new(error))))?;
    Ok(read(raw, value_type)?)
}

// The depth of the text is bounded, and with it that of the recursion.
fn read(raw: Raw<'_>, value_type: &ValueType) -> Result<Value, Fault> {
    Ok(match (value_type, raw.kind()) {
        (_, RawKind::Null) => Value::Null,
        (ValueType::Dynamic, RawKind::Object(members)) => read_dynamic(members)?,
        (ValueType::Bool, RawKind::Bool(value)) => Value::Bool(value),
        (ValueType::Number, RawKind::Number(text)) => Value::Number(super::number::of_text(text)?),
        // Some writers put numbers and booleans into strings, and strings into neither.
        (ValueType::Number, RawKind::String(text)) => Value::Number(super::number::of_text(&text)?),
        (ValueType::String, RawKind::String(text)) => Value::String(text.into_owned()),
        (ValueType::List(inner) | ValueType::Set(inner), RawKind::Array(elements)) => {
            let element = |(at, element)| read(element, inner).map_err(|fault| fault.in_element(at));
            Value::List(elements.enumerate().map(element).collect::<Result<_, _>>()?)
        }
        (ValueType::Tuple(types), RawKind::Array(elements)) => {
            let elements: Vec<Raw<'_>> = elements.collect();
            if types.len() != elements.len() {
                return Err(ValueErrorKind::TupleLength { expected: types.len(), found: elements.len() }.into());
            }
            let both = elements.into_iter().zip(types).enumerate();
            let element = |(at, (element, inner))| read(element, inner).map_err(|fault: Fault| fault.in_element(at));
            Value::List(both.map(element).collect::<Result<_, _>>()?)
        }
        (ValueType::Map(inner), RawKind::Object(members)) => {
            let member = |(key, member): (std::borrow::Cow<'_, str>, _)| match read(member, inner) {
                Ok(value) => Ok((key.into_owned(), value)),
                Err(fault) => Err(fault.in_key(&key)),
            };
            Value::Object(members.map(member).collect::<Result<_, _>>()?)
        }
        (ValueType::Object(types), RawKind::Object(members)) => read_object(types, members)?,
        (expected, found) => return Err(Fault::mismatch(expected, kind_name(&found))),
    })
}

fn read_object<'a>(
    types: &BTreeMap<String, ValueType>,
    given: landfast_state::json::Members<'a>,
) -> Result<Value, Fault> {
    // What is absent is null.
    let mut members: Members = types.keys().map(|name| (name.clone(), Value::Null)).collect();
    for (name, member) in given {
        let (Some(inner), Some(place)) = (types.get(&*name), members.get_mut(&*name)) else {
            return Err(ValueErrorKind::NoSuchAttribute { name: name.into_owned() }.into());
        };
        *place = read(member, inner).map_err(|fault| fault.in_key(&name))?;
    }
    Ok(Value::Object(members))
}

fn read_dynamic(members: landfast_state::json::Members<'_>) -> Result<Value, Fault> {
    let (mut brought, mut inner) = (None, None);
    for (name, member) in members {
        match &*name {
            "type" => brought = Some(member),
            "value" => inner = Some(member),
            _ => return Err(ValueErrorKind::NoSuchAttribute { name: name.into_owned() }.into()),
        }
    }
    let missing = |name: &str| Fault::from(ValueErrorKind::MissingAttribute { name: name.to_owned() });
    let brought = brought.ok_or_else(|| missing("type"))?;
    let inner = inner.ok_or_else(|| missing("value"))?;
    let value_type = ValueType::of_raw(brought).map_err(|error| Fault::from(ValueErrorKind::Type(error)))?;
    let value = read(inner, &value_type).map_err(|fault| fault.in_key("value"))?;
    let wrapper = [("type".to_owned(), super::to_json::type_value(&value_type)), ("value".to_owned(), value)];
    Ok(Value::Object(wrapper.into()))
}

fn kind_name(kind: &RawKind<'_>) -> &'static str {
    match kind {
        RawKind::Null => "null",
        RawKind::Bool(_) => "a boolean",
        RawKind::Number(_) => "a number",
        RawKind::String(_) => "a string",
        RawKind::Array(_) => "a list",
        RawKind::Object(_) => "an object",
    }
}
