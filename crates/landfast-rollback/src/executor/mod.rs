//! Executes plans: under a lock, with a clearance, journalled before each change and verified after it.

mod backward;
mod control;
mod error;
mod forward;
mod places;
mod recover;
mod run;
mod secrets;
mod settle;
mod trial;

use std::sync::Arc;

use landfast_drift::CompareOptions;
use landfast_safety::{CheckResult, SafetyReport};
use landfast_state::AuditSink;

pub use control::Control;
pub use error::ExecuteError;

use crate::actuator::Actuator;
use crate::journal::{Journal, View};
use crate::operation::OperationOptions;
use crate::plan::Plan;
use crate::ports::{Clock, Hold, Judge, Probe};
use crate::values::Values;
use run::Run;

/// What an operation works with.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Reads and changes objects.
    pub actuator: Arc<dyn Actuator>,
    /// Takes the records of this one operation.
    pub journal: Arc<dyn Journal>,
    /// The lock of the state.
    pub hold: Arc<dyn Hold>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Judges the plan.
    pub judge: Arc<dyn Judge>,
    /// Takes a record of the operation before it begins to change anything.
    pub audit: Arc<dyn AuditSink>,
    /// Asked after every batch and at the end.
    pub probes: Vec<Arc<dyn Probe>>,
}

/// Executes one plan as one operation.
#[derive(Debug, Clone)]
pub struct Executor {
    ports: Ports,
    values: Values,
    compared: CompareOptions,
    control: Control,
}

/// What became of an operation.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// The operation, as its journal says.
    pub view: View,
    /// What the gate said, where it was asked; with what it refused, where it did.
    pub checks: Vec<CheckResult>,
    /// The report of a gate that refused.
    pub refused: Option<Box<SafetyReport>>,
    /// Why an operation that was to go on forward did not: nothing was done, and it can be taken up as before.
    pub stayed: Option<String>,
}

/// How an operation is taken up that another process left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// What is left of the plan is judged again and done, unless the operation was being taken back already. Where that is
    /// refused the operation stays as it is, and [`Report::stayed`] says why.
    Forward,
    /// What was applied is taken back.
    Back,
}

impl Executor {
    /// An executor. `values` finds sensitive values again; `compared` says what counts as the same.
    #[must_use]
    pub fn new(ports: Ports, values: Values, compared: CompareOptions) -> Self {
        let mut compared = compared;
        compared.fingerprint_key = Some(values.key().clone());
        Self { ports, values, compared, control: Control::default() }
    }

    /// Through this others cancel it, or let it wait and go on.
    #[must_use]
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Executes a plan: has it judged on what is there now, does its steps, verifies them, and takes them back when
    /// something goes wrong and `options` say so. `operation` is the id of the new operation, `who` executes it.
    ///
    /// # Errors
    /// When the journal cannot be written: the operation stands as far as its journal says, and has to be taken up.
    pub async fn execute(
        &self,
        operation: &str,
        plan: &Plan,
        options: &OperationOptions,
        who: &str,
    ) -> Result<Report, ExecuteError> {
        let run = Run::open(self, operation, plan, options, who).await?;
        run.validate_and_apply().await?;
        Ok(run.into_report())
    }

    /// Takes up an operation that another process left, or that failed and was not taken back.
    ///
    /// What was about to happen when that process ended is read, and never just tried again.
    ///
    /// # Errors
    /// When the journal cannot be written. When the operation is one on another state: then nothing is written either.
    pub async fn resume(&self, view: View, how: Resume, who: &str) -> Result<Report, ExecuteError> {
        let (asked, here) = (view.plan.target(), self.ports.hold.target());
        if !here.is_same_place(asked) {
            return Err(ExecuteError::OtherPlace {
                operation: view.operation.clone(),
                asked: asked.to_string(),
                here: here.to_string(),
            });
        }
        let run = Run::take_up(self, view, who).await?;
        run.recover(how).await?;
        Ok(run.into_report())
    }
}
