//! `dependencies-healthy`: nothing is built on what does not work.

use std::collections::{BTreeMap, BTreeSet};

use landfast_state::Snapshot;
use landfast_state::address::{ResourceAddress, ResourceMode};
use serde::{Deserialize, Serialize};

use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::{Context, Health, Need};
use crate::outcome::Level;
use crate::proposal::{ActionKind, Proposal};

/// The resources that changed ones depend on, directly and through others, are healthy. What the plan makes anew is not there
/// yet to be asked.
///
/// Only programs that embed the library can tell this. The command knows of no health, so where it asks this, it refuses; a probe
/// under `[[operations.probes]]` or a check of `[[safety.commands]]` can ask your own monitoring.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DependenciesHealthy {}

impl Judge for DependenciesHealthy {
    const ID: &'static str = "dependencies-healthy";
    const QUESTION: &'static str = "Is everything healthy that the changed objects depend on?";
    const ADVICE: &'static str = "bring what is not healthy back to health first";
    // Health is known only to those who have probes for it.
    const LEVEL: Level = Level::Allow;
    const NEEDS: &'static [Need] = &[Need::Health];

    fn applies(&self, proposal: &Proposal) -> bool {
        proposal.changes.iter().any(|change| !change.action.is_bookkeeping())
    }

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let Some(health) = &context.facts().health else {
            return Err(CheckError::not_known(Need::Health.to_string()));
        };
        let (mut evidence, mut healthy) = (Vec::new(), 0);
        for dependency in dependencies(context) {
            match health.get(&dependency) {
                None => return Err(CheckError::not_known(format!("whether {dependency} is healthy"))),
                Some(Health::Healthy) => healthy += 1,
                Some(Health::Unhealthy(why)) => evidence.push(Evidence::about(&dependency, why.clone())),
            }
        }
        if evidence.is_empty() {
            return Ok(Verdict::Pass(vec![Evidence::of_all(format!("{healthy} dependencies are healthy"))]));
        }
        Ok(Verdict::fail(evidence))
    }
}

/// What the changed objects depend on by the state and by the plan, without keys, and without what the plan makes.
fn dependencies(context: &Context) -> BTreeSet<ResourceAddress> {
    let proposal = context.proposal();
    let mut direct: BTreeMap<ResourceAddress, BTreeSet<ResourceAddress>> = BTreeMap::new();
    for object in [context.recorded(), &proposal.before, &proposal.after].into_iter().flat_map(Snapshot::objects) {
        let own = direct.entry(object.address.instance.resource.without_keys()).or_default();
        own.extend(object.dependencies.iter().map(ResourceAddress::without_keys));
    }
    let changes = proposal.changes.iter().filter(|change| !change.action.is_bookkeeping());
    let mut open: Vec<ResourceAddress> =
        changes.map(|change| change.address.instance.resource.without_keys()).collect();
    let made: BTreeSet<ResourceAddress> = (proposal.changes.iter())
        .filter(|change| change.action == ActionKind::Create)
        .map(|change| change.address.instance.resource.without_keys())
        .collect();
    let mut seen: BTreeSet<ResourceAddress> = open.iter().cloned().collect();
    let mut found = BTreeSet::new();
    while let Some(resource) = open.pop() {
        for dependency in direct.get(&resource).into_iter().flatten() {
            // Nobody can say of a data source whether it is healthy.
            if dependency.mode == ResourceMode::Managed && !made.contains(dependency) {
                found.insert(dependency.clone());
            }
            if seen.insert(dependency.clone()) {
                open.push(dependency.clone());
            }
        }
    }
    found
}
