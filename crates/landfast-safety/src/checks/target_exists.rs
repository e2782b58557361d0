//! `target-exists`: what a rollback takes back is known.

use serde::{Deserialize, Serialize};

use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::{Context, Need};
use crate::proposal::{Proposal, ProposalKind};

/// The operation that a rollback takes back is known, and known under its id.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetExists {}

impl Judge for TargetExists {
    const ID: &'static str = "target-exists";
    const QUESTION: &'static str = "Is there an operation with the id that the rollback takes back?";
    const ADVICE: &'static str = "look at the operations that there are, and plan the rollback of one of them";
    const NEEDS: &'static [Need] = &[Need::RolledBack];

    fn applies(&self, proposal: &Proposal) -> bool {
        matches!(proposal.kind, ProposalKind::Rollback { .. })
    }

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let ProposalKind::Rollback { operation: wanted } = &context.proposal().kind else {
            return Err(CheckError::failed("it asks about rollbacks only"));
        };
        match &context.facts().rolled_back {
            None => Err(CheckError::not_known(Need::RolledBack.to_string())),
            Some(None) => Ok(Verdict::fail(vec![Evidence::about(wanted, "there is no such operation")])),
            Some(Some(found)) if found.id == *wanted => {
                Ok(Verdict::Pass(vec![Evidence::about(wanted, format!("is {}", found.state))]))
            }
            Some(Some(found)) => Ok(Verdict::fail(vec![Evidence::about(
                wanted,
                format!("what was found is the operation {}", found.id),
            )])),
        }
    }
}
