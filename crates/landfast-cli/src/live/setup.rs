//! Which providers are read through, and what they are configured with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use landfast::ConfiguredProviders;
use landfast::discover::{
    EnvironmentSecrets, FileSecrets, Inputs, RootModule, SecretScheme, SecretSources, Vault, VaultOptions,
};
use landfast::drift::Written;
use landfast::state::SecretTexts;
use landfast::tfplugin::StartOptions;
use landfast::tfplugin::live::LocatedProviders;
use landfast::tfplugin::locate::{ProviderSearch, SearchOptions, VersionConstraints, VersionWish};

use crate::error::CliError;
use crate::live_args::LiveArgs;
use crate::settings::Settings;
use crate::stores::chain;

/// Where providers may be, and what is known of their configuration.
pub(super) struct Providers {
    pub(super) setup: Arc<LocatedProviders>,
    /// What the configuration writes, where one is read.
    pub(super) written: Written,
}

/// Whose configuration counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Configuration {
    /// That of the folder.
    OfFolder,
    /// None.
    None,
}

impl Providers {
    pub(super) fn new(
        folder: &Path,
        configuration: Configuration,
        args: &LiveArgs,
        settings: &Settings,
        known: SecretTexts,
    ) -> Result<Self, CliError> {
        let mut search = SearchOptions::default();
        search.provider_folders.clone_from(&args.provider_dir);
        for folder in &args.provider_dir {
            if !folder.is_dir() {
                return Err(CliError::new(format!("{}: this is no folder", folder.display())));
            }
        }
        search.working_directory = Some(folder.to_owned());
        if let Some(data) = std::env::var_os("TF_DATA_DIR").filter(|data| !data.is_empty()) {
            search.data_folder = PathBuf::from(data);
        }
        search.hash_folder = hash_folder();
        let search = ProviderSearch::new(&search, &|name| std::env::var_os(name));
        let search = search.map_err(|error| CliError::new(chain(&error)))?;
        let module = match configuration {
            Configuration::OfFolder => Some(Arc::new(read_module(folder)?)),
            Configuration::None => None,
        };
        let mut values = ConfiguredProviders::new().with_secrets(secrets(settings)?);
        for (provider, members) in &settings.providers {
            let with = values.with_settings(&provider.0, members.0.clone());
            values = with.map_err(|error| CliError::new(format!("[providers] of landfast.toml: {error}")))?;
        }
        let mut written = Written::default();
        if let Some(module) = &module {
            values = values.with_module(Arc::clone(module));
            for block in module.resources() {
                written.add(&block.address, block.written.iter().map(|name| name.as_str().into()));
            }
        }
        // A provider may repeat of one object what is a secret of another.
        let mut start = StartOptions::default();
        start.redactor = known.redactor();
        let mut setup = LocatedProviders::new(Arc::new(search), start, Arc::new(values));
        for required in module.iter().flat_map(|module| module.required_providers().values()) {
            if let Some(version) = &required.version {
                let constraints: VersionConstraints = version.parse().map_err(|error| {
                    CliError::new(format!("{}: the version of {}: {error}", required.place, required.source))
                })?;
                setup = setup.with_wish(required.source.clone(), VersionWish::Matching(constraints));
            }
        }
        Ok(Self { setup: Arc::new(setup), written })
    }
}

/// Where the hashes of provider packages are kept between runs, as caches are.
fn hash_folder() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")))?;
    Some(cache.join("landfast/packages"))
}

fn read_module(folder: &Path) -> Result<RootModule, CliError> {
    let mut inputs = Inputs::of_environment(std::env::vars_os());
    if inputs.workspace.is_none() {
        let chosen = std::fs::read_to_string(folder.join(".terraform/environment")).ok();
        inputs.workspace = chosen.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    }
    RootModule::read(folder, &inputs)
        .map_err(|error| CliError::new(chain(&error)).hint("`landfast check --recorded STATE` needs no configuration"))
}

/// What resolves `vault://`, `env://` and `file://` in the settings of providers.
fn secrets(settings: &Settings) -> Result<SecretSources, CliError> {
    let variables =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let sources = SecretSources::none()
        .with(SecretScheme::Environment, Arc::new(EnvironmentSecrets::new(variables.collect())))
        .with(SecretScheme::File, Arc::new(FileSecrets::new(&settings.folder)));
    let asks = settings
        .providers
        .values()
        .any(|it| landfast::state::Value::Object(it.0.clone()).to_string().contains("vault://"));
    if !asks {
        return Ok(sources);
    }
    let vault = Vault::from_environment(&|name| std::env::var(name).ok(), VaultOptions::default());
    let vault = vault.map_err(|error| CliError::new(chain(&error)))?;
    Ok(sources.with(SecretScheme::Vault, Arc::new(vault)))
}
