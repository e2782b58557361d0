//! Plan and show JSON of the corpus.

use std::collections::BTreeSet;

use landfast_state::json::Limits;
use landfast_state::plan::{Actions, Plan, PlanStream, ShownState, StreamAction};
use landfast_state::{ReadError, Snapshot};
use proptest::prelude::*;
use serde_json::Value as Json;

use crate::corpus;

/// Part of a path, and why a file there is neither a plan nor a state, as the reader says it.
const REFUSED: &[(&str, &str)] = &[
    ("/providers-schema/basic/", "the output of `terraform providers schema -json` is not"),
    ("/validate-invalid/", "the output of `terraform validate -json` is not"),
    ("/.terraform/modules/modules.json", "the list of modules that `terraform init` keeps is not"),
    ("/redacted-plan.json", "a redacted plan, which has a `plan_format_version` and no state is not"),
    // A child module that nobody can address: its resources could be anywhere.
    ("/test_child_modules/plan.out.json", "a child module without an address"),
];

fn read_plan(file: &str, text: Vec<u8>) -> Result<Plan, ReadError> {
    Plan::read(text.into(), file, &Limits::default())
}

fn read_state(file: &str, text: Vec<u8>) -> Result<ShownState, ReadError> {
    ShownState::read(text.into(), file, &Limits::default())
}

/// Plan and show JSON of the corpus, provider schemas left out.
fn documents() -> Vec<String> {
    let mut files = corpus::files_below("plan");
    files.extend(corpus::files_below("terraform-1.11.4"));
    files.retain(|file| file.ends_with(".json") && !file.starts_with("plan/schema/"));
    files
}

/// How many resources a tree of modules holds, and the values of each.
fn tree(module: &Json, found: &mut Vec<Json>) {
    for resource in module["resources"].as_array().into_iter().flatten() {
        found.push(resource["values"].clone());
    }
    for child in module["child_modules"].as_array().into_iter().flatten() {
        tree(child, found);
    }
}

fn values(tree_of: &Json) -> Vec<String> {
    let mut found = Vec::new();
    tree(&tree_of["root_module"], &mut found);
    let mut texts: Vec<_> =
        found.iter().map(|values| if values.is_null() { "{}".into() } else { text(values) }).collect();
    texts.sort();
    texts
}

fn text(json: &Json) -> String {
    serde_json::to_string(json).unwrap()
}

/// The attributes of all objects, as serde_json reads them.
fn attributes(snapshot: &Snapshot) -> Vec<String> {
    let objects = snapshot.objects().iter();
    let mut texts: Vec<_> = objects
        .map(|object| match &object.attributes {
            landfast_state::Attributes::Nested(raw) => text(&serde_json::from_str(raw.as_raw().as_str()).unwrap()),
            _ => "{}".into(),
        })
        .collect();
    texts.sort();
    texts
}

#[test]
fn reads_every_document_or_says_why_not() {
    let (mut plans, mut states, mut refused) = (0, 0, BTreeSet::new());
    for file in documents() {
        let text = corpus::read(&file);
        let json: Json = serde_json::from_slice(&text).unwrap();
        let (plan, state) = (read_plan(&file, text.clone()), read_state(&file, text));
        if let Some((part, reason)) = REFUSED.iter().find(|(part, _)| file.contains(part)) {
            for error in [plan.map(drop).unwrap_err(), state.map(drop).unwrap_err()].map(|error| error.to_string()) {
                let other = error.contains("is not a plan as");
                assert!(error.contains(reason) || other, "{file}: {error}");
            }
            refused.insert(*part);
            continue;
        }
        match (plan, state) {
            (Ok(plan), Err(ReadError::Unrecognised { .. })) => {
                plans += 1;
                assert_eq!(attributes(plan.prior_state()), values(&json["prior_state"]["values"]), "{file}");
                assert_eq!(attributes(plan.planned()), values(&json["planned_values"]), "{file}");
                for (list, name) in
                    [(&plan.resource_changes, "resource_changes"), (&plan.resource_drift, "resource_drift")]
                {
                    assert_eq!(list.len(), json[name].as_array().map_or(0, Vec::len), "{file}: {name}");
                    let known = |change: &landfast_state::plan::ResourceChange| {
                        !matches!(change.change.actions, Actions::Other(_))
                    };
                    assert!(list.iter().all(known), "{file}");
                    assert!(list.is_sorted_by(|a, b| a.address < b.address), "{file}");
                }
                check_addresses(&file, &plan, &json);
            }
            (Err(ReadError::Unrecognised { .. }), Ok(state)) => {
                states += 1;
                assert_eq!(attributes(state.snapshot()), values(&json["values"]), "{file}");
            }
            (plan, state) => panic!("{file}: {:?} and {:?}", plan.err(), state.err()),
        }
    }
    assert_eq!(refused.len(), REFUSED.len(), "a reason without a file: {refused:?}");
    println!("{plans} plans and {states} states read, {} kinds of documents refused", refused.len());
    assert_eq!((plans, states), (176, 17));
}

