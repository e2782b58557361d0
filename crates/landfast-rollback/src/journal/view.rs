//! What a journal comes to.

use std::collections::BTreeMap;

use super::record::{Ended, Record, StepEnd};
use crate::actuator::Direction;
use crate::left_behind::LeftBehind;
use crate::operation::{IllegalTransition, OperationOptions, OperationState};
use crate::plan::{Plan, StepId, read_plan};

/// Where one step of an operation stands, by what the journal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// It has not acted, or what it did had no effect.
    NotStarted,
    /// It is done, and was read to be.
    Applied,
    /// It was done, and is taken back, and was read to be.
    Reverted,
    /// It did something other than it should have; what there is was read.
    Failed,
    /// It was about to act, or to be taken back, and what came of it is not known. It must be read.
    Unknown,
}

/// A step whose end is not in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt {
    /// The step.
    pub step: StepId,
    /// What it was about to do.
    pub direction: Direction,
}

/// What the records of a journal come to: the operation as far as it is known.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct View {
    /// The operation's id.
    pub operation: String,
    /// Its plan.
    pub plan: Plan,
    /// How it is executed.
    pub options: OperationOptions,
    /// Who began it.
    pub who: String,
    /// When it began, RFC 3339.
    pub began: String,
    /// The time of the last record, RFC 3339.
    pub last: String,
    /// The state it is in.
    pub state: OperationState,
    /// Whether somebody asked it to wait.
    pub paused: bool,
    /// Whether somebody asked it to end. It is not taken back on its own then.
    pub cancelled: bool,
    /// Whether it ever came to applying: only then is there something to take back.
    pub reached_applying: bool,
    /// What was there just before the first step, as the text of a snapshot file; `None` before that was recorded.
    pub before: Option<String>,
    /// Why it is in its state.
    pub why: String,
    /// What came last of each step that ended in some direction.
    pub ends: BTreeMap<StepId, (Direction, Ended)>,
    steps: BTreeMap<StepId, StepState>,
    behind: BTreeMap<StepId, LeftBehind>,
    doubts: BTreeMap<StepId, (Direction, StepState)>,
}

/// Why records come to no operation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// There are none, or the first one does not open an operation.
    #[error("the journal does not begin with an operation")]
    NotOpened,
    /// An operation is opened twice.
    #[error("the journal opens a second operation in record {number}")]
    OpenedTwice {
        /// Number of the record, from 1.
        number: usize,
    },
    /// The plan in it cannot be read.
    #[error("the plan in the journal cannot be read")]
    Plan(#[source] Box<crate::plan::PlanFileError>),
    /// A record says what cannot have been.
    #[error("record {number} of the journal cannot be")]
    Transition {
        /// Number of the record, from 1.
        number: usize,
        /// Why not.
        #[source]
        source: IllegalTransition,
    },
    /// A record is about a step that the plan does not have, or that was not begun.
    #[error("record {number} of the journal is about {step}, which {why}")]
    Step {
        /// Number of the record, from 1.
        number: usize,
        /// The step.
        step: StepId,
        /// What is wrong with that.
        why: &'static str,
    },
}

