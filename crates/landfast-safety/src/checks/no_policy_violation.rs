//! `no-policy-violation`: policies have nothing against a plan.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::{Context, Need};
use crate::outcome::Level;

/// No policy is violated. It judges by what was evaluated beforehand; that nothing was is an error.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct NoPolicyViolation {
    /// Names of policies that must have been evaluated.
    required: BTreeSet<String>,
}

impl Judge for NoPolicyViolation {
    const ID: &'static str = "no-policy-violation";
    const QUESTION: &'static str = "Do all policies allow the plan?";
    const ADVICE: &'static str = "change the plan so that it keeps to the policies that are named";
    const LEVEL: Level = Level::Allow;
    const NEEDS: &'static [Need] = &[Need::Policies];

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let Some(policies) = &context.facts().policies else {
            return Err(CheckError::not_known(Need::Policies.to_string()));
        };
        if !policies.violations.is_empty() {
            let mut evidence: Vec<Evidence> = policies
                .violations
                .iter()
                .map(|violation| {
                    Evidence::about(&violation.about, format!("{}: {}", violation.policy, violation.message))
                })
                .collect();
            evidence.sort();
            return Ok(Verdict::fail(evidence));
        }
        let missing: Vec<&str> = self.required.difference(&policies.evaluated).map(String::as_str).collect();
        if !missing.is_empty() {
            return Err(CheckError::not_known(format!("what these policies say: {}", missing.join(", "))));
        }
        if policies.evaluated.is_empty() {
            return Err(CheckError::failed("no policy was evaluated"));
        }
        let names: Vec<&str> = policies.evaluated.iter().map(String::as_str).collect();
        Ok(Verdict::Pass(vec![Evidence::of_all(format!("allowed by {}", names.join(", ")))]))
    }
}
