//! Values from MessagePack. What is read may be hostile: nothing is set aside for a length that the bytes left cannot fill.

use std::collections::BTreeMap;

use landfast_state::schema::ValueType;
use landfast_state::{Members, Number, Value};
use rmp::Marker;

use super::error::{Fault, ValueError, ValueErrorKind};
use super::{MAX_DEPTH, MAX_VALUES, number};

pub(super) fn decode(bytes: &[u8], value_type: &ValueType) -> Result<Value, ValueError> {
    let mut reader = Reader { rest: bytes, values: 0 };
    let value = reader.value(value_type, MAX_DEPTH)?;
    if reader.rest.is_empty() { Ok(value) } else { Err(Fault::from(ValueErrorKind::TrailingData).into()) }
}

struct Reader<'a> {
    rest: &'a [u8],
    values: usize,
}

/// What a marker announces.
enum Item<'a> {
    Nil,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    /// Text or bytes: writers differ in what they call which.
    Bytes(&'a [u8]),
    Array(usize),
    Map(usize),
    Extension,
}

impl Item<'_> {
    fn kind_name(&self) -> &'static str {
        match self {
            Self::Nil => "null",
            Self::Bool(_) => "a boolean",
            Self::Signed(_) | Self::Unsigned(_) | Self::Float(_) => "a number",
            Self::Bytes(_) => "a string",
            Self::Array(_) => "a list",
            Self::Map(_) => "an object",
            Self::Extension => "unknown",
        }
    }
}

