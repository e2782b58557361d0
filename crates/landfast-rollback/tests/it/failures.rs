//! For every step that fails, and every step whose taking back fails: the operation ends as it must, and the world with it.

use std::sync::Arc;
use std::time::Duration;

use landfast_drift::CompareOptions;
use landfast_rollback::plan::{Batch, Plan, PlanParts, Step, StepId, ThenWait, read_plan, write_plan};
use landfast_rollback::testing::{
    ActFault, Curtain, MemoryAudit, MemoryHold, MemoryJournal, MemoryJudge, MemoryWorld, Stage,
};
use landfast_rollback::{
    ActuatorFailure, Clock, Direction, Executor, OperationOptions, OperationState, Ports, Report, Values,
};
use landfast_safety::{ActionKind, Facts, Gate, Target};
use landfast_state::address::ObjectAddress;
use landfast_state::{
    BytesDigest, FingerprintKey, Limits, Members, Origin, ResourceObject, Sensitive, Snapshot, SourceKind, Value,
};

const COUNT: u32 = 4;
const FAULTS: &[ActFault] = &[
    ActFault::Refuse(ActuatorFailure::Rejected),
    ActFault::SaySuccessDoNothing,
    ActFault::SayFailureDoAll,
    ActFault::PartThenFailure,
    ActFault::PartThenSuccess,
    ActFault::HangBefore,
    ActFault::HangAfter,
];

fn key() -> FingerprintKey {
    FingerprintKey::from_bytes([3; 32])
}

fn address(number: u32) -> ObjectAddress {
    format!("mem_plain.n{number}").parse().unwrap()
}

fn object(number: u32, name: &str) -> ResourceObject {
    let members = Members::from([
        ("name".to_owned(), Value::String(name.to_owned())),
        ("password".to_owned(), Value::Sensitive(Sensitive::new(Value::String(format!("correct-horse-{name}"))))),
    ]);
    ResourceObject::bare(address(number), "registry.terraform.io/hashicorp/memory").with_value(&members).unwrap()
}

/// Creates, changes and destroys, each step after the one before.
fn action(number: u32) -> ActionKind {
    [ActionKind::Update, ActionKind::Create, ActionKind::Delete, ActionKind::Update][number as usize - 1]
}

fn target() -> Target {
    Target {
        environment: String::new(),
        store: "memory".to_owned(),
        workspace: "default".to_owned(),
        lineage: "one".to_owned(),
        serial: 1,
    }
}

fn plan(stage: &Stage) -> Plan {
    let snapshot = |objects| Snapshot::new(Origin::new(SourceKind::Snapshot, ""), objects, Default::default()).unwrap();
    let numbers = || 1..=COUNT;
    let before = numbers().filter(|n| action(*n) != ActionKind::Create).map(|n| object(n, "old")).collect();
    let after = numbers().filter(|n| action(*n) != ActionKind::Delete).map(|n| object(n, "new")).collect();
    let mut parts = PlanParts::new(target(), BytesDigest::of(b"state"), snapshot(before), snapshot(after));
    parts.created = stage.now();
    parts.expires = stage.now() + Duration::from_secs(3600);
    for number in numbers() {
        let mut step = Step::new(StepId::new(number), action(number), address(number));
        step.timeout = Duration::from_secs(20);
        step.needs = (1..number).map(StepId::new).collect();
        parts.steps.push(step);
        parts.batches.push(Batch { steps: vec![StepId::new(number)], then: ThenWait::Nothing });
    }
    parts.into_plan(&key()).unwrap()
}

fn world() -> MemoryWorld {
    let world = MemoryWorld::new();
    (1..=COUNT).filter(|n| action(*n) != ActionKind::Create).for_each(|n| world.put(object(n, "old")));
    world
}

fn execute(stage: &Stage, world: &MemoryWorld, journal: &MemoryJournal) -> Report {
    world.on_stage(stage);
    let plan = plan(stage);
    let compared = CompareOptions::default();
    let judge = MemoryJudge::new(Gate::empty(), Facts::default(), Arc::new(stage.clone()), compared.clone());
    let ports = Ports {
        actuator: Arc::new(world.clone()),
        journal: Arc::new(journal.clone()),
        hold: Arc::new(MemoryHold::new(target(), BytesDigest::of(b"state")).on_stage(stage)),
        clock: Arc::new(stage.clone()),
        judge: Arc::new(judge),
        audit: Arc::new(MemoryAudit::default()),
        probes: Vec::new(),
    };
    let values = Values::new(key(), vec![plan.before().clone(), plan.after().clone()]);
    let executor = Executor::new(ports, values, compared);
    // The gate keeps the time of its checks on tokio's clock.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _entered = runtime.enter();
    match stage.run(executor.execute("op", &plan, &OperationOptions::default(), "me")) {
        Curtain::Done(report) => report.unwrap(),
        other => panic!("{other:?}"),
    }
}

