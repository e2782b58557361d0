//! Executing plans and taking operations back: the parts put together.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use landfast_drift::CompareOptions;
use landfast_fix::HeldState;
use landfast_rollback::journal::{Journal, View};
use landfast_rollback::{
    Actuator, ExecuteError, Executor, Hold as _, HoldError, Judge, JudgeFailed, OperationOptions, Plan, Planner,
    PortFuture, Ports, Probe, Report, SystemClock, TakeBack, TakeBackError, TakingBack, Values, take_back,
};
use landfast_safety::{Context, Facts, Gate, LockFact, Override, Proposal, SafetyReport};
use landfast_state::address::ObjectAddress;
use landfast_state::{AuditSink, BytesDigest, Gap, GapKind, Observation, Origin, Snapshot, SourceKind};

/// What a plan is executed with.
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

impl Judge for GateJudge {
    fn policy(&self) -> BytesDigest {
        self.gate.policy()
    }

    fn judge<'a>(
        &'a self,
        proposal: Proposal,
        observed: Observation,
    ) -> PortFuture<'a, Result<SafetyReport, JudgeFailed>> {
        Box::pin(async move {
            if let Some(operation) = self.executed.get(&proposal.plan) {
                return Err(JudgeFailed(Box::new(AlreadyExecuted { operation: operation.clone() })));
            }
            let recorded = self.held.snapshot().await.map_err(|error| JudgeFailed(Box::new(error)))?;
            let recorded = recorded.unwrap_or_else(|| Snapshot::empty(Origin::new(SourceKind::State, "")));
            let mut facts = self.facts.clone();
            facts.lock = Some(LockFact::Ours { id: self.held.lock_id().to_owned() });
            let now = SystemTime::now();
            let context = Context::new(Arc::new(proposal), recorded, observed, facts, now, &self.compared);
            let judged = self.gate.judge(&context, self.forced.clone(), &*self.audit).await;
            judged.map_err(|error| JudgeFailed(Box::new(error)))
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
            Ok(object) => objects.extend(object),
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
