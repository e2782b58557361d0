//! The calls of one version of the protocol, for both: the messages have the same names but for a few, and other types.

/// Makes the client of a version, whose messages are in scope as `wire`, and which knows `nested`.
macro_rules! client {
    (schema: $schema:ident, validate: $validate:ident, configure: $configure:ident, stop: $stop:ident,) => {
        use crate::connection::Connection;
        use bytes::Bytes;

        use super::answer::{DeferredReason, Imported, Objects, Read, Stored};
        use crate::calls::Outcome;
        use crate::cty::DynamicValue;
        use crate::diagnostic::Diagnostic;
        use crate::schemas::{IdentityAttribute, IdentitySchema, IdentitySchemas, Meta, ProviderSchemas, SchemaScope};

        /// The calls of a provider.
        #[derive(Debug, Clone)]
        pub(crate) struct Client(wire::provider_client::ProviderClient<Connection>);

        impl Client {
            pub(super) fn new(connection: Connection, limit: usize) -> Self {
                Self(wire::provider_client::ProviderClient::new(connection).max_decoding_message_size(limit))
            }

            pub(super) async fn schemas(&self, scope: &SchemaScope) -> Outcome<ProviderSchemas> {
                let answer = self.0.clone().$schema(wire::get_provider_schema::Request {}).await?.into_inner();
                let mut schemas = ProviderSchemas::default();
                if answer.provider_meta.is_some() {
                    schemas.meta = Meta::Expected;
                }
                if let Some(provider) = &answer.provider {
                    match read_schema(provider) {
                        Ok(provider) => schemas.provider = provider,
                        Err(error) => schemas.add_unusable("provider", error),
                    }
                }
                for (name, resource) in &answer.resource_schemas {
                    if scope.holds(name) {
                        schemas.add_resource(name, decode_schema(resource));
                    }
                }
                for (name, data_source) in &answer.data_source_schemas {
                    if scope.holds(name) {
                        schemas.add_data_source(name, decode_schema(data_source));
                    }
                }
                Ok((schemas, diagnostics(answer.diagnostics)))
            }

            pub(super) async fn identity_schemas(&self) -> Outcome<IdentitySchemas> {
                let request = wire::get_resource_identity_schemas::Request {};
                let answer = self.0.clone().get_resource_identity_schemas(request).await?.into_inner();
                let schemas =
                    answer.identity_schemas.iter().map(|(name, schema)| (name.clone(), read_identity(schema)));
                Ok((schemas.collect(), diagnostics(answer.diagnostics)))
            }

            pub(super) async fn validate_config(&self, config: &DynamicValue) -> Outcome<()> {
                let request = wire::$validate::Request { config: Some(to_wire(config)) };
                let answer = self.0.clone().$validate(request).await?.into_inner();
                Ok(((), diagnostics(answer.diagnostics)))
            }

            pub(super) async fn configure(&self, terraform_version: &str, config: &DynamicValue) -> Outcome<()> {
                let request = wire::$configure::Request {
                    terraform_version: terraform_version.to_owned(),
                    config: Some(to_wire(config)),
                    client_capabilities: capabilities(),
                };
                let answer = self.0.clone().$configure(request).await?.into_inner();
                Ok(((), diagnostics(answer.diagnostics)))
            }

            pub(super) async fn upgrade_state(
                &self,
                type_name: &str,
                version: u64,
                stored: Stored,
            ) -> Outcome<DynamicValue> {
                let raw_state = match stored {
                    Stored::Json(json) => wire::RawState { json, ..Default::default() },
                    Stored::Flat(flatmap) => wire::RawState { flatmap, ..Default::default() },
                };
                let request = wire::upgrade_resource_state::Request {
                    type_name: type_name.to_owned(),
                    version: i64::try_from(version).unwrap_or(i64::MAX),
                    raw_state: Some(raw_state),
                };
                let answer = self.0.clone().upgrade_resource_state(request).await?.into_inner();
                Ok((of_wire(answer.upgraded_state), diagnostics(answer.diagnostics)))
            }

            pub(super) async fn upgrade_identity(
                &self,
                type_name: &str,
                version: u64,
                json: Bytes,
            ) -> Outcome<DynamicValue> {
                let request = wire::upgrade_resource_identity::Request {
                    type_name: type_name.to_owned(),
                    version: i64::try_from(version).unwrap_or(i64::MAX),
                    raw_identity: Some(wire::RawState { json, ..Default::default() }),
                };
                let answer = self.0.clone().upgrade_resource_identity(request).await?.into_inner();
                let identity = identity_of_wire(answer.upgraded_identity);
                Ok((identity.unwrap_or_else(|| of_wire(None)), diagnostics(answer.diagnostics)))
            }

            pub(super) async fn read(
                &self,
                type_name: &str,
                state: &DynamicValue,
                private: Bytes,
                identity: Option<&DynamicValue>,
                meta: Meta,
            ) -> Outcome<Read> {
                let request = wire::read_resource::Request {
                    type_name: type_name.to_owned(),
                    current_state: Some(to_wire(state)),
                    private,
                    provider_meta: meta_to_wire(meta),
                    client_capabilities: capabilities(),
                    current_identity: identity.map(identity_to_wire),
                };
                let answer = self.0.clone().read_resource(request).await?.into_inner();
                let read = Read {
                    state: of_wire(answer.new_state),
                    private: answer.private,
                    identity: identity_of_wire(answer.new_identity),
                    deferred: answer.deferred.as_ref().map(reason),
                };
                Ok((read, diagnostics(answer.diagnostics)))
            }

            pub(super) async fn import(
                &self,
                type_name: &str,
                id: &str,
                identity: Option<&DynamicValue>,
            ) -> Outcome<Objects<Vec<Imported>>> {
                let request = wire::import_resource_state::Request {
                    type_name: type_name.to_owned(),
                    id: id.to_owned(),
                    client_capabilities: capabilities(),
                    identity: identity.map(identity_to_wire),
                };
                let answer = self.0.clone().import_resource_state(request).await?.into_inner();
                let imported = answer.imported_resources.into_iter().map(|object| Imported {
                    type_name: object.type_name,
                    state: of_wire(object.state),
                    private: object.private,
                    identity: identity_of_wire(object.identity),
                });
                let objects = match &answer.deferred {
                    Some(deferred) => Objects::Deferred(reason(deferred)),
                    None => Objects::There(imported.collect()),
                };
                Ok((objects, diagnostics(answer.diagnostics)))
            }

            pub(super) async fn read_data(
                &self,
                type_name: &str,
                config: &DynamicValue,
                meta: Meta,
            ) -> Outcome<Objects<DynamicValue>> {
                let request = wire::read_data_source::Request {
                    type_name: type_name.to_owned(),
                    config: Some(to_wire(config)),
                    provider_meta: meta_to_wire(meta),
                    client_capabilities: capabilities(),
                };
                let answer = self.0.clone().read_data_source(request).await?.into_inner();
                let objects = match &answer.deferred {
                    Some(deferred) => Objects::Deferred(reason(deferred)),
                    None => Objects::There(of_wire(answer.state)),
                };
                Ok((objects, diagnostics(answer.diagnostics)))
            }

            pub(super) async fn stop(&self) -> Result<String, tonic::Status> {
                Ok(self.0.clone().$stop(wire::$stop::Request {}).await?.into_inner().error)
            }
        }

        /// What we understand of what a provider might do.
        fn capabilities() -> Option<wire::ClientCapabilities> {
            Some(wire::ClientCapabilities { deferral_allowed: true, write_only_attributes_allowed: true })
        }

        /// Null, where the provider expects anything: without it, some say that an object is gone.
        fn meta_to_wire(meta: Meta) -> Option<wire::DynamicValue> {
            (meta == Meta::Expected).then(|| to_wire(&DynamicValue::null()))
        }

        fn to_wire(value: &DynamicValue) -> wire::DynamicValue {
            let (msgpack, json) = value.to_wire();
            wire::DynamicValue { msgpack, json }
        }

        fn of_wire(value: Option<wire::DynamicValue>) -> DynamicValue {
            let wire::DynamicValue { msgpack, json } = value.unwrap_or_default();
            DynamicValue::of_wire(msgpack, json)
        }

        fn identity_to_wire(identity: &DynamicValue) -> wire::ResourceIdentityData {
            wire::ResourceIdentityData { identity_data: Some(to_wire(identity)) }
        }

        fn identity_of_wire(identity: Option<wire::ResourceIdentityData>) -> Option<DynamicValue> {
            identity.and_then(|identity| identity.identity_data).map(|data| of_wire(Some(data)))
        }

        fn reason(deferred: &wire::Deferred) -> DeferredReason {
            use wire::deferred::Reason;
            match deferred.reason() {
                Reason::Unknown => DeferredReason::Unknown,
                Reason::ResourceConfigUnknown => DeferredReason::ResourceConfigUnknown,
                Reason::ProviderConfigUnknown => DeferredReason::ProviderConfigUnknown,
                Reason::AbsentPrereq => DeferredReason::AbsentPrerequisite,
            }
        }

        fn diagnostics(wire: Vec<wire::Diagnostic>) -> Vec<Diagnostic> {
            wire.into_iter().map(diagnostic).collect()
        }

        fn diagnostic(wire: wire::Diagnostic) -> Diagnostic {
            use landfast_state::{AttributePath, PathStep};
            use wire::attribute_path::step::Selector;

            use crate::diagnostic::DiagnosticSeverity;

            let severity = match wire.severity() {
                wire::diagnostic::Severity::Warning => DiagnosticSeverity::Warning,
                // What is not said to be harmless is not.
                wire::diagnostic::Severity::Error | wire::diagnostic::Severity::Invalid => DiagnosticSeverity::Error,
            };
            let step = |step: wire::attribute_path::Step| match step.selector? {
                Selector::AttributeName(name) | Selector::ElementKeyString(name) => Some(PathStep::Key(name.into())),
                Selector::ElementKeyInt(at) => usize::try_from(at).ok().map(PathStep::Index),
            };
            let attribute = wire.attribute.filter(|path| !path.steps.is_empty());
            Diagnostic {
                severity,
                summary: wire.summary,
                detail: wire.detail,
                attribute: attribute
                    .map(|path| AttributePath { steps: path.steps.into_iter().map_while(step).collect() }),
            }
        }

        fn decode_schema(bytes: &Bytes) -> Result<landfast_state::schema::Schema, SchemaError> {
            let schema = <wire::Schema as prost::Message>::decode(bytes.clone());
            read_schema(&schema.map_err(|_| SchemaError::message())?)
        }

        fn read_schema(schema: &wire::Schema) -> Result<landfast_state::schema::Schema, SchemaError> {
            let block = schema.block.as_ref().map(block).transpose()?.unwrap_or_default();
            Ok(landfast_state::schema::Schema { version: u64::try_from(schema.version).unwrap_or_default(), block })
        }

        fn block(block: &wire::schema::Block) -> Result<landfast_state::schema::Block, SchemaError> {
            let mut blocks = std::collections::BTreeMap::new();
            for nested in &block.block_types {
                let read = nested_block(nested).map_err(|error| error.inside(&nested.type_name))?;
                blocks.insert(nested.type_name.clone(), read);
            }
            let attributes = attributes(&block.attributes)?;
            Ok(landfast_state::schema::Block { attributes, blocks, deprecated: block.deprecated })
        }

        fn nested_block(
            nested: &wire::schema::NestedBlock,
        ) -> Result<landfast_state::schema::NestedBlock, SchemaError> {
            use landfast_state::schema::Nesting;
            use wire::schema::nested_block::NestingMode;
            let nesting = match nested.nesting() {
                NestingMode::Single => Nesting::Single,
                NestingMode::Group => Nesting::Group,
                NestingMode::List => Nesting::List,
                NestingMode::Set => Nesting::Set,
                NestingMode::Map => Nesting::Map,
                NestingMode::Invalid => return Err(SchemaError::nesting()),
            };
            Ok(landfast_state::schema::NestedBlock {
                nesting,
                block: nested.block.as_ref().map(block).transpose()?.unwrap_or_default(),
                min_items: u64::try_from(nested.min_items).unwrap_or_default(),
                max_items: u64::try_from(nested.max_items).ok().filter(|most| *most > 0),
            })
        }

        fn attributes(
            attributes: &[wire::schema::Attribute],
        ) -> Result<std::collections::BTreeMap<String, landfast_state::schema::Attribute>, SchemaError> {
            let named = attributes.iter().map(|attribute| Ok((attribute.name.clone(), read_attribute(attribute)?)));
            named.collect()
        }

        fn read_attribute(
            attribute: &wire::schema::Attribute,
        ) -> Result<landfast_state::schema::Attribute, SchemaError> {
            use landfast_state::schema::{AttributeShape, Setting};
            let shape = match nested(attribute)? {
                Some(shape) => shape,
                None => AttributeShape::Value(
                    SchemaError::parse_type(&attribute.r#type).map_err(|error| error.inside(&attribute.name))?,
                ),
            };
            let setting = match (attribute.required, attribute.optional, attribute.computed) {
                (true, _, _) => Setting::Required,
                (false, true, true) => Setting::OptionalComputed,
                (false, true, false) => Setting::Optional,
                // One that says nothing of all this cannot be set either.
                (false, false, _) => Setting::Computed,
            };
            Ok(landfast_state::schema::Attribute {
                shape,
                setting,
                sensitive: attribute.sensitive,
                write_only: attribute.write_only,
                deprecated: attribute.deprecated,
            })
        }

        fn read_identity(schema: &wire::ResourceIdentitySchema) -> Result<IdentitySchema, SchemaError> {
            let attribute = |attribute: &wire::resource_identity_schema::IdentityAttribute| {
                let value_type =
                    SchemaError::parse_type(&attribute.r#type).map_err(|error| error.inside(&attribute.name))?;
                let read = IdentityAttribute { value_type, required_for_import: attribute.required_for_import };
                Ok((attribute.name.clone(), read))
            };
            Ok(IdentitySchema {
                version: u64::try_from(schema.version).unwrap_or_default(),
                attributes: schema.identity_attributes.iter().map(attribute).collect::<Result<_, SchemaError>>()?,
            })
        }
    };
}

pub(super) use client;
