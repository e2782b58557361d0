//! Reading objects that are known by their ids only.

use std::sync::Arc;

use landfast_observe::scan::{
    ObjectRead, ObjectReader, ProviderKey, ReadAnswer, ReadFuture, RecordedObject, RestartFuture, Unreadable,
    UnreadableClass,
};
use landfast_state::address::InstanceKey;

use super::super::failure::of_call;
use super::super::mask;
use super::super::reader::{LiveReader, in_version, told};
use crate::provider::{ImportId, ImportOutcome, ReadOutcome};

/// Reads objects that are known by their ids only, as [`Enumeration::unowned`](super::Enumeration::unowned) has them: each is imported
/// and then read.
#[derive(Debug, Clone)]
pub struct Imports(pub Arc<LiveReader>);

impl Imports {
    async fn look(&self, object: &RecordedObject) -> Result<ObjectRead, Unreadable> {
        let running = self.0.running(&object.provider_key()).await?;
        let type_name = object.type_name();
        let InstanceKey::String(id) = &object.object.address.instance.key else {
            return Err(Unreadable::new(UnreadableClass::Invalid, "", "it has no id"));
        };
        let id = ImportId::Text(id.to_string());
        let imported = running.provider.import(&running.schemas, type_name, &id).await;
        let imported = imported.map_err(|error| of_call(&error))?;
        let mut warnings = imported.warnings;
        let objects = match imported.value {
            ImportOutcome::Found(objects) => objects,
            ImportOutcome::Deferred(reason) => {
                let call = format!("ImportResourceState of {type_name}");
                return Err(Unreadable::new(UnreadableClass::Deferred, call, reason.to_string()));
            }
        };
        // What belongs to it and is imported with it has a type of its own.
        let Some(state) = objects.into_iter().find(|it| it.type_name == type_name).map(|it| it.state) else {
            return Ok(ReadAnswer::Gone { recorded: None }.into());
        };
        let Some(schema) = running.schemas.resources.get(type_name) else {
            return Err(Unreadable::new(UnreadableClass::Unsupported, "", "there is no schema of its type"));
        };
        let shape = schema.schema();
        let read = running.provider.read(schema, &state).await;
        let read = read.map_err(|error| mask::failure(of_call(&error), shape, &[state.members()]))?;
        warnings.extend(read.warnings);
        let found = if let ReadOutcome::Found(found) = &read.value { found.members() } else { state.members() };
        let warnings = mask::warnings(warnings, shape, &[state.members(), found]);
        let answer = match read.value {
            ReadOutcome::Found(state) => {
                let observed = in_version(&object.object, shape.version, &state)?;
                ReadAnswer::Found { recorded: Box::new(object.object.clone()), observed: Box::new(observed) }
            }
            ReadOutcome::Gone => ReadAnswer::Gone { recorded: None },
            ReadOutcome::Deferred(reason) => {
                let call = format!("ReadResource of {type_name}");
                return Err(Unreadable::new(UnreadableClass::Deferred, call, reason.to_string()));
            }
        };
        let address = object.object.address.to_string();
        Ok(ObjectRead { answer, warnings: warnings.into_iter().map(|it| told(it, &address)).collect() })
    }
}

impl ObjectReader for Imports {
    fn read(&self, object: Arc<RecordedObject>) -> ReadFuture<'_> {
        Box::pin(async move { self.look(&object).await.unwrap_or_else(ObjectRead::from) })
    }

    fn restart<'a>(&'a self, provider: &'a ProviderKey) -> RestartFuture<'a> {
        self.0.restart(provider)
    }
}
