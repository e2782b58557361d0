//! What a provider says about the shape of its objects.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use landfast_state::schema::{Schema, ValueType, ValueTypeError};
use landfast_state::{AttributePath, Members};

/// Which schemas to keep of those that a provider has: one with thousands takes tens of megabytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SchemaScope {
    /// All.
    #[default]
    Everything,
    /// Those of these types, of resources and data sources, and the provider's own.
    Types(BTreeSet<String>),
}

impl SchemaScope {
    /// Whether the schemas of this type are wanted.
    #[must_use]
    pub fn holds(&self, type_name: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Types(types) => types.contains(type_name),
        }
    }
}

/// The schemas of a provider.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ProviderSchemas {
    /// Of its configuration.
    pub provider: Schema,
    /// Of its resources, by type.
    pub resources: BTreeMap<String, ResourceSchema>,
    /// Of its data sources, by type.
    pub data_sources: BTreeMap<String, ResourceSchema>,
    /// What is wrong with those that cannot be used, by type.
    pub unusable: BTreeMap<String, SchemaError>,
    /// Whether it expects a word from the module that a resource is in.
    pub(crate) meta: Meta,
}

/// What a provider expects to be told by the module that a resource is in, which is something for statistics. Nothing is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Meta {
    /// Nothing.
    #[default]
    None,
    /// Something, if only null.
    Expected,
}

/// Schemas of identities, by type.
pub(crate) type IdentitySchemas = BTreeMap<String, Result<IdentitySchema, SchemaError>>;

impl ProviderSchemas {
    pub(crate) fn add_resource(&mut self, type_name: &str, schema: Result<Schema, SchemaError>) {
        match schema {
            Ok(schema) => {
                let schema = ResourceSchema { meta: self.meta, ..ResourceSchema::new(type_name, schema) };
                self.resources.insert(type_name.to_owned(), schema);
            }
            Err(error) => self.add_unusable(type_name, error),
        }
    }

    pub(crate) fn add_data_source(&mut self, type_name: &str, schema: Result<Schema, SchemaError>) {
        match schema {
            Ok(schema) => {
                let schema = ResourceSchema { meta: self.meta, ..ResourceSchema::new(type_name, schema) };
                self.data_sources.insert(type_name.to_owned(), schema);
            }
            Err(error) => self.add_unusable(type_name, error),
        }
    }

    pub(crate) fn add_unusable(&mut self, type_name: &str, error: SchemaError) {
        self.unusable.insert(type_name.to_owned(), error);
    }

    pub(crate) fn add_identities(&mut self, identities: IdentitySchemas) {
        for (type_name, identity) in identities {
            let Some(resource) = self.resources.get_mut(&type_name) else { continue };
            match identity {
                Ok(identity) => resource.identity = Some(identity),
                Err(error) => self.add_unusable(&type_name, error),
            }
        }
    }
}

/// The schema of one type of resources or data sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceSchema {
    type_name: String,
    schema: Schema,
    value_type: ValueType,
    identity: Option<IdentitySchema>,
    has_sensitive: bool,
    pub(crate) meta: Meta,
}

impl ResourceSchema {
    /// The schema of the objects of this type.
    #[must_use]
    pub fn new(type_name: &str, schema: Schema) -> Self {
        let value_type = schema.block.value_type();
        let has_sensitive = schema.block.has_sensitive();
        Self { type_name: type_name.to_owned(), schema, value_type, identity: None, has_sensitive, meta: Meta::None }
    }

    /// The type, such as `aws_vpc`.
    #[must_use]
    pub fn type_name(&self) -> &str {
        &self.type_name
    }

    /// The shape of its objects.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The type of its objects as values.
    #[must_use]
    pub fn value_type(&self) -> &ValueType {
        &self.value_type
    }

    /// An object with the values marked that the schema calls sensitive.
    pub(crate) fn mark_sensitive(&self, members: Members) -> Members {
        // Most schemas call nothing so.
        if self.has_sensitive { self.schema.block.mark_sensitive(members) } else { members }
    }

    /// What tells one of its objects from all others, where the provider says so.
    #[must_use]
    pub fn identity(&self) -> Option<&IdentitySchema> {
        self.identity.as_ref()
    }
}

/// What tells an object from all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentitySchema {
    /// Grows when the provider changes the shape.
    pub version: u64,
    /// The attributes, by name.
    pub attributes: BTreeMap<String, IdentityAttribute>,
}

impl IdentitySchema {
    /// The type of identities as values.
    #[must_use]
    pub fn value_type(&self) -> ValueType {
        let types = self.attributes.iter().map(|(name, attribute)| (name.clone(), attribute.value_type.clone()));
        ValueType::Object(types.collect())
    }
}

/// One attribute of an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityAttribute {
    /// The type of its values.
    pub value_type: ValueType,
    /// Whether an object can only be imported by an identity that has it.
    pub required_for_import: bool,
}

/// A schema cannot be used, with the path to the attribute or block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaError {
    /// From the outermost block to the attribute or nested block.
    pub path: AttributePath,
    kind: SchemaErrorKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum SchemaErrorKind {
    Type(ValueTypeError),
    Nesting,
    Message,
}

impl SchemaError {
    pub(crate) fn nesting() -> Self {
        Self { path: AttributePath::ROOT, kind: SchemaErrorKind::Nesting }
    }

    pub(crate) fn message() -> Self {
        Self { path: AttributePath::ROOT, kind: SchemaErrorKind::Message }
    }

    /// Reads the type of an attribute.
    pub(crate) fn parse_type(expression: &[u8]) -> Result<ValueType, Self> {
        ValueType::parse(expression)
            .map_err(|error| Self { path: AttributePath::ROOT, kind: SchemaErrorKind::Type(error) })
    }

    /// The error as it is seen from outside of an attribute or block.
    pub(crate) fn inside(mut self, name: &str) -> Self {
        self.path.steps.insert(0, landfast_state::PathStep::Key(name.into()));
        self
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            SchemaErrorKind::Type(error) => write!(f, "{}: {error}", self.path),
            SchemaErrorKind::Nesting => write!(f, "{}: there is no such nesting", self.path),
            SchemaErrorKind::Message => f.write_str("not a message of the protocol"),
        }
    }
}

impl std::error::Error for SchemaError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            SchemaErrorKind::Type(error) => error.source(),
            SchemaErrorKind::Nesting | SchemaErrorKind::Message => None,
        }
    }
}
