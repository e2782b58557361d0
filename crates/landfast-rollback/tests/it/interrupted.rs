//! What a process leaves when it is interrupted, and what the next one makes of it.

use std::time::Duration;

use landfast_rollback::journal::{Record, StepEnd, StepState, View};
use landfast_rollback::plan::StepId;
use landfast_rollback::testing::{ActFault, AppendFault, Curtain, ReadFault};
use landfast_rollback::{ActuatorFailure, Clock, Direction, OperationState, Planner, Resume, TakeBack, take_back};
use landfast_safety::{ActionKind, InverseClass};
use landfast_state::Observation;

use crate::scene::{address, object, snapshot, target, text, values};
use crate::theatre::{Theatre, assert_state, parts, state, step, view_of};

fn thing(at: &str, name: &str) -> landfast_state::ResourceObject {
    object(at, &[("name", text(name))], &[])
}

/// Two updates, the second of which is refused.
fn second_is_refused() -> Theatre {
    let (a, b) = ("mem_plain.a", "mem_plain.b");
    let steps = vec![step(1, ActionKind::Update, a), step(2, ActionKind::Update, b)];
    let theatre =
        Theatre::of(parts(vec![thing(a, "old"), thing(b, "old")], vec![thing(a, "new"), thing(b, "new")], steps));
    let refused = ActFault::Refuse(ActuatorFailure::Rejected);
    theatre.world.spoil(&address(b), Direction::Forward, refused);
    theatre
}

#[test]
fn what_is_cancelled_while_it_settles_is_not_applied() {
    for (after, settle) in [(5, 60), (59, 60), (5, 3)] {
        let a = "mem_plain.a";
        let mut theatre =
            Theatre::of(parts(vec![thing(a, "old")], vec![thing(a, "new")], vec![step(1, ActionKind::Update, a)]));
        theatre.options.settle_seconds = settle;
        let began = theatre.stage.now();
        let view = view_of(theatre.execute_beside(|stage, control| async move {
            stage.sleep(Duration::from_secs(after)).await;
            control.cancel();
            std::future::pending().await
        }));
        if after > settle + 4 {
            assert_state(&view, OperationState::Applied);
            continue;
        }
        assert_state(&view, OperationState::Failed);
        assert!(view.cancelled && view.why.contains("cancelled"), "{}", view.why);
        // It does not wait for the rest of the time.
        let took = theatre.stage.now().duration_since(began).unwrap();
        assert!(took < Duration::from_secs(after + 2), "{took:?}");
    }
}

#[test]
fn a_wait_between_batches_ends_when_somebody_cancels() {
    let (a, b) = ("mem_plain.a", "mem_plain.b");
    let mut wanted = parts(
        vec![thing(a, "old"), thing(b, "old")],
        vec![thing(a, "new"), thing(b, "new")],
        vec![step(1, ActionKind::Update, a), step(2, ActionKind::Update, b)],
    );
    wanted.batches[0].then = landfast_rollback::plan::ThenWait::Seconds(3600);
    let theatre = Theatre::of(wanted);
    let began = theatre.stage.now();
    let view = view_of(theatre.execute_beside(|stage, control| async move {
        stage.sleep(Duration::from_secs(30)).await;
        control.cancel();
        std::future::pending().await
    }));
    assert_state(&view, OperationState::Failed);
    assert!(theatre.stage.now().duration_since(began).unwrap() < Duration::from_secs(40));
    assert_eq!(view.step(StepId::new(2)), StepState::NotStarted);
}

/// Puts an object aside, makes another in its place, and destroys the first one.
fn create_before_destroy() -> Theatre {
    let a = "mem_plain.a";
    let mut create = step(1, ActionKind::Create, a);
    create.deposes = Some("0badc0de".into());
    let mut delete = step(2, ActionKind::Delete, a);
    delete.address.deposed = Some("0badc0de".into());
    delete.replaced = Some(address(a));
    delete.needs = vec![StepId::new(1)];
    delete.inverse.class = InverseClass::Lossy;
    delete.inverse.reasons = vec!["its data are gone".into()];
    Theatre::of(parts(vec![thing(a, "old")], vec![thing(a, "new")], vec![create, delete]))
}

/// Destroys an object and makes another in its place.
fn destroy_before_create() -> Theatre {
    let a = "mem_plain.a";
    let delete = step(1, ActionKind::Delete, a);
    let mut create = step(2, ActionKind::Create, a);
    create.needs = vec![StepId::new(1)];
    Theatre::of(parts(vec![thing(a, "old")], vec![thing(a, "new")], vec![delete, create]))
}

/// Kills the process when its first step is done, and gives what the next one has judged.
fn judged_after_half(theatre: &mut Theatre) -> landfast_safety::Proposal {
    let is_done = |record: &Record| matches!(record, Record::Ended { .. });
    assert_state(&theatre.ended(), OperationState::Applied);
    let at = theatre.record(is_done);
    let fresh = Theatre::of(parts(
        theatre.plan.before().objects().to_vec(),
        theatre.plan.after().objects().to_vec(),
        theatre.plan.steps().to_vec(),
    ));
    fresh.journal.spoil(at, AppendFault::DieAfter);
    assert!(matches!(fresh.execute(), Curtain::Died));
    let (seen, gate) = crate::watching::gate();
    *theatre = Theatre { gate, ..fresh };
    assert_state(&theatre.resume(Resume::Forward), OperationState::Applied);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 1);
    seen[0].clone()
}

