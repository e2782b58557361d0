//! `landfast.toml`: found upwards from the working folder, or else the user's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use landfast::fix::CommandSettings;
use landfast::rollback::Planner;
use landfast::safety::SafetySettings;
use serde::Deserialize;

use crate::error::CliError;

/// What the file is called.
const NAME: &str = "landfast.toml";

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Settings {
    /// The checks of plans.
    pub(crate) safety: SafetySettings,
    /// Where operations are kept.
    pub(crate) operations: OperationSettings,
    /// What changes objects.
    pub(crate) actuators: Actuators,
    /// Environments by name.
    environments: BTreeMap<String, Environment>,
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
struct Environment {
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

impl Settings {
    /// The settings that hold here; the default ones where there is no file.
    pub(crate) fn load() -> Result<Self, CliError> {
        let here =
            std::env::current_dir().map_err(|error| CliError::io(Path::new("."), "cannot be looked at", &error))?;
        let Some(path) = find(&here) else { return Ok(Self { folder: here, ..Self::default() }) };
        let text = std::fs::read_to_string(&path).map_err(|error| CliError::io(&path, "cannot be read", &error))?;
        let settings: Self = toml::from_str(&text).map_err(|error| {
            let line =
                error.span().map_or(0, |span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
            CliError::new(format!("{}, line {line}: {}", path.display(), error.message()))
        })?;
        Ok(Self { folder: path.parent().unwrap_or(&here).to_owned(), ..settings })
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
        let fits = |environment: &Environment| {
            fits(&environment.store, store) && fits(&environment.key, key) && fits(&environment.workspace, workspace)
        };
        self.environments.iter().find(|(_, environment)| fits(environment)).map_or("", |(name, _)| name)
    }
}

fn find(from: &Path) -> Option<PathBuf> {
    let user = || {
        let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let configuration = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")))?;
        Some(configuration.join("landfast").join(NAME))
    };
    from.ancestors().map(|folder| folder.join(NAME)).chain(user()).find(|path| path.is_file())
}

/// Whether a pattern fits the whole text.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_is_any_text() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("prod", "prod", true),
            ("prod", "prod2", false),
            ("prod-*", "prod-eu", true),
            ("*/prod/*.tfstate", "s3://b/prod/net.tfstate", true),
            ("*/prod/*.tfstate", "s3://b/dev/net.tfstate", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }
}
