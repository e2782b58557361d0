//! `lock-held`: nothing is executed on a state that others may write to.

use serde::{Deserialize, Serialize};

use crate::builtin::{Judge, Overriding};
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::{Context, LockFact, Need};

/// The state must be locked by us.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LockHeld {}

impl Judge for LockHeld {
    const ID: &'static str = "lock-held";
    const QUESTION: &'static str = "Is the state locked by us?";
    const ADVICE: &'static str =
        "wait until the holder is done, or have the lock taken away from a holder that is known to be dead";
    const OVERRIDE: Overriding = Overriding::Never;
    const NEEDS: &'static [Need] = &[Need::Lock];

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let store = &context.proposal().target.store;
        Ok(match &context.facts().lock {
            None => return Err(CheckError::not_known("who holds the lock of the state")),
            Some(LockFact::Ours { id }) => Verdict::Pass(vec![Evidence::about(store, format!("locked as {id}"))]),
            Some(LockFact::Others { holder }) => {
                Verdict::fail(vec![Evidence::about(store, format!("locked by {holder}"))])
            }
            Some(LockFact::Free) => Verdict::fail(vec![Evidence::about(store, "not locked")]),
        })
    }
}
