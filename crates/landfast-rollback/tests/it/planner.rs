//! Plans: which steps, in which order, and how well each can be taken back.

use std::collections::BTreeSet;

use landfast_rollback::planner::{ChangeScope, PlannerError, Wanted};
use landfast_rollback::{Plan, Planner, read_plan, write_plan};
use landfast_safety::{ActionKind, Flag, InverseClass};
use landfast_state::{FingerprintKey, Limits, Value};
use proptest::prelude::*;

use crate::scene::{address, number, object, secret, text, values, wanted};

fn plan(wanted: &Wanted) -> Plan {
    Planner::default().plan(wanted, &values(&[&wanted.before])).unwrap()
}

/// Action and address of each step, batches apart.
fn shape(plan: &Plan) -> Vec<Vec<String>> {
    let name = |id| {
        let step = plan.step(id).unwrap();
        format!("{} {}", step.action, step.address)
    };
    plan.batches().iter().map(|batch| batch.steps.iter().map(|id| name(*id)).collect()).collect()
}

fn network() -> Vec<landfast_state::ResourceObject> {
    vec![
        object("aws_vpc.a", &[("id", text("vpc-1")), ("cidr_block", text("10.0.0.0/16"))], &[]),
        object("aws_subnet.b", &[("id", text("subnet-1")), ("vpc_id", text("vpc-1"))], &["aws_vpc.a"]),
        object("aws_lambda_function.c", &[("id", text("f")), ("memory_size", number("128"))], &["aws_subnet.b"]),
    ]
}

#[test]
fn what_is_needed_is_made_first_and_destroyed_last() {
    let made = plan(&wanted(vec![], network()));
    let one = |text: &str| vec![text.to_owned()];
    assert_eq!(
        shape(&made),
        [one("create aws_vpc.a"), one("create aws_subnet.b"), one("create aws_lambda_function.c")]
    );
    let destroyed = plan(&wanted(network(), vec![]));
    assert_eq!(
        shape(&destroyed),
        [one("delete aws_lambda_function.c"), one("delete aws_subnet.b"), one("delete aws_vpc.a")]
    );
}

#[test]
fn a_replacement_is_two_steps_in_either_order() {
    let mut after = network();
    after[0] = object("aws_vpc.a", &[("id", Value::Unknown), ("cidr_block", text("10.1.0.0/16"))], &[]);
    after[2] = object("aws_lambda_function.c", &[("id", text("f")), ("memory_size", number("256"))], &["aws_subnet.b"]);
    let mut request = wanted(network(), after);
    let first = plan(&request);
    assert_eq!(
        shape(&first),
        [
            vec!["update aws_lambda_function.c".to_owned(), "delete aws_vpc.a".to_owned()],
            vec!["create aws_vpc.a".to_owned()]
        ]
    );
    assert!(first.steps().iter().any(|step| step.flags.contains(&Flag::ForcedReplacement)));
    let change = first.proposal().changes.into_iter().find(|change| change.address == address("aws_vpc.a")).unwrap();
    assert_eq!((change.action, change.inverse), (ActionKind::Replace, InverseClass::NewIdentity));

    request.create_before_destroy = BTreeSet::from(["aws_vpc.a".parse().unwrap()]);
    let second = plan(&request);
    let steps: Vec<_> =
        second.steps().iter().filter(|step| step.address.instance == address("aws_vpc.a").instance).collect();
    assert_eq!(steps.iter().map(|step| step.action).collect::<Vec<_>>(), [ActionKind::Create, ActionKind::Delete]);
    assert_eq!(steps[0].inverse.class, InverseClass::Exact);
    assert_eq!(steps[0].deposes, steps[1].address.deposed);
    assert_eq!(steps[1].replaced, Some(address("aws_vpc.a")));
    assert!(steps[1].needs.contains(&steps[0].id));
}

#[test]
fn a_canary_goes_alone_and_batches_have_a_size() {
    let many: Vec<_> =
        (0..7).map(|at| object(&format!("aws_sns_topic.t[{at}]"), &[("name", text("x"))], &[])).collect();
    let request = wanted(vec![], many);
    let mut planner = Planner::default();
    planner.canary = 1;
    planner.batch_size = 4;
    let plan = planner.plan(&request, &values(&[])).unwrap();
    assert_eq!(plan.batches().iter().map(|batch| batch.steps.len()).collect::<Vec<_>>(), [1, 4, 2]);
}

