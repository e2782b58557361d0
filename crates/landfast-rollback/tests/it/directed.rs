//! One thing at a time: what an operation does when the lock is lost, when it is paused, when it is to hand over, and so on.

use std::time::Duration;

use landfast_rollback::journal::{Record, StepEnd, StepState, View};
use landfast_rollback::plan::{Batch, PlanParts, StepId, ThenWait};
use landfast_rollback::testing::{ActFault, MemoryHold};
use landfast_rollback::{
    ActuatorFailure, Clock, Direction, Mode, OnFailure, OperationState, Planner, Resume, TakeBack, TakeBackError,
    take_back,
};
use landfast_safety::{ActionKind, InverseClass};
use landfast_state::{BytesDigest, Observation, ResourceObject};

use crate::scene::{address, object, snapshot, target, text, values};
use crate::theatre::{Theatre, assert_state, parts, state, step, view_of};

const REFUSED: ActFault = ActFault::Refuse(ActuatorFailure::Rejected);

fn at(number: u32) -> String {
    format!("mem_plain.s{number}")
}

fn thing(number: u32, name: &str) -> ResourceObject {
    object(&at(number), &[("name", text(name))], &[])
}

/// So many updates, each in a batch of its own.
fn updates(count: u32) -> PlanParts {
    let all = |name: &str| (1..=count).map(|number| thing(number, name)).collect();
    parts(all("old"), all("new"), (1..=count).map(|number| step(number, ActionKind::Update, &at(number))).collect())
}

fn is_old(theatre: &Theatre, number: u32) -> bool {
    theatre.world.item(&address(&at(number))).unwrap().object.value() == thing(number, "old").value()
}

fn assert_untouched(theatre: &Theatre, view: &View, why: &str) {
    assert_state(view, OperationState::Failed);
    assert!(view.why.contains(why), "{}", view.why);
    assert!(theatre.world.deeds().is_empty() && !view.reached_applying);
}

#[test]
fn a_lock_that_is_lost_stops_what_comes_next() {
    let theatre = Theatre::of(updates(3));
    let hold = theatre.hold.clone();
    let world = theatre.world.clone();
    let view = view_of(theatre.execute_beside(|stage, _| async move {
        while world.deeds().is_empty() {
            stage.sleep(Duration::from_millis(1)).await;
        }
        hold.lose();
        std::future::pending().await
    }));
    // The first step had begun; without the lock nothing is changed, not even back.
    assert_state(&view, OperationState::RollbackFailed);
    assert!(view.why.contains("lock"), "{}", view.why);
    assert_eq!(theatre.world.deeds().len(), 1);
    assert_eq!(view.step(StepId::new(1)), StepState::Applied);
    assert!(is_old(&theatre, 2) && is_old(&theatre, 3));
}

#[test]
fn a_lock_that_was_lost_before_is_a_refusal() {
    let theatre = Theatre::of(updates(1));
    theatre.hold.lose();
    assert_untouched(&theatre, &theatre.ended(), "lock");
}

#[test]
fn a_plan_of_another_state_place_or_time_is_refused() {
    let mut theatre = Theatre::of(updates(1));
    theatre.hold = MemoryHold::new(target(), BytesDigest::of(b"another state"));
    assert_untouched(&theatre, &theatre.ended(), "the state is");

    let mut theatre = Theatre::of(updates(1));
    let mut other = target();
    other.workspace = "staging".into();
    theatre.hold = MemoryHold::new(other, state());
    assert_untouched(&theatre, &theatre.ended(), "the plan is for");

    let mut expired = updates(1);
    expired.expires = expired.created;
    let theatre = Theatre::of(expired);
    assert_untouched(&theatre, &theatre.ended(), "expired");
}

#[test]
fn what_was_refused_has_nothing_to_be_taken_back() {
    let theatre = Theatre::of(updates(1));
    theatre.hold.lose();
    assert_untouched(&theatre, &theatre.ended(), "lock");
    assert_untouched(&theatre, &theatre.resume(Resume::Back), "lock");
}

#[test]
fn a_full_audit_log_stops_it_before_it_begins() {
    let theatre = Theatre::of(updates(1));
    theatre.audit.fill();
    assert_untouched(&theatre, &theatre.ended(), "audit");
}

#[test]
fn a_paused_operation_begins_nothing_until_it_may_go_on() {
    let theatre = Theatre::of(updates(2));
    let world = theatre.world.clone();
    let view = view_of(theatre.execute_beside(|stage, control| async move {
        control.pause();
        stage.sleep(Duration::from_secs(600)).await;
        assert!(world.deeds().is_empty());
        control.go_on();
        std::future::pending().await
    }));
    assert_state(&view, OperationState::Applied);
    let paused: Vec<bool> = theatre
        .journal
        .records()
        .unwrap()
        .iter()
        .filter_map(|record| match record {
            Record::Paused { paused, .. } => Some(*paused),
            _ => None,
        })
        .collect();
    assert_eq!(paused, [true, false]);
    assert!(theatre.stage.passed() >= Duration::from_secs(600));
}

