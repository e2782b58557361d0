//! What a journal says.

use serde::{Deserialize, Serialize};

use crate::actuator::{ActuatorFailure, Direction};
use crate::operation::{OperationOptions, OperationState};
use crate::plan::StepId;

/// One record of a journal. Times are RFC 3339 in UTC. No record holds a sensitive value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Record {
    /// The operation exists. The first record of every journal.
    Opened {
        /// Its id.
        operation: String,
        /// The file of the plan, whole, as text.
        plan: String,
        /// How it is to be executed.
        options: OperationOptions,
        /// Who executes it.
        who: String,
        /// When.
        at: String,
    },
    /// The plan was judged: digest of the policy, checks that were overridden, and why.
    Judged {
        /// Digest of the policy.
        policy: String,
        /// Digest of the state that it was judged on.
        state: String,
        /// Whether the plan was cleared.
        cleared: bool,
        /// Checks that refused, by id.
        refused: Vec<String>,
        /// Checks that were overridden, by id.
        overridden: Vec<String>,
        /// Why they were.
        reason: String,
        /// When.
        at: String,
    },
    /// What was there just before the first step, as a snapshot file, whole, as text: what the inverse of every step goes by.
    Before {
        /// The snapshot.
        snapshot: String,
        /// The steps with the class of their inverse, in the order in which they are taken back.
        inverse: Vec<(StepId, landfast_safety::InverseClass)>,
        /// When.
        at: String,
    },
    /// The operation went from one state to another.
    Went {
        /// From this state.
        from: OperationState,
        /// To this state.
        to: OperationState,
        /// How serious it is: `info`, `warn` or `error`.
        level: String,
        /// Why, in words for people.
        why: String,
        /// When.
        at: String,
    },
    /// A step is about to act, in this direction.
    Intent {
        /// The step.
        step: StepId,
        /// Whether it is done or taken back.
        direction: Direction,
        /// When.
        at: String,
    },
    /// A step ended, in this direction.
    Ended {
        /// The step.
        step: StepId,
        /// Whether it was done or taken back.
        direction: Direction,
        /// What came of it.
        end: Ended,
        /// When.
        at: String,
    },
    /// Somebody asked it to wait, or to go on.
    Paused {
        /// Whether it waits from now on.
        paused: bool,
        /// When.
        at: String,
    },
    /// Somebody asked it to end: no further step begins.
    Cancelled {
        /// When.
        at: String,
    },
    /// Another process took the operation up after this one's end.
    TakenUp {
        /// Who.
        who: String,
        /// When.
        at: String,
    },
}

/// What came of a step in one direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// What is there now.
    pub end: StepEnd,
    /// Digest of the object that was read afterwards, where one was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub object: Option<String>,
    /// That object, as the text of a snapshot file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub left: Option<String>,
    /// What failed, where something did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failure: Option<ActuatorFailure>,
    /// In words for people: why it did not end well. Empty where it did.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub why: String,
}

/// What is there after a step, by what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepEnd {
    /// What the step was to leave.
    Done,
    /// What was there before: the step had no effect, whatever the actuator said.
    NoEffect,
    /// Something else than before and than what was to be: the step did a part, or another thing.
    Partial,
    /// Not known: it could not be read.
    Unknown,
    /// Nothing was done, because somebody else had changed the object first.
    ThirdParty,
    /// Nothing was done, for another reason.
    NotTried,
}
