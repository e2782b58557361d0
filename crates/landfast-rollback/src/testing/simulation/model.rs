//! What must be true of every operation, whatever goes wrong. It goes by the durable records, by what the world saw, and by
//! what was drawn, and uses none of the engine's own comparisons.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use landfast_safety::{ActionKind, InverseClass};
use landfast_state::address::ObjectAddress;
use landfast_state::{ResourceObject, Sensitive, SensitiveComparison, Value};

use super::run::Course;
use super::scenario::{Refusal, SECRET, key, touched};
use crate::actuator::Direction;
use crate::journal::{Record, StepEnd, StepState, View};
use crate::operation::{Mode, OnFailure, OperationState};
use crate::plan::{Plan, Step, StepId};
use crate::testing::{Deed, Item};
use crate::time;

/// How much later than its deadline a change may begin: what was looked at before it began may be slow to read.
const GRACE: Duration = Duration::from_secs(10);

pub(super) fn violations(course: &Course) -> Vec<String> {
    let mut found = course.not_closed.clone();
    let records = course.journal.records().unwrap_or_default();
    if course.journal.texts().iter().any(|text| text.contains(SECRET)) {
        found.push("a secret stands in the journal".to_owned());
    }
    let deeds = course.scenario.world.deeds();
    Deeds { course, records: &records, reached: 0, walk: Walk::default() }.check(&deeds, &mut found);
    let Some(view) = &course.view else {
        if records.is_empty() && !deeds.is_empty() {
            found.push("something was done, and there is no journal".to_owned());
        }
        return found;
    };
    match View::of(&records) {
        Err(error) => found.push(format!("the journal comes to nothing: {error}")),
        Ok(again) => {
            if again.state != view.state || again.steps().ne(view.steps()) {
                found.push("the journal says something else than the report".to_owned());
            }
        }
    }
    world_is_as_said(course, view, &mut found);
    ended_rightly(course, view, &deeds, &mut found);
    found
}

/// What the records come to, counted anew.
#[derive(Default)]
struct Walk {
    state: Option<OperationState>,
    cleared: bool,
    has_before: bool,
    cancelled: bool,
    taking_back_since: Option<SystemTime>,
    open: BTreeMap<StepId, (Direction, usize)>,
    /// From which record to which each step was announced and not ended.
    announced: Vec<(StepId, usize, usize)>,
    done: BTreeMap<StepId, bool>,
    failed_in: Option<usize>,
    failures: usize,
}

struct Deeds<'c> {
    course: &'c Course,
    records: &'c [Record],
    reached: usize,
    walk: Walk,
}

