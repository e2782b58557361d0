//! `[safety]` in `landfast.toml`: the settings of the checks, and the files that they judge by.

use std::path::PathBuf;

use landfast::safety::SafetySettings;
use serde::{Deserialize, Deserializer, de};

/// The table `[safety]`.
#[derive(Debug, Default)]
pub(crate) struct Safety {
    /// The settings of the gate.
    pub(crate) gate: SafetySettings,
    pub(crate) files: SafetyFiles,
}

/// Files that checks judge by. Paths begin in the folder of the settings.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SafetyFiles {
    /// Policies for the check `no-policy-violation`: files, folders, `pack:NAME`.
    pub(crate) policies: Vec<PathBuf>,
    /// A JSON object that policies find under `data`.
    pub(crate) policy_data: Option<PathBuf>,
    /// A table of prices, for `cost-impact` and `no-slo-violation`.
    pub(crate) prices: Option<PathBuf>,
    /// How much of each budget is used, for `no-slo-violation`.
    pub(crate) budgets: Option<PathBuf>,
    /// The configuration that plans are made from, for `config-hash-match`: files and folders.
    pub(crate) configuration: Vec<PathBuf>,
}

/// The error on one line, with the member that it is about.
fn placed(error: &toml::de::Error) -> String {
    format!("[safety]: {}", error.to_string().split_whitespace().collect::<Vec<_>>().join(" "))
}

const FILES: [&str; 5] = ["policies", "policy-data", "prices", "budgets", "configuration"];
const GATE: [&str; 5] = ["timeout-seconds", "clearance-seconds", "levels", "checks", "commands"];

impl<'de> Deserialize<'de> for Safety {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let table = toml::Table::deserialize(deserializer)?;
        if let Some(name) = table.keys().find(|name| !FILES.iter().chain(&GATE).any(|known| known == name)) {
            let known: Vec<_> = GATE.iter().chain(&FILES).map(|known| format!("`{known}`")).collect();
            return Err(de::Error::custom(format!(
                "[safety]: unknown field `{name}`, expected one of {}",
                known.join(", ")
            )));
        }
        let (files, gate): (toml::Table, toml::Table) =
            table.into_iter().partition(|(name, _)| FILES.contains(&name.as_str()));
        Ok(Self {
            gate: gate.try_into().map_err(|error| de::Error::custom(placed(&error)))?,
            files: files.try_into().map_err(|error| de::Error::custom(placed(&error)))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_settings_of_checks_and_files() {
        let text = "prices = \"prices.toml\"\npolicies = [\"pack:soc2\"]\n[levels]\nfreeze = \"warn\"\n";
        let safety: Safety = toml::from_str(text).unwrap();
        assert_eq!(safety.files.prices, Some(PathBuf::from("prices.toml")));
        assert_eq!(safety.gate.levels.len(), 1);
        let unknown = toml::from_str::<Safety>("policy = []").unwrap_err();
        assert!(unknown.message().contains("`policy`, expected one of") && unknown.message().contains("`policies`"));
        for name in GATE.iter().chain(&FILES) {
            // A number is none of them, save the seconds: the name is known, and the value is what is refused.
            let refused =
                toml::from_str::<Safety>(&format!("{name} = 1")).err().map(|error| error.message().to_owned());
            assert!(refused.is_none_or(|why| !why.contains("unknown field")), "{name}");
        }
        assert!(toml::from_str::<Safety>("policies = 1").is_err());
    }
}
