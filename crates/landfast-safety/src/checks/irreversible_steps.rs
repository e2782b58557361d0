//! `irreversible-steps`: what cannot be taken back is acknowledged, or does not happen.

use serde::{Deserialize, Serialize};

use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::Context;
use crate::proposal::InverseClass;

/// No step is worse to take back than this. A plan that does not say why a step cannot be taken back exactly, or says why while
/// it calls it exact, is an error: nobody has thought it through.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct IrreversibleSteps {
    /// The worst class that passes. By default steps may lose something that the plan names, and none may be irreversible.
    worst: InverseClass,
}

impl Default for IrreversibleSteps {
    fn default() -> Self {
        Self { worst: InverseClass::Lossy }
    }
}

impl Judge for IrreversibleSteps {
    const ID: &'static str = "irreversible-steps";
    const QUESTION: &'static str = "Can every step be taken back?";
    const ADVICE: &'static str = "take the steps that cannot be taken back out of the plan, or override this check with the reason why they may happen";

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let unclear = context
            .proposal()
            .changes
            .iter()
            .find(|change| (change.inverse == InverseClass::Exact) != change.inverse_reasons.is_empty());
        let worse = context.proposal().changes.iter().filter(|change| {
            change.inverse > self.worst || (change.inverse.is_irreversible() && !self.worst.is_irreversible())
        });
        let evidence = worse.map(|change| {
            let why = change.inverse_reasons.join("; ");
            let colon = if why.is_empty() { "" } else { ": " };
            Evidence::about(
                &change.address,
                format!("{}, taking it back is {}{colon}{why}", change.action, change.inverse),
            )
        });
        let evidence: Vec<Evidence> = evidence.collect();
        match unclear {
            // A failure says more than that something is not known.
            Some(change) if evidence.is_empty() => Err(CheckError::not_known(format!(
                "why taking back what happens to {} is {}, which the plan does not say",
                change.address, change.inverse
            ))),
            _ => Ok(Verdict::fail_on(evidence)),
        }
    }
}