impl Deeds<'_> {
    fn check(mut self, deeds: &[Deed], found: &mut Vec<String>) {
        for deed in deeds {
            self.advance(deed.records, found);
            self.deed(deed, found);
        }
        self.advance(self.records.len(), found);
    }

    fn advance(&mut self, to: usize, found: &mut Vec<String>) {
        while self.reached < to {
            let Some(record) = self.records.get(self.reached) else { return };
            self.record(record, found);
            self.reached += 1;
        }
    }

    fn record(&mut self, record: &Record, found: &mut Vec<String>) {
        let plan = &self.course.scenario.plan;
        let walk = &mut self.walk;
        match record {
            Record::Judged { cleared, .. } => {
                walk.cleared = *cleared;
                walk.failed_in = None;
                walk.failures = 0;
            }
            Record::Before { .. } => walk.has_before = true,
            Record::Cancelled { .. } => walk.cancelled = true,
            Record::TakenUp { at, .. } => {
                walk.cleared = false;
                walk.failed_in = None;
                walk.cancelled = false;
                if walk.taking_back_since.is_some() {
                    walk.taking_back_since = time::from_text(at);
                }
            }
            Record::Went { to, at, .. } => {
                walk.state = Some(*to);
                if *to == OperationState::Applying && !(walk.cleared && walk.has_before) {
                    found.push("applying began without a clearance, or without knowing what was there".to_owned());
                }
                if *to == OperationState::RollingBack {
                    walk.taking_back_since = time::from_text(at);
                }
            }
            Record::Intent { step, direction, .. } => {
                walk.open.insert(*step, (*direction, self.reached));
                if *direction == Direction::Forward {
                    let batch = batch_of(plan, *step);
                    if walk.failed_in.is_some_and(|failed| batch > failed) {
                        found.push(format!("{step} begins though an earlier batch failed"));
                    }
                    if walk.cancelled {
                        found.push(format!("{step} begins though somebody cancelled"));
                    }
                }
            }
            Record::Ended { step, direction, end, .. } => {
                if let Some((_, from)) = walk.open.remove(step) {
                    walk.announced.push((*step, from, self.reached));
                }
                match (direction, end.end) {
                    (Direction::Forward, StepEnd::Done) => drop(walk.done.insert(*step, true)),
                    (Direction::Back, StepEnd::Done) => drop(walk.done.insert(*step, false)),
                    (Direction::Forward, StepEnd::Partial | StepEnd::Unknown) => drop(walk.done.insert(*step, true)),
                    (Direction::Forward, StepEnd::NoEffect) => drop(walk.done.insert(*step, false)),
                    _ => {}
                }
                if *direction == Direction::Forward && end.end != StepEnd::Done {
                    walk.failures += 1;
                    let options = &self.course.scenario.options;
                    let tolerated = usize::try_from(options.stop_threshold).unwrap_or(0);
                    if options.mode == Mode::Strict || walk.failures > tolerated {
                        walk.failed_in = Some(batch_of(plan, *step));
                    }
                }
            }
            Record::Opened { .. } | Record::Paused { .. } => {}
        }
    }

    fn deed(&self, deed: &Deed, found: &mut Vec<String>) {
        let (scenario, walk) = (&self.course.scenario, &self.walk);
        let (step, direction) = (deed.step, deed.direction);
        let mut hold = |holds: bool, what: &str| {
            if !holds {
                found.push(format!("{step} {direction}: {what}"));
            }
        };
        for broken in &deed.broken {
            hold(false, broken);
        }
        for (address, records) in &deed.overwrites {
            // Of what happens between the announcement of a step and its end nobody can tell who did it.
            let may_be_ours = |id: &StepId, from: usize, to: usize| {
                let touches = scenario.plan.step(*id).is_some_and(|step| {
                    step.address == *address
                        || step.moves_to.as_ref() == Some(address)
                        || step.aside().as_ref() == Some(address)
                });
                touches && (from..=to).contains(records)
            };
            let is_in_doubt = walk.announced.iter().any(|(id, from, to)| may_be_ours(id, *from, *to))
                || walk.open.iter().any(|(id, (_, from))| *id != step && may_be_ours(id, *from, usize::MAX));
            hold(is_in_doubt, &format!("{address} is somebody else's, which was seen"));
        }
        let open = walk.open.get(&step).filter(|(open, _)| *open == direction);
        hold(open.is_some(), "it was not announced");
        if let Some((_, at)) = open {
            hold(
                deed.reads.iter().all(|read| read > at),
                "nobody looked at what is to be changed after it was announced",
            );
        }
        hold(walk.has_before, "what was there before is not recorded");
        hold(deed.side_by_side <= scenario.options.parallel, "too many changes at a time");
        let Some(planned) = scenario.plan.step(step) else { return hold(false, "the plan does not have it") };
        let is_done = |id: &StepId| walk.done.get(id).copied().unwrap_or(false);
        match direction {
            Direction::Forward => {
                hold(walk.state == Some(OperationState::Applying), "it does a step, and the operation is not applying");
                hold(walk.cleared, "there is no clearance");
                let judged = self.course.proposals();
                let judged = judged.iter().rev().find(|(records, _)| *records < deed.records);
                let is_it = |address: &ObjectAddress, action: ActionKind| {
                    (*address == planned.address && action == planned.action)
                        || (planned.replaced.as_ref().unwrap_or(&planned.address) == address
                            && action == ActionKind::Replace)
                };
                let was_judged = judged.is_some_and(|(_, proposal)| {
                    proposal.changes.iter().any(|change| is_it(&change.address, change.action))
                });
                hold(was_judged, "nobody judged it");
                hold(planned.needs.iter().all(is_done), "what it needs is not done");
            }
            Direction::Back => {
                hold(walk.state == Some(OperationState::RollingBack), "it takes back, and the operation does not");
                hold(!planned.inverse.class.is_irreversible(), "nothing takes it back");
                let in_use =
                    scenario.plan.steps().iter().any(|other| other.needs.contains(&step) && is_done(&other.id));
                hold(!in_use, "others still need it");
                let seconds = Duration::from_secs(scenario.options.rollback_timeout());
                let late =
                    walk.taking_back_since.is_none_or(|since| crate::testing::at(deed.at) > since + seconds + GRACE);
                hold(!late, "the time for taking back is over");
            }
        }
    }
}

