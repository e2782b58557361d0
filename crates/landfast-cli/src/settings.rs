//! `landfast.toml`: the one that is found upwards from the working directory, and the user's. What a file does not know is an
//! error that names it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use landfast::backends::Environment;
use landfast::fix::{CommandSettings, ProbeSettings};
use landfast::rollback::Planner;
use landfast::state::fits_glob;
use serde::{Deserialize, Deserializer, de};

use crate::duration;
use crate::error::CliError;
use crate::safety_settings::Safety;
use crate::scan_settings::{ProviderName, ProviderSettings, ScanSettings};

const NAME: &str = "landfast.toml";

/// The settings of one file. Relative paths in it begin in its folder.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) encryption: Encryption,
    pub(crate) opentofu: OpenTofu,
    pub(crate) history: Kept,
    /// The checks of plans.
    pub(crate) safety: Safety,
    /// Where operations are kept.
    pub(crate) operations: OperationSettings,
    /// What changes objects.
    pub(crate) actuators: Actuators,
    /// How fast is read.
    pub(crate) scan: ScanSettings,
    /// What providers are configured with, by their source addresses, with `.ALIAS` behind.
    pub(crate) providers: BTreeMap<ProviderName, ProviderSettings>,
    /// Environments by name.
    environments: BTreeMap<String, StateGlobs>,
    /// The folder of the file; the working folder where there is none.
    #[serde(skip)]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct OperationSettings {
    /// The folder of the journals, from the folder of the file.
    pub(crate) folder: Option<PathBuf>,
    /// Files of what is known of resource types, from the folder of the file: what can be taken back of them, and how.
    traits: Vec<PathBuf>,
    /// Commands that are asked after every batch and at the end whether all is well.
    pub(crate) probes: Vec<ProbeSettings>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Actuators {
    /// Commands of an in-house system.
    pub(crate) command: Option<CommandSettings>,
}

/// Which states belong to an environment: those that all of its patterns fit. A `*` stands for any text.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct StateGlobs {
    #[serde(default = "any")]
    store: String,
    #[serde(default = "any")]
    key: String,
    #[serde(default = "any")]
    workspace: String,
}

fn any() -> String {
    String::from("*")
}

/// Keys for what is kept beside states.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Encryption {
    pub(crate) passphrase_file: Option<PathBuf>,
    pub(crate) key_file: Option<PathBuf>,
    pub(crate) age_recipients_file: Option<PathBuf>,
    pub(crate) age_identities_file: Option<PathBuf>,
    pub(crate) transit_key: Option<String>,
    /// No file takes it back where another one demands it.
    pub(crate) require: bool,
}

/// States that OpenTofu encrypted.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct OpenTofu {
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// How much of histories is kept.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Kept {
    pub(crate) keep: Option<std::num::NonZeroUsize>,
    #[serde(deserialize_with = "time")]
    pub(crate) keep_for: Option<Duration>,
}

impl Settings {
    /// The settings that hold for operations here: those of the nearest file, or the default ones where there is none.
    pub(crate) fn nearest() -> Result<Self, CliError> {
        let here =
            std::env::current_dir().map_err(|error| CliError::io(Path::new("."), "cannot be looked at", &error))?;
        let first = load(&Environment::of_process())?.into_iter().next();
        Ok(first.unwrap_or_else(|| Self { folder: here, ..Self::default() }))
    }

    /// What is wrong with the table `[safety]`, on one line.
    pub(crate) fn of_safety(&self, error: &dyn std::error::Error) -> CliError {
        let text = crate::stores::chain(error);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        CliError::new(format!("{}: [safety]: {text}", self.folder.join(NAME).display()))
    }

    /// A planner that knows the resource types that these settings describe.
    pub(crate) fn planner(&self) -> Result<Planner, CliError> {
        let mut planner = Planner::default();
        for path in &self.operations.traits {
            let path = self.folder.join(path);
            let text = std::fs::read_to_string(&path).map_err(|error| CliError::io(&path, "cannot be read", &error))?;
            let traits = planner.traits.with(&text, &path.display().to_string());
            planner.traits = traits.map_err(|error| CliError::new(crate::stores::chain(&error)))?;
        }
        Ok(planner)
    }

    /// The environment of a state: the first one, by name, whose patterns fit; empty where none does.
    pub(crate) fn environment(&self, store: &str, key: &str, workspace: &str) -> &str {
        let fits = |environment: &StateGlobs| {
            fits_glob(&environment.store, store)
                && fits_glob(&environment.key, key)
                && fits_glob(&environment.workspace, workspace)
        };
        self.environments.iter().find(|(_, environment)| fits(environment)).map_or("", |(name, _)| name)
    }
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    duration::parse(&text).map(Some).map_err(de::Error::custom)
}

/// The files that there are: that of the working directory first, then the user's.
pub(crate) fn load(environment: &Environment) -> Result<Vec<Settings>, CliError> {
    let here = std::env::current_dir().ok().and_then(|folder| upwards(&folder));
    let folder = |name| environment.get(name).map(PathBuf::from);
    let users = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")));
    let users = users.map(|folder| folder.join("landfast").join(NAME)).filter(|path| path.is_file());
    let users = users.filter(|path| here.as_ref() != Some(path));
    here.into_iter().chain(users).map(|path| read(&path)).collect()
}

fn upwards(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().map(|folder| folder.join(NAME)).find(|path| path.is_file())
}

fn read(path: &Path) -> Result<Settings, CliError> {
    let text = std::fs::read_to_string(path).map_err(|error| CliError::io(path, "cannot be read", &error))?;
    let mut settings: Settings = toml::from_str(&text).map_err(|error| {
        // The message, and not the line itself: it may hold what somebody took for a place for a secret.
        let line = match error.span().and_then(|span| text.get(..span.start)) {
            Some(before) => format!("line {}: ", before.matches('\n').count() + 1),
            None => String::new(),
        };
        CliError::new(format!("{}: {line}{}", path.display(), error.message()))
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let Settings { encryption, opentofu, .. } = &mut settings;
    for named in [
        &mut encryption.passphrase_file,
        &mut encryption.key_file,
        &mut encryption.age_recipients_file,
        &mut encryption.age_identities_file,
        &mut opentofu.passphrase_file,
    ] {
        *named = named.take().map(|named| folder.join(named));
    }
    // An absolute one, since a program is started in it by a path from it.
    let absolute = std::path::absolute(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    settings.safety.gate.folder = Some(absolute.map_err(|error| CliError::io(path, "cannot be looked at", &error))?);
    settings.folder = folder.to_owned();
    Ok(settings)
}
