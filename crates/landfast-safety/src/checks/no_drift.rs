//! `no-drift`: what a plan changes is still what it was when it was planned.

use landfast_drift::diff::diff;
use landfast_drift::{DriftStatus, Severity};
use landfast_state::Snapshot;
use landfast_state::address::ObjectAddress;
use serde::{Deserialize, Serialize};

use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::Context;

/// The objects that a plan touches have not drifted this far since the snapshot that it was planned on.
///
/// The magnitude of a drift is the number of changed attributes of all these objects together: 1 or 2 are minor, 3 to 5
/// moderate, more are major. An object that is not there any more, or stands where one is to be made, is critical.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct NoDrift {
    /// The smallest magnitude that fails.
    fail_on: Severity,
}

impl Default for NoDrift {
    fn default() -> Self {
        Self { fail_on: Severity::Major }
    }
}

/// What became of one object since the plan was made.
enum Since {
    Same,
    Changed(usize),
    Gone,
    InTheWay,
}

impl Judge for NoDrift {
    const ID: &'static str = "no-drift";
    const QUESTION: &'static str = "Are the objects that the plan changes still as they were when it was planned?";
    const ADVICE: &'static str = "plan again on what is there now, after deciding what becomes of the drift";

    fn validate(&self) -> Result<(), String> {
        if self.fail_on == Severity::None { Err("fail-on is none, which nothing could pass".into()) } else { Ok(()) }
    }

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let proposal = context.proposal();
        let (mut attributes, mut worst, mut evidence) = (0, Severity::None, Vec::new());
        for address in proposal.touched() {
            match since(context, address)? {
                Since::Same => {}
                Since::Changed(count) => {
                    attributes += count;
                    let s = if count == 1 { "" } else { "s" };
                    evidence
                        .push(Evidence::about(address, format!("{count} attribute{s} changed since it was planned")));
                }
                Since::Gone => {
                    worst = Severity::Critical;
                    evidence.push(Evidence::about(address, "was there when it was planned, and is not any more"));
                }
                Since::InTheWay => {
                    worst = Severity::Critical;
                    evidence.push(Evidence::about(address, "was not there when it was planned, and is now"));
                }
            }
        }
        let magnitude = worst.max(match attributes {
            0 => Severity::None,
            1..=2 => Severity::Minor,
            3..=5 => Severity::Moderate,
            _ => Severity::Major,
        });
        let verdict = format!("the drift since it was planned is {magnitude}, and {} fails", self.fail_on);
        evidence.insert(0, Evidence::of_all(verdict));
        Ok(if magnitude >= self.fail_on { Verdict::fail(evidence) } else { Verdict::Pass(evidence) })
    }
}

fn since(context: &Context, address: &ObjectAddress) -> Result<Since, CheckError> {
    let not_known = |why: &str| CheckError::not_known(format!("whether {address} has drifted{why}"));
    let observed = context.observed();
    if let Some(gap) = observed.gaps.iter().find(|gap| gap.address == address.instance) {
        return Err(not_known(&format!(" ({})", gap.reason)));
    }
    let drift = context.drift().get(&address.instance).filter(|_| address.deposed.is_none());
    let Some(drift) = drift else { return by_value(&context.proposal().before, &observed.snapshot, address) };
    match drift.status {
        DriftStatus::Unreadable | DriftStatus::Unsupported => {
            Err(not_known(&drift.reason.as_ref().map_or(String::new(), |why| format!(" ({why})"))))
        }
        DriftStatus::Missing => Ok(Since::Gone),
        DriftStatus::Unmanaged => Ok(Since::InTheWay),
        DriftStatus::InSync | DriftStatus::Suppressed | DriftStatus::Drifted if !drift.unreadable.is_empty() => {
            Err(not_known(": it has values of which only fingerprints under another key are known"))
        }
        DriftStatus::InSync | DriftStatus::Suppressed => Ok(Since::Same),
        DriftStatus::Drifted => Ok(Since::Changed(drift.changes.len().max(1))),
    }
}

/// For objects that a comparison leaves out by their nature, such as deposed ones, and those that are on neither side.
fn by_value(before: &Snapshot, observed: &Snapshot, address: &ObjectAddress) -> Result<Since, CheckError> {
    match (before.get(address), observed.get(address)) {
        (None, None) => Ok(Since::Same),
        (Some(_), None) => Ok(Since::Gone),
        (None, Some(_)) => Ok(Since::InTheWay),
        (Some(_), Some(now)) if !now.fingerprints.is_empty() => Err(CheckError::not_known(format!(
            "whether {address} has drifted: it has values of which only fingerprints are known"
        ))),
        (Some(then), Some(now)) => match diff(&then.value(), &now.value()).to_json_patch().len() {
            0 => Ok(Since::Same),
            count => Ok(Since::Changed(count)),
        },
    }
}
