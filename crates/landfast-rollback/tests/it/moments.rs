//! What matters at one moment only: a cancel at the very end, a change between two reads, a kill between two halves.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use landfast_rollback::journal::{Record, StepEnd, StepState, View};
use landfast_rollback::plan::{Batch, PlanParts, StepId, ThenWait};
use landfast_rollback::testing::{ActFault, AppendFault, Curtain, Meddling, MemoryHold};
use landfast_rollback::{
    ActuatorFailure, Clock, Control, Direction, Health, OperationState, PortFuture, Probe, ProbeError, Resume,
};
use landfast_safety::{ActionKind, Check, CheckFuture, CheckId, Context, Evidence, Gate, Level, Verdict};
use landfast_state::Value;

use crate::scene::{address, object, target, text};
use crate::theatre::{Theatre, assert_state, parts, state, step, view_of};

const REFUSED: ActFault = ActFault::Refuse(ActuatorFailure::Rejected);
const TICK: Duration = Duration::from_millis(1);

fn at(number: u32) -> String {
    format!("mem_plain.s{number}")
}

/// So many updates of a name, each in a batch of its own.
fn updates(count: u32) -> PlanParts {
    let all = |name: &str| (1..=count).map(|number| object(&at(number), &[("name", text(name))], &[])).collect();
    parts(all("old"), all("new"), (1..=count).map(|number| step(number, ActionKind::Update, &at(number))).collect())
}

fn backwards(theatre: &Theatre) -> usize {
    theatre.world.deeds().iter().filter(|deed| deed.direction == Direction::Back).count()
}

/// How many records say that it was cancelled.
fn cancels(theatre: &Theatre) -> usize {
    theatre.journal.records().unwrap().iter().filter(|record| matches!(record, Record::Cancelled { .. })).count()
}

/// Somebody cancels while this probe is asked for the `nth` time, which then answers so.
#[derive(Debug)]
struct Cancelling {
    nth: u64,
    answer: Health,
    asked: AtomicU64,
    control: Arc<Mutex<Option<Control>>>,
}

impl Probe for Cancelling {
    fn name(&self) -> &str {
        "cancelling"
    }

    fn ask<'a>(&'a self) -> PortFuture<'a, Result<Health, ProbeError>> {
        Box::pin(async move {
            if self.asked.fetch_add(1, Ordering::SeqCst) + 1 < self.nth {
                return Ok(Health::Healthy);
            }
            self.control.lock().unwrap().as_ref().unwrap().cancel();
            Ok(self.answer.clone())
        })
    }
}

/// One update, and what it comes to when somebody cancels then.
fn cancelled_in_probe(nth: u64, answer: Health) -> (Theatre, View) {
    let mut theatre = Theatre::of(updates(1));
    let held: Arc<Mutex<Option<Control>>> = Arc::default();
    theatre.probes.push(Arc::new(Cancelling { nth, answer, asked: AtomicU64::new(0), control: Arc::clone(&held) }));
    let view = view_of(theatre.execute_beside(|_, control| {
        *held.lock().unwrap() = Some(control);
        std::future::pending()
    }));
    (theatre, view)
}

#[test]
fn a_cancel_after_the_last_step_and_before_the_end_counts() {
    // The first time is after the batch, the second when everything was looked at again.
    for nth in [1, 2] {
        let (theatre, view) = cancelled_in_probe(nth, Health::Healthy);
        assert_state(&view, OperationState::Failed);
        assert!(view.cancelled && view.why.contains("cancelled"), "{}", view.why);
        assert_eq!((cancels(&theatre), backwards(&theatre)), (1, 0));
    }
}

#[test]
fn a_cancel_beside_an_ill_probe_is_said_and_nothing_is_taken_back() {
    let (theatre, view) = cancelled_in_probe(1, Health::Unhealthy("it is slow".into()));
    assert_state(&view, OperationState::Failed);
    assert!(view.cancelled && view.why.contains("it is slow"), "{}", view.why);
    assert_eq!((cancels(&theatre), backwards(&theatre)), (1, 0));
}

#[test]
fn steps_of_one_batch_do_not_begin_after_one_has_failed_or_somebody_cancelled() {
    let mut wanted = updates(2);
    wanted.batches = vec![Batch { steps: vec![StepId::new(1), StepId::new(2)], then: ThenWait::Nothing }];
    let mut theatre = Theatre::of(wanted);
    theatre.options.parallel = 1;
    theatre.world.spoil(&address(&at(1)), Direction::Forward, REFUSED);
    let view = theatre.ended();
    assert_state(&view, OperationState::RolledBack);
    assert_eq!(view.step(StepId::new(2)), StepState::NotStarted);
    assert_eq!(theatre.world.deeds().len(), 1);
}

