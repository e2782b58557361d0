//! Executing plans and taking operations back: the parts put together.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use landfast_drift::CompareOptions;
use landfast_fix::HeldState;
use landfast_rollback::journal::{Journal, View};
use landfast_rollback::{
    Actuator, ApprovalLedger, ExecuteError, Executor, Hold as _, HoldError, Judge, JudgeFailed, OperationOptions, Plan,
    Planner, PortFuture, Ports, Probe, Report, SystemClock, TakeBack, TakeBackError, TakingBack, Values, take_back,
};
use landfast_safety::{Context, Facts, Gate, LockFact, Override, Proposal, SafetyReport};
use landfast_state::address::ObjectAddress;
use landfast_state::{AuditSink, BytesDigest, Gap, GapKind, Observation, Origin, Snapshot, SourceKind};

/// What a plan is executed with.
///
/// A check and an actuator of one's own, put together:
///
/// ```
/// use std::{collections::BTreeMap, sync::{Arc, Mutex}, time::{Duration, SystemTime}};
/// use landfast::backends::{AuditLog, MemoryStore, StateKey, change::ChangeOptions};
/// use landfast::drift::CompareOptions;
/// use landfast::fix::HeldState;
/// use landfast::rollback::{journal::FileJournal, planner::Wanted, *};
/// use landfast::safety::{Check, CheckFuture, CheckId, Context, Evidence, Facts, Gate, Level, Verdict};
/// use landfast::state::{FingerprintKey, ResourceObject, Snapshot, Origin, SourceKind, Value, address::ObjectAddress};
/// use landfast::{Execution, apply};
///
/// /// An in-house system: tickets by address.
/// #[derive(Debug, Default)]
/// struct Tickets(Mutex<BTreeMap<ObjectAddress, ResourceObject>>);
/// impl Actuator for Tickets {
///     fn name(&self) -> &str { "tickets" }
///     fn read<'a>(&'a self, at: &'a ObjectAddress, _: Option<&'a ResourceObject>)
///         -> PortFuture<'a, Result<Option<ResourceObject>, ActuatorError>> {
///         Box::pin(async move { Ok(self.0.lock().unwrap().get(at).cloned()) })
///     }
///     fn act<'a>(&'a self, change: &'a Change) -> PortFuture<'a, Result<(), ActuatorError>> {
///         Box::pin(async move {
///             let mut tickets = self.0.lock().unwrap();
///             match change.after.clone() {
///                 Some(ticket) => tickets.insert(change.address.clone(), ticket),
///                 None => tickets.remove(&change.address),
///             };
///             Ok(())
///         })
///     }
/// }
///
/// /// Nobody opens more than two tickets at a time.
/// #[derive(Debug)]
/// struct FewTickets;
/// impl Check for FewTickets {
///     fn id(&self) -> CheckId { CheckId::new("few-tickets").unwrap() }
///     fn question(&self) -> &str { "Are there few tickets in the plan?" }
///     fn advice(&self) -> &str { "open them one after the other" }
///     fn settings(&self) -> String { "2".to_owned() }
///     fn judge<'a>(&'a self, context: &'a Context) -> CheckFuture<'a> {
///         let count = context.proposal().changes.len();
///         let evidence = (count > 2).then(|| Evidence::of_all(format!("{count} tickets")));
///         Box::pin(async move { Ok(Verdict::fail_on(evidence.into_iter().collect())) })
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// let options = ChangeOptions::new("alice", "tickets", SystemTime::now());
/// let held = HeldState::open(Arc::new(MemoryStore::default()), StateKey::new("tickets"), "prod", &options).await?;
/// let empty = Snapshot::empty(Origin::new(SourceKind::Observation, "tickets"));
/// let ticket = ResourceObject::bare("acme_ticket.a".parse()?, "acme")
///     .with_value(&BTreeMap::from([("title".to_owned(), Value::String("rotate keys".to_owned()))]))?;
/// let mut wanted = Wanted::new(held.target(), held.state().await?, empty.clone(), empty.with_only([ticket]));
/// wanted.now = SystemTime::now();
/// let values = Values::new(FingerprintKey::from_bytes([7; 32]), vec![]);
/// let plan = Planner::default().plan(&wanted, &values)?;
///
/// let mut gate = Gate::empty();
/// gate.add(Arc::new(FewTickets), Level::Deny)?;
/// let execution = Execution {
///     held: Arc::new(held), actuator: Arc::new(Tickets::default()), gate, values, facts: Facts::default(),
///     journal: Arc::new(FileJournal::create(&folder.join("op-1.journal"))?),
///     audit: Arc::new(AuditLog::in_folder(folder)), forced: None, executed: BTreeMap::new(), approvals: None,
///     compared: CompareOptions::default(), probes: vec![],
/// };
/// let report = apply(execution, "op-1", &plan, &OperationOptions::default(), "alice").await?;
/// assert_eq!(report.view.state, OperationState::Applied);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Execution {
    /// The state under its lock.
    pub held: Arc<HeldState>,
    /// Reads and changes objects.
    pub actuator: Arc<dyn Actuator>,
    /// Takes the records of the operation.
    pub journal: Arc<dyn Journal>,
    /// Takes a record of the operation before it begins to change anything.
    pub audit: Arc<dyn AuditSink>,
    /// The checks.
    pub gate: Gate,
    /// What is known of the surroundings; who holds the lock is found out.
    pub facts: Facts,
    /// What is overridden.
    pub forced: Option<Override>,
    /// Plans that were executed before, with the operation that did: none is executed twice.
    pub executed: BTreeMap<BytesDigest, String>,
    /// Where the use of the plan and of the approvals in [`Facts::approvals`] is recorded, for this operation; it fills in
    /// [`Facts::used_approvals`]. Where there is none, nobody knows which approvals were used.
    pub approvals: Option<ApprovalLedger>,
    /// Sensitive values in clear.
    pub values: Values,
    /// What counts as the same.
    pub compared: CompareOptions,
    /// Asked after every batch and at the end.
    pub probes: Vec<Arc<dyn Probe>>,
}

