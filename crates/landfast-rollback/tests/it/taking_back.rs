//! Plans that take an operation back, from journals as they are written.

use landfast_rollback::journal::{Ended, Record, StepEnd, View};
use landfast_rollback::{
    ChangedSince, Direction, OperationOptions, OperationState, Plan, Planner, TakeBack, TakeBackError, TakingBack,
    take_back, write_plan,
};
use landfast_safety::{ActionKind, ProposalKind};
use landfast_state::{BytesDigest, Observation, ResourceObject, Value, write_snapshot};

use crate::scene::{address, key, now, object, snapshot, target, text, values, wanted};

/// The journal of an operation that applied all of a plan and left `end`.
fn applied(plan: &Plan, before: &[ResourceObject], end: &[ResourceObject]) -> View {
    let at = || "2026-11-21T10:00:00.000Z".to_owned();
    let went = |from, to| Record::Went { from, to, level: "info".into(), why: String::new(), at: at() };
    let mut records = vec![
        Record::Opened {
            operation: "op1".into(),
            plan: write_plan(plan),
            options: OperationOptions::default(),
            who: "alice".into(),
            at: at(),
        },
        went(OperationState::Pending, OperationState::ValidatingSafety),
        Record::Before { snapshot: write_snapshot(&snapshot(before.to_vec()), &key()), inverse: vec![], at: at() },
        went(OperationState::ValidatingSafety, OperationState::Applying),
    ];
    let end = snapshot(end.to_vec());
    for step in plan.steps() {
        records.push(Record::Intent { step: step.id, direction: Direction::Forward, at: at() });
        let object = end.get(step.result_address()).map(|object| object.digest(&key()).to_string());
        let ended = Ended { end: StepEnd::Done, object, failure: None, why: String::new(), left: None };
        records.push(Record::Ended { step: step.id, direction: Direction::Forward, end: ended, at: at() });
    }
    records.push(went(OperationState::Applying, OperationState::Applied));
    View::of(&records).unwrap()
}

fn back(view: &View, observed: Vec<ResourceObject>, since: ChangedSince, sources: &[ResourceObject]) -> TakingBack {
    let observed = Observation::complete(snapshot(observed));
    let mut request = TakeBack::new(view, &observed, target(), BytesDigest::of(b"after"), now());
    request.changed_since = since;
    take_back(&Planner::default(), &request, &values(&[&snapshot(sources.to_vec())])).unwrap()
}

fn topic(at: &str, id: Value, name: &str) -> ResourceObject {
    object(at, &[("id", id), ("name", text(name))], &[])
}

fn shape(plan: &Plan) -> Vec<String> {
    plan.steps().iter().map(|step| format!("{} {}", step.action, step.address)).collect()
}

#[test]
fn every_step_is_taken_back_and_what_is_not_restored_is_named() {
    let before = vec![topic("aws_sns_topic.a", text("i-aaaa"), "a"), topic("aws_sns_topic.b", text("i-bbbb"), "b")];
    let after = vec![topic("aws_sns_topic.b", text("i-bbbb"), "B"), topic("aws_sns_topic.c", Value::Unknown, "c")];
    let request = wanted(before.clone(), after);
    let plan = Planner::default().plan(&request, &values(&[&request.before])).unwrap();
    let end = vec![topic("aws_sns_topic.b", text("i-bbbb"), "B"), topic("aws_sns_topic.c", text("i-cccc"), "c")];
    let view = applied(&plan, &before, &end);

    let taken = back(&view, end.clone(), ChangedSince::Keep, &before);
    let plan = taken.plan.unwrap();
    assert_eq!(shape(&plan), ["create aws_sns_topic.a", "update aws_sns_topic.b", "delete aws_sns_topic.c"]);
    assert_eq!(*plan.kind(), ProposalKind::Rollback { operation: "op1".into() });
    let not: Vec<String> = taken.not_restored.iter().map(|not| format!("{}: {}", not.address, not.why)).collect();
    assert_eq!(not, ["aws_sns_topic.a: another object takes its place, with another id"]);

    // Taking that back in turn gives what the first operation had made.
    let restored = vec![topic("aws_sns_topic.a", text("i-dddd"), "a"), topic("aws_sns_topic.b", text("i-bbbb"), "b")];
    let second = applied(&plan, &end, &restored);
    let taken = back(&second, restored, ChangedSince::Keep, &end);
    assert_eq!(
        shape(&taken.plan.unwrap()),
        ["delete aws_sns_topic.a", "update aws_sns_topic.b", "create aws_sns_topic.c"]
    );
}

