//! Why something is no plan, or a file holds none.

use landfast_state::ReadError;

use super::step::StepId;

/// Why these parts are no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Steps are numbered from 1 in their order.
    #[error("{id} stands in the place of step {place}")]
    Numbering {
        /// The place.
        place: usize,
        /// What stands there.
        id: StepId,
    },
    /// A step needs one that does not come before it.
    #[error("{step} needs {needed}, which does not come before it")]
    NeedsLater {
        /// The step.
        step: StepId,
        /// What it needs.
        needed: StepId,
    },
    /// A step's action does not go with the objects before and after.
    #[error("{step}: {why}")]
    Objects {
        /// The step.
        step: StepId,
        /// What is wrong.
        why: &'static str,
    },
    /// A batch without steps.
    #[error("a batch has no steps")]
    EmptyBatch,
    /// A batch names a step that is not there.
    #[error("a batch has {id}, which the plan has not")]
    NoSuchStep {
        /// The step.
        id: StepId,
    },
    /// A step runs with, or before, one that it needs.
    #[error("{step} runs before {needed} is done, which it needs")]
    TooEarly {
        /// The step.
        step: StepId,
        /// What it needs.
        needed: StepId,
    },
    /// A step is in two batches, or twice in one.
    #[error("{id} is in the batches twice")]
    Twice {
        /// The step.
        id: StepId,
    },
    /// A step is in no batch.
    #[error("{id} is in no batch")]
    NotInBatch {
        /// The step.
        id: StepId,
    },
}

/// Why a file holds no plan that may be executed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanFileError {
    /// It is no file of a plan.
    #[error("{file} is no plan of landfast")]
    NotAPlan {
        /// The file.
        file: String,
        /// Why, where it is JSON with another form; with line and column.
        #[source]
        source: Option<Box<serde_json::Error>>,
    },
    /// A newer program wrote it.
    #[error("{file} is a plan of format {version}, and this program reads {ours}")]
    Version {
        /// The file.
        file: String,
        /// Its format.
        version: String,
        /// The newest that is read.
        ours: &'static str,
    },
    /// It is not what was written: its digest is another one.
    #[error("{file} was changed after it was written: a plan is executed as it was made, or made anew")]
    Changed {
        /// The file.
        file: String,
    },
    /// An object of it cannot be read.
    #[error("an object of {file} cannot be read")]
    Objects {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: Box<ReadError>,
    },
    /// A part of it says what no part can say.
    #[error("{file}: {what} is {text:?}, which is none")]
    Part {
        /// The file.
        file: String,
        /// What it is about.
        what: &'static str,
        /// What stands there; never a value of an attribute.
        text: String,
    },
    /// It contradicts itself.
    #[error("{file} contradicts itself")]
    Plan {
        /// The file.
        file: String,
        /// How.
        #[source]
        source: PlanError,
    },
}
