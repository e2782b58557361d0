//! Random worlds that are changed by a plan, taken back, and brought forward again by taking that back in turn.
//!
//! Nothing goes wrong in them. What is held against each is what the [world](MemoryWorld) itself says was not restored, down to
//! data and values that nobody can read: see [`Restored::violations`].

mod draw;
mod truth;

use std::collections::BTreeSet;
use std::sync::Arc;

use landfast_safety::InverseClass;
use landfast_state::address::ObjectAddress;
use landfast_state::{Observation, ResourceObject};

use self::draw::{Drawn, compared, draw, key, planner, snapshot, state, target};
use self::truth::{Items, lost};
use super::simulation::SimulatedJudge;
use super::{Curtain, MemoryAudit, MemoryHold, MemoryJournal, MemoryWorld, Stage};
use crate::executor::{Executor, Ports};
use crate::journal::{StepState, View};
use crate::operation::{OperationOptions, OperationState};
use crate::plan::{Plan, Step};
use crate::planner::{Planner, PlannerError};
use crate::ports::Clock;
use crate::taking_back::{ChangedSince, TakeBack, take_back};
use crate::values::Values;

/// What became of a random world.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Restored {
    /// The seed.
    pub seed: u64,
    /// How many steps were executed, in all operations.
    pub steps: usize,
    /// Whether the first world was there again, to the last value.
    pub is_first_again: bool,
    /// Whether the changed world was there again when the taking back was taken back.
    pub is_changed_again: bool,
    /// What plans said of objects before anything was done, and what became of these.
    pub named: Naming,
    /// What must never be. It must be empty.
    pub violations: Vec<String>,
}

/// How often plans said beforehand that an object would not come back as it was, and how often that was so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Naming {
    /// It was said, and so it was.
    pub rightly: u64,
    /// It was said, and the object came back as it was.
    pub needlessly: u64,
    /// It was not said, and the object did not come back as it was. It must be none.
    pub missed: u64,
}

impl Naming {
    /// Both together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            rightly: self.rightly + other.rightly,
            needlessly: self.needlessly + other.needlessly,
            missed: self.missed + other.missed,
        }
    }

    /// The part of what did not come back that was named before, from 0 to 1.
    #[must_use]
    pub fn recall(self) -> f64 {
        part(self.rightly, self.missed)
    }

    /// The part of what was named that did not come back, from 0 to 1.
    #[must_use]
    pub fn precision(self) -> f64 {
        part(self.rightly, self.needlessly)
    }
}

fn part(of: u64, and: u64) -> f64 {
    if of + and == 0 { 1.0 } else { of as f64 / (of + and) as f64 }
}

/// Changes the world of a seed, takes that back, and takes the taking back back.
#[must_use]
pub fn restore(seed: u64) -> Restored {
    let stage = Stage::new(seed);
    let mut restored = Restored {
        seed,
        steps: 0,
        is_first_again: true,
        is_changed_again: true,
        named: Naming::default(),
        violations: Vec::new(),
    };
    if let Err(error) = there_and_back(&stage, &mut restored) {
        restored.violations.push(error);
    }
    restored
}