#[test]
fn after_the_last_batch_nobody_waits() {
    for then in [ThenWait::Seconds(3600), ThenWait::Confirmation] {
        let mut wanted = updates(2);
        wanted.batches[1].then = then;
        let theatre = Theatre::of(wanted);
        assert_state(&theatre.ended(), OperationState::Applied);
        assert!(theatre.stage.passed() < Duration::from_secs(60));
    }
}

#[test]
fn a_probe_is_asked_after_each_batch_and_at_the_end_and_once_more_when_it_has_settled() {
    for (settle, asked) in [(0, 3), (60, 4)] {
        let mut theatre = Theatre::of(updates(2));
        theatre.options.settle_seconds = settle;
        assert_state(&theatre.ended(), OperationState::Applied);
        assert_eq!(theatre.probe.asked(), asked, "settling for {settle} s");
    }
}

#[test]
fn whoever_waits_for_a_confirmation_says_so() {
    let mut wanted = updates(2);
    wanted.batches[0].then = ThenWait::Confirmation;
    let theatre = Theatre::of(wanted);
    let world = theatre.world.clone();
    let view = view_of(theatre.execute_beside(|stage, control| async move {
        assert!(!control.awaits_confirmation());
        stage.sleep(Duration::from_secs(60)).await;
        assert!(control.awaits_confirmation() && world.deeds().len() == 1);
        control.go_on();
        while world.deeds().len() == 1 {
            stage.sleep(TICK).await;
        }
        assert!(!control.awaits_confirmation());
        std::future::pending().await
    }));
    assert_state(&view, OperationState::Applied);
}

#[test]
fn a_state_with_another_serial_and_the_same_content_is_the_same_state() {
    let mut theatre = Theatre::of(updates(1));
    let mut later = target();
    later.serial += 7;
    theatre.hold = MemoryHold::new(later, state()).on_stage(&theatre.stage);
    assert_state(&theatre.ended(), OperationState::Applied);
}

#[test]
fn what_is_changed_again_after_it_was_taken_back_is_seen() {
    let mut wanted = updates(3);
    // What the first object has of its own when it comes back says nothing about the second.
    wanted.steps[0].inverse.renewed = vec!["name".parse().unwrap()];
    let theatre = Theatre::of(wanted);
    theatre.world.spoil(&address(&at(3)), Direction::Forward, REFUSED);
    let (world, journal) = (theatre.world.clone(), theatre.journal.clone());
    let view = view_of(theatre.execute_beside(|stage, _| async move {
        let is_back = |record: &Record| {
            matches!(record, Record::Ended { step, direction: Direction::Back, end, .. }
                if *step == StepId::new(2) && end.end == StepEnd::Done)
        };
        while !journal.records().unwrap().iter().any(is_back) {
            stage.sleep(TICK).await;
        }
        world.meddle(&address(&at(2)), Meddling::Change);
        std::future::pending().await
    }));
    assert_state(&view, OperationState::RollbackFailed);
    assert!(view.why.contains("after everything was taken back, mem_plain.s2"), "{}", view.why);
}

/// A move, with an update after it that is refused.
fn moved() -> Theatre {
    let (a, b) = ("mem_plain.a", "mem_plain.b");
    let thing = |at: &str, name: &str| object(at, &[("name", text(name))], &[]);
    let mut first = step(1, ActionKind::Move, a);
    first.moves_to = Some(address(b));
    let second = step(2, ActionKind::Update, &at(2));
    let theatre = Theatre::of(parts(
        vec![thing(a, "x"), thing(&at(2), "old")],
        vec![thing(b, "x"), thing(&at(2), "new")],
        vec![first, second],
    ));
    theatre.world.spoil(&address(&at(2)), Direction::Forward, REFUSED);
    theatre
}

#[test]
fn a_move_is_taken_back_whether_it_was_done_or_half_done() {
    for is_half in [false, true] {
        let theatre = moved();
        if is_half {
            theatre.world.spoil(&address("mem_plain.a"), Direction::Forward, ActFault::PartThenFailure);
        }
        let view = theatre.ended();
        assert_state(&view, OperationState::RolledBack);
        assert!(theatre.world.item(&address("mem_plain.a")).is_some(), "half: {is_half}");
        assert!(theatre.world.item(&address("mem_plain.b")).is_none(), "half: {is_half}");
    }
}