#[test]
fn a_batch_waits_for_a_confirmation_and_one_is_not_enough_for_two() {
    let mut wanted = updates(3);
    wanted.batches.iter_mut().take(2).for_each(|batch| batch.then = ThenWait::Confirmation);
    let theatre = Theatre::of(wanted);
    let world = theatre.world.clone();
    let view = view_of(theatre.execute_beside(|stage, control| async move {
        for done in 1..=2 {
            stage.sleep(Duration::from_secs(300)).await;
            assert_eq!(world.deeds().len(), done);
            control.go_on();
        }
        std::future::pending().await
    }));
    assert_state(&view, OperationState::Applied);
    assert!(theatre.stage.passed() >= Duration::from_secs(600));
}

#[test]
fn handed_over_nothing_is_taken_back_until_somebody_says_so() {
    let mut theatre = Theatre::of(updates(2));
    theatre.options.on_failure = OnFailure::HandOver;
    theatre.world.spoil(&address(&at(2)), Direction::Forward, REFUSED);
    let view = theatre.ended();
    assert_state(&view, OperationState::Failed);
    assert!(view.is_ended() && view.reached_applying && !is_old(&theatre, 1));
    assert_state(&theatre.resume(Resume::Forward), OperationState::Failed);
    assert!(!is_old(&theatre, 1));
    assert_state(&theatre.resume(Resume::Back), OperationState::RolledBack);
    assert!(is_old(&theatre, 1));
}

#[test]
fn a_threshold_is_of_lenient_operations_and_they_fail_all_the_same() {
    for (mode, threshold, begun) in
        [(Mode::Strict, 2, 1), (Mode::Lenient, 0, 1), (Mode::Lenient, 1, 2), (Mode::Lenient, 2, 4)]
    {
        let mut theatre = Theatre::of(updates(4));
        theatre.options.mode = mode;
        theatre.options.stop_threshold = threshold;
        for number in [1, 2] {
            theatre.world.spoil(&address(&at(number)), Direction::Forward, REFUSED);
        }
        let view = theatre.ended();
        assert_state(&view, OperationState::RolledBack);
        let forward = theatre.world.deeds().iter().filter(|deed| deed.direction == Direction::Forward).count();
        assert_eq!(forward, begun, "{mode:?}, {threshold}");
        assert!((1..=4).all(|number| is_old(&theatre, number)));
    }
}

#[test]
fn a_probe_that_finds_it_ill_has_it_taken_back() {
    let theatre = Theatre::of(updates(3));
    theatre.probe.fall_ill(2, "it is slow");
    let view = theatre.ended();
    assert_state(&view, OperationState::RolledBack);
    // Asked after every batch: the third was never begun.
    assert_eq!(theatre.world.deeds().iter().filter(|deed| deed.direction == Direction::Forward).count(), 2);
    let failed = |record: &Record| matches!(record, Record::Went { to: OperationState::Failed, why, .. } if why.contains("it is slow"));
    assert!(theatre.journal.records().unwrap().iter().any(failed));
}

#[test]
fn a_silent_probe_stops_strict_operations_only() {
    for (mode, state) in [(Mode::Strict, OperationState::RolledBack), (Mode::Lenient, OperationState::Applied)] {
        let mut theatre = Theatre::of(updates(1));
        theatre.options.mode = mode;
        theatre.probe.fall_silent(1);
        assert_state(&theatre.ended(), state);
    }
}

#[test]
fn what_does_not_last_through_its_settle_time_is_taken_back() {
    let mut theatre = Theatre::of(updates(1));
    theatre.options.settle_seconds = 120;
    // Well after the batch and when all is done, and ill two minutes later.
    theatre.probe.fall_ill(3, "it fell over");
    assert_state(&theatre.ended(), OperationState::RolledBack);
    assert!(theatre.stage.passed() >= Duration::from_secs(120));

    let mut theatre = Theatre::of(updates(1));
    theatre.options.settle_seconds = 120;
    let world = theatre.world.clone();
    let view = view_of(theatre.execute_beside(|stage, _| async move {
        stage.sleep(Duration::from_secs(60)).await;
        world.meddle(&address(&at(1)), landfast_rollback::testing::Meddling::Change);
        std::future::pending().await
    }));
    // Somebody else changed it meanwhile: it is not as it is to be, and not ours to take back.
    assert_state(&view, OperationState::RollbackFailed);
    assert!(view.why.contains("somebody else"), "{}", view.why);
}

#[test]
fn taking_back_ends_when_its_time_is_over() {
    let mut theatre = Theatre::of(updates(3));
    theatre.options.rollback_seconds = Some(0);
    theatre.world.spoil(&address(&at(3)), Direction::Forward, REFUSED);
    let view = theatre.ended();
    assert_state(&view, OperationState::RollbackFailed);
    assert!(view.why.contains("longer than 0 s"), "{}", view.why);
    assert!(!is_old(&theatre, 1) && !is_old(&theatre, 2));
}