fn there_and_back(stage: &Stage, restored: &mut Restored) -> Result<(), String> {
    let Drawn { world, wanted } = draw(stage)?;
    let planner = planner()?;
    let first = world.items();
    let values = Values::new(key(), vec![wanted.before.clone(), wanted.after.clone()]);
    let plan = match planner.plan(&wanted, &values) {
        Ok(plan) => plan,
        Err(PlannerError::Nothing) => return Ok(()),
        Err(error) => return Err(format!("there is no plan: {error}")),
    };
    let course = Course { stage, world: &world, planner: &planner, values: &values };
    let view = course.execute(&plan)?;
    if view.state != OperationState::Applied {
        return Err(format!("the plan ended in {}: {}", view.state, whys(&view)));
    }
    restored.steps += plan.steps().len();
    let changed = world.items();
    let used = course.use_what_was_made(&first);

    let back = course.back(&view, restored)?;
    let said = Said { plans: vec![&plan], back: &back.said, reported: BTreeSet::new() };
    restored.is_first_again &= course.judge("taken back", &first, &used, &said, restored);
    let Some(done) = back.done else { return Ok(()) };
    let again = course.back(&done, restored)?;
    let plans = back.tries.iter().map(|(plan, _)| plan).chain([&done.plan]).collect();
    let reported = back.tries.iter().flat_map(|(_, left)| left).cloned().collect();
    let said = Said { plans, back: &again.said, reported };
    restored.is_changed_again &= course.judge("taken back twice", &changed, &BTreeSet::new(), &said, restored);
    Ok(())
}

/// What was said of objects before they were not restored.
struct Said<'s> {
    /// By the plans, when they were made.
    plans: Vec<&'s Plan>,
    /// By what takes them back.
    back: &'s BTreeSet<ObjectAddress>,
    /// By operations that failed and could not take back all that they had done: it is not these that are taken back here.
    reported: BTreeSet<ObjectAddress>,
}

/// How an operation was taken back.
#[derive(Default)]
struct Back {
    /// The operation that did it.
    done: Option<View>,
    /// What was said before to be otherwise afterwards.
    said: BTreeSet<ObjectAddress>,
    /// Tries that the world refused in part: their plans, and the objects that they say they left.
    tries: Vec<(Plan, BTreeSet<ObjectAddress>)>,
}

/// Why steps did not end well.
fn whys(view: &View) -> String {
    let whys = view.ends.iter().filter(|(_, (_, ended))| !ended.why.is_empty());
    let whys: Vec<String> = whys.map(|(id, (direction, ended))| format!("{id} {direction}: {}", ended.why)).collect();
    whys.join("; ")
}

struct Course<'c> {
    stage: &'c Stage,
    world: &'c MemoryWorld,
    planner: &'c Planner,
    values: &'c Values,
}

