//! What providers are configured with: settings, then the blocks of a configuration, then what they find in their environment.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use landfast_discover::{FillError, RootModule, SecretError, SecretSources, provider_config};
use landfast_observe::scan::ProviderKey;
use landfast_state::address::ProviderConfigAddress;
use landfast_state::schema::Schema;
use landfast_state::{AttributePath, Members};
use landfast_tfplugin::live::{ProviderValues, SetupError, SetupFuture};
use landfast_tfplugin::locate::{ProviderSource, ProviderSourceError};

/// Configures providers for a scan: what settings say comes before what the configuration says, and what neither says the provider
/// looks up in its environment. References to secrets in the settings (`vault://…`) are resolved.
///
/// `Debug` shows no values.
#[derive(Clone, Default)]
pub struct ConfiguredProviders {
    settings: BTreeMap<String, Members>,
    module: Option<Arc<RootModule>>,
    secrets: SecretSources,
}

impl ConfiguredProviders {
    /// Everything is left to the providers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With settings for a provider by its source address, in full (`registry.terraform.io/hashicorp/aws`) or in short (`hashicorp/aws`,
    /// `aws`), with `.ALIAS` behind it for one with an alias.
    ///
    /// # Errors
    /// When that is no source address.
    pub fn with_settings(mut self, provider: &str, settings: Members) -> Result<Self, ProviderSourceError> {
        let type_at = provider.rfind('/').map_or(0, |slash| slash + 1);
        let alias_at = provider.get(type_at..).and_then(|rest| rest.find('.')).map(|dot| type_at + dot);
        let (source, alias) = provider.split_at(alias_at.unwrap_or(provider.len()));
        let source = ProviderSource::parse(source)?;
        self.settings.insert(format!("{source}{alias}"), settings);
        Ok(self)
    }

    /// With the blocks of a configuration.
    #[must_use]
    pub fn with_module(mut self, module: Arc<RootModule>) -> Self {
        self.module = Some(module);
        self
    }

    /// With what resolves references to secrets.
    #[must_use]
    pub fn with_secrets(mut self, secrets: SecretSources) -> Self {
        self.secrets = secrets;
        self
    }
}

impl fmt::Debug for ConfiguredProviders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfiguredProviders").field("settings", &self.settings.keys()).finish_non_exhaustive()
    }
}

/// A setting of a provider names a secret that is not known.
#[derive(Debug, thiserror::Error)]
#[error("landfast.toml: {path} of the provider {provider}")]
struct SecretNotKnown {
    path: AttributePath,
    provider: String,
    source: SecretError,
}

impl ProviderValues for ConfiguredProviders {
    fn values<'a>(&'a self, provider: &'a ProviderKey, schema: &'a Schema) -> SetupFuture<'a, Members> {
        Box::pin(async move {
            let address = provider.configuration.parse::<ProviderConfigAddress>().ok();
            let alias = address.as_ref().and_then(|address| address.alias.as_deref());
            let name = match alias {
                Some(alias) => format!("{}.{alias}", provider.source),
                None => provider.source.to_string(),
            };
            let settings = self.settings.get(&name).cloned().unwrap_or_default();
            let filled = self.secrets.fill(settings).await;
            let settings = filled.map_err(|FillError { path, source, .. }| {
                SetupError::new(&SecretNotKnown { path, provider: name.clone(), source })
            })?;
            let module = self.module.as_deref();
            let block = module.and_then(|module| Some((module, module.provider_of(&provider.source, alias)?)));
            provider_config(&name, &schema.block, &settings, block).map_err(|error| SetupError::new(&error))
        })
    }
}
