//! `blast-radius`: a plan reaches only so far.

use std::collections::BTreeSet;

use landfast_state::DependencyGraph;
use landfast_state::address::ResourceAddress;
use serde::{Deserialize, Serialize};

use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::Context;
use crate::proposal::ActionKind;

/// The resources that a plan changes, and those that depend on them, are not more than this. What no provider manages is in no
/// state, and nothing that is recorded depends on it but what says so.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct BlastRadius {
    /// At most this many resources (blocks, not instances).
    max: u64,
    /// At most this share of all recorded resources, in percent. It is not asked of states with fewer than `small` resources.
    max_percent: f64,
    /// States with fewer resources than this have no percentage to speak of.
    small: u64,
}

impl Default for BlastRadius {
    fn default() -> Self {
        Self { max: 50, max_percent: 25.0, small: 20 }
    }
}

impl Judge for BlastRadius {
    const ID: &'static str = "blast-radius";
    const QUESTION: &'static str = "How much can the plan reach, through what depends on what it changes?";
    const ADVICE: &'static str = "split the plan, or raise the limit where so much is meant to change";

    fn validate(&self) -> Result<(), String> {
        if (0.0..=100.0).contains(&self.max_percent) {
            Ok(())
        } else {
            Err(format!("max-percent is {}, and a share is from 0 to 100", self.max_percent))
        }
    }

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let graph = DependencyGraph::of(context.recorded());
        let all = graph.resources().count();
        // Bookkeeping leaves the objects alone, and so whatever depends on them.
        let changes = context.proposal().changes.iter().filter(|change| !change.action.is_bookkeeping());
        let mut reached: BTreeSet<ResourceAddress> = BTreeSet::new();
        for change in changes {
            let resource = change.address.instance.resource.without_keys();
            let is_known = graph.contains(&resource) || context.proposal().is_of_no_provider(&change.address);
            if change.action != ActionKind::Create && !is_known {
                return Err(CheckError::not_known(format!("what depends on {resource}, which is not recorded")));
            }
            reached.extend(graph.blast_radius(&resource).into_iter().cloned());
            reached.insert(resource);
        }
        let count = reached.len();
        // Both are counts of resources, far below 2^53.
        let percent = if all == 0 { 0.0 } else { count as f64 * 100.0 / all as f64 };
        let mut evidence = Vec::new();
        if count as u64 > self.max {
            evidence.push(Evidence::of_all(format!("it reaches {count} resources, and at most {} pass", self.max)));
        }
        if all as u64 >= self.small && percent > self.max_percent {
            evidence.push(Evidence::of_all(format!(
                "it reaches {percent:.1} % of {all} resources, and at most {} % pass",
                self.max_percent
            )));
        }
        if evidence.is_empty() {
            return Ok(Verdict::Pass(vec![Evidence::of_all(format!("it reaches {count} of {all} resources"))]));
        }
        Ok(Verdict::fail(evidence))
    }
}
