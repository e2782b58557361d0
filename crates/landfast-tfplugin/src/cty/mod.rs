//! Values as they travel between a provider and us: MessagePack or JSON, understood by the type that the schema gives.
//!
//! In our hands they are [`Value`]s of the same form as in a state file: sets are lists, and a value that brings its type is the
//! object `{"value": …, "type": …}`.

mod error;
mod from_json;
mod from_msgpack;
mod number;
mod to_json;
mod to_msgpack;

#[cfg(test)]
mod laws;

use std::fmt;

use bytes::Bytes;
use landfast_state::Value;
use landfast_state::schema::ValueType;

pub use error::{ValueError, ValueErrorKind};

/// Values nest no deeper than this.
const MAX_DEPTH: usize = 128;

/// No message holds more values than this: each takes far more room in memory than the byte that it may be in a message.
const MAX_VALUES: usize = 5_000_000;

/// A value in the encoding in which it travels. `Debug` shows no more than its length.
#[derive(Clone, PartialEq, Eq)]
pub struct DynamicValue(Encoding);

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Neither encoding is there, which means null.
    Absent,
    Msgpack(Bytes),
    Json(Bytes),
}

impl DynamicValue {
    /// A value that was encoded as MessagePack.
    #[must_use]
    pub fn msgpack(bytes: Bytes) -> Self {
        Self(Encoding::Msgpack(bytes))
    }

    /// A value that was encoded as JSON.
    #[must_use]
    pub fn json(bytes: Bytes) -> Self {
        Self(Encoding::Json(bytes))
    }

    /// Null of any type, as MessagePack.
    pub(crate) fn null() -> Self {
        Self::msgpack(Bytes::from_static(&[0xc0]))
    }

    /// Encodes a value as MessagePack, which every provider understands. What is sensitive is written as it is; unknown values
    /// are written without what may be known about them; attributes of objects that are absent are null.
    ///
    /// # Errors
    /// When the value is not of the type, or only a fingerprint of a part of it is known.
    pub fn encode(value: &Value, value_type: &ValueType) -> Result<Self, ValueError> {
        Ok(Self::msgpack(to_msgpack::encode(value, value_type)?.into()))
    }

    /// Encodes a value as JSON, otherwise as [`DynamicValue::encode`].
    ///
    /// # Errors
    /// As [`DynamicValue::encode`], and when a part of the value is unknown, which JSON cannot say.
    pub fn encode_json(value: &Value, value_type: &ValueType) -> Result<Self, ValueError> {
        Ok(Self::json(to_json::encode(value, value_type)?.into()))
    }

    /// The bytes, where they are MessagePack.
    #[must_use]
    pub fn as_msgpack(&self) -> Option<&Bytes> {
        match &self.0 {
            Encoding::Msgpack(bytes) => Some(bytes),
            Encoding::Absent | Encoding::Json(_) => None,
        }
    }

    /// Takes the value apart. Nothing is marked as sensitive; what may be known about unknown values is passed over.
    ///
    /// # Errors
    /// When the bytes are no value of the type, nest deeper than 128, or hold more than 5 million values.
    pub fn decode(&self, value_type: &ValueType) -> Result<Value, ValueError> {
        match &self.0 {
            Encoding::Absent => Ok(Value::Null),
            Encoding::Msgpack(bytes) => from_msgpack::decode(bytes, value_type),
            Encoding::Json(bytes) => from_json::decode(bytes, value_type),
        }
    }

    /// The same as MessagePack, where it was decoded as `value`. What is MessagePack already stays as it is, with all that it says
    /// of unknown values.
    pub(crate) fn into_msgpack(self, value: &Value, value_type: &ValueType) -> Result<Self, ValueError> {
        match self.0 {
            Encoding::Msgpack(_) => Ok(self),
            Encoding::Absent | Encoding::Json(_) => Self::encode(value, value_type),
        }
    }

    /// Of the two fields of a message, one of which is filled.
    pub(crate) fn of_wire(msgpack: Bytes, json: Bytes) -> Self {
        match (msgpack.is_empty(), json.is_empty()) {
            (false, _) => Self::msgpack(msgpack),
            (true, false) => Self::json(json),
            (true, true) => Self(Encoding::Absent),
        }
    }

    /// The two fields of a message: MessagePack, JSON.
    pub(crate) fn to_wire(&self) -> (Bytes, Bytes) {
        match &self.0 {
            Encoding::Absent => (Bytes::new(), Bytes::new()),
            Encoding::Msgpack(bytes) => (bytes.clone(), Bytes::new()),
            Encoding::Json(bytes) => (Bytes::new(), bytes.clone()),
        }
    }
}

impl fmt::Debug for DynamicValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Encoding::Absent => f.write_str("DynamicValue(absent)"),
            Encoding::Msgpack(bytes) => write!(f, "DynamicValue(msgpack, {} bytes)", bytes.len()),
            Encoding::Json(bytes) => write!(f, "DynamicValue(json, {} bytes)", bytes.len()),
        }
    }
}