#[test]
fn a_circle_is_named() {
    let around = vec![
        object("aws_sns_topic.a", &[], &["aws_sns_topic.b"]),
        object("aws_sns_topic.b", &[], &["aws_sns_topic.a"]),
    ];
    let error = Planner::default().plan(&wanted(vec![], around), &values(&[])).unwrap_err();
    assert_eq!(error.to_string(), "these need each other in a circle: aws_sns_topic.a, aws_sns_topic.b");
}

#[test]
fn nothing_to_do_is_no_plan() {
    let error = Planner::default().plan(&wanted(network(), network()), &values(&[])).unwrap_err();
    assert!(matches!(error, PlannerError::Nothing));
}

/// Type, before, after, the class, a word of the reason, and the flags.
#[test]
fn what_cannot_be_taken_back_is_named_before() {
    type Case<'a> = (&'a str, Vec<(&'a str, Value)>, Vec<(&'a str, Value)>, InverseClass, &'a str, Vec<Flag>);
    let version = |text_: &str| vec![("engine_version", text(text_))];
    let size = |size: &str| vec![("allocated_storage", number(size))];
    let cases: Vec<Case<'_>> = vec![
        (
            "aws_db_instance",
            version("13"),
            version("14"),
            InverseClass::Impossible,
            "engine",
            vec![Flag::EngineUpgrade],
        ),
        ("aws_db_instance", size("10"), size("20"), InverseClass::Impossible, "grows", vec![]),
        (
            "aws_db_instance",
            size("20"),
            size("10"),
            InverseClass::Lossy,
            "shrinks",
            vec![Flag::DataLoss, Flag::ShrinkingStorage],
        ),
        ("aws_db_instance", size("20"), vec![("allocated_storage", Value::Unknown)], InverseClass::Exact, "", vec![]),
        ("aws_sns_topic", vec![("name", text("a"))], vec![("name", text("b"))], InverseClass::Exact, "", vec![]),
        (
            "acme_thing",
            vec![("name", text("a"))],
            vec![("name", text("b"))],
            InverseClass::Unknown,
            "nothing is known",
            vec![],
        ),
        (
            "aws_ssm_parameter",
            vec![("value_wo", Value::Null), ("type", text("a"))],
            vec![("value_wo", text("new")), ("type", text("a"))],
            InverseClass::Impossible,
            "written and not read",
            vec![],
        ),
    ];
    for (kind, before, after, class, word, flags) in cases {
        let at = format!("{kind}.x");
        let request = wanted(vec![object(&at, &before, &[])], vec![object(&at, &after, &[])]);
        let planned = Planner::default().plan(&request, &values(&[&request.before]));
        let planned = match planned {
            // What is not known yet may be what is there.
            Err(PlannerError::Nothing) => continue,
            planned => planned.unwrap(),
        };
        let step = &planned.steps()[0];
        assert_eq!((step.action, step.inverse.class), (ActionKind::Update, class), "{at} {before:?} {after:?}");
        assert!(step.inverse.reasons.join(" ").contains(word), "{:?}", step.inverse.reasons);
        assert_eq!(step.flags.iter().copied().collect::<Vec<_>>(), flags);
    }
    for (kind, class) in [
        ("aws_kms_key", InverseClass::Impossible),
        ("aws_s3_bucket", InverseClass::Lossy),
        ("aws_sns_topic", InverseClass::NewIdentity),
        ("acme_thing", InverseClass::Unknown),
    ] {
        let at = format!("{kind}.x");
        let planned = plan(&wanted(vec![object(&at, &[("id", text("i")), ("arn", text("a"))], &[])], vec![]));
        assert_eq!(planned.steps()[0].inverse.class, class, "{kind}");
    }
}

