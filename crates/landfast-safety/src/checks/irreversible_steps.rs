//! `irreversible-steps`: what cannot be taken back is acknowledged, or does not happen.

use serde::{Deserialize, Serialize};

use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::Context;
use crate::proposal::InverseClass;

/// No step is worse to take back than this.
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
        Ok(Verdict::fail_on(evidence.collect()))
    }
}
