//! Values to JSON.

use landfast_state::json::{Limits, Raw};
use landfast_state::schema::ValueType;
use landfast_state::{Members, Value};

use super::MAX_DEPTH;
use super::error::{Fault, ValueError, ValueErrorKind};

pub(super) fn encode(value: &Value, value_type: &ValueType) -> Result<Vec<u8>, ValueError> {
    let mut out = String::new();
    write(value, value_type, MAX_DEPTH, &mut out)?;
    Ok(out.into_bytes())
}

/// The type that a value brings, and the value itself.
pub(super) fn own_type<'a>(members: &'a Members, whole: &Value) -> Result<(ValueType, &'a Value), Fault> {
    let (Some(brought), Some(inner), 2) = (members.get("type"), members.get("value"), members.len()) else {
        return Err(Fault::mismatch_of(&ValueType::Dynamic, whole));
    };
    let mut text = String::new();
    brought.write_json(&mut text);
    let value_type = ValueType::parse(text.as_bytes()).map_err(|error| Fault::from(ValueErrorKind::Type(error)))?;
    Ok((value_type, inner))
}

/// The value that stands for a type beside a value that brings it.
pub(super) fn type_value(value_type: &ValueType) -> Value {
    let text = value_type.expression();
    let mut limits = Limits::default();
    limits.max_depth = Limits::DEPTH_CEILING;
    match Raw::check(text.as_bytes(), &limits) {
        Ok(raw) => Value::from_raw(raw, &[]),
        // What is written as an expression is JSON.
        Err(_) => Value::String(text),
    }
}

fn write(value: &Value, value_type: &ValueType, depth: usize, out: &mut String) -> Result<(), Fault> {
    let Some(depth) = depth.checked_sub(1) else { return Err(ValueErrorKind::TooDeep { limit: MAX_DEPTH }.into()) };
    match (value_type, value) {
        (_, Value::Null) => out.push_str("null"),
        (_, Value::Unknown) => return Err(ValueErrorKind::Unknown.into()),
        (_, Value::Sensitive(sensitive)) => match sensitive.expose() {
            Some(value) => write(value, value_type, depth, out)?,
            None => return Err(ValueErrorKind::OnlyFingerprint.into()),
        },
        (ValueType::Dynamic, Value::Object(members)) => {
            let (inner_type, inner) = own_type(members, value)?;
            out.push_str("{\"value\":");
            write(inner, &inner_type, depth, out).map_err(|fault| fault.in_key("value"))?;
            out.push_str(",\"type\":");
            out.push_str(&inner_type.expression());
            out.push('}');
        }
        (ValueType::Bool, Value::Bool(_))
        | (ValueType::Number, Value::Number(_))
        | (ValueType::String, Value::String(_)) => value.write_json(out),
        (ValueType::List(inner) | ValueType::Set(inner), Value::List(elements)) => {
            write_array(elements.iter().map(|element| (element, &**inner)), depth, out)?;
        }
        (ValueType::Tuple(types), Value::List(elements)) => {
            if types.len() != elements.len() {
                return Err(ValueErrorKind::TupleLength { expected: types.len(), found: elements.len() }.into());
            }
            write_array(elements.iter().zip(types), depth, out)?;
        }
        (ValueType::Map(inner), Value::Object(members)) => {
            write_object(members.iter().map(|(key, member)| (key, member, &**inner)), depth, out)?;
        }
        (ValueType::Object(types), Value::Object(members)) => {
            if let Some(name) = members.keys().find(|name| !types.contains_key(*name)) {
                return Err(ValueErrorKind::NoSuchAttribute { name: name.clone() }.into());
            }
            let member = |name| members.get(name).unwrap_or(&Value::Null);
            write_object(types.iter().map(|(name, inner)| (name, member(name), inner)), depth, out)?;
        }
        (expected, found) => return Err(Fault::mismatch_of(expected, found)),
    }
    Ok(())
}

fn write_array<'a>(
    elements: impl Iterator<Item = (&'a Value, &'a ValueType)>,
    depth: usize,
    out: &mut String,
) -> Result<(), Fault> {
    out.push('[');
    for (at, (element, inner)) in elements.enumerate() {
        out.push_str(if at > 0 { "," } else { "" });
        write(element, inner, depth, out).map_err(|fault| fault.in_element(at))?;
    }
    out.push(']');
    Ok(())
}

fn write_object<'a>(
    members: impl Iterator<Item = (&'a String, &'a Value, &'a ValueType)>,
    depth: usize,
    out: &mut String,
) -> Result<(), Fault> {
    out.push('{');
    for (at, (key, member, inner)) in members.enumerate() {
        out.push_str(if at > 0 { "," } else { "" });
        Value::String(key.clone()).write_json(out);
        out.push(':');
        write(member, inner, depth, out).map_err(|fault| fault.in_key(key))?;
    }
    out.push('}');
    Ok(())
}
