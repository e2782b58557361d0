//! The other ports in memory: the lock, the judge, probes, the audit log.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use landfast_drift::CompareOptions;
use landfast_safety::{Context, Facts, Gate, Proposal, SafetyReport, Target};
use landfast_state::{AuditError, AuditEvent, AuditSink, BytesDigest, Observation, Snapshot};

use super::stage::Stage;
use crate::actuator::PortFuture;
use crate::ports::{Clock, Health, Hold, HoldError, Judge, JudgeFailed, Probe, ProbeError};

/// A lock in memory that is lost on demand.
#[derive(Debug, Clone)]
pub struct MemoryHold {
    target: Target,
    state: BytesDigest,
    stage: Option<Stage>,
    lost_at: Arc<AtomicU64>,
    is_lost: Arc<AtomicBool>,
}

impl MemoryHold {
    /// The held lock of this place, whose state has this digest.
    #[must_use]
    pub fn new(target: Target, state: BytesDigest) -> Self {
        let lost_at = Arc::new(AtomicU64::new(u64::MAX));
        Self { target, state, stage: None, lost_at, is_lost: Arc::default() }
    }

    /// The same lock on a stage.
    #[must_use]
    pub fn on_stage(mut self, stage: &Stage) -> Self {
        self.stage = Some(stage.clone());
        self
    }

    /// The lock is lost now.
    pub fn lose(&self) {
        self.is_lost.store(true, Ordering::SeqCst);
    }

    /// The lock is lost when so many [points](Stage::point) were passed.
    pub fn lose_at(&self, point: u64) {
        self.lost_at.store(point, Ordering::SeqCst);
    }

    /// Whether it is held.
    #[must_use]
    pub fn is_held(&self) -> bool {
        let points = self.stage.as_ref().map_or(0, Stage::points);
        !self.is_lost.load(Ordering::SeqCst) && points < self.lost_at.load(Ordering::SeqCst)
    }

    async fn point(&self) {
        if let Some(stage) = &self.stage {
            stage.point().await;
        }
    }
}

impl Hold for MemoryHold {
    fn target(&self) -> Target {
        self.target.clone()
    }

    fn state<'a>(&'a self) -> PortFuture<'a, Result<BytesDigest, HoldError>> {
        Box::pin(async move {
            self.point().await;
            Ok(self.state)
        })
    }

    fn check<'a>(&'a self) -> PortFuture<'a, Result<(), HoldError>> {
        Box::pin(async move {
            self.point().await;
            let held = self.is_held();
            if let Some(stage) = &self.stage {
                stage.note(|| format!("lock: {}", if held { "held" } else { "lost" }));
            }
            if held { Ok(()) } else { Err(HoldError::Lost { how: "somebody took it".to_owned() }) }
        })
    }
}

/// Judges by a gate, with facts that a test gives.
#[derive(Debug, Clone)]
pub struct MemoryJudge {
    gate: Gate,
    facts: Facts,
    clock: Arc<dyn Clock>,
    audit: Arc<dyn AuditSink>,
    compared: CompareOptions,
}

impl MemoryJudge {
    /// Judges by this gate.
    #[must_use]
    pub fn new(gate: Gate, facts: Facts, clock: Arc<dyn Clock>, compared: CompareOptions) -> Self {
        Self { gate, facts, clock, audit: Arc::new(MemoryAudit::default()), compared }
    }
}

impl Judge for MemoryJudge {
    fn policy(&self) -> BytesDigest {
        self.gate.policy()
    }

    fn judge<'a>(
        &'a self,
        proposal: Proposal,
        observed: Observation,
    ) -> PortFuture<'a, Result<SafetyReport, JudgeFailed>> {
        Box::pin(async move {
            let recorded: Snapshot = proposal.before.clone();
            let context = Context::new(
                Arc::new(proposal),
                recorded,
                observed,
                self.facts.clone(),
                self.clock.now(),
                &self.compared,
            );
            self.gate.judge(&context, None, &*self.audit).await.map_err(|error| JudgeFailed(Box::new(error)))
        })
    }
}

/// From which question on a probe is unhealthy for a reason, or silent.
type Answers = Vec<(u64, Option<String>)>;

/// A probe that says what a test tells it to.
#[derive(Debug, Clone, Default)]
pub struct MemoryProbe {
    asked: Arc<AtomicU64>,
    answers: Arc<Mutex<Answers>>,
    stage: Option<Stage>,
}

impl MemoryProbe {
    /// A probe that finds everything healthy.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same probe on a stage.
    #[must_use]
    pub fn on_stage(mut self, stage: &Stage) -> Self {
        self.stage = Some(stage.clone());
        self
    }

    /// From the question with this number on, the first being 1, it is unhealthy for this reason.
    pub fn fall_ill(&self, question: u64, why: &str) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push((question, Some(why.to_owned())));
    }

    /// From the question with this number on it cannot be asked.
    pub fn fall_silent(&self, question: u64) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push((question, None));
    }

    /// Whether it ever answered that it is unhealthy.
    #[must_use]
    pub fn was_ill(&self) -> bool {
        let asked = self.asked();
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.iter().any(|(from, why)| why.is_some() && asked >= *from)
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Probe for MemoryProbe {
    fn name(&self) -> &str {
        "memory"
    }

    fn ask<'a>(&'a self) -> PortFuture<'a, Result<Health, ProbeError>> {
        Box::pin(async move {
            if let Some(stage) = &self.stage {
                stage.point().await;
            }
            let question = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone();
            match answers.into_iter().rev().find(|(from, _)| question >= *from) {
                None => Ok(Health::Healthy),
                Some((_, Some(why))) => Ok(Health::Unhealthy(why)),
                Some((_, None)) => Err(ProbeError { message: "it does not answer".to_owned() }),
            }
        })
    }
}

/// An audit log in memory that can be full.
#[derive(Debug, Clone, Default)]
pub struct MemoryAudit {
    events: Arc<Mutex<Vec<AuditEvent>>>,
    is_full: Arc<AtomicBool>,
}

impl MemoryAudit {
    /// From now on nothing can be recorded, or can again.
    pub fn fill(&self) {
        self.is_full.store(true, Ordering::SeqCst);
    }

    /// What was recorded.
    #[must_use]
    pub fn events(&self) -> Vec<AuditEvent> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl AuditSink for MemoryAudit {
    fn record(&self, event: &AuditEvent) -> Result<(), AuditError> {
        if self.is_full.load(Ordering::SeqCst) {
            return Err(AuditError("the audit log is full".into()));
        }
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
        Ok(())
    }
}
