//! Taking back what was applied, each step verified, the last one first.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use landfast_safety::ActionKind;
use landfast_state::address::ObjectAddress;
use landfast_state::{Limits, ResourceObject, Snapshot, read_snapshot};

use super::error::ExecuteError;
use super::places::Places;
use super::run::Run;
use super::trial::{Trial, ended};
use crate::actuator::{Change, Direction};
use crate::journal::{Ended, StepEnd, StepState};
use crate::left_behind::is_as_left;
use crate::mutant::{self, Mutant};
use crate::operation::OperationState;
use crate::plan::Step;
use crate::renewed::renewed;

impl Run<'_> {
    /// Takes back what was applied. The operation has failed.
    pub(super) async fn roll_back(&self, why: &str) -> Result<(), ExecuteError> {
        self.go(OperationState::RollingBack, why).await?;
        self.go_on_back().await
    }

    /// Takes back what is still applied. The operation is rolling back.
    pub(super) async fn go_on_back(&self) -> Result<(), ExecuteError> {
        if let Err(why) = self.audit("roll-back") {
            return self.go(OperationState::RollbackFailed, &why).await;
        }
        let Some(before) = self.before().await else {
            let why = "what was there before the first step is not in the journal";
            return self.go(OperationState::RollbackFailed, why).await;
        };
        let clock = &self.executor.ports.clock;
        // A time that no clock can show is no limit.
        let deadline = clock.now().checked_add(Duration::from_secs(self.options.rollback_timeout()));
        let mut left = Vec::new();
        let mut order: Vec<&Step> = self.plan.steps().iter().rev().collect();
        if mutant::is(Mutant::UndoneInOrder) {
            order.reverse();
        }
        for step in order {
            let state = self.view(|view| view.step(step.id)).await;
            if matches!(state, StepState::NotStarted | StepState::Reverted) {
                continue;
            }
            let ended = self.back(step, state, &before, deadline).await?;
            if ended.end != StepEnd::Done {
                left.push(format!("{} ({}): {}", step.id, step.address, ended.why));
            }
        }
        if left.is_empty() {
            left.extend(self.not_as_before(&before).await);
        }
        if left.is_empty() {
            self.go(OperationState::RolledBack, "").await
        } else {
            self.go(OperationState::RollbackFailed, &left.join("; ")).await
        }
    }

    /// What was there before the first step.
    pub(super) async fn before(&self) -> Option<Snapshot> {
        let text = self.view(|view| view.before.clone()).await?;
        read_snapshot(Bytes::from(text), "the journal", &Limits::default()).ok()
    }

    async fn back(
        &self,
        step: &Step,
        state: StepState,
        before: &Snapshot,
        deadline: Option<SystemTime>,
    ) -> Result<Ended, ExecuteError> {
        let stay = |end, why: String| self.end(step.id, Direction::Back, ended(end, why));
        let dependant = self
            .view(|view| {
                let is_there = |other: &&Step| {
                    other.needs.contains(&step.id)
                        && !matches!(view.step(other.id), StepState::NotStarted | StepState::Reverted)
                };
                self.plan.steps().iter().find(is_there).map(|other| other.id)
            })
            .await;
        if let Some(other) =
            dependant.filter(|_| !mutant::is(Mutant::DependantsIgnored) && !mutant::is(Mutant::UndoneInOrder))
        {
            return stay(StepEnd::NotTried, format!("{other}, which needs it, was not taken back")).await;
        }
        let left =
            deadline.map(|deadline| deadline.duration_since(self.executor.ports.clock.now()).unwrap_or_default());
        let left = left.filter(|_| !mutant::is(Mutant::DeadlineIgnored));
        if left.is_some_and(|left| left.is_zero()) {
            let seconds = self.options.rollback_timeout();
            return stay(StepEnd::NotTried, format!("taking back has taken longer than {seconds} s")).await;
        }
        let was_at = step.replaced.as_ref().unwrap_or(&step.address);
        let was = match before.get(was_at).map(|object| self.executor.values.find(object)).transpose() {
            Ok(was) => was,
            Err(missing) => return stay(StepEnd::NotTried, missing.to_string()).await,
        };
        let was = match was {
            Some(object) => Some(self.as_it_came_back(object, Some(step)).await),
            None => None,
        };
        let aside = step.aside();
        let places = Places::of(step, aside.as_ref(), self.expected_back(step, was.as_ref()), self.plan.left_by(step));
        if state != StepState::Applied && self.is_as(&places.found).await.is_ok() {
            return stay(StepEnd::Done, "it was as before already".to_owned()).await;
        }
        let now = match self.read(step.result_address(), self.plan.left_by(step)).await {
            Ok(now) => now,
            Err(error) => return stay(StepEnd::NotTried, format!("it cannot be read: {error}")).await,
        };
        if !mutant::is(Mutant::ThirdPartyOverwritten)
            && let Err(how) = self.is_ours(step, now.as_ref()).await
        {
            return stay(StepEnd::ThirdParty, how).await;
        }
        if step.inverse.class.is_irreversible() && !mutant::is(Mutant::IrreversibleUndone) {
            return stay(StepEnd::NotTried, format!("nothing takes it back: {}", step.inverse.reasons.join("; ")))
                .await;
        }
        let is_half_moved =
            step.action == ActionKind::Move && self.is_as(&[(&step.address, was.as_ref())]).await.is_ok();
        let mut trial = self.inverse(step, was.as_ref(), now.as_ref(), places);
        if is_half_moved {
            // It stands in both places, and the new one is the one too many.
            trial.change.action = ActionKind::Forget;
            trial.change.moves_to = None;
            trial.change.after = None;
            trial.before = vec![(step.result_address(), now.as_ref()), (&step.address, was.as_ref())];
            trial.unchanged = StepEnd::Partial;
        }
        trial.timeout = left.map_or(trial.timeout, |left| trial.timeout.min(left));
        self.attempt(trial).await
    }

    /// What is to be at the step's address once it is taken back.
    pub(super) fn expected_back<'a>(&self, step: &Step, was: Option<&'a ResourceObject>) -> Option<&'a ResourceObject> {
        match step.action {
            ActionKind::Create if step.deposes.is_none() => None,
            _ => was,
        }
    }

    /// Whether what is there is what the step, or an earlier try to take it back, left; where not, what is said of it.
    async fn is_ours(&self, step: &Step, now: Option<&ResourceObject>) -> Result<(), String> {
        let behind = self.view(|view| view.behind(step.id).cloned()).await;
        if is_as_left(behind.as_ref(), self.plan.left_by(step), now, &self.executor.compared) {
            Ok(())
        } else {
            Err(format!("{} was changed by somebody else meanwhile", step.result_address()))
        }
    }

    /// Whether it is known that the step, or a try to take it back, was done in part, and that is what is there.
    pub(super) async fn is_still_in_part(&self, step: &Step) -> bool {
        if !self.view(|view| view.behind(step.id).is_some_and(|behind| behind.is_partial)).await {
            return false;
        }
        match self.read(step.result_address(), self.plan.left_by(step)).await {
            Ok(now) => self.is_ours(step, now.as_ref()).await.is_ok(),
            Err(_) => false,
        }
    }

    /// The change that takes a step back.
    fn inverse<'a>(
        &self,
        step: &'a Step,
        was: Option<&'a ResourceObject>,
        now: Option<&'a ResourceObject>,
        places: Places<'a>,
    ) -> Trial<'a> {
        let result = step.result_address();
        let mut change = Change {
            step: step.id,
            direction: Direction::Back,
            action: ActionKind::Update,
            address: result.clone(),
            moves_to: None,
            deposes: None,
            restores: None,
            before: now.cloned(),
            after: was.cloned(),
        };
        // What the step left is what is taken back from, as it is now.
        let mut before = places.left;
        if let Some(first) = before.first_mut() {
            *first = (result, now);
        }
        change.action = match step.action {
            ActionKind::Create => {
                change.restores.clone_from(&step.deposes);
                if step.deposes.is_none() {
                    change.after = None;
                }
                ActionKind::Delete
            }
            // What was to be destroyed and is still there, in part, is made whole.
            ActionKind::Delete if now.is_some() => ActionKind::Update,
            ActionKind::Delete => ActionKind::Create,
            ActionKind::Adopt if was.is_none() => ActionKind::Forget,
            ActionKind::Adopt | ActionKind::Forget => ActionKind::Adopt,
            ActionKind::Move => {
                change.moves_to = Some(step.address.clone());
                ActionKind::Move
            }
            ActionKind::Update | ActionKind::Replace => ActionKind::Update,
        };
        Trial { change, timeout: step.timeout, before, after: places.found, unchanged: StepEnd::NoEffect }
    }

    /// What is not as it was before the first step, of what this operation touched.
    async fn not_as_before(&self, before: &Snapshot) -> Option<String> {
        for step in self.plan.steps() {
            if self.view(|view| view.step(step.id)).await != StepState::Reverted {
                continue;
            }
            let address: &ObjectAddress = step.replaced.as_ref().unwrap_or(&step.address);
            let was = match before.get(address) {
                Some(object) => Some(self.as_it_came_back(object.clone(), None).await),
                None => None,
            };
            if let Err(how) = self.is_as(&[(address, was.as_ref())]).await {
                return Some(format!("after everything was taken back, {how}"));
            }
        }
        None
    }

    /// The object with those attributes unknown that it has of its own once the steps that are taken back, and `step`, are.
    pub(super) async fn as_it_came_back(&self, object: ResourceObject, step: Option<&Step>) -> ResourceObject {
        let address = object.address.clone();
        let back: Vec<&Step> = self
            .view(|view| {
                let is_back = |other: &&Step| {
                    *other.replaced.as_ref().unwrap_or(&other.address) == address
                        && (view.step(other.id) == StepState::Reverted || step.is_some_and(|step| step.id == other.id))
                };
                self.plan.steps().iter().filter(is_back).collect()
            })
            .await;
        back.into_iter().fold(object, |object, step| renewed(object, &step.inverse.renewed))
    }
}
