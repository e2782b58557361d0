//! Objects of in-house systems, read and changed by commands.
//!
//! Each action is an argument list that is run as it is, without a shell. The command gets one JSON document on its standard
//! input and answers with one on its standard output.
//!
//! ```json
//! {"landfast": "command-request", "format_version": "1.0", "action": "update", "address": "dns_record.www",
//!  "type": "dns_record", "before": {"value": "10.0.0.1"}, "after": {"value": "10.0.0.2"}, "sensitive": [], "unknown": []}
//! ```
//!
//! - `action` is `read`, `create`, `update` or `delete`. `before` is the object as it is, `after` as it is to be; `null` where
//!   there is none. Of a `read`, `before` is the object as it was last known, or `null`.
//! - Values stand in **clear**, since the command has to act on them; `sensitive` lists the paths of those that must not be shown.
//!   Of a `read`, secrets that are not known in clear are `null` and listed there too. The command must not log its input.
//! - `unknown` lists paths of values in `after` that the command chooses; they are `null`.
//!
//! A `read` answers `{"present": false}` or `{"present": true, "attributes": {…}, "sensitive": ["password"]}`. A change answers
//! `{}`, or nothing. Either may answer `{"error": {"class": "transient", "message": "…"}}`; the classes are `transient`,
//! `permission_denied`, `rejected`, `unsupported` and `other`. A command that ends with another status than 0 has failed, whatever
//! it says. What the command says of a change is not believed: the object is read afterwards.
//!
//! The command gets a process group of its own, which is killed when time is up or nobody waits any more; with a
//! [`CommandSupervisor`] also when this process is killed. A command must bear to be killed at any moment, and what it leaves
//! then must be found by a later `read`.

mod document;
mod probe;
mod process;
mod supervisor;

use std::path::PathBuf;
use std::time::Duration;

use landfast_rollback::{Actuator, ActuatorError, ActuatorFailure, Change, PortFuture};
use landfast_safety::ActionKind;
use landfast_state::address::ObjectAddress;
use landfast_state::{Redactor, ResourceObject, Snapshot};
use serde::Deserialize;

pub use probe::{CommandProbe, ProbeSettings};
pub use supervisor::{CommandSupervisor, supervise_command};

use document::{Request, read_answer, said_error};
use process::{Bounds, RunError, run};

/// The commands of an in-house system, as configuration has them.
///
/// ```
/// let settings: landfast_fix::CommandSettings = toml::from_str(r#"
///     read = ["./dns", "read"]
///     create = ["./dns", "create"]
///     update = ["./dns", "update"]
///     delete = ["./dns", "delete"]
///     timeout-seconds = 30
/// "#)?;
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct CommandSettings {
    /// Reads an object: the program and its arguments.
    pub read: Vec<String>,
    /// Creates an object; without it, nothing can be created.
    #[serde(default)]
    pub create: Vec<String>,
    /// Changes an object in place.
    #[serde(default)]
    pub update: Vec<String>,
    /// Deletes an object.
    #[serde(default)]
    pub delete: Vec<String>,
    /// How long a command may take, in seconds; 300 where it is not said. A step of a plan may allow less.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u64,
    /// The largest answer, in bytes; 16 MiB where it is not said.
    #[serde(default = "default_output")]
    pub max_output_bytes: u64,
}

fn default_timeout() -> u64 {
    300
}

fn default_output() -> u64 {
    16 << 20
}

/// Settings that name no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the command for {action} names no program")]
pub struct NoProgram {
    /// The action.
    pub action: &'static str,
}

/// Reads and changes objects by commands.
#[derive(Debug)]
pub struct CommandActuator {
    settings: CommandSettings,
    folder: PathBuf,
    redactor: Redactor,
    supervisor: Option<CommandSupervisor>,
}

impl CommandActuator {
    /// An actuator that runs these commands in `folder`; a program with a slash in its name is looked for there. `redactor` masks
    /// secrets in what commands say.
    ///
    /// # Errors
    /// When there is no command to read.
    pub fn new(settings: CommandSettings, folder: PathBuf, redactor: Redactor) -> Result<Self, NoProgram> {
        let named = [
            ("read", &settings.read),
            ("create", &settings.create),
            ("update", &settings.update),
            ("delete", &settings.delete),
        ];
        for (action, command) in named {
            let is_needed = action == "read" || !command.is_empty();
            if is_needed && command.first().is_none_or(String::is_empty) {
                return Err(NoProgram { action });
            }
        }
        Ok(Self { settings, folder, redactor, supervisor: None })
    }

    /// The same whose commands end when this process does, even where it is killed.
    #[must_use]
    pub fn supervised(self, supervisor: Option<CommandSupervisor>) -> Self {
        Self { supervisor, ..self }
    }

    async fn run(&self, command: &[String], request: &Request<'_>) -> Result<Vec<u8>, ActuatorError> {
        let bounds = Bounds {
            time: Duration::from_secs(self.settings.timeout_seconds),
            output: usize::try_from(self.settings.max_output_bytes).unwrap_or(usize::MAX),
        };
        let objects = request.objects();
        let own = Snapshot::redactor(&objects.iter().collect::<Vec<_>>());
        let mask = |text: &str| self.redactor.redact(&own.redact(text)).into_owned();
        let finished = match run(command, &self.folder, request.text(), &bounds, self.supervisor.as_ref()).await {
            Ok(finished) => finished,
            Err(error) => {
                let failure = match error {
                    RunError::TimedOut { .. } => ActuatorFailure::Transient,
                    _ => ActuatorFailure::Other,
                };
                return Err(ActuatorError::new(failure, mask(&chain(&error))));
            }
        };
        if let Some(mut error) = said_error(&finished.out) {
            error.message = mask(&error.message);
            return Err(error);
        }
        if !finished.status.success() {
            let last = finished.last_error().unwrap_or_default();
            let last: String = mask(&last).chars().take(500).collect();
            let colon = if last.is_empty() { "" } else { ": " };
            let why = format!("the command for {} ended with {}{colon}{last}", request.action(), finished.status);
            return Err(ActuatorError::new(ActuatorFailure::Other, why));
        }
        Ok(finished.out)
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

impl Actuator for CommandActuator {
    fn name(&self) -> &str {
        "command"
    }

    fn read<'a>(
        &'a self,
        address: &'a ObjectAddress,
        known: Option<&'a ResourceObject>,
    ) -> PortFuture<'a, Result<Option<ResourceObject>, ActuatorError>> {
        Box::pin(async move {
            let request = Request::read(address, known);
            let out = self.run(&self.settings.read, &request).await?;
            read_answer(&out, address, known)
        })
    }

    fn act<'a>(&'a self, change: &'a Change) -> PortFuture<'a, Result<(), ActuatorError>> {
        Box::pin(async move {
            let unsupported = |why: String| Err(ActuatorError::new(ActuatorFailure::Unsupported, why));
            let command = match change.action {
                ActionKind::Create => &self.settings.create,
                ActionKind::Update => &self.settings.update,
                ActionKind::Delete => &self.settings.delete,
                other => return unsupported(format!("commands do not {other}")),
            };
            if command.is_empty() {
                return unsupported(format!("no command is configured for {}", change.action));
            }
            if change.deposes.is_some() || change.restores.is_some() {
                return unsupported("commands do not put objects aside".to_owned());
            }
            let request = Request::change(change);
            self.run(command, &request).await.map(drop)
        })
    }
}
