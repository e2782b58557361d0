//! Holds a world against the journal of the operation that changed it. It uses none of the engine's comparisons.

use std::collections::BTreeMap;
use std::path::Path;

use landfast_rollback::journal::{Record, StepState, View, read_journal};
use landfast_rollback::plan::{Plan, Step};
use landfast_rollback::{Direction, OperationState};
use landfast_state::ResourceObject;
use landfast_state::address::ObjectAddress;

use crate::scene::{Scene, journal};
use crate::{FileWorld, Outcome};

/// What is at each address, as text; `None` where nothing is.
type World = BTreeMap<ObjectAddress, Option<String>>;

fn text(object: Option<&ResourceObject>) -> Option<String> {
    object.map(|object| format!("{:?}", object.value()))
}

/// How the operation ended, in a word; an error says what must not be.
pub(crate) fn judge(folder: &Path) -> Outcome<String> {
    let scene = Scene::read(folder)?;
    let plan = &scene.plan;
    let files = FileWorld::of(folder, &scene);
    let records = read_journal(&journal(folder))?.records;
    let view = View::of(&records)?;
    if !view.is_ended() {
        return Err(format!("it has not ended: {}", view.state).into());
    }
    announced(folder, &records)?;
    let mut expected: World = BTreeMap::new();
    for step in plan.steps() {
        for address in touched(step) {
            expected.insert(address.clone(), text(plan.before().get(&address)));
        }
    }
    let mut now: World = BTreeMap::new();
    for address in expected.keys() {
        now.insert(address.clone(), text(files.get(address)?.as_ref()));
    }
    let mut in_part = false;
    let mut open = Vec::new();
    for step in plan.steps() {
        let mut done = expected.clone();
        apply(plan, step, &mut done);
        match view.step(step.id) {
            StepState::NotStarted | StepState::Reverted => {}
            StepState::Applied => expected = done,
            StepState::Failed | StepState::Unknown => {
                let is = |world: &World| touched(step).iter().all(|address| world.get(address) == now.get(address));
                in_part |= !is(&expected) && !is(&done);
                open.extend(touched(step));
            }
        }
    }
    for (address, expected) in expected.iter().filter(|(address, _)| !open.contains(*address)) {
        if now.get(address) != Some(expected) {
            return Err(format!("{address} is {:?} and not {expected:?} in {}", now.get(address), view.state).into());
        }
    }
    let was_turned = folder.join("back").exists();
    let may_be = match view.state {
        OperationState::Applied => scene.nature.refuses.is_none(),
        OperationState::Failed => !view.reached_applying,
        OperationState::RolledBack => scene.nature.refuses.is_some() || was_turned,
        OperationState::RollbackFailed => in_part,
        _ => false,
    };
    if !may_be {
        return Err(format!("it ended in {}: {}", view.state, view.why).into());
    }
    Ok(view.state.to_string())
}

/// Each change that was begun was announced, and each announcement is for one.
fn announced(folder: &Path, records: &[Record]) -> Outcome<()> {
    let mut announced: BTreeMap<String, usize> = BTreeMap::new();
    for record in records {
        if let Record::Intent { step, direction, .. } = record {
            let direction = if *direction == Direction::Forward { "forward" } else { "back" };
            *announced.entry(format!("{} {direction}", step.number())).or_default() += 1;
        }
    }
    let deeds = std::fs::read_to_string(folder.join("deeds")).unwrap_or_default();
    for deed in deeds.lines() {
        let left = announced.entry(deed.to_owned()).or_default();
        *left = left.checked_sub(1).ok_or_else(|| format!("step {deed} was begun and not announced"))?;
    }
    Ok(())
}

fn touched(step: &Step) -> Vec<ObjectAddress> {
    let mut all = vec![step.address.clone()];
    all.extend(step.moves_to.clone());
    all.extend(step.aside());
    all
}

fn apply(plan: &Plan, step: &Step, world: &mut World) {
    let was = world.get(&step.address).cloned().flatten();
    if let Some(aside) = step.aside() {
        world.insert(aside, was.clone());
    }
    if step.moves_to.is_some() {
        world.insert(step.address.clone(), None);
    }
    world.insert(step.result_address().clone(), text(plan.left_by(step)));
}