fn batch_of(plan: &Plan, step: StepId) -> usize {
    plan.batches().iter().position(|batch| batch.steps.contains(&step)).unwrap_or(usize::MAX)
}

/// What is to be at an address.
#[derive(Debug, Clone)]
enum Expected {
    Anything,
    Nothing,
    /// The object that was there at first, with how it may have changed since.
    First(Item, InverseClass),
    Planned(ResourceObject),
}

/// What there is follows from what the journal says of each step.
fn world_is_as_said(course: &Course, view: &View, found: &mut Vec<String>) {
    let plan = &course.scenario.plan;
    let mut expected: BTreeMap<ObjectAddress, Expected> = touched(plan)
        .into_iter()
        .map(|address| {
            let first = course.scenario.initial.get(&address).cloned();
            (address, first.map_or(Expected::Nothing, |item| Expected::First(item, InverseClass::Exact)))
        })
        .collect();
    for step in plan.steps() {
        replay(plan, step, view.step(step.id), &mut expected);
    }
    let world = course.scenario.world.items();
    for (address, expected) in &expected {
        if course.scenario.world.was_meddled(address) {
            continue;
        }
        if let Err(how) = is_as(world.get(address), expected) {
            found.push(format!("{address} {how} in {}", view.state));
        }
    }
}

fn replay(plan: &Plan, step: &Step, state: StepState, expected: &mut BTreeMap<ObjectAddress, Expected>) {
    let aside = step
        .deposes
        .as_ref()
        .map(|key| ObjectAddress { instance: step.address.instance.clone(), deposed: Some(key.clone()) });
    match state {
        StepState::NotStarted => {}
        StepState::Unknown | StepState::Failed => {
            for address in [Some(&step.address), step.moves_to.as_ref(), aside.as_ref()].into_iter().flatten() {
                expected.insert(address.clone(), Expected::Anything);
            }
        }
        StepState::Reverted => {
            let home = step.replaced.as_ref().unwrap_or(&step.address);
            // Made again at most as well as its class says.
            for address in [home, &step.address] {
                if let Some(Expected::First(_, class)) = expected.get_mut(address) {
                    *class = (*class).max(step.inverse.class);
                }
            }
        }
        StepState::Applied => {
            let was = expected.get(&step.address).cloned().unwrap_or(Expected::Nothing);
            if let Some(aside) = aside {
                expected.insert(aside, was.clone());
            }
            let left = plan.left_by(step).cloned().map_or(Expected::Nothing, Expected::Planned);
            match &step.moves_to {
                Some(to) => {
                    expected.insert(step.address.clone(), Expected::Nothing);
                    expected.insert(to.clone(), was);
                }
                None => drop(expected.insert(step.address.clone(), left)),
            }
        }
    }
}

fn is_as(item: Option<&Item>, expected: &Expected) -> Result<(), String> {
    match (item, expected) {
        (_, Expected::Anything) | (None, Expected::Nothing) => Ok(()),
        (Some(_), Expected::Nothing) => Err("is there".to_owned()),
        (None, _) => Err("is not there".to_owned()),
        (Some(item), Expected::Planned(object)) => same(&item.object.value(), &object.value(), &[]),
        (Some(item), Expected::First(first, class)) => {
            let is_new = *class != InverseClass::Exact;
            same(&item.object.value(), &first.object.value(), if is_new { &["id"] } else { &[] })?;
            let holds_data = &*item.object.address.instance.resource.type_name == "mem_store";
            if holds_data && *class < InverseClass::Lossy && item.data != first.data {
                return Err("has lost its data".to_owned());
            }
            if item.hidden != first.hidden { Err("has lost what was written into it".to_owned()) } else { Ok(()) }
        }
    }
}

fn same(is: &Value, expected: &Value, but: &[&str]) -> Result<(), String> {
    let (Value::Object(is), Value::Object(expected)) = (is, expected) else { return Err("is no object".to_owned()) };
    for (name, expected) in expected {
        if *expected == Value::Unknown || name == "seen" || but.contains(&name.as_str()) {
            continue;
        }
        let equal = match (is.get(name), expected) {
            (Some(Value::Sensitive(is)), Value::Sensitive(expected)) => {
                Sensitive::compare(is, expected, Some(&key())) == SensitiveComparison::Same
            }
            (is, expected) => is == Some(expected),
        };
        if !equal {
            return Err(format!("has another {name} than it is to have"));
        }
    }
    Ok(())
}

