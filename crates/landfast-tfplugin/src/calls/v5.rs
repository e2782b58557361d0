//! Version 5 of the protocol.

use landfast_state::schema::AttributeShape;

use crate::schemas::SchemaError;
use crate::wire::tfplugin5 as wire;

super::client::client! {
    schema: get_schema,
    validate: prepare_provider_config,
    configure: configure,
    stop: stop,
}

/// Attributes with attributes of their own came with version 6.
fn nested(_: &wire::schema::Attribute) -> Result<Option<AttributeShape>, SchemaError> {
    Ok(None)
}
