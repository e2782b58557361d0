//! `concurrent-operation`: one operation at a time, and each plan once.

use serde::{Deserialize, Serialize};

use crate::builtin::{Judge, Overriding};
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::{Context, Need};

/// No other operation on the target is under way, and none has executed this plan already.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConcurrentOperation {}

impl Judge for ConcurrentOperation {
    const ID: &'static str = "concurrent-operation";
    const QUESTION: &'static str = "Is this the only operation on its target, and the first one of its plan?";
    const ADVICE: &'static str = "wait until the other operation has ended, or resume it or hand it over; plan again for what was executed already";
    const OVERRIDE: Overriding = Overriding::Never;
    const NEEDS: &'static [Need] = &[Need::Operations];

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let Some(operations) = &context.facts().operations else {
            return Err(CheckError::not_known(Need::Operations.to_string()));
        };
        let plan = context.proposal().plan;
        let mut evidence = Vec::new();
        for operation in operations {
            if !operation.ended {
                evidence.push(Evidence::about(&operation.id, format!("is {}, and has not ended", operation.state)));
            } else if operation.successful && operation.plan == plan {
                evidence.push(Evidence::about(&operation.id, "has executed this plan already"));
            }
        }
        Ok(Verdict::fail_on(evidence))
    }
}
