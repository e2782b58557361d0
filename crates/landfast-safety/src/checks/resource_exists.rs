//! `resource-exists`: what a plan changes is there, and what it makes is not.

use landfast_state::Snapshot;
use landfast_state::address::ObjectAddress;
use serde::{Deserialize, Serialize};

use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::{Context, Sight};
use crate::proposal::ActionKind;

/// Every object that is changed, destroyed or adopted is there, and every object that is made is not. What is forgotten or
/// moved is in the state, and nothing is where it is moved to. Where a plan is executed on the state alone, and nobody looks at
/// objects, what it adopts is taken from the plan, and said to be.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResourceExists {}

impl Judge for ResourceExists {
    const ID: &'static str = "resource-exists";
    const QUESTION: &'static str = "Is everything there that the plan changes, and nothing that it makes?";
    const ADVICE: &'static str = "plan again on what is there now; import what exists already and forget what is gone";

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let recorded = context.recorded();
        let (mut evidence, mut taken) = (Vec::new(), Vec::new());
        for change in &context.proposal().changes {
            let address = &change.address;
            let wrong = match change.action {
                ActionKind::Create if is_there(context, address)? => Some("is to be made, and is there already"),
                ActionKind::Create => None,
                ActionKind::Adopt if context.facts().sight == Sight::Record => {
                    taken.push(Evidence::about(address, "is adopted as the plan has it: nobody looked for it"));
                    None
                }
                ActionKind::Update | ActionKind::Replace | ActionKind::Delete | ActionKind::Adopt => {
                    if is_there(context, address)? { None } else { Some("is to be changed, and is not there") }
                }
                ActionKind::Forget | ActionKind::Move => {
                    if recorded.get(address).is_some() {
                        None
                    } else {
                        Some("is not in the state")
                    }
                }
            };
            evidence.extend(wrong.map(|wrong| Evidence::about(address, wrong)));
            if let Some(to) = change.moves_to.as_ref().filter(|to| holds(recorded, to, context)) {
                evidence.push(Evidence::about(to, "is in the state already, where another object is to be moved to"));
            }
        }
        if evidence.is_empty() {
            let count = context.proposal().changes.len();
            taken.insert(0, Evidence::of_all(format!("{} objects were looked for", count - taken.len())));
            return Ok(Verdict::Pass(taken));
        }
        Ok(Verdict::fail(evidence))
    }
}

fn is_there(context: &Context, address: &ObjectAddress) -> Result<bool, CheckError> {
    let observed = context.observed();
    match observed.gaps.iter().find(|gap| gap.address == address.instance) {
        Some(gap) => Err(CheckError::not_known(format!("whether {address} is there ({})", gap.reason))),
        None => Ok(observed.snapshot.get(address).is_some()),
    }
}

/// Whether the state has an object at this address that the plan does not take away from it.
fn holds(recorded: &Snapshot, address: &ObjectAddress, context: &Context) -> bool {
    let mut changes = context.proposal().changes.iter();
    recorded.get(address).is_some()
        && !changes.any(|change| {
            change.address == *address
                && matches!(change.action, ActionKind::Move | ActionKind::Forget | ActionKind::Delete)
        })
}
