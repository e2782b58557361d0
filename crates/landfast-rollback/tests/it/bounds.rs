//! Who acts, where, for how long, and what holds at the moment when it counts.

use std::sync::Arc;
use std::time::Duration;

use landfast_rollback::plan::{PlanParts, StepId};
use landfast_rollback::testing::{ActFault, Curtain, MemoryHold};
use landfast_rollback::{ActuatorFailure, Clock, Direction, ExecuteError, OperationState, Resume};
use landfast_safety::{ActionKind, Check, CheckFuture, CheckId, Context, Gate, Level, Verdict};

use crate::scene::{address, object, target, text};
use crate::theatre::{Theatre, assert_state, parts, state, step};

const REFUSED: ActFault = ActFault::Refuse(ActuatorFailure::Rejected);

fn at(number: u32) -> String {
    format!("mem_plain.s{number}")
}

/// Two updates, one after the other.
fn two() -> PlanParts {
    let all = |name: &str| (1..=2).map(|number| object(&at(number), &[("name", text(name))], &[])).collect();
    parts(all("old"), all("new"), (1..=2).map(|number| step(number, ActionKind::Update, &at(number))).collect())
}

fn decided(theatre: &Theatre) -> Vec<(String, String)> {
    theatre.audit.events().into_iter().map(|event| (event.who, event.action)).collect()
}

#[test]
fn the_audit_log_says_who_acts() {
    let theatre = Theatre::of(two());
    theatre.world.spoil(&address(&at(2)), Direction::Forward, REFUSED);
    theatre.world.spoil(&address(&at(1)), Direction::Back, REFUSED);
    assert_state(&theatre.ended(), OperationState::RollbackFailed);
    let by_me = |action: &str| ("me".to_owned(), action.to_owned());
    assert_eq!(decided(&theatre), [by_me("apply"), by_me("roll-back")]);
    let event = &theatre.audit.events()[0];
    let detail = |name: &str| event.details.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    assert_eq!((detail("operation"), detail("author"), detail("steps")), (Some("op"), Some("alice"), Some("2")));
    assert_eq!(detail("plan"), Some(theatre.plan.digest().to_string().as_str()));
    assert_eq!(event.target, target().store);

    // Whoever takes an operation up acts in his own name.
    let mut theatre = Theatre::of(two());
    theatre.options.on_failure = landfast_rollback::OnFailure::HandOver;
    theatre.world.spoil(&address(&at(2)), Direction::Forward, REFUSED);
    assert_state(&theatre.ended(), OperationState::Failed);
    assert_state(&theatre.resume(Resume::Back), OperationState::RolledBack);
    assert_eq!(decided(&theatre)[1], ("somebody else".to_owned(), "roll-back".to_owned()));
}

#[test]
fn an_inverse_gets_no_more_time_than_is_left() {
    let mut theatre = Theatre::of(two());
    theatre.options.rollback_seconds = Some(5);
    theatre.world.spoil(&address(&at(2)), Direction::Forward, REFUSED);
    theatre.world.spoil(&address(&at(1)), Direction::Back, ActFault::HangBefore);
    let view = theatre.ended();
    assert_state(&view, OperationState::RollbackFailed);
    // The step alone may take twenty seconds.
    let begun = theatre.audit.events().last().unwrap().at;
    let taken = theatre.stage.now().duration_since(begun).unwrap();
    assert!(taken >= Duration::from_secs(5) && taken < Duration::from_secs(8), "{taken:?}");
    assert!(view.why.contains("it did not end within"), "{}", view.why);
}

/// Loses the lock while it is asked.
#[derive(Debug)]
struct Losing(MemoryHold);

impl Check for Losing {
    fn id(&self) -> CheckId {
        CheckId::new("losing").unwrap()
    }

    fn question(&self) -> &str {
        "Does judging take its time?"
    }

    fn advice(&self) -> &str {
        "be quicker"
    }

    fn settings(&self) -> String {
        String::new()
    }

    fn judge<'a>(&'a self, _: &'a Context) -> CheckFuture<'a> {
        self.0.lose();
        Box::pin(async { Ok(Verdict::pass()) })
    }
}

#[test]
fn a_lock_that_is_lost_while_the_plan_is_judged_is_a_refusal() {
    let mut theatre = Theatre::of(two());
    let mut gate = Gate::empty();
    gate.add(Arc::new(Losing(theatre.hold.clone())), Level::Deny).unwrap();
    theatre.gate = gate;
    let view = theatre.ended();
    assert_state(&view, OperationState::Failed);
    assert!(view.why.contains("somebody took it") && !view.reached_applying, "{}", view.why);
    assert!(theatre.world.deeds().is_empty() && theatre.audit.events().is_empty());
}

#[test]
fn an_operation_is_not_taken_up_in_another_place() {
    let mut theatre = Theatre::of(two());
    theatre.options.on_failure = landfast_rollback::OnFailure::HandOver;
    theatre.world.spoil(&address(&at(2)), Direction::Forward, REFUSED);
    assert_state(&theatre.ended(), OperationState::Failed);
    let (view, deeds) = (theatre.view(), theatre.world.deeds().len());
    let written = theatre.journal.records().unwrap().len();
    assert_eq!(view.step(StepId::new(1)), landfast_rollback::journal::StepState::Applied);
    let mut other = target();
    other.store = "somewhere-else".into();
    theatre.hold = MemoryHold::new(other, state()).on_stage(&theatre.stage);
    let executor = theatre.executor();
    let Curtain::Done(Err(error)) = theatre.stage.run(executor.resume(view, Resume::Back, "me")) else {
        panic!("taken up on another state");
    };
    assert!(matches!(&error, ExecuteError::OtherPlace { here, .. } if here.contains("somewhere-else")), "{error}");
    assert_eq!(theatre.journal.records().unwrap().len(), written);
    assert_eq!(theatre.world.deeds().len(), deeds);
}
