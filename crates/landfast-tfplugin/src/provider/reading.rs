//! What can be asked of a provider.

use landfast_state::schema::Schema;
use landfast_state::{Members, Value};

use super::ProviderReader;
use super::call::{Answer, CallError};
use super::objects::{ImportId, ResourceState, StoredState, into_members};
use crate::calls::{DeferredReason, Objects};
use crate::cty::{DynamicValue, ValueError};
use crate::schemas::{ProviderSchemas, ResourceSchema, SchemaScope};

/// What a read found.
#[derive(Debug, Clone)]
pub enum ReadOutcome {
    /// The object is there.
    Found(Box<ResourceState>),
    /// The object is gone.
    Gone,
    /// The provider does not tell now.
    Deferred(DeferredReason),
}

/// What an import found.
#[derive(Debug, Clone)]
pub enum ImportOutcome {
    /// The objects that the id stands for: mostly one.
    Found(Vec<ImportedResource>),
    /// The provider does not tell now.
    Deferred(DeferredReason),
}

/// One object that an import found. It must be read before it says what is there: an import may fill in no more than an id.
#[derive(Debug, Clone)]
pub struct ImportedResource {
    /// Its type, which need not be the one that was asked for.
    pub type_name: String,
    /// What is known of it.
    pub state: ResourceState,
}

/// What a data source found.
#[derive(Debug, Clone)]
pub enum DataOutcome {
    /// This. What the schema calls sensitive is marked as such.
    Found(Members),
    /// The provider does not tell now.
    Deferred(DeferredReason),
}

