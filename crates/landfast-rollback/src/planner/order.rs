//! In which order steps come, and which run side by side.

use std::collections::{BTreeMap, BTreeSet};

use landfast_safety::ActionKind;
use landfast_state::Snapshot;
use landfast_state::address::{ObjectAddress, ResourceAddress};

use super::changes::Draft;
use super::{Planner, PlannerError, Wanted};
use crate::plan::{Batch, Step, StepId, ThenWait};

/// The steps, numbered in an order in which each comes after those that it needs, and their batches.
pub(super) fn order(
    planner: &Planner,
    wanted: &Wanted,
    drafts: Vec<Draft>,
) -> Result<(Vec<Step>, Vec<Batch>), PlannerError> {
    let needs = needs(wanted, &drafts);
    let groups = groups(planner, &drafts, &needs)?;
    let mut numbers: BTreeMap<usize, StepId> = BTreeMap::new();
    let mut steps = Vec::new();
    let mut batches = Vec::new();
    let mut drafts: Vec<Option<Draft>> = drafts.into_iter().map(Some).collect();
    for group in groups {
        let mut batch = Batch { steps: Vec::new(), then: planner.then };
        for at in group {
            let Some(draft) = drafts.get_mut(at).and_then(Option::take) else { continue };
            let id = StepId::new(u32::try_from(steps.len() + 1).unwrap_or(u32::MAX));
            numbers.insert(at, id);
            batch.steps.push(id);
            let mut step = Step::new(id, draft.action, draft.address);
            step.moves_to = draft.moves_to;
            step.deposes = draft.deposes;
            step.replaced = draft.replaced;
            step.attributes = draft.attributes;
            step.timeout = planner.step_timeout;
            step.inverse = draft.judged.inverse;
            step.flags = draft.judged.flags;
            let needed = needs.get(at).into_iter().flatten();
            step.needs = needed.filter_map(|at| numbers.get(at).copied()).collect();
            step.needs.sort_unstable();
            steps.push(step);
        }
        batches.push(batch);
    }
    if let Some(last) = batches.last_mut() {
        last.then = ThenWait::Nothing;
    }
    Ok((steps, batches))
}

/// Groups of steps that may run side by side: by how far they are from the beginning, none larger than a batch, a canary
/// before all others.
fn groups(planner: &Planner, drafts: &[Draft], needs: &[BTreeSet<usize>]) -> Result<Vec<Vec<usize>>, PlannerError> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut done: BTreeSet<usize> = BTreeSet::new();
    let size = planner.batch_size.max(1);
    while done.len() < drafts.len() {
        let is_ready = |at: &usize| {
            !done.contains(at) && needs.get(*at).is_some_and(|needed| needed.iter().all(|needed| done.contains(needed)))
        };
        let mut ready: Vec<usize> = (0..drafts.len()).filter(is_ready).collect();
        if ready.is_empty() {
            let stuck = drafts.iter().enumerate().filter(|(at, _)| !done.contains(at));
            let addresses: BTreeSet<ObjectAddress> = stuck.map(|(_, draft)| draft.address.clone()).collect();
            return Err(PlannerError::Cycle { addresses: addresses.into_iter().collect() });
        }
        if groups.is_empty() && planner.canary > 0 {
            ready.truncate(planner.canary);
        }
        done.extend(&ready);
        groups.extend(ready.chunks(size).map(<[usize]>::to_vec));
    }
    Ok(groups)
}

/// For each draft the drafts that come before it.
///
/// - What is made or changed comes after what it depends on.
/// - What is destroyed comes after whatever depended on it has been destroyed or changed; where a replacement destroys first,
///   only after what is destroyed itself, since what stays is changed when the new object is there.
/// - An address is left before another object comes to it.
fn needs(wanted: &Wanted, drafts: &[Draft]) -> Vec<BTreeSet<usize>> {
    let mut by_resource: BTreeMap<ResourceAddress, Vec<usize>> = BTreeMap::new();
    let mut by_address: BTreeMap<&ObjectAddress, Vec<usize>> = BTreeMap::new();
    for (at, draft) in drafts.iter().enumerate() {
        by_resource.entry(draft.address.instance.resource.without_keys()).or_default().push(at);
        by_address.entry(&draft.address).or_default().push(at);
    }
    let makes = |draft: &Draft| matches!(draft.action, ActionKind::Create | ActionKind::Update | ActionKind::Adopt);
    let is_replacement = |draft: &Draft| {
        draft.replaced.is_some()
            || by_address.get(&draft.address).is_some_and(|at| at.len() > 1 && draft.action == ActionKind::Delete)
    };
    let mut needs: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); drafts.len()];
    let mut add = |of: usize, needed: usize| {
        if of != needed
            && let Some(set) = needs.get_mut(of)
        {
            set.insert(needed);
        }
    };
    for (at, draft) in drafts.iter().enumerate() {
        let address = &draft.address;
        if makes(draft) {
            for dependency in dependencies(&wanted.after, draft.moves_to.as_ref().unwrap_or(address)) {
                for other in by_resource.get(&dependency).into_iter().flatten() {
                    if drafts.get(*other).is_some_and(makes) {
                        add(at, *other);
                    }
                }
            }
        }
        // What this one depended on is destroyed after it.
        let old = draft.replaced.as_ref().unwrap_or(address);
        for dependency in dependencies(&wanted.before, old) {
            for other in by_resource.get(&dependency).into_iter().flatten() {
                let Some(destroyed) = drafts.get(*other).filter(|other| other.action == ActionKind::Delete) else {
                    continue;
                };
                let destroys_first = is_replacement(destroyed) && destroyed.replaced.is_none();
                let waits = match draft.action {
                    ActionKind::Delete => true,
                    ActionKind::Update => !destroys_first,
                    _ => false,
                };
                if waits {
                    add(*other, at);
                }
            }
        }
        // The two steps of a replacement, and whatever else comes to an address that is left.
        let comes_to = match draft.action {
            ActionKind::Create | ActionKind::Adopt => Some(address),
            ActionKind::Move => draft.moves_to.as_ref(),
            _ => None,
        };
        for other in comes_to.and_then(|to| by_address.get(to)).into_iter().flatten() {
            let leaves = drafts.get(*other).is_some_and(|other| {
                matches!(other.action, ActionKind::Delete | ActionKind::Forget | ActionKind::Move)
            });
            if leaves && draft.deposes.is_none() {
                add(at, *other);
            }
        }
        if let Some(replaced) = &draft.replaced {
            for other in by_address.get(replaced).into_iter().flatten() {
                if drafts.get(*other).is_some_and(|other| other.deposes.is_some()) {
                    add(at, *other);
                }
            }
        }
    }
    needs
}

fn dependencies(snapshot: &Snapshot, address: &ObjectAddress) -> Vec<ResourceAddress> {
    let object = snapshot.get(address);
    object.map(|object| object.dependencies.iter().map(ResourceAddress::without_keys).collect()).unwrap_or_default()
}
