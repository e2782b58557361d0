//! A judge that can be wrong on purpose.

use std::cell::RefCell;
use std::sync::Arc;

use landfast_drift::CompareOptions;
use landfast_safety::{
    Check, CheckError, CheckFuture, CheckId, Context, Evidence, Facts, Gate, Level, Proposal, SafetyReport, Verdict,
};
use landfast_state::{BytesDigest, Observation};

use super::scenario::Refusal;
use crate::actuator::PortFuture;
use crate::ports::{Clock, Judge, JudgeFailed};
use crate::testing::{MemoryAudit, MemoryJournal, Stage};

/// What judges were asked, each with how many records the journal held then.
pub(in crate::testing) type Asked = Arc<std::sync::Mutex<Vec<(usize, Proposal)>>>;

#[derive(Debug)]
struct Verdicts(Option<Refusal>);

impl Check for Verdicts {
    fn id(&self) -> CheckId {
        CheckId::new("simulated").unwrap_or_else(|_| landfast_safety::catalogue().swap_remove(0).id)
    }

    fn question(&self) -> &str {
        "May it happen?"
    }

    fn advice(&self) -> &str {
        "draw another seed"
    }

    fn settings(&self) -> String {
        String::new()
    }

    fn judge<'a>(&'a self, _context: &'a Context) -> CheckFuture<'a> {
        Box::pin(async move {
            match self.0 {
                Some(Refusal::CheckFails) => Ok(Verdict::fail(vec![Evidence::of_all("it was drawn to fail")])),
                Some(Refusal::CheckErrs) => Err(CheckError::failed("it was drawn to err")),
                _ => Ok(Verdict::pass()),
            }
        })
    }
}

#[derive(Debug)]
pub(in crate::testing) struct SimulatedJudge {
    pub(in crate::testing) stage: Stage,
    pub(in crate::testing) refusal: Option<Refusal>,
    pub(in crate::testing) compared: CompareOptions,
    pub(in crate::testing) journal: MemoryJournal,
    /// What it was asked, and how many records there were then.
    pub(in crate::testing) proposals: Asked,
}

thread_local! {
    // The gate asks checks on a runtime of tokio; nothing in it waits for time.
    static RUNTIME: RefCell<Option<tokio::runtime::Runtime>> = RefCell::new(
        tokio::runtime::Builder::new_current_thread().enable_time().build().ok()
    );
}

impl SimulatedJudge {
    fn gate(&self) -> Gate {
        let mut gate = Gate::empty();
        // There is no other check.
        let _ = gate.add(Arc::new(Verdicts(self.refusal)), Level::Deny);
        gate
    }
}

impl Judge for SimulatedJudge {
    fn policy(&self) -> BytesDigest {
        if self.refusal == Some(Refusal::OtherPolicyCleared) {
            return BytesDigest::of(b"a newer policy");
        }
        self.gate().policy()
    }

    fn judge<'a>(
        &'a self,
        mut proposal: Proposal,
        observed: Observation,
    ) -> PortFuture<'a, Result<SafetyReport, JudgeFailed>> {
        Box::pin(async move {
            self.stage.point().await;
            self.proposals
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .push((self.journal.len(), proposal.clone()));
            match self.refusal {
                Some(Refusal::OtherPlanCleared) => proposal.plan = BytesDigest::of(b"another plan"),
                Some(Refusal::OtherStateCleared) => proposal.state = BytesDigest::of(b"yet another state"),
                Some(Refusal::OtherTargetCleared) => proposal.target.environment = "staging".to_owned(),
                _ => {}
            }
            let recorded = proposal.before.clone();
            let now = self.stage.now();
            let context = Context::new(Arc::new(proposal), recorded, observed, Facts::default(), now, &self.compared);
            let gate = self.gate();
            let audit = MemoryAudit::default();
            RUNTIME.with_borrow(|runtime| match runtime {
                Some(runtime) => {
                    runtime.block_on(gate.judge(&context, None, &audit)).map_err(|error| JudgeFailed(Box::new(error)))
                }
                None => Err(JudgeFailed("there is no runtime".into())),
            })
        })
    }
}