impl ProviderReader {
    /// Asks for the schemas of these types.
    ///
    /// # Errors
    /// When the provider does not give them. A single one that cannot be used is in [`ProviderSchemas::unusable`].
    pub async fn schemas(&self, scope: &SchemaScope) -> Result<Answer<ProviderSchemas>, CallError> {
        let mut answer = self.call(|| "GetProviderSchema".to_owned(), self.calls.schemas(scope)).await?;
        let call = || "GetResourceIdentitySchemas".to_owned();
        match self.call(call, self.calls.identity_schemas()).await {
            Ok(identities) => {
                answer.value.add_identities(identities.value);
                answer.warnings.extend(identities.warnings);
            }
            // Providers had no identities before protocols 5.9 and 6.9.
            Err(CallError::Unsupported { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(answer)
    }

    /// Has the provider check a configuration and take it; what is absent in it is null. Values in it that are marked as sensitive, or
    /// that the schema calls so, are masked in everything that the provider says from now on. Mark what is a secret: not every
    /// schema does.
    ///
    /// # Errors
    /// When the configuration does not fit the schema, or the provider does not take it.
    pub async fn configure(&self, schema: &Schema, config: Members) -> Result<Answer<()>, CallError> {
        let complete = schema.block.complete(config);
        self.secrets.learn(&Value::Object(schema.block.mark_sensitive(complete.clone())));
        let encoded = DynamicValue::encode(&Value::Object(complete), &schema.block.value_type())
            .map_err(|source| self.misfit(|| "its configuration".to_owned(), source))?;
        let checked = self.call(|| "ValidateProviderConfig".to_owned(), self.calls.validate_config(&encoded)).await?;
        let configure = self.calls.configure(&self.terraform_version, &encoded);
        let mut answer = self.call(|| "ConfigureProvider".to_owned(), configure).await?;
        answer.warnings.splice(0..0, checked.warnings);
        Ok(answer)
    }

    /// Brings an object that was stored into the version of the schema that the provider has. Providers want this of every
    /// object, also of those that were stored in that version: not all write what they read.
    ///
    /// # Errors
    /// When the provider cannot, or gives what does not fit its schema.
    pub async fn upgrade(
        &self,
        schema: &ResourceSchema,
        stored: &StoredState,
    ) -> Result<Answer<ResourceState>, CallError> {
        let type_name = schema.type_name();
        let upgrade = self.calls.upgrade_state(type_name, stored.schema_version, stored.attributes.clone());
        let upgraded = self.call(|| format!("UpgradeResourceState of {type_name}"), upgrade).await?;
        let mut answer = upgraded.map(|encoded| {
            let what = || format!("the upgraded {type_name}");
            let state = ResourceState::of_encoded(schema, encoded, stored.private.clone());
            state.map_err(|source| self.misfit(what, source))?.ok_or_else(|| CallError::Failed {
                provider: self.name.clone(),
                call: format!("UpgradeResourceState of {type_name}"),
                message: "the upgraded object is null".to_owned(),
            })
        })?;
        if let (Some(schema), Some((version, json))) = (schema.identity(), &stored.identity) {
            let identity = if *version == schema.version {
                // As it was stored.
                DynamicValue::json(json.clone())
            } else {
                let upgrade = self.calls.upgrade_identity(type_name, *version, json.clone());
                let upgraded = self.call(|| format!("UpgradeResourceIdentity of {type_name}"), upgrade).await?;
                answer.warnings.extend(upgraded.warnings);
                upgraded.value
            };
            let identified = answer.value.identified(Some(schema), Some(identity));
            answer.value =
                identified.map_err(|source| self.misfit(|| format!("the identity of {type_name}"), source))?;
        }
        Ok(answer)
    }

    /// Looks what has become of an object.
    ///
    /// # Errors
    /// When the provider cannot, or gives what does not fit its schema.
    pub async fn read(&self, schema: &ResourceSchema, state: &ResourceState) -> Result<Answer<ReadOutcome>, CallError> {
        let type_name = schema.type_name();
        let identity = state.identity.as_ref().map(|(encoded, _)| encoded);
        let read = self.calls.read(type_name, &state.encoded, state.private.clone(), identity, schema.meta);
        let answer = self.call(|| format!("ReadResource of {type_name}"), read).await?;
        answer.map(|read| {
            if let Some(reason) = read.deferred {
                return Ok(ReadOutcome::Deferred(reason));
            }
            let found = state
                .read_again(schema, read.state, read.private)
                .map_err(|source| self.misfit(|| format!("the {type_name} that was read"), source))?;
            let Some(mut found) = found else { return Ok(ReadOutcome::Gone) };
            found.identity.clone_from(&state.identity);
            let found = found
                .identified(schema.identity(), read.identity)
                .map_err(|source| self.misfit(|| format!("the identity of the {type_name} that was read"), source))?;
            Ok(ReadOutcome::Found(Box::new(found)))
        })
    }

    /// Looks for the objects that an id stands for.
    ///
    /// # Errors
    /// When there is none, the provider cannot, or gives what does not fit its schemas.
    pub async fn import(
        &self,
        schemas: &ProviderSchemas,
        type_name: &str,
        id: &ImportId,
    ) -> Result<Answer<ImportOutcome>, CallError> {
        let (text, identity) = match id {
            ImportId::Text(text) => (text.as_str(), None),
            ImportId::Identity(members) => {
                let schema = self.schema(schemas, type_name)?;
                let identity = schema.identity().ok_or_else(|| CallError::Unsupported {
                    provider: self.name.clone(),
                    call: format!("importing {type_name} by its identity"),
                })?;
                let encoded = DynamicValue::encode(&Value::Object(members.clone()), &identity.value_type());
                let misfit = |source| self.misfit(|| format!("the identity of {type_name}"), source);
                ("", Some(encoded.map_err(misfit)?))
            }
        };
        let import = self.calls.import(type_name, text, identity.as_ref());
        let answer = self.call(|| format!("ImportResourceState of {type_name}"), import).await?;
        answer.map(|objects| {
            let imported = match objects {
                Objects::Deferred(reason) => return Ok(ImportOutcome::Deferred(reason)),
                Objects::There(imported) => imported,
            };
            let mut found = Vec::with_capacity(imported.len());
            for object in imported {
                let schema = self.schema(schemas, &object.type_name)?;
                let misfit = |source| self.misfit(|| format!("the imported {}", object.type_name), source);
                // Null stands for an object that is not there.
                let Some(state) = ResourceState::of_encoded(schema, object.state, object.private).map_err(misfit)?
                else {
                    continue;
                };
                let state = state.identified(schema.identity(), object.identity).map_err(misfit)?;
                found.push(ImportedResource { type_name: object.type_name, state });
            }
            Ok(ImportOutcome::Found(found))
        })
    }

    /// Asks a data source; what is absent in its configuration is null.
    ///
    /// # Errors
    /// When the configuration does not fit the schema, the provider cannot, or gives what does not fit.
    pub async fn read_data(&self, schema: &ResourceSchema, config: Members) -> Result<Answer<DataOutcome>, CallError> {
        let type_name = schema.type_name();
        let block = &schema.schema().block;
        let encoded = DynamicValue::encode(&Value::Object(block.complete(config)), schema.value_type())
            .map_err(|source| self.misfit(|| format!("the configuration of {type_name}"), source))?;
        let read = self.calls.read_data(type_name, &encoded, schema.meta);
        let answer = self.call(|| format!("ReadDataSource of {type_name}"), read).await?;
        answer.map(|objects| match objects {
            Objects::Deferred(reason) => Ok(DataOutcome::Deferred(reason)),
            Objects::There(encoded) => {
                let value = encoded
                    .decode(schema.value_type())
                    .map_err(|source| self.misfit(|| format!("the {type_name} that was read"), source))?;
                Ok(DataOutcome::Found(block.mark_sensitive(into_members(value))))
            }
        })
    }

    fn schema<'a>(&self, schemas: &'a ProviderSchemas, type_name: &str) -> Result<&'a ResourceSchema, CallError> {
        schemas.resources.get(type_name).ok_or_else(|| CallError::NoSchema {
            provider: self.name.clone(),
            type_name: type_name.to_owned(),
            source: schemas.unusable.get(type_name).cloned(),
        })
    }

    fn misfit(&self, what: impl FnOnce() -> String, source: ValueError) -> CallError {
        CallError::Value { provider: self.name.clone(), what: what(), source }
    }
}
