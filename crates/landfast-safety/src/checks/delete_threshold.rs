//! `delete-threshold`: many objects are destroyed only when somebody has counted them.

use std::collections::BTreeSet;

use landfast_state::Snapshot;
use landfast_state::address::{InstanceAddress, ResourceMode};
use serde::{Deserialize, Serialize};

use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::Context;
use crate::proposal::ActionKind;

/// A plan destroys no more objects than this, and is not made on a world that reads empty, unless the user has given the exact
/// number of objects that are lost.
///
/// Replacing an object destroys it. A world that reads empty while objects are recorded is nearly always the wrong account or
/// region: then all recorded objects count, and so do those that the plan forgets. It reads empty where none is found of the
/// recorded objects that the plan is about: others were not looked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct DeleteThreshold {
    /// At most this many objects.
    max: u64,
    /// At most this share of all recorded objects, in percent. It is not asked of states with fewer than `small` objects.
    max_percent: f64,
    /// States with fewer objects than this have no percentage to speak of.
    small: u64,
}

impl Default for DeleteThreshold {
    fn default() -> Self {
        Self { max: 10, max_percent: 20.0, small: 20 }
    }
}

fn managed(snapshot: &Snapshot) -> impl Iterator<Item = &InstanceAddress> {
    snapshot.instances().filter(|instance| instance.resource.mode == ResourceMode::Managed)
}

impl Judge for DeleteThreshold {
    const ID: &'static str = "delete-threshold";
    const QUESTION: &'static str = "Are more objects destroyed than anybody expects?";
    const ADVICE: &'static str =
        "look at what is destroyed, and at whether the right account and region were read; then give the exact number";

    fn validate(&self) -> Result<(), String> {
        if (0.0..=100.0).contains(&self.max_percent) {
            Ok(())
        } else {
            Err(format!("max-percent is {}, and a share is from 0 to 100", self.max_percent))
        }
    }

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let (proposal, observed) = (context.proposal(), context.observed());
        let recorded: BTreeSet<&InstanceAddress> = managed(context.recorded()).collect();
        let sought: BTreeSet<&InstanceAddress> = proposal.touched().iter().map(|address| &address.instance).collect();
        let sought: Vec<&&InstanceAddress> = recorded.iter().filter(|address| sought.contains(**address)).collect();
        let is_empty = !sought.is_empty() && managed(&observed.snapshot).next().is_none();
        let unread: BTreeSet<&InstanceAddress> = observed.gaps.iter().map(|gap| &gap.address).collect();
        if is_empty && sought.iter().all(|address| unread.contains(**address)) {
            return Err(CheckError::not_known("whether anything is there, since no object could be read"));
        }
        let mut lost: BTreeSet<String> = proposal.destructive().map(|change| change.address.to_string()).collect();
        if recorded.is_empty() && proposal.destructive().any(|change| !proposal.is_of_no_provider(&change.address)) {
            return Err(CheckError::not_known("how much of the state is destroyed, since it records no object"));
        }
        let deletes = lost.len();
        let mut evidence = Vec::new();
        if deletes as u64 > self.max {
            evidence.push(Evidence::of_all(format!("it destroys {deletes} objects, and at most {} pass", self.max)));
        }
        // Both are counts of objects, far below 2^53.
        let percent = if recorded.is_empty() { 0.0 } else { deletes as f64 * 100.0 / recorded.len() as f64 };
        if recorded.len() as u64 >= self.small && percent > self.max_percent {
            evidence.push(Evidence::of_all(format!(
                "it destroys {percent:.1} % of {} objects, and at most {} % pass",
                recorded.len(),
                self.max_percent
            )));
        }
        if is_empty {
            let forgotten = proposal.changes.iter().filter(|change| change.action == ActionKind::Forget);
            lost.extend(forgotten.map(|change| change.address.to_string()));
            lost.extend(recorded.iter().map(ToString::to_string));
            evidence
                .push(Evidence::of_all(format!("{} objects are recorded, and the world reads empty", recorded.len())));
        }
        if evidence.is_empty() {
            let found = format!("it destroys {deletes} of {} objects", recorded.len());
            return Ok(Verdict::Pass(vec![Evidence::of_all(found)]));
        }
        let count = lost.len() as u64;
        match context.facts().acknowledged_deletes {
            Some(acknowledged) if acknowledged == count => {
                evidence.push(Evidence::of_all(format!("{count} lost objects were acknowledged")));
                Ok(Verdict::Pass(evidence))
            }
            Some(acknowledged) => {
                let found = format!("{acknowledged} lost objects were acknowledged, and {count} are lost");
                evidence.push(Evidence::of_all(found));
                Ok(Verdict::fail(evidence))
            }
            None => {
                evidence.push(Evidence::of_all(format!("{count} objects are lost, which nobody has acknowledged")));
                Ok(Verdict::fail(evidence))
            }
        }
    }
}
