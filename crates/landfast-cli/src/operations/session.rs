//! A state that is held for an operation, and everything around it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use landfast::ExitCode;
use landfast::backends::change::ChangeOptions;
use landfast::backends::{AuditLog, VersionSelector, user_state_folder};
use landfast::drift::{CompareOptions, RuleSet};
use landfast::fix::{CommandActuator, CommandProbe, HeldState, StateActuator, WantedFile};
use landfast::rollback::{Actuator, Hold as _, Plan, Probe, Values};
use landfast::state::{BytesDigest, FingerprintKey, Limits, Redactor, Snapshot, StateFile};

use super::folder::Folder;
use crate::args::Global;
use crate::args::StateAt;
use crate::error::CliError;
use crate::operation_args::ExecuteArgs;
use crate::settings::Settings;
use crate::stores::{Target, chain, of_change, who};
use crate::supervisor::Host;
use crate::{input, key};

/// A state that is held for an operation.
pub(crate) struct Session {
    pub(crate) target: Target,
    pub(crate) held: Arc<HeldState>,
    pub(crate) settings: Settings,
    pub(crate) folder: Folder,
    pub(crate) rules: Arc<RuleSet>,
    pub(crate) key: FingerprintKey,
    pub(crate) audit: Arc<AuditLog>,
    /// The user's folder, in which the audit log is.
    pub(crate) kept: PathBuf,
    host: Host,
}

/// A moment as RFC 3339 has it.
pub(crate) fn moment(at: SystemTime) -> String {
    jiff::Timestamp::try_from(at).map(|at| format!("{at:.0}")).unwrap_or_default()
}

/// The state that is meant: as the arguments say, or else that of the plan where it is a file, or else that of the working folder.
/// It is the place that the plan is for, or nothing is opened.
fn state_of(at: &StateAt, plan: &Plan, global: &Global) -> Result<Target, CliError> {
    let planned = plan.target();
    let is_unnamed = at.state.is_none() && at.workspace.is_none();
    // The file may have been moved away since, and then nothing else stands in for it.
    let is_plain_file = planned.workspace == "default" && Path::new(&planned.store).is_absolute();
    let target = if is_unnamed && is_plain_file {
        Target::current(&StateAt { state: Some(PathBuf::from(&planned.store)), workspace: None }, global)
    } else {
        Target::current(at, global)
    };
    let target = target.map_err(|error| match error.hint_text() {
        None if is_unnamed => error.hint(format!("the plan is for {planned}: name it with --state")),
        _ => error,
    })?;
    let (place, workspace) = (place_of(&target), &target.address.key.workspace);
    if place == planned.store && *workspace == planned.workspace {
        return Ok(target);
    }
    let here = landfast::safety::Target { store: place, workspace: workspace.clone(), ..planned.clone() };
    Err(CliError::new(format!("the plan is for {planned}, and this is {here}"))
        .hint("name the state that the plan is for with --state")
        .with_code(ExitCode::Refused))
}

/// The refusal of a plan whose state is not where it was.
fn not_there(plan: &Plan, what: &str) -> CliError {
    CliError::new(format!("the plan is for {}, where {what}", plan.target()))
        .hint("bring the state back that the plan is for")
        .with_code(ExitCode::Refused)
}

/// The place of a state as plans name it: the same wherever landfast runs, and whether or not a file is there.
pub(crate) fn place_of(target: &Target) -> String {
    let place = target.place();
    if target.address.kind != "local" {
        return place;
    }
    let path = Path::new(&place);
    let resolved = std::fs::canonicalize(path).or_else(|_| {
        let path = std::path::absolute(path)?;
        match (path.parent().map(std::fs::canonicalize), path.file_name()) {
            (Some(Ok(folder)), Some(name)) => Ok(folder.join(name)),
            _ => Ok::<_, std::io::Error>(path),
        }
    });
    resolved.map_or(place.clone(), |path| path.display().to_string())
}

impl Session {
    /// Takes the lock of the state.
    pub(crate) async fn open(
        args: &ExecuteArgs,
        plan: &Plan,
        command: &str,
        global: &Global,
        host: Host,
    ) -> Result<Self, CliError> {
        let settings = Settings::nearest()?;
        let folder = Folder::of(&args.folder, &settings)?;
        let rules = input::rules(&args.rules)?;
        let key = key::load()?.ok_or_else(|| {
            CliError::new("there is no fingerprint key, so the values of the plan cannot be told").hint(
                "plans are executed with the key that they were made with; LANDFAST_FINGERPRINT_KEY_FILE names it",
            )
        })?;
        let target = state_of(&args.at, plan, global)?;
        let audit = user_state_folder(&target.environment)
            .ok_or_else(|| CliError::new("there is no folder for the audit log: set XDG_STATE_HOME or HOME"))?;
        crate::stores::transfers(&target)?
            .refuse_pending(&target.place())
            .map_err(|error| crate::stores::of_transfer(&error))?;
        let place = place_of(&target);
        let address = &target.address.key;
        let environment = settings.environment(&place, &address.key, &address.workspace).to_owned();
        let options = ChangeOptions::new(&who(), args.reason.as_deref().unwrap_or(command), SystemTime::now())
            .with_history(target.history.clone())
            .with_lock_wait(args.lock_timeout);
        // Taking a lock may leave an empty file where there is none.
        if !plan.target().lineage.is_empty() {
            let stored = target.store.read(address).await.map_err(|error| crate::stores::of_store(&error))?;
            if stored.is_none() {
                return Err(not_there(plan, "there is no state any more"));
            }
        }
        let held = HeldState::open(Arc::clone(&target.store), address.clone(), &environment, &options).await;
        let held = held.map_err(|error| of_change(&error, &target))?.with_place(place);
        let planned = &plan.target().lineage;
        if !planned.is_empty() && *planned != held.target().lineage {
            held.release().await.map_err(|error| of_change(&error, &target))?;
            return Err(not_there(plan, "another state is by now"));
        }
        let (kept, audit) = (audit.clone(), Arc::new(AuditLog::in_folder(&audit)));
        Ok(Self { target, held: Arc::new(held), settings, folder, rules, key, audit, kept, host })
    }

