//! Reading the objects of states through the providers that they belong to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join_all;
use landfast_observe::scan::{
    ObjectRead, ObjectReader, ProviderKey, ReadAnswer, ReadFuture, RecordedObject, RestartFuture, Unreadable,
    UnreadableClass,
};
use landfast_state::schema::Schema;
use landfast_state::{AttributePath, Members, ResourceObject, SecretTexts, Value};
use tokio::sync::RwLock;

use super::failure::{of_call, of_stored};
use super::mask;
use super::running::{Running, Stopped, start};
use super::setup::ProviderSetup;
use super::unrecorded::unrecorded;
use crate::diagnostic::{Diagnostic, DiagnosticSeverity};
use crate::provider::{ReadOutcome, ResourceState, StoredState};

/// Which types of which providers are to be read.
pub type WantedTypes = BTreeMap<ProviderKey, BTreeSet<String>>;

/// Reads the objects of states through their providers, each configuration of one as a process of its own.
///
/// It has no way to change anything: see [`ProviderReader`](crate::ProviderReader). When it goes, its providers are killed;
/// [`LiveReader::close`] lets them end by themselves.
#[derive(Debug)]
pub struct LiveReader {
    setup: Arc<dyn ProviderSetup>,
    providers: BTreeMap<ProviderKey, Provider>,
    /// What is masked in everything that any of them says.
    pub(super) learnt: Mutex<SecretTexts>,
}

/// A provider configuration.
#[derive(Debug)]
struct Provider {
    types: BTreeSet<String>,
    /// What runs; why nothing does, where it cannot be started.
    running: RwLock<Result<Arc<Running>, Stopped>>,
}

/// A provider configuration through which nothing can be read.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NotStarted {
    /// The configuration.
    pub provider: ProviderKey,
    /// Why, as it stands with each of its objects.
    pub why: Unreadable,
    /// All that there is to say, such as where the provider was looked for.
    pub full: String,
}

impl LiveReader {
    /// Starts and configures the providers of these types, all at the same time. One that cannot be started fails alone: its
    /// objects cannot be read, for that reason.
    pub async fn start(setup: Arc<dyn ProviderSetup>, wanted: WantedTypes) -> Self {
        let starts = wanted.into_iter().map(async |(key, types)| {
            let running = start(&setup, &key, &types).await.map(Arc::new);
            (key, Provider { types, running: RwLock::new(running) })
        });
        let providers = join_all(starts).await.into_iter().collect();
        Self { setup, providers, learnt: Mutex::default() }
    }

    /// The configurations through which nothing can be read.
    pub async fn not_started(&self) -> Vec<NotStarted> {
        let mut found = Vec::new();
        for (key, provider) in &self.providers {
            if let Err(Stopped { why, full }) = &*provider.running.read().await {
                found.push(NotStarted { provider: key.clone(), why: why.clone(), full: full.clone() });
            }
        }
        found
    }

    /// What the providers found odd in their configurations.
    pub async fn warnings(&self) -> Vec<(ProviderKey, Diagnostic)> {
        let mut found = Vec::new();
        for (key, running) in self.running_providers().await {
            found.extend(running.warnings.iter().map(|warning| (key.clone(), warning.clone())));
        }
        found
    }

    /// The shapes of the types that are to be read, as the providers tell them.
    pub async fn shapes(&self) -> Vec<(String, Arc<Schema>)> {
        let running = self.running_providers().await;
        let schemas = running.iter().flat_map(|(_, running)| &running.schemas.resources);
        schemas.map(|(name, schema)| (name.clone(), Arc::new(schema.schema().clone()))).collect()
    }

    /// Asks all providers to give up what they are doing. Reads that wait come back soon, most of them with an error.
    pub async fn interrupt(&self) {
        for (_, running) in self.running_providers().await {
            if let Err(error) = running.provider.interrupt().await {
                tracing::debug!(%error, "a provider could not be interrupted");
            }
        }
    }

    /// Lets all providers end; what does not within its time is killed. Reads that are under way fail.
    pub async fn close(self) {
        let ends = self.providers.into_values().map(|provider| async move {
            // One that a read still holds is killed when that read ends.
            if let Ok(Some(running)) = provider.running.into_inner().map(Arc::into_inner) {
                running.provider.close().await;
            }
        });
        join_all(ends).await;
    }

    /// The providers that run.
    pub(super) async fn running_providers(&self) -> Vec<(ProviderKey, Arc<Running>)> {
        let mut found = Vec::new();
        for (key, provider) in &self.providers {
            if let Ok(running) = &*provider.running.read().await {
                found.push((key.clone(), Arc::clone(running)));
            }
        }
        found
    }

    pub(super) async fn running(&self, key: &ProviderKey) -> Result<Arc<Running>, Unreadable> {
        match self.providers.get(key) {
            Some(provider) => provider.running.read().await.clone().map_err(|stopped| stopped.why),
            None => Err(Unreadable::new(UnreadableClass::Unsupported, "", format!("{key} was not to be read"))),
        }
    }