impl Execution {
    /// The executor.
    #[must_use]
    pub fn into_executor(self) -> Executor {
        let judge = GateJudge {
            gate: self.gate,
            held: Arc::clone(&self.held),
            facts: self.facts,
            forced: self.forced,
            executed: self.executed,
            approvals: self.approvals,
            values: self.values.clone(),
            audit: Arc::clone(&self.audit),
            compared: self.compared.clone(),
        };
        let ports = Ports {
            actuator: self.actuator,
            journal: self.journal,
            hold: self.held,
            clock: Arc::new(SystemClock),
            judge: Arc::new(judge),
            audit: self.audit,
            probes: self.probes,
        };
        Executor::new(ports, self.values, self.compared)
    }
}

/// Judges plans by a gate, on the state that is held.
#[derive(Debug)]
pub struct GateJudge {
    gate: Gate,
    held: Arc<HeldState>,
    facts: Facts,
    forced: Option<Override>,
    executed: BTreeMap<BytesDigest, String>,
    approvals: Option<ApprovalLedger>,
    values: Values,
    audit: Arc<dyn AuditSink>,
    compared: CompareOptions,
}

/// The plan was executed before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("operation {operation} has executed this plan already")]
pub struct AlreadyExecuted {
    /// The operation that did.
    pub operation: String,
}

/// The plan was made on another state than there is. Its clearance would not hold, so nothing is asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it was made on the state {planned}, and the state is {now} now: plan again")]
pub struct StalePlan {
    /// Digest of the state that it was made on.
    pub planned: BytesDigest,
    /// Digest of the state that there is.
    pub now: BytesDigest,
}

impl Judge for GateJudge {
    fn policy(&self) -> BytesDigest {
        self.gate.policy()
    }

