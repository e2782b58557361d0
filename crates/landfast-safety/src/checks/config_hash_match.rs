//! `config-hash-match`: a plan is executed with the configuration that it was made from.

use serde::{Deserialize, Serialize};

use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::{Context, Need};
use crate::proposal::Proposal;

/// The BLAKE3 digest of the configuration is the one in the plan.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ConfigHashMatch {
    /// Whether a plan must have been made from a configuration at all.
    required: bool,
}

impl Judge for ConfigHashMatch {
    const ID: &'static str = "config-hash-match";
    const QUESTION: &'static str = "Is the configuration the one that the plan was made from?";
    const ADVICE: &'static str =
        "plan again with the configuration as it is now, or go back to the one that was planned";
    const NEEDS: &'static [Need] = &[Need::Configuration];

    fn applies(&self, proposal: &Proposal) -> bool {
        self.required || proposal.configuration.is_some()
    }

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let Some(now) = context.facts().configuration else {
            return Err(CheckError::not_known(Need::Configuration.to_string()));
        };
        Ok(match context.proposal().configuration {
            None => Verdict::fail(vec![Evidence::of_all("the plan does not say which configuration it was made from")]),
            Some(then) if then == now => Verdict::Pass(vec![Evidence::of_all(format!("blake3:{now}"))]),
            Some(then) => {
                Verdict::fail(vec![Evidence::of_all(format!("it was blake3:{then}, and is blake3:{now} now"))])
            }
        })
    }
}