/// An operation whose second step could not be taken back.
fn rollback_failed() -> (Theatre, View) {
    let theatre = Theatre::of(updates(3));
    theatre.world.spoil(&address(&at(3)), Direction::Forward, REFUSED);
    theatre.world.spoil(&address(&at(2)), Direction::Back, REFUSED);
    let view = theatre.ended();
    assert_state(&view, OperationState::RollbackFailed);
    (theatre, view)
}

fn observed(theatre: &Theatre) -> Observation {
    Observation::complete(snapshot(theatre.world.items().into_values().map(|item| item.object).collect()))
}

#[test]
fn after_a_failed_rollback_it_is_said_what_is_left_and_can_be_tried_again() {
    let (theatre, view) = rollback_failed();
    assert_eq!(view.why, "step 2 (mem_plain.s2): it was refused");
    let states: Vec<StepState> = view.steps().map(|(_, state)| state).collect();
    assert_eq!(states, [StepState::Reverted, StepState::Applied, StepState::NotStarted]);
    assert!(is_old(&theatre, 1) && !is_old(&theatre, 2));
    assert_eq!(view.ends[&StepId::new(2)].1.end, StepEnd::NoEffect);
    // Nothing more comes of taking it up: another try is an operation of its own, of what is left.
    assert_state(&theatre.resume(Resume::Back), OperationState::RollbackFailed);
    let observed = observed(&theatre);
    let request = TakeBack::new(&view, &observed, target(), state(), theatre.stage.now());
    let taken = take_back(&Planner::default(), &request, &values(&[theatre.plan.before()])).unwrap();
    let plan = taken.plan.unwrap();
    assert_eq!(plan.steps().iter().map(|step| step.address.to_string()).collect::<Vec<_>>(), [at(2)]);
    let again = Theatre { plan, journal: Default::default(), ..Theatre::of(updates(1)) };
    let again = Theatre { world: theatre.world.clone(), ..again };
    again.world.on_stage(&again.stage);
    assert_state(&again.ended(), OperationState::Applied);
    assert!((1..=3).all(|number| is_old(&again, number)));
}

#[test]
fn an_object_is_skipped_with_a_reason_and_with_none_it_is_not() {
    let (theatre, view) = rollback_failed();
    let observed = observed(&theatre);
    let mut request = TakeBack::new(&view, &observed, target(), state(), theatre.stage.now());
    request.skip.insert(address(&at(2)), "it is replaced next week".into());
    let sources = values(&[theatre.plan.before()]);
    let taken = take_back(&Planner::default(), &request, &sources).unwrap();
    assert!(taken.plan.is_none());
    let not: Vec<String> = taken.not_restored.iter().map(|not| format!("{}: {}", not.address, not.why)).collect();
    assert_eq!(not, ["mem_plain.s2: it is left as it is: it is replaced next week"]);
    request.skip.insert(address(&at(2)), "  ".into());
    let error = take_back(&Planner::default(), &request, &sources).unwrap_err();
    assert!(matches!(error, TakeBackError::NoReason { .. }), "{error}");
    request.skip = [(address(&at(1)), "why not".to_owned())].into();
    let error = take_back(&Planner::default(), &request, &sources).unwrap_err();
    assert!(matches!(error, TakeBackError::NotTouched { .. }), "{error}");
}

#[test]
fn a_part_of_an_operation_is_taken_back_by_address() {
    let theatre = Theatre::of(updates(3));
    let view = theatre.ended();
    assert_state(&view, OperationState::Applied);
    let observed = observed(&theatre);
    let mut request = TakeBack::new(&view, &observed, target(), state(), theatre.stage.now());
    request.only.insert(address(&at(2)));
    let taken = take_back(&Planner::default(), &request, &values(&[theatre.plan.before()])).unwrap();
    let again = Theatre { plan: taken.plan.unwrap(), ..Theatre::of(updates(1)) };
    let again = Theatre { world: theatre.world.clone(), ..again };
    again.world.on_stage(&again.stage);
    assert_state(&again.ended(), OperationState::Applied);
    assert_eq!([1, 2, 3].map(|number| is_old(&again, number)), [false, true, false]);
}

#[test]
fn what_nothing_takes_back_stays_and_what_it_needs_with_it() {
    let mut wanted = updates(3);
    wanted.steps[1].inverse.class = InverseClass::Impossible;
    wanted.steps[1].inverse.reasons = vec!["it only goes up".into()];
    wanted.steps[1].needs = vec![StepId::new(1)];
    wanted.batches = (1..=3).map(|n| Batch { steps: vec![StepId::new(n)], then: ThenWait::Nothing }).collect();
    let theatre = Theatre::of(wanted);
    theatre.world.spoil(&address(&at(3)), Direction::Forward, REFUSED);
    let view = theatre.ended();
    assert_state(&view, OperationState::RollbackFailed);
    assert!(view.why.contains("it only goes up") && view.why.contains("step 2, which needs it"), "{}", view.why);
    assert!(!is_old(&theatre, 1) && !is_old(&theatre, 2));
}