/// The operation ended as it had to, as far as what was drawn says.
fn ended_rightly(course: &Course, view: &View, deeds: &[Deed], found: &mut Vec<String>) {
    let scenario = &course.scenario;
    if scenario.refusal.is_some() && !deeds.is_empty() {
        found.push(format!("{:?}, and it was not refused", scenario.refusal));
    }
    if scenario.refusal.is_some() && view.state != OperationState::Failed {
        found.push(format!("{:?}, and it ended in {}", scenario.refusal, view.state));
    }
    if matches!(scenario.refusal, Some(Refusal::CheckFails | Refusal::CheckErrs)) && course.proposals().is_empty() {
        // It may have failed before anybody was asked, by a lost lock or a crash.
        let is_explained = course.loses_lock || course.spoils_reads || course.processes > 1;
        if !is_explained {
            found.push("nobody was asked".to_owned());
        }
    }
    if view.state == OperationState::Applied && course.asked == 0 {
        found.push("it is applied, and no probe was asked".to_owned());
    }
    if view.state == OperationState::Applied && course.was_ill && course.processes == 1 {
        found.push("it is applied, and a probe found it ill".to_owned());
    }
    if let Some(at) = *course.cancelled_at.lock().unwrap_or_else(std::sync::PoisonError::into_inner) {
        let after = crate::testing::at(at) + Duration::from_millis(1);
        let is_later = |text: &str| time::from_text(text).is_some_and(|at| at > after);
        let failed = course.journal.records().unwrap_or_default().into_iter().any(|record| match record {
            Record::Went { from: OperationState::Applying, to: OperationState::Failed, at, .. } => is_later(&at),
            _ => false,
        });
        let applied = course.journal.records().unwrap_or_default().into_iter().any(|record| match record {
            Record::Went { to: OperationState::Applied, at, .. } => is_later(&at),
            _ => false,
        });
        if applied && course.processes == 1 {
            found.push("somebody cancelled, and it was applied later".to_owned());
        }
        if failed && !view.cancelled && course.processes == 1 {
            found.push("somebody cancelled, and it knows nothing of it".to_owned());
        }
    }
    let backs = deeds.iter().filter(|deed| deed.direction == Direction::Back).count();
    let hands_over = scenario.options.on_failure == OnFailure::HandOver || view.cancelled;
    if hands_over && !course.taken_back && backs > 0 {
        found.push("it was taken back, and nobody asked for that".to_owned());
    }
    if view.state == OperationState::Applied && view.steps().any(|(_, state)| state != StepState::Applied) {
        found.push("it is applied, and a step is not".to_owned());
    }
    let undone = |state| matches!(state, StepState::NotStarted | StepState::Reverted);
    if view.state == OperationState::RolledBack && view.steps().any(|(_, state)| !undone(state)) {
        found.push("it is rolled back, and a step is not".to_owned());
    }
    if !course.audit.events().iter().any(|event| event.action == "apply") && !deeds.is_empty() {
        found.push("the audit log knows nothing of it".to_owned());
    }
    let wrong = scenario.world.went_wrong();
    let is_calm = !course.meddles
        && !course.loses_lock
        && !course.audit_fails
        && !wrong.iter().any(|(direction, what)| direction.is_none() || what == "MeddledAfter")
        && scenario.refusal.is_none()
        && scenario.has_values
        && !course.taken_back;
    let failed_forward = wrong.iter().any(|(direction, _)| *direction == Some(Direction::Forward));
    let failed_back = wrong.iter().any(|(direction, _)| *direction == Some(Direction::Back));
    if is_calm
        && !course.cancels
        && !course.falls_ill
        && !failed_forward
        && view.state != OperationState::Applied
        && (course.processes == 1 || view.reached_applying)
    {
        found.push(format!("nothing went wrong, and it ended in {}: {}", view.state, view.why));
    }
    let in_time = course.processes == 1 && scenario.options.rollback_seconds.is_none();
    let all_back = scenario.plan.steps().iter().all(|step| !step.inverse.class.is_irreversible());
    if is_calm && in_time && all_back && !failed_back && view.state == OperationState::RollbackFailed {
        found.push(format!("everything could be taken back, and was not: {}", view.why));
    }
    if course.falls_ill
        && view.reached_applying
        && is_calm
        && !course.cancels
        && !hands_over
        && view.state == OperationState::Failed
    {
        found.push("it failed and was not taken back".to_owned());
    }
}