impl<'a> Reader<'a> {
    fn value(&mut self, value_type: &ValueType, depth: usize) -> Result<Value, Fault> {
        let Some(depth) = depth.checked_sub(1) else { return Err(ValueErrorKind::TooDeep { limit: MAX_DEPTH }.into()) };
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(ValueErrorKind::TooMany { limit: MAX_VALUES }.into());
        }
        Ok(match (value_type, self.item()?) {
            (_, Item::Nil) => Value::Null,
            // Whatever the extension says of the value, it is not known.
            (_, Item::Extension) => Value::Unknown,
            (ValueType::Dynamic, Item::Array(2)) => self.dynamic(depth)?,
            (ValueType::Bool, Item::Bool(value)) => Value::Bool(value),
            (ValueType::Number, Item::Signed(integer)) => Value::Number(Number::from(integer)),
            (ValueType::Number, Item::Unsigned(integer)) => Value::Number(Number::from(integer)),
            (ValueType::Number, Item::Float(float)) => Value::Number(number::of_float(float)?),
            (ValueType::Number, Item::Bytes(text)) => Value::Number(number::of_text(as_text(text)?)?),
            (ValueType::String, Item::Bytes(text)) => Value::String(as_text(text)?.to_owned()),
            (ValueType::List(inner) | ValueType::Set(inner), Item::Array(len)) => {
                let mut elements = Vec::with_capacity(self.at_most(len));
                for at in 0..len {
                    elements.push(self.value(inner, depth).map_err(|fault| fault.in_element(at))?);
                }
                Value::List(elements)
            }
            (ValueType::Tuple(types), Item::Array(len)) => {
                if types.len() != len {
                    return Err(ValueErrorKind::TupleLength { expected: types.len(), found: len }.into());
                }
                let element = |(at, inner)| self.value(inner, depth).map_err(|fault| fault.in_element(at));
                Value::List(types.iter().enumerate().map(element).collect::<Result<_, _>>()?)
            }
            (ValueType::Map(inner), Item::Map(len)) => {
                let mut members = Members::new();
                for _ in 0..len {
                    let key = self.key()?.to_owned();
                    let member = self.value(inner, depth).map_err(|fault| fault.in_key(&key))?;
                    insert(&mut members, key, member)?;
                }
                Value::Object(members)
            }
            (ValueType::Object(types), Item::Map(len)) => self.object(types, len, depth)?,
            (expected, found) => return Err(Fault::mismatch(expected, found.kind_name())),
        })
    }

    fn object(&mut self, types: &BTreeMap<String, ValueType>, len: usize, depth: usize) -> Result<Value, Fault> {
        let mut members = Members::new();
        for _ in 0..len {
            let name = self.key()?;
            let Some((name, inner)) = types.get_key_value(name) else {
                return Err(ValueErrorKind::NoSuchAttribute { name: name.to_owned() }.into());
            };
            let member = self.value(inner, depth).map_err(|fault| fault.in_key(name))?;
            insert(&mut members, name.clone(), member)?;
        }
        match types.keys().find(|name| !members.contains_key(*name)) {
            None => Ok(Value::Object(members)),
            Some(name) => Err(ValueErrorKind::MissingAttribute { name: name.clone() }.into()),
        }
    }

    /// The two elements of a value that brings its type.
    fn dynamic(&mut self, depth: usize) -> Result<Value, Fault> {
        let Item::Bytes(expression) = self.item()? else { return Err(ValueErrorKind::NotMsgpack.into()) };
        let brought = ValueType::parse(expression).map_err(|error| Fault::from(ValueErrorKind::Type(error)))?;
        let value = self.value(&brought, depth).map_err(|fault| fault.in_key("value"))?;
        let wrapper = [("type".to_owned(), super::to_json::type_value(&brought)), ("value".to_owned(), value)];
        Ok(Value::Object(wrapper.into()))
    }

    fn key(&mut self) -> Result<&'a str, Fault> {
        match self.item()? {
            Item::Bytes(text) => as_text(text),
            found => Err(ValueErrorKind::Mismatch { expected: "a key", found: found.kind_name() }.into()),
        }
    }

    fn item(&mut self) -> Result<Item<'a>, Fault> {
        let [marker] = self.take()?;
        Ok(match Marker::from_u8(marker) {
            Marker::Null => Item::Nil,
            Marker::True => Item::Bool(true),
            Marker::False => Item::Bool(false),
            Marker::FixPos(value) => Item::Unsigned(value.into()),
            Marker::FixNeg(value) => Item::Signed(value.into()),
            Marker::U8 => Item::Unsigned(u8::from_be_bytes(self.take()?).into()),
            Marker::U16 => Item::Unsigned(u16::from_be_bytes(self.take()?).into()),
            Marker::U32 => Item::Unsigned(u32::from_be_bytes(self.take()?).into()),
            Marker::U64 => Item::Unsigned(u64::from_be_bytes(self.take()?)),
            Marker::I8 => Item::Signed(i8::from_be_bytes(self.take()?).into()),
            Marker::I16 => Item::Signed(i16::from_be_bytes(self.take()?).into()),
            Marker::I32 => Item::Signed(i32::from_be_bytes(self.take()?).into()),
            Marker::I64 => Item::Signed(i64::from_be_bytes(self.take()?)),
            // With all digits of the longer form, as terraform understands it.
            Marker::F32 => Item::Float(f32::from_be_bytes(self.take()?).into()),
            Marker::F64 => Item::Float(f64::from_be_bytes(self.take()?)),
            Marker::FixStr(len) => Item::Bytes(self.bytes(len.into())?),
            Marker::Str8 | Marker::Bin8 => self.sized(Width::One)?,
            Marker::Str16 | Marker::Bin16 => self.sized(Width::Two)?,
            Marker::Str32 | Marker::Bin32 => self.sized(Width::Four)?,
            Marker::FixArray(len) => Item::Array(len.into()),
            Marker::Array16 => Item::Array(self.length(Width::Two)?),
            Marker::Array32 => Item::Array(self.length(Width::Four)?),
            Marker::FixMap(len) => Item::Map(len.into()),
            Marker::Map16 => Item::Map(self.length(Width::Two)?),
            Marker::Map32 => Item::Map(self.length(Width::Four)?),
            Marker::FixExt1 => self.extension(1)?,
            Marker::FixExt2 => self.extension(2)?,
            Marker::FixExt4 => self.extension(4)?,
            Marker::FixExt8 => self.extension(8)?,
            Marker::FixExt16 => self.extension(16)?,
            Marker::Ext8 => self.sized_extension(Width::One)?,
            Marker::Ext16 => self.sized_extension(Width::Two)?,
            Marker::Ext32 => self.sized_extension(Width::Four)?,
            Marker::Reserved => return Err(ValueErrorKind::NotMsgpack.into()),
        })
    }

    fn sized(&mut self, width: Width) -> Result<Item<'a>, Fault> {
        let len = self.length(width)?;
        Ok(Item::Bytes(self.bytes(len)?))
    }

    fn sized_extension(&mut self, width: Width) -> Result<Item<'a>, Fault> {
        let len = self.length(width)?;
        self.extension(len)
    }

    fn extension(&mut self, len: usize) -> Result<Item<'a>, Fault> {
        let [_type] = self.take()?;
        self.bytes(len)?;
        Ok(Item::Extension)
    }

    fn length(&mut self, width: Width) -> Result<usize, Fault> {
        let length = match width {
            Width::One => u8::from_be_bytes(self.take()?).into(),
            Width::Two => u16::from_be_bytes(self.take()?).into(),
            Width::Four => u32::from_be_bytes(self.take()?),
        };
        usize::try_from(length).map_err(|_| ValueErrorKind::Truncated.into())
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(ValueErrorKind::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn bytes(&mut self, len: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(ValueErrorKind::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// How many elements there can be: each takes a byte, and no more room than this is set aside at once.
    fn at_most(&self, len: usize) -> usize {
        len.min(self.rest.len()).min(1024)
    }
}

#[derive(Clone, Copy)]
enum Width {
    One,
    Two,
    Four,
}

fn as_text(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|_| ValueErrorKind::NotText.into())
}

fn insert(members: &mut Members, key: String, member: Value) -> Result<(), Fault> {
    use std::collections::btree_map::Entry;
    match members.entry(key) {
        Entry::Vacant(place) => {
            place.insert(member);
            Ok(())
        }
        Entry::Occupied(place) => Err(ValueErrorKind::DuplicateKey { name: place.key().clone() }.into()),
    }
}