/// Each object of the prior state and of the planned values has the address that the change of the same object has.
fn check_addresses(file: &str, plan: &Plan, json: &Json) {
    let changes: BTreeSet<_> = plan.resource_changes.iter().map(|change| change.address.to_string()).collect();
    for change in json["resource_changes"].as_array().into_iter().flatten() {
        let (Some(address), None) = (change["address"].as_str(), change.get("deposed")) else { continue };
        assert!(changes.contains(address), "{file}: {address}");
    }
    for change in plan.resource_changes.iter().filter(|change| change.change.before.is_some()) {
        // A plan without prior state is one that somebody cut down.
        if json["prior_state"]["values"].is_object() {
            assert!(plan.prior_state().get(&change.address).is_some(), "{file}: {}", change.address);
        }
    }
}

#[test]
fn refuses_provider_schemas() {
    for file in corpus::files_below("plan/schema") {
        let error = read_plan(&file, corpus::read(&file)).unwrap_err().to_string();
        assert!(error.contains("the output of `terraform providers schema -json` is not a plan"), "{error}");
    }
}

fn show(snapshot: &Snapshot) -> Vec<String> {
    snapshot.objects().iter().map(|object| format!("{} {}", object.address, object.value())).collect()
}

fn opentofu(name: &str) -> Plan {
    let file = format!("plan/show-json/opentofu+opentofu/internal/command/testdata/show-json/{name}/output.json");
    read_plan(&file, corpus::read(&file)).unwrap()
}

