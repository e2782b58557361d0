//! `values-available`: all values that a plan writes are at hand.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::{Context, Need};
use crate::proposal::ActionKind;

/// No value is missing that a plan needs, such as one that is write-only, or of which only a fingerprint is known.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValuesAvailable {}

impl Judge for ValuesAvailable {
    const ID: &'static str = "values-available";
    const QUESTION: &'static str = "Is every value there that the plan needs?";
    const ADVICE: &'static str = "supply the values that are named, or take the objects that need them out of the plan";
    const NEEDS: &'static [Need] = &[Need::Values];

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let Some(missing) = &context.facts().missing_values else {
            return Err(CheckError::not_known(Need::Values.to_string()));
        };
        let proposal = context.proposal();
        let missing =
            missing.iter().map(|(address, path)| Evidence::about(address, format!("nobody has the value of {path}")));
        let mut evidence: BTreeSet<Evidence> = missing.collect();
        for change in &proposal.changes {
            let writes = matches!(
                change.action,
                ActionKind::Create | ActionKind::Update | ActionKind::Replace | ActionKind::Adopt
            );
            if !writes {
                continue;
            }
            let end = change.moves_to.as_ref().unwrap_or(&change.address);
            let Some(object) = proposal.after.get(end) else {
                // Adopting that an object is gone writes no values.
                if change.action == ActionKind::Adopt {
                    continue;
                }
                return Err(CheckError::not_known(format!("what {end} is to be")));
            };
            evidence.extend(
                object.fingerprints.iter().map(|(path, _)| {
                    Evidence::about(end, format!("only a fingerprint of the value of {path} is known"))
                }),
            );
        }
        Ok(Verdict::fail_on(evidence.into_iter().collect()))
    }
}
