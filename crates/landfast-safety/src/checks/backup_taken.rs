//! `backup-taken`: there is a way back to the state as it is.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::{BackupFact, Context, Need};

/// There is a backup of exactly the state that the plan was made on, it was read back, and it is recent.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct BackupTaken {
    /// How old it may be, in minutes.
    max_age_minutes: u64,
    /// How far ahead of ours the clock may be by which it was taken, in seconds.
    clock_skew_seconds: u64,
}

impl Default for BackupTaken {
    fn default() -> Self {
        Self { max_age_minutes: 60, clock_skew_seconds: 60 }
    }
}

impl Judge for BackupTaken {
    const ID: &'static str = "backup-taken";
    const QUESTION: &'static str = "Was a backup of exactly this state taken, and read back?";
    const ADVICE: &'static str = "take a backup of the state as it is now";
    const NEEDS: &'static [Need] = &[Need::Backup];

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let (state, place, at) = match &context.facts().backup {
            None => return Err(CheckError::not_known(Need::Backup.to_string())),
            Some(BackupFact::None) => return Ok(Verdict::fail(vec![Evidence::of_all("there is none")])),
            Some(BackupFact::Taken { state, place, at }) => (state, place, at),
        };
        let mut evidence = Vec::new();
        let wanted = context.proposal().state;
        if *state != wanted {
            evidence.push(Evidence::about(place, format!("it is of the state {state}, and the plan is for {wanted}")));
        }
        match context.now().duration_since(*at) {
            Ok(age) if age > Duration::from_secs(self.max_age_minutes.saturating_mul(60)) => {
                let minutes = age.as_secs() / 60;
                let found = format!("it is {minutes} minutes old, and at most {} pass", self.max_age_minutes);
                evidence.push(Evidence::about(place, found));
            }
            Err(ahead) if ahead.duration() > Duration::from_secs(self.clock_skew_seconds) => {
                let seconds = ahead.duration().as_secs();
                evidence.push(Evidence::about(place, format!("it was taken {seconds} seconds in the future")));
            }
            _ => {}
        }
        if evidence.is_empty() {
            return Ok(Verdict::Pass(vec![Evidence::about(place, "it is of this state, and was read back")]));
        }
        Ok(Verdict::fail(evidence))
    }
}
