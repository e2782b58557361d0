//! Secrets of all objects in what a provider says of any: it may repeat of one object what only the schema of another calls a secret.

use std::sync::PoisonError;

use landfast_observe::scan::RecordedObject;
use landfast_state::{SecretTexts, Value};

use super::reader::LiveReader;

impl LiveReader {
    /// Masks from now on what the schemas of the providers call sensitive in these objects, in everything that any provider says: for
    /// all the objects, before the first is read. Returns it too, for what others say. It is held in memory; objects whose schemas
    /// call nothing sensitive add nothing, and where that are all, none is looked at.
    ///
    /// # Errors
    /// The first error among the objects.
    pub async fn learn_secrets<E>(
        &self,
        objects: impl IntoIterator<Item = Result<RecordedObject, E>>,
    ) -> Result<SecretTexts, E> {
        let running = self.running_providers().await;
        let mut schemas = running.iter().flat_map(|(_, running)| running.schemas.resources.values());
        let mut found = SecretTexts::default();
        if !schemas.any(|schema| schema.schema().block.has_sensitive()) {
            return Ok(found);
        }
        for object in objects {
            let object = object?;
            let key = object.provider_key();
            let running = running.iter().find(|(of, _)| *of == key);
            let schema = running.and_then(|(_, running)| running.schemas.resources.get(object.type_name()));
            let Some(block) = schema.map(|it| &it.schema().block).filter(|block| block.has_sensitive()) else {
                continue;
            };
            if let Value::Object(members) = object.object.value() {
                found.add(&Value::Object(block.mark_sensitive(members)));
            }
        }
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner).extend(&found);
        for (_, running) in &running {
            running.provider.learn(&found);
        }
        Ok(found)
    }
}