#[test]
fn a_value_that_nobody_has_makes_taking_back_impossible() {
    let before = object("aws_sns_topic.a", &[("token", secret("hunter2-hunter2"))], &[]);
    let after = object("aws_sns_topic.a", &[("token", secret("another-secret"))], &[]);
    let request = wanted(vec![before], vec![after]);
    let known = Planner::default().plan(&request, &values(&[&request.before])).unwrap();
    assert_eq!(known.steps()[0].inverse.class, InverseClass::Exact);

    // Read from its file, the object has the fingerprint only.
    let read = read_plan(&write_plan(&known), "p", &Limits::default()).unwrap();
    let mut again = request.clone();
    again.before = read.before().clone();
    let unknown = Planner::default().plan(&again, &values(&[])).unwrap();
    assert_eq!(unknown.steps()[0].inverse.class, InverseClass::Impossible);
    assert!(unknown.steps()[0].inverse.reasons[0].contains("token"));
    // With a source that has it, it is found by its fingerprint.
    let found = Planner::default().plan(&again, &values(&[&request.before])).unwrap();
    assert_eq!(found.steps()[0].inverse.class, InverseClass::Exact);
}

#[test]
fn bookkeeping_adopts_forgets_and_moves() {
    let before = vec![
        object("aws_sns_topic.a", &[("name", text("a"))], &[]),
        object("aws_sns_topic.b", &[("name", text("b"))], &[]),
        object("aws_sns_topic.c", &[("name", text("c"))], &[]),
    ];
    let after = vec![
        object("aws_sns_topic.b", &[("name", text("drifted"))], &[]),
        object("aws_sns_topic.d", &[("name", text("c"))], &[]),
    ];
    let mut request = wanted(before, after);
    request.scope = ChangeScope::Bookkeeping;
    request.moves = vec![(address("aws_sns_topic.c"), address("aws_sns_topic.d"))];
    let planned = plan(&request);
    let steps: Vec<String> = planned.steps().iter().map(|step| format!("{} {}", step.action, step.address)).collect();
    assert_eq!(steps, ["forget aws_sns_topic.a", "adopt aws_sns_topic.b", "move aws_sns_topic.c"]);
    assert!(planned.steps().iter().all(|step| step.inverse.class == InverseClass::Exact));
}

proptest! {
    #[test]
    fn the_file_of_a_plan_says_all_of_it(
        sizes in proptest::collection::vec(0u8..4, 1..8),
        flip in any::<prop::sample::Index>(),
    ) {
        // 0: stays, 1: created, 2: deleted, 3: changed; each depends on the one before.
        let of = |at: usize, name: &str| {
            let needed = (at > 0).then(|| format!("aws_sns_topic.t{}", at - 1));
            let needed: Vec<&str> = needed.as_deref().into_iter().collect();
            object(
                &format!("aws_sns_topic.t{at}"),
                &[("name", text(name)), ("token", secret(&format!("token-{name}-{at}")))],
                &needed,
            )
        };
        let before: Vec<_> = (0..sizes.len()).filter(|at| sizes[*at] != 1).map(|at| of(at, "old")).collect();
        let after: Vec<_> = (0..sizes.len())
            .filter(|at| sizes[*at] != 2)
            .map(|at| of(at, if sizes[at] == 3 { "new" } else { "old" }))
            .collect();
        let request = wanted(before, after);
        let planned = match Planner::default().plan(&request, &values(&[&request.before])) {
            Err(PlannerError::Nothing) => return Ok(()),
            planned => planned.unwrap(),
        };
        let file = write_plan(&planned);
        prop_assert!(!file.contains("token-old") && !file.contains("token-new"));
        let read = read_plan(&file, "p", &Limits::default()).unwrap();
        prop_assert_eq!(read.digest(), planned.digest());
        prop_assert_eq!(write_plan(&read), file.clone());
        prop_assert_eq!(read.steps(), planned.steps());
        // Each comes after those that it needs.
        for step in planned.steps() {
            prop_assert!(step.needs.iter().all(|needed| *needed < step.id));
        }
        // A plan that was edited is none.
        let at = flip.index(file.len());
        let mut bytes = file.into_bytes();
        bytes[at] ^= 1;
        if let Ok(edited) = String::from_utf8(bytes) {
            let read = read_plan(&edited, "p", &Limits::default());
            prop_assert!(read.is_err() || read.unwrap().digest() == planned.digest());
        }
        // Under another key it is another plan.
        let other = landfast_rollback::Values::new(FingerprintKey::from_bytes([6; 32]), vec![request.before.clone()]);
        prop_assert_ne!(Planner::default().plan(&request, &other).unwrap().digest(), planned.digest());
    }
}