#[test]
fn what_was_put_aside_comes_back_and_what_was_adopted_is_forgotten() {
    let a = "mem_plain.a";
    let thing = |at: &str, name: &str| object(at, &[("name", text(name))], &[]);
    let second = || step(2, ActionKind::Update, &at(2));
    let mut create = step(1, ActionKind::Create, a);
    create.deposes = Some("0badc0de".into());
    let theatre = Theatre::of(parts(
        vec![thing(a, "old"), thing(&at(2), "old")],
        vec![thing(a, "new"), thing(&at(2), "new")],
        vec![create, second()],
    ));
    theatre.world.spoil(&address(&at(2)), Direction::Forward, REFUSED);
    assert_state(&theatre.ended(), OperationState::RolledBack);
    assert_eq!(theatre.world.item(&address(a)).unwrap().object.value(), thing(a, "old").value());

    let theatre = Theatre::of(parts(
        vec![thing(&at(2), "old")],
        vec![thing(a, "found"), thing(&at(2), "new")],
        vec![step(1, ActionKind::Adopt, a), second()],
    ));
    theatre.world.spoil(&address(&at(2)), Direction::Forward, REFUSED);
    assert_state(&theatre.ended(), OperationState::RolledBack);
    assert!(theatre.world.item(&address(a)).is_none());
}

/// The number of the announcement, counted from 1, by which step 1 is taken back for the `nth` time.
fn announcement(theatre: &Theatre, nth: usize) -> usize {
    let records = theatre.journal.records().unwrap();
    let is_it = |record: &Record| matches!(record, Record::Intent { step, direction: Direction::Back, .. } if *step == StepId::new(1));
    records.iter().enumerate().filter(|(_, record)| is_it(record)).nth(nth).map(|(at, _)| at + 1).unwrap()
}

/// What the process that took the operation up last made of step 1, when it had read it.
fn resolved(theatre: &Theatre) -> StepEnd {
    let records = theatre.journal.records().unwrap();
    let up = records.iter().rposition(|record| matches!(record, Record::TakenUp { .. })).unwrap();
    let ends = records[up..].iter().filter_map(|record| match record {
        Record::Ended { step, end, .. } if *step == StepId::new(1) => Some(end.end),
        _ => None,
    });
    ends.into_iter().next().unwrap()
}

/// Two updates of which the second is refused; taking the first one back is done in part the first time, where it is said.
fn taken_back(first_time: Option<ActFault>) -> Theatre {
    let theatre = Theatre::of(updates(2));
    theatre.world.spoil(&address(&at(2)), Direction::Forward, REFUSED);
    first_time.into_iter().for_each(|fault| theatre.world.spoil(&address(&at(1)), Direction::Back, fault));
    theatre
}

#[test]
fn an_inverse_that_was_announced_and_not_begun_had_no_effect() {
    let theatre = taken_back(None);
    assert_state(&theatre.ended(), OperationState::RolledBack);
    let announced = announcement(&theatre, 0);
    let theatre = taken_back(None);
    theatre.journal.spoil(announced, AppendFault::DieAfter);
    assert!(matches!(theatre.execute(), Curtain::Died));
    assert_state(&theatre.resume(Resume::Back), OperationState::RolledBack);
    assert_eq!(resolved(&theatre), StepEnd::NoEffect);
}

/// Taking step 1 back was done in part, a second process announced to go on with it, and died.
fn in_part_and_announced_again() -> Theatre {
    let part = Some(ActFault::PartThenFailure);
    let is_part = |record: &Record| matches!(record, Record::Ended { direction: Direction::Back, end, .. } if end.end == StepEnd::Partial);
    let theatre = taken_back(part);
    assert_state(&theatre.ended(), OperationState::RollbackFailed);
    let first = theatre.record(is_part);
    let theatre = taken_back(part);
    theatre.journal.spoil(first, AppendFault::DieAfter);
    assert!(matches!(theatre.execute(), Curtain::Died));
    assert_state(&theatre.resume(Resume::Back), OperationState::RolledBack);
    let second = announcement(&theatre, 1);

    let theatre = taken_back(part);
    theatre.journal.spoil(first, AppendFault::DieAfter);
    theatre.journal.spoil(second, AppendFault::DieAfter);
    assert!(matches!(theatre.execute(), Curtain::Died));
    theatre.stage.power_on();
    let executor = theatre.executor();
    let died = theatre.stage.run(executor.resume(theatre.view(), Resume::Back, "somebody else"));
    assert!(matches!(died, Curtain::Died));
    theatre
}

#[test]
fn what_is_in_part_is_known_again_and_finished() {
    let theatre = in_part_and_announced_again();
    assert_state(&theatre.resume(Resume::Back), OperationState::RolledBack);
    assert_eq!(resolved(&theatre), StepEnd::NoEffect);
}

