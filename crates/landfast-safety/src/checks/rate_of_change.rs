//! `rate-of-change`: not too much changes at a time.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::{Context, Need};

/// The objects that operations on the target have changed within an hour and a day, together with those that the plan
/// changes, are not more than this. An operation counts whole from when it began, however it ended.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RateOfChange {
    /// At most this many objects within an hour.
    max_per_hour: u64,
    /// At most this many objects within 24 hours.
    max_per_day: u64,
}

impl Default for RateOfChange {
    fn default() -> Self {
        Self { max_per_hour: 100, max_per_day: 500 }
    }
}

impl Judge for RateOfChange {
    const ID: &'static str = "rate-of-change";
    const QUESTION: &'static str = "Does this target change too fast?";
    const ADVICE: &'static str = "see that what has changed works before more does, or raise the limit";
    const NEEDS: &'static [Need] = &[Need::Operations];

    fn validate(&self) -> Result<(), String> {
        if self.max_per_hour > self.max_per_day {
            return Err(format!(
                "{} changes in an hour are more than {} in a day",
                self.max_per_hour, self.max_per_day
            ));
        }
        Ok(())
    }

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let Some(operations) = &context.facts().operations else {
            return Err(CheckError::not_known(Need::Operations.to_string()));
        };
        // Bookkeeping leaves the objects alone.
        let planned = context.proposal().changes.iter().filter(|change| !change.action.is_bookkeeping()).count() as u64;
        let mut verdict = Vec::new();
        let mut passes = true;
        for (span, name, max) in [(3600, "an hour", self.max_per_hour), (24 * 3600, "24 hours", self.max_per_day)] {
            // What began in the future by this clock is recent, too.
            let recent = operations.iter().filter(|operation| {
                context.now().duration_since(operation.began).unwrap_or_default() < Duration::from_secs(span)
            });
            let before = recent.fold(0, |sum: u64, operation| sum.saturating_add(operation.changes as u64));
            passes &= planned == 0 || before.saturating_add(planned) <= max;
            verdict.push(Evidence::of_all(format!(
                "{before} objects have changed within {name}, the plan changes {planned}, and at most {max} may"
            )));
        }
        Ok(if passes { Verdict::Pass(verdict) } else { Verdict::fail(verdict) })
    }
}