    /// What counts as the same.
    pub(crate) fn compared(&self) -> CompareOptions {
        let mut compared = CompareOptions::default();
        compared.rules = Arc::clone(&self.rules);
        compared.fingerprint_key = Some(self.key.clone());
        compared
    }

    /// States from before: those that the plans were made on, as far as they are kept.
    pub(crate) async fn earlier(&self, plans: &[&Plan]) -> Vec<StateFile> {
        let mut states = Vec::new();
        for plan in plans {
            states.extend(earlier_state(&self.target, plan.target().serial, plan.state()).await);
        }
        states
    }

    /// Where sensitive values stand in clear: the state, earlier ones, what the arguments name, and what is there.
    pub(crate) async fn values(
        &self,
        args: &ExecuteArgs,
        earlier: &[StateFile],
        seen: Snapshot,
        global: &Global,
    ) -> Result<Values, CliError> {
        let now = self.held.snapshot().await.map_err(|error| CliError::new(chain(&error)))?;
        let mut sources: Vec<Snapshot> = now.into_iter().collect();
        sources.extend(earlier.iter().map(StateFile::snapshot));
        sources.extend(values_of(&args.values, global)?);
        let kept = sources.into_iter().map(|source| self.rules.mark_secrets(source)).collect();
        Ok(Values::new(self.key.clone(), kept).with_passing(vec![self.rules.mark_secrets(seen)]))
    }

    /// What executes this plan: the state's own actuator, or the configured command.
    pub(crate) fn actuator(
        &self,
        plan: &Plan,
        earlier: Vec<StateFile>,
        redactor: Redactor,
    ) -> Result<Arc<dyn Actuator>, CliError> {
        let books = plan.steps().iter().filter(|step| step.action.is_bookkeeping()).count();
        if books == plan.steps().len() {
            return Ok(Arc::new(StateActuator::new(Arc::clone(&self.held), earlier, Arc::clone(&self.rules))));
        }
        if books > 0 {
            return Err(CliError::new(
                "the plan changes objects and what the state says of others, and nothing here does both",
            ));
        }
        command_actuator(&self.settings, redactor, self.host).map(|actuator| Arc::new(actuator) as Arc<dyn Actuator>)
    }
}

impl Session {
    /// The probes that are configured.
    pub(crate) fn probes(&self, redactor: &Redactor) -> Result<Vec<Arc<dyn Probe>>, CliError> {
        let probes = self.settings.operations.probes.iter().map(|probe| {
            let folder = self.settings.folder.clone();
            let made = CommandProbe::new(probe.clone(), folder, redactor.clone(), self.host.command_supervisor());
            let made = made.map_err(|error| CliError::new(format!("operations.probes: {error}")));
            made.map(|probe| Arc::new(probe) as Arc<dyn Probe>)
        });
        probes.collect()
    }
}

/// The commands that are configured.
pub(crate) fn command_actuator(
    settings: &Settings,
    redactor: Redactor,
    host: Host,
) -> Result<CommandActuator, CliError> {
    let command = settings.actuators.command.clone().ok_or_else(|| {
        CliError::new("nothing is configured that changes objects")
            .hint("name the commands of your system under [actuators.command] in landfast.toml")
    })?;
    CommandActuator::new(command, settings.folder.clone(), redactor)
        .map(|actuator| actuator.supervised(host.command_supervisor()))
        .map_err(|error| CliError::new(format!("actuators.command: {}", chain(&error))))
}

/// The state of this serial and these bytes, where it is kept.
pub(crate) async fn earlier_state(target: &Target, serial: u64, digest: BytesDigest) -> Option<StateFile> {
    let limits = Limits::default();
    let stored = match target.history.as_ref().and_then(|history| history.content(&digest).ok()) {
        Some(bytes) => bytes,
        None => target.timeline(&limits).read(&VersionSelector::Serial(serial)).await.ok()?.bytes,
    };
    if BytesDigest::of(&stored) != digest {
        return None;
    }
    StateFile::read(stored, &target.place(), &limits).ok()
}

/// What documents, and files of wanted changes, hold.
pub(crate) fn values_of(sources: &[PathBuf], global: &Global) -> Result<Vec<Snapshot>, CliError> {
    let mut snapshots = Vec::new();
    for source in sources {
        if source.extension().is_some_and(|extension| extension == "toml") {
            let name = source.display().to_string();
            let text =
                std::fs::read_to_string(source).map_err(|error| CliError::io(source, "cannot be read", &error))?;
            let said = WantedFile::parse(&text, &name).and_then(|wanted| wanted.said());
            snapshots.push(said.map_err(|error| CliError::new(chain(&error)))?);
        } else {
            snapshots.push(input::document(source, global)?.into_observed().snapshot);
        }
    }
    Ok(snapshots)
}