    async fn look(&self, object: &RecordedObject) -> Result<ObjectRead, Unreadable> {
        let running = self.running(&object.provider_key()).await?;
        let type_name = object.type_name();
        let schema = running.schemas.resources.get(type_name).ok_or_else(|| {
            let why = match running.schemas.unusable.get(type_name) {
                Some(error) => format!("its schema cannot be used: {error}"),
                None => format!("{} has no such type", running.provider.name()),
            };
            Unreadable::new(UnreadableClass::Unsupported, "", why)
        })?;
        let identity = object.identity.as_ref().map(|(version, identity)| (*version, identity));
        let stored = StoredState::of_recorded(&object.object, object.private.as_ref(), identity).map_err(of_stored)?;
        let shape = schema.schema();
        let upgraded = running.provider.upgrade(schema, &stored).await.map_err(|error| {
            let stored = object.object.value();
            let members = if let Value::Object(members) = &stored { vec![members] } else { Vec::new() };
            mask::failure(of_call(&error), shape, &members)
        })?;
        let upgraded_members = upgraded.value.members();
        let read = running.provider.read(schema, &upgraded.value).await;
        let read = read.map_err(|error| mask::failure(of_call(&error), shape, &[upgraded_members]))?;
        let as_object = |state: &ResourceState| in_version(&object.object, shape.version, state);
        let recorded = Box::new(as_object(&upgraded.value)?);
        let mut members = vec![upgraded_members];
        if let ReadOutcome::Found(state) = &read.value {
            members.push(state.members());
        }
        let warnings = mask::warnings([upgraded.warnings, read.warnings].concat(), shape, &members);
        let answer = match read.value {
            ReadOutcome::Found(state) if state.is_written_like(&upgraded.value) => {
                ReadAnswer::Found { observed: recorded.clone(), recorded }
            }
            ReadOutcome::Found(state) => {
                let recorded = match unrecorded(&object.object, upgraded_members, state.members()) {
                    Some(members) => Box::new(with_members(&object.object, shape.version, &members)?),
                    None => recorded,
                };
                ReadAnswer::Found { observed: Box::new(as_object(&state)?), recorded }
            }
            ReadOutcome::Gone => ReadAnswer::Gone { recorded: Some(recorded) },
            ReadOutcome::Deferred(reason) => {
                let call = format!("ReadResource of {type_name}");
                return Err(Unreadable::new(UnreadableClass::Deferred, call, reason.to_string()));
            }
        };
        let told = |warning| told(warning, &object.object.address.to_string());
        Ok(ObjectRead { answer, warnings: warnings.into_iter().map(told).collect() })
    }
}

/// A recorded object with the attributes that a provider gave, in its version of the schema. What the state marks as sensitive
/// stays so, beside what the schema does.
pub(super) fn in_version(
    recorded: &ResourceObject,
    version: u64,
    state: &ResourceState,
) -> Result<ResourceObject, Unreadable> {
    with_members(recorded, version, state.members())
}

fn with_members(recorded: &ResourceObject, version: u64, members: &Members) -> Result<ResourceObject, Unreadable> {
    let object = recorded.clone().with_value(members);
    let mut object = object.map_err(|error| Unreadable::new(UnreadableClass::Invalid, "", error.to_string()))?;
    object.schema_version = version;
    let known: BTreeSet<AttributePath> = object.sensitive.iter().chain(&recorded.sensitive).cloned().collect();
    object.sensitive = known.into_iter().collect();
    Ok(object)
}

/// A warning of a provider, as observers tell it.
pub(super) fn told(warning: Diagnostic, address: &str) -> landfast_observe::Diagnostic {
    use landfast_observe::DiagnosticSeverity as Told;
    let severity = match warning.severity {
        DiagnosticSeverity::Error => Told::Error,
        DiagnosticSeverity::Warning => Told::Warning,
    };
    let about = warning.attribute.map(|attribute| format!("{attribute}: ")).unwrap_or_default();
    let summary = format!("{about}{}", warning.summary);
    landfast_observe::Diagnostic::new(severity, summary, warning.detail).with_address(address)
}

impl ObjectReader for LiveReader {
    fn read(&self, object: Arc<RecordedObject>) -> ReadFuture<'_> {
        Box::pin(async move { self.look(&object).await.unwrap_or_else(ObjectRead::from) })
    }

    fn restart<'a>(&'a self, key: &'a ProviderKey) -> RestartFuture<'a> {
        Box::pin(async move {
            let provider = self.providers.get(key);
            let missing = || Unreadable::new(UnreadableClass::Unsupported, "", format!("{key} was not to be read"));
            let provider = provider.ok_or_else(missing)?;
            let mut running = provider.running.write().await;
            // What crashed goes first, so that nothing of it is left beside the new one.
            let ended = "the provider ended, and is not yet started again";
            *running = Err(Unreadable::new(UnreadableClass::Crashed, "", ended).into());
            *running = start(&self.setup, key, &provider.types).await.map(Arc::new);
            if let Ok(running) = &*running {
                running.provider.learn(&self.learnt.lock().unwrap_or_else(PoisonError::into_inner));
            }
            running.as_ref().map(|_| ()).map_err(|stopped| stopped.why.clone())
        })
    }
}
