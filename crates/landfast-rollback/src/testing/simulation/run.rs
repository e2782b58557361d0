//! One simulated operation, through crashes to its end.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use landfast_drift::{CompareOptions, RuleSet};
use landfast_safety::Proposal;
use landfast_state::address::ObjectAddress;

use super::judge::{Asked, SimulatedJudge};
use super::model;
use super::scenario::{RULES, Refusal, Scenario, touched};
use crate::executor::{Control, ExecuteError, Executor, Ports, Report, Resume};
use crate::journal::View;
use crate::operation::OperationState;
use crate::ports::Clock;
use crate::testing::{AppendFault, Curtain, Meddling, MemoryAudit, MemoryHold, MemoryJournal, MemoryProbe, Stage};

/// What happened in one simulated operation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ran {
    /// The seed.
    pub seed: u64,
    /// The state in which the operation ended; `None` where not even its first record was durable.
    pub ended: Option<OperationState>,
    /// How many processes worked on it.
    pub processes: u32,
    /// How many changes were begun.
    pub changes: usize,
    /// What the model holds against it. It must be empty.
    pub violations: Vec<String>,
    /// What happened, line by line; empty where it was not asked for.
    pub trace: String,
}

/// Whether the lines of a trace are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tracing {
    /// They are not.
    #[default]
    Off,
    /// They are.
    On,
}

/// What was drawn to go wrong, and what went on.
pub(super) struct Course {
    pub(super) scenario: Scenario,
    pub(super) journal: MemoryJournal,
    pub(super) audit: MemoryAudit,
    pub(super) audit_fails: bool,
    pub(super) proposals: Asked,
    pub(super) meddles: bool,
    pub(super) spoils_reads: bool,
    pub(super) loses_lock: bool,
    pub(super) falls_ill: bool,
    pub(super) cancels: bool,
    pub(super) cancelled_at: Arc<Mutex<Option<Duration>>>,
    pub(super) asked: u64,
    pub(super) was_ill: bool,
    pub(super) processes: u32,
    pub(super) taken_back: bool,
    /// It was refused to go on, so whoever takes it up next takes it back.
    is_left: bool,
    pub(super) view: Option<View>,
    pub(super) not_closed: Vec<String>,
}

fn compared() -> CompareOptions {
    static RULE_SET: OnceLock<Arc<RuleSet>> = OnceLock::new();
    let mut options = CompareOptions::default();
    options.rules = Arc::clone(RULE_SET.get_or_init(|| {
        RuleSet::from_toml(&[("memory.toml", RULES)]).map(Arc::new).unwrap_or_else(|_| RuleSet::embedded())
    }));
    options
}

/// Runs the operation of a seed and holds it against the model.
#[must_use]
pub fn simulate(seed: u64, tracing: Tracing) -> Ran {
    let stage = match tracing {
        Tracing::Off => Stage::new(seed),
        Tracing::On => Stage::new(seed).traced(),
    };
    let mut ran = Ran { seed, ended: None, processes: 0, changes: 0, violations: Vec::new(), trace: String::new() };
    match Scenario::draw(&stage) {
        Err(error) => ran.violations.push(format!("no scenario: {error}")),
        Ok(scenario) => {
            let course = Course::run(&stage, scenario);
            ran.ended = course.view.as_ref().map(|view| view.state);
            ran.processes = course.processes;
            ran.changes = course.scenario.world.deeds().len();
            ran.violations = model::violations(&course);
        }
    }
    stage.note(|| format!("ended: {:?}; {:?}", ran.ended, ran.violations));
    ran.trace = stage.trace();
    ran
}

impl Course {
    fn run(stage: &Stage, scenario: Scenario) -> Self {
        let journal = MemoryJournal::new();
        journal.on_stage(stage);
        let mut course = Self {
            scenario,
            journal,
            audit: MemoryAudit::default(),
            audit_fails: stage.chance(20),
            proposals: Arc::default(),
            meddles: stage.chance(200),
            spoils_reads: false,
            loses_lock: stage.chance(70),
            falls_ill: stage.chance(120),
            cancels: stage.chance(40),
            cancelled_at: Arc::default(),
            asked: 0,
            was_ill: false,
            processes: 0,
            taken_back: false,
            is_left: false,
            view: None,
            not_closed: Vec::new(),
        };
        course.draw_faults(stage);
        let crashes = if stage.chance(500) { 1 + stage.below(4) } else { 0 };
        for process in 0..=crashes {
            let is_last = process == crashes;
            if !course.process(stage, is_last) {
                break;
            }
            stage.power_on();
            course.journal.make_space();
        }
        if course.is_left {
            course.process(stage, true);
        }
        course
    }

    fn draw_faults(&mut self, stage: &Stage) {
        if self.audit_fails {
            self.audit.fill();
        }
        let world = &self.scenario.world;
        let changes = [0, 0, 60, 200, 500].get(usize::try_from(stage.below(5)).unwrap_or(0)).copied().unwrap_or(0);
        let reads = [0, 0, 0, 20, 100].get(usize::try_from(stage.below(5)).unwrap_or(0)).copied().unwrap_or(0);
        self.spoils_reads = reads > 0;
        world.spoil_by_chance(changes, reads);
        if self.meddles {
            let all: Vec<ObjectAddress> = touched(&self.scenario.plan).into_iter().collect();
            for _ in 0..=stage.below(2) {
                let chosen = usize::try_from(stage.below(all.len() as u64)).unwrap_or(0);
                if let Some(address) = all.get(chosen) {
                    let how = if stage.chance(700) { Meddling::Change } else { Meddling::Destroy };
                    world.meddle_at(stage.below(150), address, how);
                }
            }
        }
    }

