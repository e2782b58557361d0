//! Operations on a stage: a memory world, a plan for it, and everything around them.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use landfast_drift::CompareOptions;
use landfast_rollback::journal::{Record, View};
use landfast_rollback::plan::{Batch, Plan, PlanParts, Step, StepId};
use landfast_rollback::testing::{
    Curtain, MemoryAudit, MemoryHold, MemoryJournal, MemoryJudge, MemoryProbe, MemoryWorld, Stage,
};
use landfast_rollback::{
    Actuator, Clock, Control, Executor, Judge, JudgeFailed, OperationOptions, OperationState, PortFuture, Ports, Probe,
    Report, Resume, Values,
};
use landfast_safety::{Facts, Gate, Proposal, SafetyReport};
use landfast_state::{BytesDigest, Observation, ResourceObject};

use crate::scene::{key, snapshot, target};

/// One operation with all that it works with.
pub(crate) struct Theatre {
    pub(crate) stage: Stage,
    pub(crate) world: MemoryWorld,
    /// What stands between the operation and the world, where something does.
    pub(crate) actuator: Option<Arc<dyn Actuator>>,
    pub(crate) journal: MemoryJournal,
    pub(crate) hold: MemoryHold,
    pub(crate) probe: MemoryProbe,
    /// Probes that are asked after it.
    pub(crate) probes: Vec<Arc<dyn Probe>>,
    pub(crate) audit: MemoryAudit,
    pub(crate) gate: Gate,
    pub(crate) options: OperationOptions,
    pub(crate) plan: Plan,
}

/// A judge on a runtime of its own: the gate asks its checks on tokio's clock, and the stage is none.
#[derive(Debug)]
struct OnRuntime(MemoryJudge);

impl Judge for OnRuntime {
    fn policy(&self) -> BytesDigest {
        self.0.policy()
    }

    fn judge<'a>(
        &'a self,
        proposal: Proposal,
        observed: Observation,
    ) -> PortFuture<'a, Result<SafetyReport, JudgeFailed>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        Box::pin(async move { runtime.block_on(self.0.judge(proposal, observed)) })
    }
}

/// The digest of the state that plans here are made on.
pub(crate) fn state() -> BytesDigest {
    BytesDigest::of(b"state")
}

/// A plan of these steps, a batch each.
pub(crate) fn parts(before: Vec<ResourceObject>, after: Vec<ResourceObject>, steps: Vec<Step>) -> PlanParts {
    let mut parts = PlanParts::new(target(), state(), snapshot(before), snapshot(after));
    let stage = Stage::new(0);
    parts.author = "alice".into();
    parts.created = stage.now();
    parts.expires = stage.now() + Duration::from_secs(3600);
    parts.batches = steps.iter().map(|step| Batch { steps: vec![step.id], then: Default::default() }).collect();
    parts.steps = steps;
    parts
}

/// A step that may take twenty seconds.
pub(crate) fn step(number: u32, action: landfast_safety::ActionKind, at: &str) -> Step {
    let mut step = Step::new(StepId::new(number), action, at.parse().unwrap());
    step.timeout = Duration::from_secs(20);
    step
}

impl Theatre {
    /// The plan, in a world that is as it expects.
    pub(crate) fn of(parts: PlanParts) -> Self {
        let stage = Stage::new(1);
        let world = MemoryWorld::new();
        parts.before.objects().iter().for_each(|object| world.put(object.clone()));
        world.on_stage(&stage);
        let journal = MemoryJournal::new();
        journal.on_stage(&stage);
        Self {
            world,
            actuator: None,
            journal,
            hold: MemoryHold::new(target(), state()).on_stage(&stage),
            probe: MemoryProbe::new().on_stage(&stage),
            probes: Vec::new(),
            audit: MemoryAudit::default(),
            gate: Gate::empty(),
            options: OperationOptions::default(),
            plan: parts.into_plan(&key()).unwrap(),
            stage,
        }
    }

    pub(crate) fn executor(&self) -> Executor {
        let compared = CompareOptions::default();
        let judge =
            MemoryJudge::new(self.gate.clone(), Facts::default(), Arc::new(self.stage.clone()), compared.clone());
        let ports = Ports {
            actuator: self.actuator.clone().unwrap_or_else(|| Arc::new(self.world.clone())),
            journal: Arc::new(self.journal.clone()),
            hold: Arc::new(self.hold.clone()),
            clock: Arc::new(self.stage.clone()),
            judge: Arc::new(OnRuntime(judge)),
            audit: Arc::new(self.audit.clone()),
            probes: [Arc::new(self.probe.clone()) as Arc<dyn Probe>].into_iter().chain(self.probes.clone()).collect(),
        };
        Executor::new(ports, Values::new(key(), vec![self.plan.before().clone(), self.plan.after().clone()]), compared)
    }

    /// Executes the plan while somebody else does something.
    pub(crate) fn execute_beside<F: Future<Output = ()>>(
        &self,
        others: impl FnOnce(Stage, Control) -> F,
    ) -> Curtain<Report> {
        let executor = self.executor();
        let others = others(self.stage.clone(), executor.control());
        let work = executor.execute("op", &self.plan, &self.options, "me");
        let both = async move {
            match select(std::pin::pin!(work), std::pin::pin!(others)).await {
                Either::Left((ended, _)) => ended,
                Either::Right(((), work)) => work.await,
            }
        };
        self.run(both)
    }

    /// Executes the plan.
    pub(crate) fn execute(&self) -> Curtain<Report> {
        self.execute_beside(|_, _| std::future::pending())
    }

    /// Executes the plan, which must come to an end.
    pub(crate) fn ended(&self) -> View {
        view_of(self.execute())
    }

    /// Another process takes the operation up.
    pub(crate) fn resume(&self, how: Resume) -> View {
        self.stage.power_on();
        let view = self.view();
        view_of(self.run(self.executor().resume(view, how, "somebody else")))
    }

    fn run(&self, work: impl Future<Output = Result<Report, landfast_rollback::ExecuteError>>) -> Curtain<Report> {
        match self.stage.run(work) {
            Curtain::Done(report) => Curtain::Done(report.unwrap()),
            Curtain::Died => Curtain::Died,
            Curtain::Stuck => Curtain::Stuck,
        }
    }

    /// What the journal comes to.
    pub(crate) fn view(&self) -> View {
        View::of(&self.journal.records().unwrap()).unwrap()
    }

    /// The number, from 1, of the first record of which this is true.
    pub(crate) fn record(&self, is_it: impl Fn(&Record) -> bool) -> usize {
        self.journal.records().unwrap().iter().position(is_it).unwrap() + 1
    }
}

/// What became of an operation that came to an end.
pub(crate) fn view_of(curtain: Curtain<Report>) -> View {
    match curtain {
        Curtain::Done(report) => report.view,
        other => panic!("{other:?}"),
    }
}

/// Whether it ended like this; what it says where not.
pub(crate) fn assert_state(view: &View, state: OperationState) {
    assert_eq!(view.state, state, "{}", view.why);
}
