//! Settings of a gate, as configuration has them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use crate::builtin::{Overriding, SettingsError};
use crate::check::CheckId;
use crate::checks::catalogue;
use crate::command::{CommandCheck, CommandError, CommandSettings};
use crate::gate::{DEFAULT_CHECK_TIMEOUT, DEFAULT_CLEARANCE_LIFE, DuplicateCheck, Gate};
use crate::outcome::Level;

/// The `[safety]` table of a configuration.
///
/// ```
/// use landfast_safety::{Gate, Level, SafetySettings};
///
/// let settings: SafetySettings = toml::from_str(r#"
///     timeout-seconds = 20
///     [levels]
///     irreversible-steps = "warn"
///     [checks.blast-radius]
///     max = 10
/// "#)?;
/// let gate = Gate::builtin(&settings)?;
/// let levels: Vec<_> = gate.checks().filter(|(check, _)| check.id().as_str() == "irreversible-steps").collect();
/// assert_eq!(levels[0].1, Level::Warn);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SafetySettings {
    /// How long each check may take, in seconds; 30 where it is not said.
    pub timeout_seconds: Option<u64>,
    /// How long a clearance holds, in seconds; 600 where it is not said.
    pub clearance_seconds: Option<u64>,
    /// Levels of checks by id.
    pub levels: BTreeMap<String, Level>,
    /// Settings of checks by id.
    pub checks: BTreeMap<String, toml::Table>,
    /// Checks by command.
    pub commands: Vec<CommandSettings>,
    /// The folder in which they run: that of the file with these settings. Where this process runs, where it is not said.
    #[serde(skip)]
    pub folder: Option<PathBuf>,
}

/// Why there is no gate with these settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GateError {
    /// There is no check with this id.
    #[error("safety.{table}.{id} is not about any check")]
    UnknownCheck {
        /// The table in which it stands.
        table: &'static str,
        /// The id.
        id: String,
    },
    /// Nobody may lower the level of this check.
    #[error("safety.levels.{id} cannot be {level}: nobody may override this check")]
    CannotLower {
        /// The check.
        id: CheckId,
        /// The level that it was to have.
        level: Level,
    },
    /// A check by command makes no sense.
    #[error("safety.commands[{at}] ({id}) cannot be used")]
    Command {
        /// Its place in the list, from 0.
        at: usize,
        /// Its id, as configuration has it.
        id: String,
        /// Why.
        #[source]
        source: CommandError,
    },
    /// A check cannot take its settings.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

impl Gate {
    /// The built-in checks with these settings.
    ///
    /// # Errors
    /// When settings are of no check, or a check does not take its own.
    pub fn builtin(settings: &SafetySettings) -> Result<Self, GateError> {
        let entries = catalogue();
        let known = |id: &str| entries.iter().any(|entry| entry.id.as_str() == id);
        for (table, mut ids) in [
            ("levels", settings.levels.keys().collect::<Vec<_>>().into_iter()),
            ("checks", settings.checks.keys().collect::<Vec<_>>().into_iter()),
        ] {
            if let Some(id) = ids.find(|id| !known(id)) {
                return Err(GateError::UnknownCheck { table, id: id.clone() });
            }
        }
        let seconds = |given: Option<u64>, otherwise| given.map_or(otherwise, Duration::from_secs);
        let mut gate = Self::empty()
            .with_timeout(seconds(settings.timeout_seconds, DEFAULT_CHECK_TIMEOUT))
            .with_clearance_life(seconds(settings.clearance_seconds, DEFAULT_CLEARANCE_LIFE));
        for entry in entries {
            let own = settings.checks.get(entry.id.as_str()).cloned();
            let level = match settings.levels.get(entry.id.as_str()) {
                Some(level) if entry.overriding == Overriding::Never && *level < Level::Deny => {
                    return Err(GateError::CannotLower { id: entry.id, level: *level });
                }
                Some(level) => *level,
                None if own.is_some() => entry.level.max(Level::Deny),
                None => entry.level,
            };
            let check = entry.build(own)?;
            // Ids of the catalogue are unique, which a test sees to.
            let _ = gate.insert(check, level, entry.overriding);
        }
        for (at, command) in settings.commands.iter().enumerate() {
            let fail = |source| GateError::Command { at, id: command.id.clone(), source };
            let mut check = CommandCheck::new(command).map_err(fail)?;
            if let Some(folder) = &settings.folder {
                check = check.in_folder(folder.clone());
            }
            let added = gate.add(Arc::new(check), command.level);
            added.map_err(|DuplicateCheck { id }| fail(CommandError::Duplicate { id }))?;
        }
        Ok(gate)
    }
}
