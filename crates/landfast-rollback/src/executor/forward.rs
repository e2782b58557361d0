//! Going forward: judged, step by step, batch by batch.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use landfast_safety::{Bound, Proposal};
use landfast_state::address::ObjectAddress;
use landfast_state::{AuditEvent, Gap, GapKind, Observation, Origin, ResourceObject, Snapshot, SourceKind};

use super::error::ExecuteError;
use super::places::Places;
use super::run::Run;
use super::trial::{Trial, ended};
use crate::actuator::{Change, Direction};
use crate::journal::{Record, StepEnd, StepState};
use crate::mutant::{self, Mutant};
use crate::operation::OperationState;
use crate::plan::{Step, StepId, ThenWait};

/// How often a waiting operation looks whether it may go on.
const LOOK: Duration = Duration::from_millis(200);

/// Why no further step begins.
pub(super) type Stop = String;

impl Run<'_> {
    pub(super) async fn validate_and_apply(&self) -> Result<(), ExecuteError> {
        self.go(OperationState::ValidatingSafety, "").await?;
        match self.clear(self.plan.proposal()).await? {
            Err(why) => self.go(OperationState::Failed, &why).await,
            Ok(observed) => {
                if !mutant::is(Mutant::BeforeNotRecorded) {
                    self.record_before(&observed).await?;
                }
                if let Err(why) = self.audit("apply") {
                    return self.go(OperationState::Failed, &why).await;
                }
                self.go(OperationState::Applying, "").await?;
                self.apply_and_end().await
            }
        }
    }

    /// Does what is left, and ends one way or the other.
    pub(super) async fn apply_and_end(&self) -> Result<(), ExecuteError> {
        let stopped = match self.apply().await? {
            Some(stop) => Some(stop),
            None => match self.settle().await? {
                // Whoever cancelled until now did so before it was applied.
                None if !mutant::is(Mutant::CancelIgnoredAtTheEnd) => self.stop().await?,
                stop => stop,
            },
        };
        match stopped {
            None => self.go(OperationState::Applied, "").await,
            Some(why) => {
                let is_said = self.view(|view| view.cancelled).await;
                if self.executor.control.is_cancelled() && !is_said && !mutant::is(Mutant::CancelIgnored) {
                    self.append(Record::Cancelled { at: self.now() }).await?;
                }
                self.go(OperationState::Failed, &why).await?;
                let taken_back = mutant::is(Mutant::CancelTakenBack) || self.view(|view| view.wants_rollback()).await;
                if taken_back { self.roll_back(&why).await } else { Ok(()) }
            }
        }
    }

    /// Has a proposal judged on what is there now, and uses the clearance up. The inner error says why it is refused.
    pub(super) async fn clear(&self, proposal: Proposal) -> Result<Result<Snapshot, Stop>, ExecuteError> {
        let ports = &self.executor.ports;
        let hold = &ports.hold;
        let place = hold.target();
        if !place.is_same_place(self.plan.target()) {
            return Ok(Err(format!("the plan is for {}, and this is {place}", self.plan.target())));
        }
        if let Err(error) = hold.check().await {
            return Ok(Err(error.to_string()));
        }
        let judged_target = proposal.target.clone();
        let observation = self.observe(&proposal).await;
        // What cannot be read cannot be recorded either, and so not be taken back.
        if let Some(gap) = observation.gaps.first() {
            return Ok(Err(format!("{} cannot be read: {}", gap.address, gap.reason)));
        }
        let snapshot = observation.snapshot.clone();
        let judged = match ports.judge.judge(proposal, observation).await {
            Ok(report) => report,
            Err(error) => {
                let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
                return Ok(Err(format!("{error}{cause}")));
            }
        };
        let by_id = |refuses: bool| -> Vec<String> {
            let chosen =
                judged.results().iter().filter(|result| if refuses { result.refuses() } else { result.overridden });
            chosen.map(|result| result.id.to_string()).collect()
        };
        self.append(Record::Judged {
            policy: judged.policy().to_string(),
            state: judged.state().to_string(),
            cleared: judged.is_clear(),
            refused: by_id(true),
            overridden: by_id(false),
            reason: judged.forced().map(|forced| forced.reason().to_owned()).unwrap_or_default(),
            at: self.now(),
        })
        .await?;
        let (clearance, checks) = match judged.into_clearance() {
            Ok(cleared) => cleared,
            Err(refused) => {
                let why = refused.to_string();
                self.say(refused.report.results().to_vec(), Some(refused.report));
                return Ok(Err(why));
            }
        };
        self.say(checks, None);
        // Judging took its time: what holds now counts, and not what held before.
        let state = match hold.check().await {
            Ok(()) => hold.state().await,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let state = match state {
            Ok(state) => state,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let target = landfast_safety::Target { serial: judged_target.serial, ..hold.target() };
        let bound = Bound { plan: self.plan.digest(), state, policy: ports.judge.policy(), target };
        Ok(clearance.redeem(&bound, ports.clock.now()).map(|()| snapshot).map_err(|error| error.to_string()))
    }

    /// Reads everything that is to change.
    async fn observe(&self, proposal: &Proposal) -> Observation {
        let mut known: Vec<(&ObjectAddress, Option<&ResourceObject>)> = Vec::new();
        for object in proposal.before.objects() {
            known.push((&object.address, Some(object)));
        }
        for object in proposal.after.objects() {
            if proposal.before.get(&object.address).is_none() {
                known.push((&object.address, None));
            }
        }
        let reads = known.into_iter().map(|(address, known)| async move { (address, self.read(address, known).await) });
        let read: Vec<_> = stream::iter(reads).buffer_unordered(self.options.parallel.max(1)).collect().await;
        let mut objects = Vec::new();
        let mut gaps = Vec::new();
        for (address, read) in read {
            match read {
                Ok(object) => objects.extend(object),
                Err(error) => gaps.push(Gap {
                    address: address.instance.clone(),
                    kind: GapKind::Unreadable,
                    reason: self.redact(&error.to_string()),
                }),
            }
        }
        gaps.sort_by(|a, b| a.address.cmp(&b.address));
        let origin = Origin::new(SourceKind::Observation, self.executor.ports.actuator.name());
        match Snapshot::new(origin, objects, Default::default()) {
            Ok(snapshot) => Observation { gaps, ..Observation::complete(snapshot) },
            // Each address was read once, so this cannot be; were it, nothing would be known.
            Err(_) => {
                let all = proposal.before.instances().map(|address| Gap {
                    address: address.clone(),
                    kind: GapKind::Unreadable,
                    reason: "it was read twice".to_owned(),
                });
                let gaps = all.collect();
                Observation { gaps, ..Observation::complete(proposal.before.filtered(|_| false)) }
            }
        }
    }

    /// Makes what there is, and how each step is taken back, durable.
    async fn record_before(&self, observed: &Snapshot) -> Result<(), ExecuteError> {
        let inverse = self.plan.steps().iter().rev().map(|step| (step.id, step.inverse.class)).collect();
        let snapshot = landfast_state::write_snapshot(observed, self.executor.values.key());
        self.append(Record::Before { snapshot, inverse, at: self.now() }).await
    }

    /// Has the audit log know what begins now.
    pub(super) fn audit(&self, action: &str) -> Result<(), Stop> {
        let target = self.plan.target();
        let now = self.executor.ports.clock.now();
        let event = AuditEvent::new(now, &self.who, action, &target.store, "")
            .with("operation", &self.operation)
            .with("plan", self.plan.digest())
            .with("author", self.plan.author())
            .with("environment", &target.environment)
            .with("steps", self.plan.steps().len());
        match self.executor.ports.audit.record(&event) {
            Err(_) if mutant::is(Mutant::AuditFailureIgnored) => Ok(()),
            other => other.map_err(|error| error.to_string()),
        }
    }

    /// Does the batches that are left. Says why it stopped, where it did.
    async fn apply(&self) -> Result<Option<Stop>, ExecuteError> {
        for (at, batch) in self.plan.batches().iter().enumerate() {
            let left: Vec<&Step> = {
                let done: BTreeSet<StepId> = self
                    .view(|view| {
                        view.steps().filter(|(_, state)| *state == StepState::Applied).map(|(id, _)| id).collect()
                    })
                    .await;
                batch.steps.iter().filter(|id| !done.contains(id)).filter_map(|id| self.plan.step(*id)).collect()
            };
            if left.is_empty() {
                continue;
            }
            let steps = left.into_iter().map(|step| self.forward(step));
            let parallel = if mutant::is(Mutant::ParallelLimitIgnored) { 100 } else { self.options.parallel.max(1) };
            let ends: Vec<_> = stream::iter(steps).buffer_unordered(parallel).collect().await;
            ends.into_iter().collect::<Result<Vec<()>, ExecuteError>>()?;
            if let Some(stop) = self.stop().await? {
                return Ok(Some(stop));
            }
            if let Some(ill) = self.probe().await {
                return Ok(Some(ill));
            }
            let is_last = at + 1 == self.plan.batches().len();
            if !is_last && let Some(stop) = self.between(batch.then).await? {
                return Ok(Some(stop));
            }
        }
        let failed = self.failed().await;
        Ok(failed.first().map(|(id, why)| format!("{id} failed: {why}")))
    }

    /// Waits between two batches.
    async fn between(&self, then: ThenWait) -> Result<Option<Stop>, ExecuteError> {
        match then {
            ThenWait::Nothing => return Ok(None),
            ThenWait::Seconds(seconds) => self.wait(Duration::from_secs(seconds)).await,
            ThenWait::Confirmation => {
                self.append(Record::Paused { paused: true, at: self.now() }).await?;
                self.executor.control.await_confirmation(true);
                while !self.executor.control.take_confirmation() && !self.executor.control.is_cancelled() {
                    self.executor.ports.clock.sleep(LOOK).await;
                }
                self.executor.control.await_confirmation(false);
                self.append(Record::Paused { paused: false, at: self.now() }).await?;
            }
        }
        if let Some(stop) = self.stop().await? {
            return Ok(Some(stop));
        }
        Ok(self.probe().await)
    }

    /// Lets time pass, until somebody cancels.
    pub(super) async fn wait(&self, time: Duration) {
        let clock = &self.executor.ports.clock;
        let until = clock.now() + time;
        while let Ok(left) = until.duration_since(clock.now())
            && !left.is_zero()
            && !self.executor.control.is_cancelled()
        {
            clock.sleep(left.min(LOOK)).await;
        }
    }

    /// Why no further step begins, if none does: somebody cancelled, or too much failed.
    pub(super) async fn stop(&self) -> Result<Option<Stop>, ExecuteError> {
        if self.executor.control.is_cancelled() && !mutant::is(Mutant::CancelIgnored) {
            if !self.view(|view| view.cancelled).await {
                self.append(Record::Cancelled { at: self.now() }).await?;
            }
            return Ok(Some("it was cancelled".to_owned()));
        }
        let failed = if mutant::is(Mutant::FailureDoesNotStop) { Vec::new() } else { self.failed().await };
        let tolerated = usize::try_from(self.options.tolerated()).unwrap_or(usize::MAX);
        Ok(failed
            .get(tolerated)
            .or(failed.last())
            .filter(|_| failed.len() > tolerated)
            .map(|(id, why)| format!("{id} failed: {why}")))
    }

    /// The steps that ended otherwise than done, going forward. One that an earlier process left without any effect has not
    /// failed: it is still to be done.
    async fn failed(&self) -> Vec<(StepId, String)> {
        let tried = self.tried();
        self.view(|view| {
            let counts = |id: &StepId, end| tried.contains(id) || matches!(end, StepEnd::Partial | StepEnd::Unknown);
            let ends = view.ends.iter().filter(|(id, (direction, ended))| {
                *direction == Direction::Forward && ended.end != StepEnd::Done && counts(id, ended.end)
            });
            ends.map(|(id, (_, ended))| (*id, ended.why.clone())).collect()
        })
        .await
    }

    /// Does one step, unless something stops it.
    async fn forward(&self, step: &Step) -> Result<(), ExecuteError> {
        if !self.wait_while_paused().await? || self.stop().await?.is_some() {
            return Ok(());
        }
        let lacking =
            self.view(|view| step.needs.iter().find(|needed| view.step(**needed) != StepState::Applied).copied()).await;
        let not_tried = async |why: String| {
            self.end(step.id, Direction::Forward, ended(StepEnd::NotTried, why)).await?;
            self.tried_now(step.id);
            Ok(())
        };
        if let Some(needed) = lacking.filter(|_| !mutant::is(Mutant::NeedsIgnored)) {
            return not_tried(format!("{needed}, which it needs, is not done")).await;
        }
        let (found, left) = (self.plan.found_by(step), self.plan.left_by(step));
        let clear =
            |object: Option<&ResourceObject>| object.map(|object| self.executor.values.find(object)).transpose();
        let (before, after) = match (clear(found), clear(left)) {
            (Ok(before), Ok(after)) => (before, after),
            (Err(missing), _) | (_, Err(missing)) => return not_tried(missing.to_string()).await.map(drop),
        };
        let aside = step.aside();
        let places = Places::of(step, aside.as_ref(), before.as_ref(), after.as_ref());
        let change = Change {
            step: step.id,
            direction: Direction::Forward,
            action: step.action,
            address: step.address.clone(),
            moves_to: step.moves_to.clone(),
            deposes: step.deposes.clone(),
            restores: None,
            before: before.clone(),
            after: after.clone(),
        };
        let unchanged = StepEnd::NoEffect;
        let trial = Trial { change, timeout: step.timeout, before: places.found, after: places.left, unchanged };
        self.attempt(trial).await?;
        self.tried_now(step.id);
        Ok(())
    }

    /// Waits while somebody wants it to. Whether it may go on.
    async fn wait_while_paused(&self) -> Result<bool, ExecuteError> {
        let control = &self.executor.control;
        if !control.is_paused() {
            return Ok(!control.is_cancelled());
        }
        if !self.view(|view| view.paused).await {
            self.append(Record::Paused { paused: true, at: self.now() }).await?;
        }
        while control.is_paused() && !control.is_cancelled() {
            self.executor.ports.clock.sleep(LOOK).await;
        }
        if self.view(|view| view.paused).await {
            self.append(Record::Paused { paused: false, at: self.now() }).await?;
        }
        Ok(!control.is_cancelled())
    }
}