impl Course<'_> {
    fn execute(&self, plan: &Plan) -> Result<View, String> {
        let journal = MemoryJournal::new();
        let judge = SimulatedJudge {
            stage: self.stage.clone(),
            refusal: None,
            compared: compared(),
            journal: journal.clone(),
            proposals: Arc::default(),
        };
        let ports = Ports {
            actuator: Arc::new(self.world.clone()),
            journal: Arc::new(journal.clone()),
            hold: Arc::new(MemoryHold::new(target(), state())),
            clock: Arc::new(self.stage.clone()),
            judge: Arc::new(judge),
            audit: Arc::new(MemoryAudit::default()),
            probes: Vec::new(),
        };
        let executor = Executor::new(ports, self.values.clone(), compared());
        match self.stage.run(executor.execute("op", plan, &OperationOptions::default(), "somebody")) {
            Curtain::Done(Ok(_)) => {}
            Curtain::Done(Err(error)) => return Err(format!("the operation broke off: {error}")),
            Curtain::Died | Curtain::Stuck => return Err("the operation never ended".to_owned()),
        }
        // From what is durable, as another process would.
        let records = journal.records().map_err(|error| error.to_string())?;
        View::of(&records).map_err(|error| error.to_string())
    }

    /// Somebody puts data into some of what was made. Says where.
    fn use_what_was_made(&self, first: &Items) -> BTreeSet<ObjectAddress> {
        let made = self.world.items().into_keys().filter(|address| !first.contains_key(address));
        let used: BTreeSet<ObjectAddress> =
            made.filter(|address| self.world.holds_data(address) && self.stage.chance(500)).collect();
        used.iter().for_each(|address| self.world.fill(address));
        used
    }

    /// Takes an operation back, without what the world refuses.
    fn back(&self, view: &View, restored: &mut Restored) -> Result<Back, String> {
        let touched: BTreeSet<ObjectAddress> =
            view.plan.steps().iter().map(|step| step.result_address().clone()).collect();
        let mut refused: BTreeSet<ObjectAddress> = BTreeSet::new();
        let mut back = Back::default();
        loop {
            let observed = Observation::complete(snapshot(
                self.world.items().into_values().map(|item| item.object).collect::<Vec<ResourceObject>>(),
            )?);
            let mut request = TakeBack::new(view, &observed, target(), state(), self.stage.now());
            if !refused.is_empty() {
                request.only = touched.difference(&refused).cloned().collect();
                // What an earlier try changed and put back may have another id.
                request.changed_since = ChangedSince::Overwrite;
                if request.only.is_empty() {
                    return Ok(back);
                }
            }
            let taken = take_back(self.planner, &request, self.values).map_err(|error| error.to_string())?;
            back.said.extend(taken.not_restored.into_iter().map(|not| not.address));
            let Some(plan) = taken.plan else { return Ok(back) };
            restored.steps += plan.steps().len();
            let done = self.execute(&plan)?;
            if done.state == OperationState::Applied {
                back.done = Some(done);
                return Ok(back);
            }
            let home = |step: &Step| step.replaced.as_ref().unwrap_or(&step.address).clone();
            let count = refused.len();
            for step in
                done.plan.steps().iter().filter(|step| done.ends.get(&step.id).is_some_and(|it| it.1.failure.is_some()))
            {
                // Only of a type of which nothing is known can it not be known that the world refuses it.
                if step.inverse.class < InverseClass::Impossible {
                    let at = home(step);
                    restored
                        .violations
                        .push(format!("{at} was planned to be taken back, and refused: {}", whys(&done)));
                }
                refused.insert(home(step));
            }
            if refused.len() == count {
                return Err(format!("taking back ended in {}: {}", done.state, whys(&done)));
            }
            back.said.extend(refused.iter().cloned());
            let is_left = |step: &&Step| !matches!(done.step(step.id), StepState::NotStarted | StepState::Reverted);
            let left = done.plan.steps().iter().filter(is_left).map(home).collect();
            back.tries.push((plan, left));
        }
    }

    /// Holds what there is against what there was, and both against what was said. Whether all is as it was.
    fn judge(
        &self,
        when: &str,
        then: &Items,
        used: &BTreeSet<ObjectAddress>,
        said: &Said<'_>,
        restored: &mut Restored,
    ) -> bool {
        let lost = lost(then, &self.world.items(), |address| self.world.holds_data(address));
        let named: BTreeSet<&ObjectAddress> = said
            .plans
            .iter()
            .flat_map(|plan| plan.steps())
            .filter(|step| step.inverse.class != InverseClass::Exact)
            .flat_map(|step| [step.replaced.as_ref().unwrap_or(&step.address), step.result_address()])
            .filter(|address| address.deposed.is_none())
            .collect();
        for address in lost.objects.iter().chain(used).filter(|address| !said.reported.contains(*address)) {
            if named.contains(address) {
                restored.named.rightly += 1;
            } else {
                restored.named.missed += 1;
                restored.violations.push(format!("{when}: {address} is not as it was, and no plan said so before"));
            }
        }
        let really = |address: &ObjectAddress| lost.objects.contains(address) || used.contains(address);
        restored.named.needlessly +=
            named.iter().filter(|at| !really(at) && !said.reported.contains(**at)).count() as u64;
        for address in lost.objects.iter().filter(|at| !said.back.contains(*at) && !said.reported.contains(*at)) {
            restored.violations.push(format!("{when}: {address} is not as it was, and taking back did not say so"));
        }
        for (address, had) in &lost.dangling {
            if !named.contains(had) {
                restored.violations.push(format!("{when}: {address} points to nothing, and no plan named {had}"));
            }
        }
        lost.objects.is_empty()
    }
}
