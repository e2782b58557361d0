//! A provider configuration that runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use landfast_observe::scan::{ProviderKey, Unreadable, UnreadableClass};

use super::failure::{of_call, of_start};
use super::setup::{ProviderSetup, SetupError};
use crate::diagnostic::Diagnostic;
use crate::provider::ProviderReader;
use crate::schemas::{ProviderSchemas, SchemaScope};

/// A provider that is started and configured, with the schemas that are wanted of it.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) provider: ProviderReader,
    pub(super) schemas: ProviderSchemas,
    /// What it found odd in its configuration.
    pub(super) warnings: Vec<Diagnostic>,
}

/// Starts a provider and configures it.
pub(super) async fn start(
    setup: &Arc<dyn ProviderSetup>,
    key: &ProviderKey,
    types: &BTreeSet<String>,
) -> Result<Running, Stopped> {
    let program = setup.program(key).await.map_err(|error| not_set_up(UnreadableClass::Unsupported, &error))?;
    let provider = ProviderReader::start(&program.path, &program.start).await.map_err(|error| of_start(&error))?;
    let scope = SchemaScope::Types(types.clone());
    let schemas = provider.schemas(&scope).await.map_err(|error| of_call(&error))?;
    let configuration = setup.configuration(key, &schemas.value.provider).await;
    let configuration = configuration.map_err(|error| not_set_up(UnreadableClass::Refused, &error))?;
    let configured =
        provider.configure(&schemas.value.provider, configuration).await.map_err(|error| of_call(&error))?;
    Ok(Running { provider, schemas: schemas.value, warnings: [schemas.warnings, configured.warnings].concat() })
}

fn not_set_up(class: UnreadableClass, error: &SetupError) -> Stopped {
    Stopped { why: Unreadable::new(class, "", error.to_string()), full: error.full().to_owned() }
}

/// Why nothing can be read through a provider: as it stands with its objects, and all that there is to say.
#[derive(Debug, Clone)]
pub(super) struct Stopped {
    pub(super) why: Unreadable,
    pub(super) full: String,
}

impl From<Unreadable> for Stopped {
    fn from(why: Unreadable) -> Self {
        Self { full: why.to_string(), why }
    }
}
