//! Objects on their way to a provider and back.

use std::sync::Arc;

use bytes::Bytes;
use landfast_state::json::{Raw, RawJson, RawKind};
use landfast_state::{Attributes, Members, ResourceObject, StateInstance, Value};

use crate::calls::{Flatmap, Stored};
use crate::cty::{DynamicValue, ValueError};
use crate::schemas::{IdentitySchema, ResourceSchema};

/// An object as a state has it, in whatever version of the schema. `Debug` shows no attribute.
#[derive(Clone)]
pub struct StoredState {
    pub(super) schema_version: u64,
    pub(super) attributes: Stored,
    pub(super) private: Bytes,
    pub(super) identity: Option<(u64, Bytes)>,
}

/// What a state has of an object cannot be given to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoredStateError {
    /// The state holds an instance without attributes.
    #[error("the object has no attributes")]
    NoAttributes,
    /// Sensitive attributes are there as fingerprints only, or unknown.
    #[error("parts of the object are not known: a provider needs all of it")]
    Incomplete,
    /// Flat attributes are not all strings.
    #[error("a flat attribute is not a string")]
    NotFlat,
    /// What the provider keeps for itself is not base64 in a string.
    #[error("the provider's own data is not base64")]
    Private,
}

impl StoredState {
    /// The attributes as JSON, written in this version of the schema.
    #[must_use]
    pub fn json(schema_version: u64, attributes: Bytes) -> Self {
        Self { schema_version, attributes: Stored::Json(attributes), private: Bytes::new(), identity: None }
    }

    /// The object of a snapshot. Snapshots do not hold what a provider keeps for itself, nor identities; most providers do
    /// without.
    ///
    /// # Errors
    /// When the object has no attributes, or not all of them are known.
    pub fn of_object(object: &ResourceObject) -> Result<Self, StoredStateError> {
        if !object.unknown.is_empty() || !object.fingerprints.is_empty() {
            return Err(StoredStateError::Incomplete);
        }
        Self::of_attributes(object.schema_version, &object.attributes)
    }

    /// The object of a state file, with all that the state has of it.
    ///
    /// # Errors
    /// When the object has no attributes, or parts of it are not what a state has.
    pub fn of_instance(instance: &StateInstance) -> Result<Self, StoredStateError> {
        let stored = Self::of_attributes(instance.schema_version, &instance.attributes)?;
        let version = instance.identity_schema_version.unwrap_or_default();
        stored.with(instance.private.as_ref(), instance.identity.as_ref().map(|identity| (version, identity)))
    }

    /// An object with what a state has of it besides: what the provider keeps for itself, as base64 in a JSON string, and its
    /// identity with the version of the identity's schema.
    ///
    /// # Errors
    /// As [`StoredState::of_object`], and when the provider's own data is not base64.
    pub fn of_recorded(
        object: &ResourceObject,
        private: Option<&RawJson>,
        identity: Option<(u64, &RawJson)>,
    ) -> Result<Self, StoredStateError> {
        Self::of_object(object)?.with(private, identity)
    }

    fn with(mut self, private: Option<&RawJson>, identity: Option<(u64, &RawJson)>) -> Result<Self, StoredStateError> {
        if let Some(private) = private {
            use base64::Engine as _;
            let text = private.as_raw().as_string().ok_or(StoredStateError::Private)?;
            let decoded = base64::engine::general_purpose::STANDARD.decode(text.as_bytes());
            self.private = decoded.map_err(|_| StoredStateError::Private)?.into();
        }
        self.identity = identity.map(|(version, identity)| (version, bytes_of(identity)));
        Ok(self)
    }

    fn of_attributes(schema_version: u64, attributes: &Attributes) -> Result<Self, StoredStateError> {
        let attributes = match attributes {
            Attributes::None => return Err(StoredStateError::NoAttributes),
            Attributes::Nested(raw) => Stored::Json(bytes_of(raw)),
            Attributes::Flat(raw) => Stored::Flat(flatmap(raw.as_raw())?),
        };
        Ok(Self { schema_version, attributes, private: Bytes::new(), identity: None })
    }
}

impl std::fmt::Debug for StoredState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredState").field("schema_version", &self.schema_version).finish_non_exhaustive()
    }
}

fn bytes_of(raw: &RawJson) -> Bytes {
    Bytes::copy_from_slice(raw.as_raw().as_str().as_bytes())
}