#[test]
fn the_second_half_of_a_replacement_is_judged_when_it_is_taken_up() {
    let mut theatre = create_before_destroy();
    let judged = judged_after_half(&mut theatre);
    assert_eq!(judged.changes.len(), 1, "{:?}", judged.changes);
    let change = &judged.changes[0];
    assert_eq!((change.action, change.inverse), (ActionKind::Delete, InverseClass::Lossy));
    assert_eq!(change.address, theatre.plan.steps()[1].address);
    assert!(judged.before.get(&change.address).is_some() && judged.before.objects().len() == 1);
    assert!(judged.after.objects().is_empty());

    let judged = judged_after_half(&mut destroy_before_create());
    assert_eq!(judged.changes.len(), 1, "{:?}", judged.changes);
    assert_eq!((judged.changes[0].action, &judged.changes[0].address), (ActionKind::Create, &address("mem_plain.a")));
    assert!(judged.before.objects().is_empty() && judged.after.objects().len() == 1);
}

fn is_done_in_part_back(record: &Record) -> bool {
    matches!(record, Record::Ended { direction: Direction::Back, end, .. } if end.end == StepEnd::Partial)
}

#[test]
fn what_an_inverse_did_in_part_is_ours_and_is_finished() {
    for fault in [ActFault::PartThenFailure, ActFault::PartThenSuccess] {
        let theatre = second_is_refused();
        theatre.world.spoil(&address("mem_plain.a"), Direction::Back, fault);
        assert_state(&theatre.ended(), OperationState::RollbackFailed);
        let at = theatre.record(is_done_in_part_back);

        let theatre = second_is_refused();
        theatre.world.spoil(&address("mem_plain.a"), Direction::Back, fault);
        theatre.journal.spoil(at, AppendFault::DieAfter);
        assert!(matches!(theatre.execute(), Curtain::Died));
        assert_eq!(theatre.view().step(StepId::new(1)), StepState::Failed);
        let view = theatre.resume(Resume::Forward);
        assert_state(&view, OperationState::RolledBack);
        assert_eq!(
            theatre.world.item(&address("mem_plain.a")).unwrap().object.value(),
            thing("mem_plain.a", "old").value()
        );
    }
}

#[test]
fn a_second_try_that_does_nothing_leaves_a_step_in_part() {
    let build = || {
        let theatre = second_is_refused();
        let a = address("mem_plain.a");
        theatre.world.spoil(&a, Direction::Back, ActFault::PartThenFailure);
        theatre.world.spoil(&a, Direction::Back, ActFault::SaySuccessDoNothing);
        theatre
    };
    let theatre = build();
    assert_state(&theatre.ended(), OperationState::RollbackFailed);
    let at = theatre.record(is_done_in_part_back);
    let theatre = build();
    theatre.journal.spoil(at, AppendFault::DieAfter);
    assert!(matches!(theatre.execute(), Curtain::Died));
    let view = theatre.resume(Resume::Forward);
    assert_state(&view, OperationState::RollbackFailed);
    assert_eq!(view.step(StepId::new(1)), StepState::Failed, "it is neither as before nor as the step left it");
}

/// A step that was done in part, with a read that fails after so many that do not.
fn done_in_part(reads: usize) -> Theatre {
    let a = "mem_plain.a";
    let theatre =
        Theatre::of(parts(vec![thing(a, "old")], vec![thing(a, "new")], vec![step(1, ActionKind::Update, a)]));
    let a = address(a);
    theatre.world.spoil(&a, Direction::Forward, ActFault::PartThenFailure);
    (0..reads).for_each(|_| theatre.world.blind(&a, ReadFault::Well));
    theatre.world.blind(&a, ReadFault::Fail(ActuatorFailure::Other));
    theatre
}

/// The same where the read that fails is the one before it is taken back, and the record that says so.
fn put_off() -> (usize, usize, View) {
    let is_put_off = |record: &Record| matches!(record, Record::Ended { direction: Direction::Back, end, .. } if end.end == StepEnd::NotTried);
    for reads in 3..12 {
        let theatre = done_in_part(reads);
        let view = theatre.ended();
        if theatre.journal.records().unwrap().iter().any(is_put_off) {
            return (reads, theatre.record(is_put_off), view);
        }
    }
    panic!("it is not read before it is taken back")
}

#[test]
fn what_could_not_be_taken_back_for_a_moment_is_still_ours() {
    let (reads, at, _) = put_off();
    let theatre = done_in_part(reads);
    theatre.journal.spoil(at, AppendFault::DieAfter);
    assert!(matches!(theatre.execute(), Curtain::Died));
    assert_state(&theatre.resume(Resume::Forward), OperationState::RolledBack);
}

#[test]
fn another_try_takes_back_what_a_step_did_in_part() {
    let (reads, _, _) = put_off();
    let theatre = done_in_part(reads);
    let view = theatre.ended();
    assert_state(&view, OperationState::RollbackFailed);
    assert_eq!(view.step(StepId::new(1)), StepState::Failed);
    // It is an operation of its own, and nobody else was there.
    let now = snapshot(vec![theatre.world.item(&address("mem_plain.a")).unwrap().object]);
    let observed = Observation::complete(now);
    let request = TakeBack::new(&view, &observed, target(), state(), theatre.stage.now());
    let taken = take_back(&Planner::default(), &request, &values(&[theatre.plan.before()])).unwrap();
    assert_eq!(taken.not_restored, vec![]);
    assert_eq!(taken.plan.unwrap().steps().len(), 1);
}