fn is_as_before(world: &MemoryWorld, number: u32) -> bool {
    let expected = (action(number) != ActionKind::Create).then(|| object(number, "old").value());
    world.item(&address(number)).map(|item| item.object.value()) == expected
}

#[test]
fn without_failures_it_is_applied() {
    let (stage, world) = (Stage::new(1), world());
    let journal = MemoryJournal::new();
    assert_eq!(execute(&stage, &world, &journal).view.state, OperationState::Applied);
    for number in 1..=COUNT {
        let expected = (action(number) != ActionKind::Delete).then(|| object(number, "new").value());
        assert_eq!(world.item(&address(number)).map(|item| item.object.value()), expected);
    }
    assert!(!journal.texts().concat().contains("correct-horse"), "a sensitive value stands in the journal");
}

#[test]
fn whichever_step_fails_all_is_taken_back() {
    for failing in 1..=COUNT {
        for fault in FAULTS {
            let (stage, world) = (Stage::new(u64::from(failing)), world());
            world.spoil(&address(failing), Direction::Forward, *fault);
            let report = execute(&stage, &world, &MemoryJournal::new());
            // What was done in the end is done, whatever was said about it.
            let is_done = matches!(fault, ActFault::SayFailureDoAll | ActFault::HangAfter);
            let expected = if is_done { OperationState::Applied } else { OperationState::RolledBack };
            assert_eq!(report.view.state, expected, "step {failing}, {fault:?}: {}", report.view.why);
            let as_before = (1..=COUNT).all(|number| is_as_before(&world, number));
            assert_eq!(as_before, !is_done, "step {failing}, {fault:?}");
        }
    }
}

#[test]
fn whichever_inverse_fails_it_is_said_and_the_rest_is_taken_back() {
    for failing in 2..=COUNT {
        for stuck in 1..failing {
            for fault in FAULTS {
                let (stage, world) = (Stage::new(7), world());
                world.spoil(&address(failing), Direction::Forward, ActFault::Refuse(ActuatorFailure::Rejected));
                world.spoil(&address(stuck), Direction::Back, *fault);
                let report = execute(&stage, &world, &MemoryJournal::new());
                let is_done = matches!(fault, ActFault::SayFailureDoAll | ActFault::HangAfter);
                let expected = if is_done { OperationState::RolledBack } else { OperationState::RollbackFailed };
                assert_eq!(report.view.state, expected, "{failing}, {stuck}, {fault:?}: {}", report.view.why);
                // What the stuck step needs stays as well.
                for number in 1..=COUNT {
                    assert_eq!(
                        is_as_before(&world, number),
                        is_done || number > stuck,
                        "{failing}, {stuck}, {fault:?}"
                    );
                }
                assert!(is_done || report.view.why.contains(&format!("step {stuck} ")), "{}", report.view.why);
            }
        }
    }
}

#[test]
fn a_plan_file_is_what_was_written_or_refused() {
    let written = write_plan(&plan(&Stage::new(1)));
    let read = |text: &str| read_plan(text, "a.plan", &Limits::default());
    let plan = read(&written).unwrap();
    assert_eq!(write_plan(&plan), written);
    assert!(!written.contains("correct-horse"), "a sensitive value stands in the file");
    let begins = written.find("\"plan\":{").unwrap();
    for at in begins + 7..written.trim_end().len() - 1 {
        if !written.is_char_boundary(at) || !written.is_char_boundary(at + 1) {
            continue;
        }
        let other = if &written[at..=at] == "x" { "y" } else { "x" };
        let edited = format!("{}{other}{}", &written[..at], &written[at + 1..]);
        assert!(read(&edited).is_err(), "an edit of byte {at} is not seen");
    }
    let newer = written.replacen("\"format_version\":\"1.0\"", "\"format_version\":\"1.1\"", 1);
    assert!(read(&newer).unwrap_err().to_string().contains("format 1.1"));
}
