//! Version 6 of the protocol.

use landfast_state::schema::{AttributeShape, Nesting};

use crate::schemas::SchemaError;
use crate::wire::tfplugin6 as wire;

super::client::client! {
    schema: get_provider_schema,
    validate: validate_provider_config,
    configure: configure_provider,
    stop: stop_provider,
}

/// The attributes of an attribute, where it has any.
fn nested(attribute: &wire::schema::Attribute) -> Result<Option<AttributeShape>, SchemaError> {
    use wire::schema::object::NestingMode;
    let Some(object) = &attribute.nested_type else { return Ok(None) };
    let nesting = match object.nesting() {
        NestingMode::Single => Nesting::Single,
        NestingMode::List => Nesting::List,
        NestingMode::Set => Nesting::Set,
        NestingMode::Map => Nesting::Map,
        NestingMode::Invalid => return Err(SchemaError::nesting().inside(&attribute.name)),
    };
    let attributes = attributes(&object.attributes).map_err(|error| error.inside(&attribute.name))?;
    Ok(Some(AttributeShape::Nested { nesting, attributes }))
}