impl View {
    /// What these records come to, in the order in which they were written.
    ///
    /// # Errors
    /// When they are not the records of one operation.
    pub fn of<'r>(records: impl IntoIterator<Item = &'r Record>) -> Result<Self, ViewError> {
        let mut records = records.into_iter().enumerate();
        let Some((_, Record::Opened { operation, plan, options, who, at })) = records.next() else {
            return Err(ViewError::NotOpened);
        };
        let plan = read_plan(plan, "the plan", &landfast_state::Limits::default())
            .map_err(|error| ViewError::Plan(Box::new(error)))?;
        let mut view = Self {
            operation: operation.clone(),
            plan,
            options: options.clone(),
            who: who.clone(),
            began: at.clone(),
            last: at.clone(),
            state: OperationState::Pending,
            paused: false,
            cancelled: false,
            reached_applying: false,
            before: None,
            why: String::new(),
            ends: BTreeMap::new(),
            steps: BTreeMap::new(),
            behind: BTreeMap::new(),
            doubts: BTreeMap::new(),
        };
        view.steps = view.plan.steps().iter().map(|step| (step.id, StepState::NotStarted)).collect();
        for (at, record) in records {
            view.take(record, at + 1)?;
        }
        Ok(view)
    }

    /// Takes one more record.
    pub(crate) fn take(&mut self, record: &Record, number: usize) -> Result<(), ViewError> {
        match record {
            Record::Opened { .. } => return Err(ViewError::OpenedTwice { number }),
            Record::Judged { at, .. } | Record::TakenUp { at, .. } => self.last.clone_from(at),
            Record::Before { snapshot, at, .. } => {
                self.before = Some(snapshot.clone());
                self.last.clone_from(at);
            }
            Record::Went { from, to, why, at, .. } => {
                let wrong = |source| ViewError::Transition { number, source };
                if *from != self.state {
                    return Err(wrong(IllegalTransition { from: self.state, to: *to }));
                }
                self.state = from.to(*to).map_err(wrong)?;
                self.reached_applying |= *to == OperationState::Applying;
                // What is taken back is so because of what failed.
                if !(why.is_empty() && matches!(to, OperationState::RollingBack | OperationState::RolledBack)) {
                    self.why.clone_from(why);
                }
                self.last.clone_from(at);
            }
            Record::Paused { paused, at } => {
                self.paused = *paused;
                self.last.clone_from(at);
            }
            Record::Cancelled { at } => {
                self.cancelled = true;
                self.last.clone_from(at);
            }
            Record::Intent { step, direction, at } => {
                self.known(*step, number)?;
                let was = match self.doubts.get(step) {
                    // It was in doubt already, and still is where this comes to nothing.
                    Some((_, was)) => *was,
                    None => self.step(*step),
                };
                self.doubts.insert(*step, (*direction, was));
                self.steps.insert(*step, StepState::Unknown);
                self.last.clone_from(at);
            }
            Record::Ended { step, direction, end, at } => {
                self.known(*step, number)?;
                self.end(*step, *direction, end);
                self.last.clone_from(at);
            }
        }
        Ok(())
    }

    fn known(&self, step: StepId, number: usize) -> Result<(), ViewError> {
        if self.steps.contains_key(&step) {
            Ok(())
        } else {
            Err(ViewError::Step { number, step, why: "the plan does not have" })
        }
    }

    fn end(&mut self, step: StepId, direction: Direction, ended: &Ended) {
        let is_in_part = self.behind.get(&step).is_some_and(|behind| behind.is_partial);
        let state = match (direction, ended.end) {
            (Direction::Forward, StepEnd::Done) => StepState::Applied,
            (Direction::Forward, StepEnd::NoEffect) => StepState::NotStarted,
            (Direction::Back, StepEnd::Done) => StepState::Reverted,
            // What was there before it was to be taken back is what the step, or an earlier try, had left.
            (Direction::Back, StepEnd::NoEffect) if is_in_part => StepState::Failed,
            (Direction::Back, StepEnd::NoEffect) => StepState::Applied,
            (_, StepEnd::Partial) => StepState::Failed,
            (_, StepEnd::Unknown) => StepState::Unknown,
            // Nothing was done: it stays what it was.
            (_, StepEnd::ThirdParty | StepEnd::NotTried) => {
                // One that had announced itself did nothing after all.
                self.doubts.get(&step).map_or_else(|| self.step(step), |(_, was)| *was)
            }
        };
        match (ended.end, state) {
            (StepEnd::Unknown, _) => {
                self.doubts.insert(step, (direction, StepState::Unknown));
            }
            // Nothing was done about a doubt, so it is still one.
            (StepEnd::ThirdParty | StepEnd::NotTried, StepState::Unknown) => {}
            _ => {
                self.doubts.remove(&step);
            }
        }
        match (direction, ended.end) {
            (Direction::Forward, StepEnd::Done) | (_, StepEnd::Partial) => {
                self.behind.insert(step, LeftBehind::of(ended));
            }
            (Direction::Forward, StepEnd::NoEffect) | (Direction::Back, StepEnd::Done) => {
                self.behind.remove(&step);
            }
            // Nothing was done, or nothing is known of it.
            (Direction::Back, StepEnd::NoEffect) | (_, StepEnd::Unknown | StepEnd::ThirdParty | StepEnd::NotTried) => {}
        }
        self.steps.insert(step, state);
        self.ends.insert(step, (direction, ended.clone()));
    }

    /// Where a step stands; [`StepState::NotStarted`] for a number that the plan does not have.
    #[must_use]
    pub fn step(&self, id: StepId) -> StepState {
        self.steps.get(&id).copied().unwrap_or(StepState::NotStarted)
    }

    /// What the step, or a try to take it back, left last, where something did.
    pub(crate) fn behind(&self, id: StepId) -> Option<&LeftBehind> {
        self.behind.get(&id)
    }

    /// Every step with where it stands, in order.
    pub fn steps(&self) -> impl Iterator<Item = (StepId, StepState)> {
        self.steps.iter().map(|(id, state)| (*id, *state))
    }

    /// The steps that were about to act and whose end is not known: they must be read.
    pub fn doubts(&self) -> impl Iterator<Item = Doubt> {
        self.doubts.iter().map(|(step, (direction, _))| Doubt { step: *step, direction: *direction })
    }

    /// Whether the operation is at one of its ends, or failed with nothing left to take back.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        match self.state {
            OperationState::Applied | OperationState::RolledBack | OperationState::RollbackFailed => true,
            OperationState::Failed => !self.wants_rollback(),
            OperationState::Pending
            | OperationState::ValidatingSafety
            | OperationState::Applying
            | OperationState::RollingBack => false,
        }
    }

    /// Whether it failed and is to be taken back, and that has not begun.
    #[must_use]
    pub fn wants_rollback(&self) -> bool {
        self.state == OperationState::Failed
            && self.reached_applying
            && !self.cancelled
            && self.options.on_failure == crate::operation::OnFailure::RollBack
    }
}