    /// One process that works on the operation. Whether another one has to.
    fn process(&mut self, stage: &Stage, is_last: bool) -> bool {
        self.processes += 1;
        if !is_last {
            self.draw_end_of_process(stage);
        }
        let probe = MemoryProbe::new().on_stage(stage);
        if self.falls_ill {
            let question = 1 + stage.below(5);
            if stage.chance(800) { probe.fall_ill(question, "it is slow") } else { probe.fall_silent(question) }
        }
        let executor = self.executor(stage, &probe);
        let control = executor.control();
        let worked: Curtain<Result<Report, ExecuteError>> = match self.records() {
            None => return false,
            Some(None) => {
                let (plan, options) = (self.scenario.plan.clone(), self.scenario.options.clone());
                let work = executor.execute("op-1", &plan, &options, "somebody");
                stage.run(beside(work, others(stage, &control, self.cancels.then_some(&*self.cancelled_at))))
            }
            Some(Some(view)) => {
                let how = if stage.chance(650) && !self.is_left { Resume::Forward } else { Resume::Back };
                self.taken_back |= how == Resume::Back;
                stage.note(|| format!("taken up, {how:?}"));
                let work = executor.resume(*view, how, "somebody else");
                stage.run(beside(work, others(stage, &control, self.cancels.then_some(&*self.cancelled_at))))
            }
        };
        self.asked += probe.asked();
        self.was_ill |= probe.was_ill();
        match worked {
            Curtain::Died => true,
            Curtain::Stuck => {
                self.not_closed.push("everything waits forever".to_owned());
                false
            }
            Curtain::Done(Err(_)) => true,
            Curtain::Done(Ok(report)) if report.stayed.is_some() => {
                self.is_left = true;
                true
            }
            Curtain::Done(Ok(report)) => {
                self.is_left = false;
                if !report.view.is_ended() {
                    self.not_closed.push(format!("a process returned in {}", report.view.state));
                }
                self.view = Some(report.view);
                false
            }
        }
    }

    /// What the journal comes to; `Some(None)` where it is empty, and `None` where it cannot be.
    fn records(&mut self) -> Option<Option<Box<View>>> {
        if self.journal.is_empty() {
            return Some(None);
        }
        let records = match self.journal.records() {
            Ok(records) => records,
            Err(error) => {
                self.not_closed.push(format!("the journal cannot be read: {error}"));
                return None;
            }
        };
        match View::of(&records) {
            Ok(view) => Some(Some(Box::new(view))),
            Err(error) => {
                let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                self.not_closed.push(format!("the journal comes to nothing: {error}: {source}"));
                None
            }
        }
    }

    fn draw_end_of_process(&self, stage: &Stage) {
        let appends = self.journal.appends();
        let append = appends + 1 + usize::try_from(stage.below(30)).unwrap_or(0);
        match stage.below(8) {
            0 | 1 => self.journal.spoil(append, AppendFault::DieBefore),
            2 => self.journal.spoil(append, AppendFault::DieTorn),
            3 | 4 => self.journal.spoil(append, AppendFault::DieAfter),
            5 => self.journal.spoil(append, AppendFault::Full),
            6 => self.journal.spoil(append, AppendFault::FailDurable),
            _ => stage.power_off_at(Some(stage.points() + 1 + stage.below(120))),
        }
    }

    fn executor(&self, stage: &Stage, probe: &MemoryProbe) -> Executor {
        let hold = MemoryHold::new(self.scenario.target.clone(), self.scenario.state).on_stage(stage);
        if self.loses_lock {
            hold.lose_at(stage.points() + stage.below(150));
        }
        let judge = SimulatedJudge {
            stage: stage.clone(),
            refusal: self.scenario.refusal.filter(|refusal| !matches!(refusal, Refusal::StaleState)),
            compared: compared(),
            journal: self.journal.clone(),
            proposals: Arc::clone(&self.proposals),
        };
        let (journal, audit, lock) = (self.journal.clone(), self.audit.clone(), hold.clone());
        self.scenario.world.guard(
            move || journal.len(),
            move || match (lock.is_held(), audit.events().is_empty()) {
                (false, _) => Err("the lock is not held".to_owned()),
                (_, true) => Err("the audit log knows nothing of it".to_owned()),
                _ => Ok(()),
            },
        );
        let ports = Ports {
            actuator: Arc::new(self.scenario.world.clone()),
            journal: Arc::new(self.journal.clone()),
            hold: Arc::new(hold),
            clock: Arc::new(stage.clone()),
            judge: Arc::new(judge),
            audit: Arc::new(self.audit.clone()),
            probes: vec![Arc::new(probe.clone())],
        };
        Executor::new(ports, self.scenario.values.clone(), compared())
    }

    pub(super) fn proposals(&self) -> Vec<(usize, Proposal)> {
        self.proposals.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Somebody at the keyboard: says that it may go on, lets it wait, and now and then has enough.
async fn others(stage: &Stage, control: &Control, cancels: Option<&Mutex<Option<Duration>>>) {
    let tires_after = stage.below(12);
    for round in 0..400 {
        stage.sleep(Duration::from_millis(700 + stage.below(3000))).await;
        if let Some(at) = cancels.filter(|_| round == tires_after) {
            stage.note(|| "somebody cancels".to_owned());
            *at.lock().unwrap_or_else(PoisonError::into_inner) = Some(stage.passed());
            control.cancel();
        } else if stage.chance(50) {
            control.pause();
        } else {
            control.go_on();
        }
    }
    control.go_on();
    stage.never().await;
}

async fn beside<T>(work: impl Future<Output = T>, others: impl Future<Output = ()>) -> T {
    match select(std::pin::pin!(work), std::pin::pin!(others)).await {
        Either::Left((ended, _)) => ended,
        Either::Right(((), work)) => work.await,
    }
}