#[test]
fn what_somebody_changed_since_stays_unless_it_may_be_overwritten() {
    let before = vec![topic("aws_sns_topic.b", text("i-bbbb"), "b")];
    let after = vec![topic("aws_sns_topic.b", text("i-bbbb"), "B")];
    let request = wanted(before.clone(), after.clone());
    let plan = Planner::default().plan(&request, &values(&[&request.before])).unwrap();
    let view = applied(&plan, &before, &after);
    let others = vec![topic("aws_sns_topic.b", text("i-bbbb"), "of somebody else")];
    let kept = back(&view, others.clone(), ChangedSince::Keep, &before);
    assert!(kept.plan.is_none());
    assert_eq!(kept.not_restored[0].why, "somebody changed it after the operation");
    let overwritten = back(&view, others, ChangedSince::Overwrite, &before);
    assert_eq!(overwritten.plan.unwrap().steps()[0].action, ActionKind::Update);
}

#[test]
fn a_part_can_be_taken_back_and_nothing_else_can_be_named() {
    let before = vec![topic("aws_sns_topic.a", text("i-aaaa"), "a"), topic("aws_sns_topic.b", text("i-bbbb"), "b")];
    let after = vec![topic("aws_sns_topic.a", text("i-aaaa"), "A"), topic("aws_sns_topic.b", text("i-bbbb"), "B")];
    let request = wanted(before.clone(), after.clone());
    let plan = Planner::default().plan(&request, &values(&[&request.before])).unwrap();
    let view = applied(&plan, &before, &after);
    let observed = Observation::complete(snapshot(after));
    let mut request = TakeBack::new(&view, &observed, target(), BytesDigest::of(b"after"), now());
    request.only.insert(address("aws_sns_topic.b"));
    let sources = values(&[&snapshot(before)]);
    let taken = take_back(&Planner::default(), &request, &sources).unwrap();
    assert_eq!(shape(&taken.plan.unwrap()), ["update aws_sns_topic.b"]);
    request.only.insert(address("aws_sns_topic.z"));
    let error = take_back(&Planner::default(), &request, &sources).unwrap_err();
    assert!(matches!(error, TakeBackError::NotTouched { .. }), "{error}");
}

#[test]
fn what_points_to_an_id_that_does_not_come_back_is_named() {
    let vpc = object("aws_vpc.a", &[("id", text("vpc-1111"))], &[]);
    let subnet = object("aws_subnet.b", &[("id", text("sub-1")), ("vpc_id", text("vpc-1111"))], &["aws_vpc.a"]);
    let before = vec![vpc, subnet];
    let request = wanted(before.clone(), vec![]);
    let plan = Planner::default().plan(&request, &values(&[&request.before])).unwrap();
    let view = applied(&plan, &before, &[]);
    let taken = back(&view, vec![], ChangedSince::Keep, &before);
    assert_eq!(shape(&taken.plan.unwrap()), ["create aws_vpc.a", "create aws_subnet.b"]);
    let not: Vec<String> = taken.not_restored.iter().map(|not| format!("{}: {}", not.address, not.why)).collect();
    assert!(not.contains(&"aws_subnet.b: it points to the old id of aws_vpc.a".to_owned()), "{not:?}");
}