fn flatmap(raw: Raw<'_>) -> Result<Flatmap, StoredStateError> {
    let members = raw.members().ok_or(StoredStateError::NotFlat)?;
    let string = |(name, value): (std::borrow::Cow<'_, str>, Raw<'_>)| match value.kind() {
        RawKind::String(text) => Ok((name.into_owned(), text.into_owned())),
        _ => Err(StoredStateError::NotFlat),
    };
    members.map(string).collect()
}

/// An object in the version of the schema that the provider has. `Debug` masks what the schema calls sensitive.
#[derive(Clone)]
pub struct ResourceState {
    pub(super) encoded: DynamicValue,
    members: Arc<Members>,
    pub(super) private: Bytes,
    pub(super) identity: Option<(DynamicValue, Members)>,
}

impl ResourceState {
    /// An object with these attributes; those that are absent are null.
    ///
    /// # Errors
    /// When the attributes do not fit the schema.
    pub fn new(schema: &ResourceSchema, members: Members) -> Result<Self, ValueError> {
        let block = &schema.schema().block;
        let complete = Value::Object(block.complete(members));
        let encoded = DynamicValue::encode(&complete, schema.value_type())?;
        let members = into_members(complete);
        let members = Arc::new(schema.mark_sensitive(members));
        Ok(Self { encoded, members, private: Bytes::new(), identity: None })
    }

    /// Takes apart what a provider gave; `None` where it gave null.
    pub(super) fn of_encoded(
        schema: &ResourceSchema,
        encoded: DynamicValue,
        private: Bytes,
    ) -> Result<Option<Self>, ValueError> {
        let value = encoded.decode(schema.value_type())?;
        // Some give JSON, and understand it only as it stands in a state.
        let encoded = encoded.into_msgpack(&value, schema.value_type())?;
        match value {
            Value::Object(members) => {
                let members = Arc::new(schema.mark_sensitive(members));
                Ok(Some(Self { encoded, members, private, identity: None }))
            }
            _ => Ok(None),
        }
    }

    /// What a provider gave for this object when it was read, as [`ResourceState::of_encoded`] takes it apart: most objects are as they
    /// were.
    pub(super) fn read_again(
        &self,
        schema: &ResourceSchema,
        encoded: DynamicValue,
        private: Bytes,
    ) -> Result<Option<Self>, ValueError> {
        if encoded != self.encoded {
            return Self::of_encoded(schema, encoded, private);
        }
        Ok(Some(Self { encoded, members: Arc::clone(&self.members), private, identity: None }))
    }

    /// The object with the identity that a provider gave, where that says something.
    pub(super) fn identified(
        mut self,
        schema: Option<&IdentitySchema>,
        encoded: Option<DynamicValue>,
    ) -> Result<Self, ValueError> {
        let (Some(schema), Some(encoded)) = (schema, encoded) else { return Ok(self) };
        let value_type = schema.value_type();
        let value = encoded.decode(&value_type)?;
        let encoded = encoded.into_msgpack(&value, &value_type)?;
        if let Value::Object(members) = value {
            self.identity = Some((encoded, members));
        }
        Ok(self)
    }

    /// The attributes and blocks, all of them. What the schema calls sensitive is marked as such.
    #[must_use]
    pub fn members(&self) -> &Members {
        &self.members
    }

    /// The attributes and blocks.
    #[must_use]
    pub fn into_members(self) -> Members {
        Arc::unwrap_or_clone(self.members)
    }

    /// Whether the attributes are known to be those of `other`, since the provider wrote them in the same bytes. Where it did not, they
    /// may be the same all the same.
    #[must_use]
    pub fn is_written_like(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.members, &other.members)
    }

    /// What the provider keeps for itself; empty where it keeps nothing.
    #[must_use]
    pub fn private(&self) -> &Bytes {
        &self.private
    }

    /// What tells the object from all others, where the provider says so.
    #[must_use]
    pub fn identity(&self) -> Option<&Members> {
        self.identity.as_ref().map(|(_, members)| members)
    }
}

impl std::fmt::Debug for ResourceState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResourceState").field("members", &self.members).finish_non_exhaustive()
    }
}

/// The members of a value that is an object.
pub(super) fn into_members(value: Value) -> Members {
    match value {
        Value::Object(members) => members,
        _ => Members::new(),
    }
}

/// By what an object is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportId {
    /// A text whose form the provider defines, most often the id.
    Text(String),
    /// An identity.
    Identity(Members),
}
