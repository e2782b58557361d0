//! Values to MessagePack.

use landfast_state::Value;
use landfast_state::schema::ValueType;
use rmp::encode::{self, ByteBuf};

use super::MAX_DEPTH;
use super::error::{Fault, ValueError, ValueErrorKind};
use super::number::Wire;

/// The extension that stands for an unknown value of which nothing else is known.
const UNKNOWN: i8 = 0;

pub(super) fn encode(value: &Value, value_type: &ValueType) -> Result<Vec<u8>, ValueError> {
    let mut out = ByteBuf::new();
    write(value, value_type, MAX_DEPTH, &mut out)?;
    Ok(out.into_vec())
}

fn write(value: &Value, value_type: &ValueType, depth: usize, out: &mut ByteBuf) -> Result<(), Fault> {
    let Some(depth) = depth.checked_sub(1) else { return Err(ValueErrorKind::TooDeep { limit: MAX_DEPTH }.into()) };
    // Writing to memory does not fail.
    match (value_type, value) {
        (_, Value::Null) => drop(encode::write_nil(out)),
        (_, Value::Unknown) => {
            let _ = encode::write_ext_meta(out, 1, UNKNOWN);
            out.as_mut_vec().push(0);
        }
        (_, Value::Sensitive(sensitive)) => match sensitive.expose() {
            Some(value) => write(value, value_type, depth, out)?,
            None => return Err(ValueErrorKind::OnlyFingerprint.into()),
        },
        (ValueType::Dynamic, Value::Object(members)) => {
            let (inner_type, inner) = super::to_json::own_type(members, value)?;
            array(2, out)?;
            let _ = encode::write_bin(out, inner_type.expression().as_bytes());
            write(inner, &inner_type, depth, out).map_err(|fault| fault.in_key("value"))?;
        }
        (ValueType::Bool, Value::Bool(value)) => drop(encode::write_bool(out, *value)),
        (ValueType::Number, Value::Number(number)) => match Wire::of(number) {
            Wire::Integer(integer) => drop(encode::write_sint(out, integer)),
            Wire::Float(float) => drop(encode::write_f64(out, float)),
            Wire::Text(text) => drop(encode::write_str(out, &text)),
        },
        (ValueType::String, Value::String(text)) => drop(encode::write_str(out, text)),
        (ValueType::List(inner) | ValueType::Set(inner), Value::List(elements)) => {
            array(elements.len(), out)?;
            for (at, element) in elements.iter().enumerate() {
                write(element, inner, depth, out).map_err(|fault| fault.in_element(at))?;
            }
        }
        (ValueType::Tuple(types), Value::List(elements)) => {
            if types.len() != elements.len() {
                return Err(ValueErrorKind::TupleLength { expected: types.len(), found: elements.len() }.into());
            }
            array(elements.len(), out)?;
            for (at, (element, inner)) in elements.iter().zip(types).enumerate() {
                write(element, inner, depth, out).map_err(|fault| fault.in_element(at))?;
            }
        }
        (ValueType::Map(inner), Value::Object(members)) => {
            map(members.len(), out)?;
            for (key, member) in members {
                let _ = encode::write_str(out, key);
                write(member, inner, depth, out).map_err(|fault| fault.in_key(key))?;
            }
        }
        (ValueType::Object(types), Value::Object(members)) => {
            if let Some(name) = members.keys().find(|name| !types.contains_key(*name)) {
                return Err(ValueErrorKind::NoSuchAttribute { name: name.clone() }.into());
            }
            map(types.len(), out)?;
            for (name, inner) in types {
                let _ = encode::write_str(out, name);
                let member = members.get(name).unwrap_or(&Value::Null);
                write(member, inner, depth, out).map_err(|fault| fault.in_key(name))?;
            }
        }
        (expected, found) => return Err(Fault::mismatch_of(expected, found)),
    }
    Ok(())
}

fn array(len: usize, out: &mut ByteBuf) -> Result<(), Fault> {
    let _ = encode::write_array_len(out, length(len)?);
    Ok(())
}

fn map(len: usize, out: &mut ByteBuf) -> Result<(), Fault> {
    let _ = encode::write_map_len(out, length(len)?);
    Ok(())
}

fn length(len: usize) -> Result<u32, Fault> {
    u32::try_from(len).map_err(|_| ValueErrorKind::TooMany { limit: u32::MAX as usize }.into())
}