    fn judge<'a>(
        &'a self,
        mut proposal: Proposal,
        observed: Observation,
    ) -> PortFuture<'a, Result<SafetyReport, JudgeFailed>> {
        Box::pin(async move {
            if let Some(operation) = self.executed.get(&proposal.plan) {
                return Err(JudgeFailed(Box::new(AlreadyExecuted { operation: operation.clone() })));
            }
            let now = self.held.state().await.map_err(|error| JudgeFailed(Box::new(error)))?;
            if now != proposal.state {
                return Err(JudgeFailed(Box::new(StalePlan { planned: proposal.state, now })));
            }
            let recorded = self.held.snapshot().await.map_err(|error| JudgeFailed(Box::new(error)))?;
            let recorded = recorded.unwrap_or_else(|| Snapshot::empty(Origin::new(SourceKind::State, "")));
            let mut facts = self.facts.clone();
            facts.lock = Some(LockFact::Ours { id: self.held.lock_id().to_owned() });
            // The plan holds fingerprints in the places of values that are at hand.
            for side in [&mut proposal.before, &mut proposal.after] {
                let objects = side.objects().iter();
                *side =
                    side.with_only(objects.map(|object| self.values.find(object).unwrap_or_else(|_| object.clone())));
            }
            let failed = |error| JudgeFailed(Box::new(error));
            if let Some(ledger) = &self.approvals {
                facts.used_approvals = Some(ledger.used().map_err(failed)?);
            }
            let given = facts.approvals.clone().unwrap_or_default();
            let now = SystemTime::now();
            let context = Context::new(Arc::new(proposal), recorded, observed, facts, now, &self.compared);
            let judged = self.gate.judge(&context, self.forced.clone(), &*self.audit).await;
            let judged = judged.map_err(|error| JudgeFailed(Box::new(error)))?;
            // A plan or an approval is used up by what it lets through, and by nothing that was refused.
            if let Some(ledger) = self.approvals.as_ref().filter(|_| judged.is_clear()) {
                ledger.record(&given).map_err(failed)?;
                ledger.record_plan(&context.proposal().plan).map_err(failed)?;
            }
            Ok(judged)
        })
    }
}

/// Executes a plan as the operation with this id. See [`Executor::execute`], which has more ways.
///
/// # Errors
/// When the journal cannot be written.
pub async fn apply(
    execution: Execution,
    operation: &str,
    plan: &Plan,
    options: &OperationOptions,
    who: &str,
) -> Result<Report, ExecuteError> {
    execution.into_executor().execute(operation, plan, options, who).await
}

/// Plans to take an operation back that has ended: everything that it touched is read, and the way from there to what was before
/// it is planned. The plan is executed by [`apply`] like any other.
///
/// # Errors
/// When the state cannot be read, or there is no such plan.
pub async fn plan_rollback(
    planner: &Planner,
    view: &View,
    held: &HeldState,
    actuator: &dyn Actuator,
    values: &Values,
    change: impl FnOnce(&mut TakeBack<'_>) + Send,
) -> Result<Result<TakingBack, TakeBackError>, HoldError> {
    let state = held.state().await?;
    let mut addresses: Vec<&ObjectAddress> = Vec::new();
    for step in view.plan.steps() {
        addresses.extend([&step.address, step.result_address()]);
        addresses.extend(&step.replaced);
    }
    addresses.sort();
    addresses.dedup();
    let (mut objects, mut gaps) = (Vec::new(), Vec::new());
    for address in addresses {
        let known = view.plan.after().get(address).or_else(|| view.plan.before().get(address));
        match actuator.read(address, known).await {
            // It goes into a plan file.
            Ok(object) => objects.extend(object.map(|object| planner.compared.rules.mark_object(object))),
            Err(error) => gaps.push(Gap {
                address: address.instance.clone(),
                kind: GapKind::Unreadable,
                reason: error.to_string(),
            }),
        }
    }
    let snapshot = Snapshot::empty(Origin::new(SourceKind::Observation, actuator.name())).with_only(objects);
    let observed = Observation { gaps, ..Observation::complete(snapshot) };
    let mut request = TakeBack::new(view, &observed, held.target(), state, SystemTime::now());
    change(&mut request);
    Ok(take_back(planner, &request, values))
}