#[test]
fn keeps_drift_and_change_apart() {
    let drift = opentofu("drift");
    insta::assert_snapshot!(show(drift.recorded()).join("\n"), @r#"
    test_instance.no_refresh {"ami": "foo", "id": "placeholder"}
    test_instance.should_refresh {"ami": "refresh-me", "id": "placeholder"}
    "#);
    insta::assert_snapshot!(show(drift.prior_state()).join("\n"), @r#"
    test_instance.no_refresh {"ami": "foo", "id": "placeholder"}
    test_instance.should_refresh {"ami": "refreshed", "id": "placeholder"}
    "#);
    insta::assert_snapshot!(show(drift.planned()).join("\n"), @r#"
    test_instance.no_refresh {"ami": "bar", "id": "placeholder"}
    test_instance.should_refresh {"ami": "baz", "id": "placeholder"}
    "#);
    let moved = opentofu("moved-drift");
    insta::assert_snapshot!(show(moved.recorded()).join("\n"), @r#"
    test_instance.no_refresh {"ami": "foo", "id": "placeholder"}
    test_instance.should_refresh_with_move {"ami": "refresh-me", "id": "placeholder"}
    "#);
    insta::assert_snapshot!(show(moved.prior_state()).join("\n"), @r#"
    test_instance.no_refresh {"ami": "foo", "id": "placeholder"}
    test_instance.should_refresh_with_move {"ami": "refreshed", "id": "placeholder"}
    "#);
    let [entry] = moved.resource_drift.as_slice() else { panic!("one entry") };
    assert_eq!(entry.previous_address.as_ref().unwrap().to_string(), "test_instance.should_refresh");
}

/// Terraform 1.0 wrote drift without addresses.
#[test]
fn finds_the_objects_of_drift_without_address() {
    let file = "plan/plan-0.1/terraform-compliance+cli/tests/functional/test_issue_522/plan.out.json";
    let plan = read_plan(file, corpus::read(file)).unwrap();
    let gone = plan.recorded().objects().len() - plan.prior_state().objects().len();
    let deleted = plan.resource_drift.iter().filter(|change| change.change.actions == Actions::Delete).count();
    assert_eq!((plan.resource_drift.len(), deleted, gone), (15, 6, 6));
    let keyed = "aws_lambda_permission.allow_alert_event_bridge_to_call_monitor_metric_lambdas_frequent[0]";
    assert!(plan.recorded().instances().any(|instance| instance.to_string() == keyed));
}

#[test]
fn shows_no_secret() {
    for name in ["sens", "updates"] {
        let text = corpus::read(&format!("terraform-1.11.4/{name}.plan.json"));
        let plain = String::from_utf8(text.clone()).unwrap();
        assert!(plain.contains("CANARY-"));
        let plan = read_plan("p.json", text).unwrap();
        let state = corpus::read(&format!("terraform-1.11.4/{name}.1.show.json"));
        let state = read_state("s.json", state).unwrap();
        let shown = format!("{plan:#?} {state:#?}");
        assert!(!shown.contains("CANARY-"), "{shown}");
        for snapshot in [plan.prior_state(), plan.recorded(), plan.planned()] {
            let redactor = Snapshot::redactor(&[snapshot]);
            let listed = show(snapshot).join("\n");
            assert!(!redactor.redact(&listed).contains("CANARY-"), "{listed}");
            assert!(!redactor.redact(&plain).contains("CANARY-"));
        }
        let redactor = Snapshot::redactor(&[state.snapshot()]);
        assert!(!redactor.redact(&show(state.snapshot()).join("\n")).contains("CANARY-"));
        let stream = corpus::read(&format!("terraform-1.11.4/{name}.plan.ui.jsonl"));
        let stream = PlanStream::read(&stream, "log.jsonl", &Limits::default()).unwrap();
        assert!(!format!("{stream:#?}").contains("CANARY-"));
    }
}

/// The log stream of a plan names the same changes as the plan.
#[test]
fn streams_say_what_plans_say() {
    let streams = corpus::files_below("terraform-1.11.4").into_iter().filter(|file| file.ends_with(".plan.ui.jsonl"));
    let mut count = 0;
    for file in streams {
        let stream = PlanStream::read(&corpus::read(&file), &file, &Limits::default()).unwrap();
        let plan_file = file.replace(".ui.jsonl", ".json");
        let plan = read_plan(&plan_file, corpus::read(&plan_file)).unwrap();
        let action = |change: &landfast_state::plan::ResourceChange| match &change.change.actions {
            Actions::NoOp => change.previous_address.as_ref().map(|_| StreamAction::Move),
            Actions::Create => Some(StreamAction::Create),
            Actions::Read => Some(StreamAction::Read),
            Actions::Update => Some(StreamAction::Update),
            Actions::Delete => Some(StreamAction::Delete),
            Actions::DeleteThenCreate | Actions::CreateThenDelete => Some(StreamAction::Replace),
            Actions::Forget => Some(StreamAction::Remove),
            other => panic!("{other}"),
        };
        let planned = plan.resource_changes.iter();
        let planned = planned.filter_map(|change| Some((change.address.instance.to_string(), action(change)?)));
        let mut planned: Vec<_> = planned.map(|(address, action)| format!("{address} {action:?}")).collect();
        let streamed = stream.planned_changes.iter();
        let mut streamed: Vec<_> = streamed.map(|change| format!("{} {:?}", change.address, change.action)).collect();
        planned.sort();
        streamed.sort();
        assert_eq!(streamed, planned, "{file}");
        assert!(stream.plan_summary().is_some(), "{file}");
        assert_eq!(stream.terraform_version, plan.terraform_version);
        count += 1;
    }
    assert_eq!(count, 6);
}

#[test]
fn an_interrupted_stream_is_an_error_with_its_line() {
    let mut text = corpus::read("terraform-1.11.4/updates.plan.ui.jsonl");
    let lines = text.iter().filter(|byte| **byte == b'\n').count();
    text.truncate(text.len() - 20);
    let error = PlanStream::read(&text, "log.jsonl", &Limits::default()).unwrap_err().to_string();
    assert!(error.starts_with(&format!("log.jsonl:{lines}:")), "{error}");
}

fn read_all(text: &[u8]) -> [Option<String>; 3] {
    let bytes = text.to_vec();
    [
        read_plan("p", bytes.clone()).err().map(|error| error.to_string()),
        read_state("s", bytes).err().map(|error| error.to_string()),
        PlanStream::read(text, "l", &Limits::default()).err().map(|error| error.to_string()),
    ]
}

/// Pointers to every value in a document.
fn pointers(json: &Json, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match json {
        Json::Array(elements) => {
            elements.iter().enumerate().for_each(|(at, element)| pointers(element, &format!("{here}/{at}"), found));
        }
        Json::Object(members) => members.iter().for_each(|(key, member)| {
            pointers(member, &format!("{here}/{}", key.replace('~', "~0").replace('/', "~1")), found);
        }),
        _ => {}
    }
}

/// Replaces each value of a document by values of every kind: nothing panics, and no error shows a value.
#[test]
fn every_member_may_be_of_any_kind() {
    let stand_ins = [
        Json::Null,
        Json::Bool(true),
        7.into(),
        "a.b".into(),
        "x y".into(),
        Json::Array(vec![]),
        Json::Object(Default::default()),
    ];
    for name in ["sens.plan.json", "sens.1.show.json"] {
        let original: Json = serde_json::from_slice(&corpus::read(&format!("terraform-1.11.4/{name}"))).unwrap();
        let mut found = Vec::new();
        pointers(&original, "", &mut found);
        for pointer in found.iter().filter(|pointer| !pointer.starts_with("/configuration/")) {
            for stand_in in &stand_ins {
                let mut changed = original.clone();
                *changed.pointer_mut(pointer).unwrap() = stand_in.clone();
                for error in read_all(text(&changed).as_bytes()).into_iter().flatten() {
                    assert!(!error.contains("CANARY"), "{pointer}: {error}");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(text in proptest::collection::vec(any::<u8>(), 0..512)) {
        read_all(&text);
    }

    #[test]
    fn mutated_documents_never_panic(
        pick in any::<prop::sample::Index>(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..8, "[\\[\\]{}:,\"a0-9.\\\\ ]{0,6}"), 1..4),
    ) {
        let mut files = corpus::files_below("terraform-1.11.4");
        files.retain(|file| file.ends_with(".json") || file.ends_with(".jsonl"));
        let mut text = corpus::read(pick.get(&files[..]).as_str());
        for (at, remove, insert) in edits {
            let from = at.index(text.len());
            let to = (from + remove).min(text.len());
            text.splice(from..to, insert.bytes());
        }
        read_all(&text);
    }
}
