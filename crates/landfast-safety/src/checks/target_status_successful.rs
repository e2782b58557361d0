//! `target-status-successful`: a rollback takes back what has come to its end and left something.

use serde::{Deserialize, Serialize};

use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::{Context, Need};
use crate::proposal::{Proposal, ProposalKind};

/// The operation that a rollback takes back has ended, whether applied or failed, and something of what it did is still there.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetStatusSuccessful {}

impl Judge for TargetStatusSuccessful {
    const ID: &'static str = "target-status-successful";
    const QUESTION: &'static str =
        "Did the operation that is taken back come to its end, and did it leave something to take back?";
    const ADVICE: &'static str =
        "resume the operation first where it has not ended; what changed nothing, or was taken back, needs no rollback";
    const NEEDS: &'static [Need] = &[Need::RolledBack];

    fn applies(&self, proposal: &Proposal) -> bool {
        matches!(proposal.kind, ProposalKind::Rollback { .. })
    }

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let ProposalKind::Rollback { operation: wanted } = &context.proposal().kind else {
            return Err(CheckError::failed("it asks about rollbacks only"));
        };
        let known = context.facts().rolled_back.as_ref().and_then(Option::as_ref).filter(|found| found.id == *wanted);
        let Some(found) = known else {
            return Err(CheckError::not_known(format!("what became of the operation {wanted}")));
        };
        let evidence = |what: &str| vec![Evidence::about(wanted, format!("is {}{what}", found.state))];
        Ok(match (found.ended, found.left_something) {
            (true, true) => Verdict::Pass(evidence("")),
            (true, false) => Verdict::fail(evidence(", and left nothing to take back")),
            (false, _) => Verdict::fail(evidence(", and has not ended")),
        })
    }
}