#[test]
fn what_was_in_part_and_is_another_ones_now_is_not_touched() {
    let theatre = in_part_and_announced_again();
    theatre.world.meddle(&address(&at(1)), Meddling::Change);
    let before = backwards(&theatre);
    assert_state(&theatre.resume(Resume::Back), OperationState::RollbackFailed);
    assert_eq!(resolved(&theatre), StepEnd::Unknown);
    assert_eq!(backwards(&theatre), before);
}

#[test]
fn what_a_step_left_is_known_after_a_kill_and_told_from_what_others_made_of_it() {
    // Which token there is afterwards nobody knows beforehand.
    let build = || {
        let thing = |name: &str, token: Value| object(&at(1), &[("name", text(name)), ("token", token)], &[]);
        let other = |name: &str| object(&at(2), &[("name", text(name))], &[]);
        let theatre = Theatre::of(parts(
            vec![thing("old", text("t")), other("old")],
            vec![thing("new", Value::Unknown), other("new")],
            vec![step(1, ActionKind::Update, &at(1)), step(2, ActionKind::Update, &at(2))],
        ));
        theatre.world.spoil(&address(&at(2)), Direction::Forward, REFUSED);
        theatre
    };
    let theatre = build();
    theatre.ended();
    let done = theatre.record(|record| matches!(record, Record::Ended { .. }));
    let theatre = build();
    theatre.journal.spoil(done, AppendFault::DieBefore);
    assert!(matches!(theatre.execute(), Curtain::Died));
    let (world, journal) = (theatre.world.clone(), theatre.journal.clone());
    theatre.stage.power_on();
    let executor = theatre.executor();
    let work = executor.resume(theatre.view(), Resume::Forward, "somebody else");
    let others = async {
        let is_read = |record: &Record| matches!(record, Record::Ended { step, .. } if *step == StepId::new(1));
        while !journal.records().unwrap().iter().any(is_read) {
            theatre.stage.sleep(TICK).await;
        }
        let mut theirs = world.item(&address(&at(1))).unwrap().object;
        let Value::Object(mut members) = theirs.value() else { panic!("no object") };
        members.insert("token".to_owned(), text("theirs"));
        theirs = theirs.with_value(&members).unwrap();
        world.put(theirs);
        std::future::pending::<()>().await;
    };
    let both = async {
        match futures_util::future::select(std::pin::pin!(work), std::pin::pin!(others)).await {
            futures_util::future::Either::Left((report, _)) => report.unwrap().view,
            futures_util::future::Either::Right(((), _)) => panic!("the others never end"),
        }
    };
    let Curtain::Done(view) = theatre.stage.run(both) else { panic!("it did not end") };
    assert_state(&view, OperationState::RollbackFailed);
    assert!(view.why.contains("somebody else"), "{}", view.why);
    let journal = theatre.journal.records().unwrap();
    let left = journal.iter().find_map(|record| match record {
        Record::Ended { step, end, .. } if *step == StepId::new(1) => Some((end.object.is_some(), end.left.is_some())),
        _ => None,
    });
    assert_eq!(left, Some((true, true)));
}

#[derive(Debug)]
struct Against;

impl Check for Against {
    fn id(&self) -> CheckId {
        CheckId::new("against").unwrap()
    }

    fn question(&self) -> &str {
        "May anything be done?"
    }

    fn advice(&self) -> &str {
        "do nothing"
    }

    fn settings(&self) -> String {
        String::new()
    }

    fn judge<'a>(&'a self, _: &'a Context) -> CheckFuture<'a> {
        Box::pin(async { Ok(Verdict::fail(vec![Evidence::of_all("it is not wanted")])) })
    }
}

#[test]
fn the_report_has_what_the_gate_said() {
    let mut theatre = Theatre::of(updates(1));
    let (_, gate) = crate::watching::gate();
    theatre.gate = gate;
    let Curtain::Done(report) = theatre.execute() else { panic!("it did not end") };
    assert_eq!(report.checks.iter().map(|check| check.id.to_string()).collect::<Vec<_>>(), ["watching"]);
    assert!(report.refused.is_none());

    let mut theatre = Theatre::of(updates(1));
    let mut gate = Gate::empty();
    gate.add(Arc::new(Against), Level::Deny).unwrap();
    theatre.gate = gate;
    let Curtain::Done(report) = theatre.execute() else { panic!("it did not end") };
    assert_state(&report.view, OperationState::Failed);
    let refused = report.refused.unwrap();
    assert_eq!(refused.results().iter().filter(|check| check.refuses()).count(), 1);
    assert_eq!(report.checks.len(), 1);
}
