//! Taking up an operation that another process left.

use super::Resume;
use super::error::ExecuteError;
use super::places::Places;
use super::run::Run;
use super::trial::ended;
use crate::actuator::Direction;
use crate::journal::{Doubt, Ended, StepEnd, StepState};
use crate::mutant::{self, Mutant};
use crate::operation::OperationState;
use crate::plan::Step;

impl Run<'_> {
    pub(super) async fn recover(&self, how: Resume) -> Result<(), ExecuteError> {
        self.resolve_doubts().await?;
        let interrupted = "the process that executed it ended";
        match self.view(|view| view.state).await {
            OperationState::Pending => {
                self.go(OperationState::ValidatingSafety, "").await?;
                self.go(OperationState::Failed, interrupted).await
            }
            OperationState::ValidatingSafety => self.go(OperationState::Failed, interrupted).await,
            OperationState::Applying => match how {
                Resume::Forward => self.go_on_forward().await,
                Resume::Back => {
                    self.go(OperationState::Failed, interrupted).await?;
                    self.roll_back(interrupted).await
                }
            },
            OperationState::Failed => {
                let (wants, reached) = self.view(|view| (view.wants_rollback(), view.reached_applying)).await;
                if wants || (reached && how == Resume::Back) {
                    let why = self.view(|view| view.why.clone()).await;
                    return self.roll_back(&why).await;
                }
                Ok(())
            }
            OperationState::RollingBack => self.go_on_back().await,
            OperationState::Applied | OperationState::RolledBack | OperationState::RollbackFailed => Ok(()),
        }
    }

    /// Has what is left judged again, and does it.
    async fn go_on_forward(&self) -> Result<(), ExecuteError> {
        if mutant::is(Mutant::ResumedUnjudged) {
            return self.apply_and_end().await;
        }
        let broken = self
            .view(|view| {
                let mut steps = view.steps();
                steps.find(|(_, state)| !matches!(state, StepState::NotStarted | StepState::Applied)).map(|(id, _)| id)
            })
            .await;
        let refused = match broken {
            Some(id) => {
                Some(format!("{id} was interrupted, and what it left is neither what was there nor what was to be"))
            }
            None => {
                let proposal = self.left_to_propose().await;
                match proposal {
                    Err(why) => Some(why),
                    Ok(proposal) => self.clear(proposal).await?.err(),
                }
            }
        };
        // Whoever was refused decides what then: it stays as it is, and nothing is taken back that nobody asked to be.
        if let Some(why) = refused {
            self.stays(why);
            return Ok(());
        }
        if let Err(why) = self.audit("apply") {
            self.stays(why);
            return Ok(());
        }
        self.apply_and_end().await
    }

    /// The proposal of the steps that are left, on the state as it is now: steps that are done may have changed it.
    async fn left_to_propose(&self) -> Result<landfast_safety::Proposal, String> {
        let done =
            self.view(|view| view.steps().filter(|(_, state)| *state == StepState::Applied).collect::<Vec<_>>()).await;
        let mut proposal = self.plan.proposal_without(&done.into_iter().map(|(id, _)| id).collect());
        proposal.state = self.executor.ports.hold.state().await.map_err(|error| error.to_string())?;
        Ok(proposal)
    }

    /// Reads what was about to change when the other process ended.
    async fn resolve_doubts(&self) -> Result<(), ExecuteError> {
        let doubts: Vec<Doubt> = self.view(|view| view.doubts().collect()).await;
        let before = self.before().await;
        for doubt in doubts {
            let Some(step) = self.plan.step(doubt.step) else { continue };
            let was_at = step.replaced.as_ref().unwrap_or(&step.address);
            let was = match before.as_ref().and_then(|before| before.get(was_at)) {
                Some(object) => Some(self.as_it_came_back(object.clone(), Some(step)).await),
                None => None,
            };
            let ended = self.resolve(step, doubt.direction, was.as_ref()).await;
            self.end(step.id, doubt.direction, ended).await?;
        }
        Ok(())
    }

    async fn resolve(&self, step: &Step, direction: Direction, was: Option<&landfast_state::ResourceObject>) -> Ended {
        if mutant::is(Mutant::DoubtTakenForDone) {
            return ended(StepEnd::Done, "");
        }
        let result = step.result_address();
        let found = match direction {
            Direction::Forward => self.plan.found_by(step),
            Direction::Back => self.expected_back(step, was),
        };
        let aside = step.aside();
        let places = Places::of(step, aside.as_ref(), found, self.plan.left_by(step));
        let why = "the process that executed it ended meanwhile";
        let (if_left, if_found) = match direction {
            Direction::Forward => (StepEnd::Done, StepEnd::NoEffect),
            Direction::Back => (StepEnd::NoEffect, StepEnd::Done),
        };
        let key = self.executor.values.key();
        if direction == Direction::Back && self.view(|view| view.behind(step.id).is_some_and(|it| it.is_partial)).await
        {
            // It was in part before, which no plan says.
            return match self.is_as(&places.found).await {
                Ok(()) => ended(if_found, why),
                Err(_) if self.is_still_in_part(step).await => ended(if_left, why),
                Err(how) => ended(StepEnd::Unknown, format!("{why}, and {how}")),
            };
        }
        if self.is_as(&places.left).await.is_ok() {
            let object = self.read(result, self.plan.left_by(step)).await.ok().flatten();
            let left = object.as_ref().and_then(|object| self.written(object));
            let object = object.map(|object| object.digest(key).to_string());
            return Ended { object, left, ..ended(if_left, why) };
        }
        match self.is_as(&places.found).await {
            Ok(()) => ended(if_found, why),
            Err(how) => ended(StepEnd::Unknown, format!("{why}, and {how}")),
        }
    }
}
