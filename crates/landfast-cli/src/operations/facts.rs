//! What checks have to know about the surroundings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use landfast::backends::history::{HistoryOutcome, Intent};
use landfast::backends::{StoredState, WriteNote};
use landfast::drift::cost::{Amount, CostModel, PriceTable};
use landfast::rollback::journal::{StepState, View};
use landfast::rollback::{OperationState, Plan, Values};
use landfast::safety::approval::SignedApproval;
use landfast::safety::{Actor, BackupFact, Facts, OperationFact, ProposalKind, Sight, Target};
use landfast::state::BytesDigest;

use super::session::Session;
use crate::error::CliError;
use crate::operation_args::ExecuteArgs;
use crate::stores::{chain, groups, user, who};

impl Session {
    /// The facts about a plan, as far as they are known here. `views` are the other operations. Who holds the lock, and which
    /// approvals were used, is found out when the plan is judged. What nobody here knows, such as the health of what is depended
    /// on, is refused where a check asks for it.
    pub(super) async fn facts(
        &self,
        plan: &Plan,
        views: &[View],
        values: &Values,
        args: &ExecuteArgs,
    ) -> Result<Facts, CliError> {
        let mut facts = Facts::default();
        let files = &self.settings.safety.files;
        if plan.steps().iter().all(|step| step.action.is_bookkeeping()) {
            facts.sight = Sight::Record;
        }
        facts.configuration = super::configuration(&self.settings)?;
        facts.prices = files.prices.as_ref().map(|path| self.prices(path)).transpose()?;
        facts.budgets = files.budgets.as_ref().map(|path| self.budgets(path)).transpose()?;
        facts.acknowledged_deletes = args.acknowledge_deletes;
        let approvals = args.approval.iter().map(|path| SignedApproval::read(path));
        let approvals = approvals.collect::<Result<Vec<_>, _>>().map_err(|error| CliError::new(chain(&error)))?;
        facts.approvals = Some(approvals);
        facts.backup = Some(self.back_up(plan).await?);
        let here = |view: &&View| is_same_state(view.plan.target(), plan.target());
        facts.operations = Some(views.iter().filter(here).map(fact).collect());
        facts.rolled_back = Some(match plan.kind() {
            ProposalKind::Forward => None,
            ProposalKind::Rollback { operation } => views.iter().find(|view| view.operation == *operation).map(fact),
        });
        facts.actor = Some(Actor { name: user(), groups: groups() });
        let objects = plan.before().objects().iter().chain(plan.after().objects());
        let missing = objects.filter_map(|object| values.find(object).err());
        facts.missing_values = Some(
            missing
                .flat_map(|missing| missing.paths.into_iter().map(move |path| (missing.address.clone(), path)))
                .collect(),
        );
        Ok(facts)
    }

    fn prices(&self, path: &Path) -> Result<Arc<dyn CostModel>, CliError> {
        let path = self.settings.folder.join(path);
        let text = std::fs::read_to_string(&path).map_err(|error| CliError::io(&path, "cannot be read", &error))?;
        let table = PriceTable::from_toml(&path.display().to_string(), &text);
        table.map(|table| Arc::new(table) as _).map_err(|error| CliError::new(chain(&error)))
    }

    fn budgets(&self, path: &Path) -> Result<BTreeMap<String, Amount>, CliError> {
        let path = self.settings.folder.join(path);
        let text = std::fs::read_to_string(&path).map_err(|error| CliError::io(&path, "cannot be read", &error))?;
        let wrong = |error: toml::de::Error| CliError::new(format!("{}: {}", path.display(), error.message()));
        toml::from_str(&text).map_err(wrong)
    }

    /// Keeps the state as it is in its history, and reads it back; where its store keeps versions itself, those count.
    async fn back_up(&self, plan: &Plan) -> Result<BackupFact, CliError> {
        let at = SystemTime::now();
        let Some(stored) = self.held.stored().await.map_err(|error| CliError::new(chain(&error)))? else {
            return Ok(BackupFact::Taken {
                state: BytesDigest::of(&[]),
                place: String::from("(there is no state)"),
                at,
            });
        };
        let Some(history) = self.target.history.clone() else {
            let (store, key) = (&self.target.store, &self.target.address.key);
            let versions = store.versions(key).await.unwrap_or_default();
            let Some(current) = versions.into_iter().find(|version| version.is_current) else {
                return Ok(BackupFact::None);
            };
            // A version counts once it was read back, and is what there is.
            let kept = store.read_version(key, &current.id).await;
            let is_it = kept.is_ok_and(|kept| BytesDigest::of(&kept.bytes) == BytesDigest::of(&stored.bytes));
            return Ok(if is_it {
                BackupFact::Taken { state: stored.digest, place: current.id.to_string(), at }
            } else {
                BackupFact::None
            });
        };
        let (place, lineage, plan) = (self.target.place(), plan.target().lineage.clone(), plan.digest());
        let bytes = stored.bytes.clone();
        let serial = plan_serial(&stored, &place);
        let work = move || {
            let note = WriteNote::new(&who(), &format!("kept before plan {plan} is executed")).with_serial(serial);
            let number = history.begin(&Intent::new(at, &place, &note, &lineage, Some(&bytes), &bytes))?;
            history.conclude(number, HistoryOutcome::NotWritten)?;
            let kept = history.content(&history.digest_of(&bytes)?)?;
            Ok::<_, landfast::backends::history::HistoryError>((kept == bytes, history.folder().display().to_string()))
        };
        let kept = tokio::task::spawn_blocking(work).await.map_err(|_| CliError::interrupted())?;
        match kept.map_err(|error| CliError::new(format!("the state cannot be backed up: {}", chain(&error))))? {
            (true, place) => Ok(BackupFact::Taken { state: stored.digest, place, at }),
            (false, _) => Ok(BackupFact::None),
        }
    }
}

fn plan_serial(stored: &StoredState, place: &str) -> u64 {
    let state = landfast::state::StateFile::read(stored.bytes.clone(), place, &landfast::state::Limits::default());
    state.map_or(0, |state| state.serial())
}

fn is_same_state(a: &Target, b: &Target) -> bool {
    a.store == b.store && a.workspace == b.workspace
}

fn fact(view: &View) -> OperationFact {
    OperationFact {
        id: view.operation.clone(),
        state: view.state.as_str().to_owned(),
        ended: view.is_ended(),
        successful: view.state == OperationState::Applied,
        left_something: view.reached_applying
            && view.steps().any(|(_, state)| !matches!(state, StepState::NotStarted | StepState::Reverted)),
        began: view.began.parse::<jiff::Timestamp>().map_or(SystemTime::UNIX_EPOCH, SystemTime::from),
        changes: if view.reached_applying { changed(&view.plan) } else { 0 },
        plan: view.plan.digest(),
    }
}

/// How many objects a plan changes; what only the state learns changes none.
fn changed(plan: &Plan) -> usize {
    let steps = plan.steps().iter().filter(|step| !step.action.is_bookkeeping());
    steps.map(|step| step.replaced.as_ref().unwrap_or(&step.address)).collect::<BTreeSet<_>>().len()
}
