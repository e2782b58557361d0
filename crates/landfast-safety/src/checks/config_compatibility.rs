//! `config-compatibility`: a plan is executed in the surroundings that it was made in.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::{Context, Need};
use crate::proposal::Proposal;

/// The settings of the surroundings, such as the region or the account of a provider, or the version of a tool, are those
/// that the plan was made with.
///
/// Only programs that embed the library can tell this. The plans of `landfast plan create` name no surroundings, so the command
/// asks it where `required` is set, and then refuses.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ConfigCompatibility {
    /// Settings that every plan must have been made with.
    required: BTreeSet<String>,
    /// Settings that may differ.
    may_differ: BTreeSet<String>,
}

impl Judge for ConfigCompatibility {
    const ID: &'static str = "config-compatibility";
    const QUESTION: &'static str = "Are the surroundings configured as they were when it was planned?";
    const ADVICE: &'static str =
        "execute the plan with the settings that it was made with, or plan again with those that hold now";
    const NEEDS: &'static [Need] = &[Need::Surroundings];

    fn validate(&self) -> Result<(), String> {
        match self.required.intersection(&self.may_differ).next() {
            Some(name) => Err(format!("{name} is required, and may differ")),
            None => Ok(()),
        }
    }

    fn applies(&self, proposal: &Proposal) -> bool {
        !self.required.is_empty() || !proposal.surroundings.is_empty()
    }

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let Some(now) = &context.facts().surroundings else {
            return Err(CheckError::not_known(Need::Surroundings.to_string()));
        };
        let then = &context.proposal().surroundings;
        let names = then.keys().chain(&self.required).collect::<BTreeSet<_>>();
        let (mut evidence, mut same) = (Vec::new(), Vec::new());
        for name in names.into_iter().filter(|name| !self.may_differ.contains(*name)) {
            let before =
                then.get(name).ok_or_else(|| CheckError::not_known(format!("with which {name} it was planned")))?;
            let after = now.get(name).ok_or_else(|| CheckError::not_known(format!("which {name} there is now")))?;
            if before == after {
                same.push(Evidence::about(name, format!("is {after}, as it was")));
            } else {
                evidence.push(Evidence::about(name, format!("was {before} when it was planned, and is {after} now")));
            }
        }
        Ok(if evidence.is_empty() { Verdict::Pass(same) } else { Verdict::fail(evidence) })
    }
}
