//! Probes by command.

use std::path::PathBuf;
use std::time::Duration;

use landfast_rollback::{Health, PortFuture, Probe, ProbeError};
use landfast_state::Redactor;
use serde::Deserialize;

use super::process::{Bounds, run};
use super::{CommandSupervisor, NoProgram, chain};

/// The most that a probe may answer, in bytes.
const OUTPUT: usize = 1 << 20;

/// A probe as configuration has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ProbeSettings {
    /// A name for messages.
    pub name: String,
    /// The program and its arguments, as they are: no shell sees them.
    pub command: Vec<String>,
    /// How long it may take, in seconds; 60 where it is not said.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u64,
}

fn default_timeout() -> u64 {
    60
}

/// Asks by a command: its exit status 0 says that all is well, any other that it is not, and why stands on the last line of what
/// it wrote to standard error. A command that cannot be run, or takes too long, gives no answer.
#[derive(Debug)]
pub struct CommandProbe {
    settings: ProbeSettings,
    folder: PathBuf,
    redactor: Redactor,
    supervisor: Option<CommandSupervisor>,
}

impl CommandProbe {
    /// A probe that runs its command in `folder`; a program with a slash in its name is looked for there. `redactor` masks secrets
    /// in what it says. Under a supervisor it ends when this process does.
    ///
    /// # Errors
    /// When no program is named.
    pub fn new(
        settings: ProbeSettings,
        folder: PathBuf,
        redactor: Redactor,
        supervisor: Option<CommandSupervisor>,
    ) -> Result<Self, NoProgram> {
        if settings.command.first().is_none_or(String::is_empty) {
            return Err(NoProgram { action: "a probe" });
        }
        Ok(Self { settings, folder, redactor, supervisor })
    }
}

impl Probe for CommandProbe {
    fn name(&self) -> &str {
        &self.settings.name
    }

    fn ask<'a>(&'a self) -> PortFuture<'a, Result<Health, ProbeError>> {
        Box::pin(async move {
            let bounds = Bounds { time: Duration::from_secs(self.settings.timeout_seconds), output: OUTPUT };
            let mask = |text: &str| self.redactor.redact(text).into_owned();
            let asked = run(&self.settings.command, &self.folder, "", &bounds, self.supervisor.as_ref()).await;
            let finished = asked.map_err(|error| ProbeError { message: mask(&chain(&error)) })?;
            if finished.status.success() {
                return Ok(Health::Healthy);
            }
            let last = finished.last_error().unwrap_or_else(|| format!("it ended with {}", finished.status));
            Ok(Health::Unhealthy(mask(&last).chars().take(500).collect()))
        })
    }
}
