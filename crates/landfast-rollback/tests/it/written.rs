//! What is written down: levels, addresses, no secret; and how often a read is tried.

use std::sync::Arc;

use landfast_rollback::journal::{Record, StepEnd};
use landfast_rollback::plan::PlanParts;
use landfast_rollback::testing::{ActFault, MemoryWorld, ReadFault};
use landfast_rollback::{Actuator, ActuatorError, ActuatorFailure, Change, Direction, OperationState, PortFuture};
use landfast_safety::ActionKind;
use landfast_state::ResourceObject;
use landfast_state::address::ObjectAddress;

use crate::scene::{address, object, secret, text};
use crate::theatre::{Theatre, assert_state, parts, step};

const A: &str = "mem_plain.a";
const B: &str = "mem_plain.b";
const REFUSED: ActFault = ActFault::Refuse(ActuatorFailure::Rejected);

/// An update that carries a secret, and one after it.
fn updates() -> PlanParts {
    let a = |name: &str| object(A, &[("name", text(name)), ("password", secret("hunter2-hunter2"))], &[]);
    let b = |name: &str| object(B, &[("name", text(name))], &[]);
    let steps = vec![step(1, ActionKind::Update, A), step(2, ActionKind::Update, B)];
    parts(vec![a("old"), b("old")], vec![a("new"), b("new")], steps)
}

/// The world through somebody who calls objects by other names, and says what he was given when he fails.
#[derive(Debug)]
struct Careless(MemoryWorld);

impl Actuator for Careless {
    fn name(&self) -> &str {
        "careless"
    }

    fn read<'a>(
        &'a self,
        address: &'a ObjectAddress,
        known: Option<&'a ResourceObject>,
    ) -> PortFuture<'a, Result<Option<ResourceObject>, ActuatorError>> {
        Box::pin(async move {
            let read = self.0.read(address, known).await?;
            Ok(read.map(|found| ResourceObject { address: "mem_plain.whatever".parse().unwrap(), ..found }))
        })
    }

    fn act<'a>(&'a self, change: &'a Change) -> PortFuture<'a, Result<(), ActuatorError>> {
        Box::pin(async move {
            self.0
                .act(change)
                .await
                .map_err(|error| ActuatorError::new(error.failure, "cannot log in with hunter2-hunter2".to_owned()))
        })
    }
}

#[test]
fn an_object_stands_where_it_was_read_whatever_it_is_called() {
    let mut theatre = Theatre::of(updates());
    theatre.actuator = Some(Arc::new(Careless(theatre.world.clone())));
    assert_state(&theatre.ended(), OperationState::Applied);
    let journal = theatre.journal.texts().join("\n");
    assert!(journal.contains(A) && !journal.contains("whatever"), "{journal}");
}

#[test]
fn a_secret_of_the_plan_reaches_no_record() {
    let mut theatre = Theatre::of(updates());
    theatre.actuator = Some(Arc::new(Careless(theatre.world.clone())));
    theatre.world.spoil(&address(B), Direction::Forward, REFUSED);
    let view = theatre.ended();
    assert_state(&view, OperationState::RolledBack);
    let journal = theatre.journal.texts().join("\n");
    assert!(journal.contains("cannot log in with"), "{journal}");
    assert!(!journal.contains("hunter2"), "{journal}");
}

#[test]
fn every_transition_has_its_level() {
    let theatre = Theatre::of(updates());
    theatre.world.spoil(&address(B), Direction::Forward, REFUSED);
    theatre.world.spoil(&address(A), Direction::Back, REFUSED);
    assert_state(&theatre.ended(), OperationState::RollbackFailed);
    let levels: Vec<(OperationState, String)> = theatre
        .journal
        .records()
        .unwrap()
        .into_iter()
        .filter_map(|record| match record {
            Record::Went { to, level, .. } => Some((to, level)),
            _ => None,
        })
        .collect();
    let expected = [
        (OperationState::ValidatingSafety, "info"),
        (OperationState::Applying, "info"),
        (OperationState::Failed, "warn"),
        (OperationState::RollingBack, "warn"),
        (OperationState::RollbackFailed, "error"),
    ];
    assert_eq!(levels, expected.map(|(to, level)| (to, level.to_owned())));
}

#[test]
fn a_read_that_fails_for_a_moment_is_tried_again_so_often_and_no_more() {
    for (failures, state) in [(3, OperationState::Applied), (4, OperationState::Failed), (40, OperationState::Failed)] {
        let theatre = Theatre::of(updates());
        for _ in 0..failures {
            theatre.world.blind(&address(A), ReadFault::Fail(ActuatorFailure::Transient));
        }
        let view = theatre.ended();
        assert_state(&view, state);
        assert_eq!(view.reached_applying, state == OperationState::Applied);
    }
}

#[test]
fn why_an_object_could_not_be_read_before_its_change_is_kept() {
    // One of the first reads is the one just before the change.
    let found = (0..6).find_map(|reads| {
        let theatre = Theatre::of(updates());
        (0..reads).for_each(|_| theatre.world.blind(&address(A), ReadFault::Well));
        theatre.world.blind(&address(A), ReadFault::Fail(ActuatorFailure::Rejected));
        theatre.ended();
        theatre.journal.records().unwrap().into_iter().find_map(|record| match record {
            Record::Ended { direction: Direction::Forward, end, .. } if end.end == StepEnd::NotTried => Some(end),
            _ => None,
        })
    });
    let end = found.unwrap();
    assert!(end.why.contains("mem_plain.a cannot be read"), "{}", end.why);
    assert_eq!(end.failure, Some(ActuatorFailure::Rejected));
}

#[test]
fn what_a_lie_came_to_is_said() {
    for (fault, end, why) in [
        (ActFault::SaySuccessDoNothing, StepEnd::NoEffect, "success was reported, and nothing has changed"),
        (ActFault::PartThenSuccess, StepEnd::Partial, "success was reported, and mem_plain.a differs in "),
        (ActFault::PartThenFailure, StepEnd::Partial, "something went wrong halfway"),
    ] {
        let theatre = Theatre::of(updates());
        theatre.world.spoil(&address(A), Direction::Forward, fault);
        theatre.ended();
        let ended = theatre.journal.records().unwrap().into_iter().find_map(|record| match record {
            Record::Ended { direction: Direction::Forward, end, .. } => Some(end),
            _ => None,
        });
        let ended = ended.unwrap();
        assert_eq!(ended.end, end, "{fault:?}");
        assert!(ended.why.starts_with(why), "{fault:?}: {}", ended.why);
    }
}
