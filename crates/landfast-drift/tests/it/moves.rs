//! Objects that moved.

use landfast_drift::{CompareOptions, DriftStatus, compare};
use landfast_state::{Document, FingerprintKey, Limits, Move, Observation, ResourceObject, write_observation};

use crate::world::{object, snapshot};

fn fixture(name: &str) -> Document {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/terraform-data").join(name);
    Document::read(std::fs::read(path).unwrap().into(), name, &Limits::default()).unwrap()
}

/// Status and old address of each resource.
fn told(a: &Document, b: &Document) -> Vec<String> {
    let found = compare(&a.recorded(), &b.observed(), &CompareOptions::default());
    let line = |resource: &landfast_drift::ResourceDrift| {
        let from = resource.previous_address.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
        format!("{} {}{from}", resource.address, resource.status.as_str())
    };
    found.resources.iter().map(line).collect()
}

#[test]
fn a_plan_that_moves_compares_with_the_states_before_and_after() {
    let (before, plan, after) =
        (fixture("refactor-0-before.tfstate"), fixture("refactor.plan.json"), fixture("refactor-1-after.tfstate"));
    let moved: Vec<String> = told(&before, &plan).into_iter().filter(|line| line.contains(" from ")).collect();
    let expected = [
        "terraform_data.moved_to_here in_sync from terraform_data.moved_and_changed",
        "terraform_data.new_name in_sync from terraform_data.old_name",
        "terraform_data.solo[0] in_sync from terraform_data.solo",
    ];
    assert_eq!(moved, expected);
    // What the plan imports is there already, and no state has it yet.
    let strange: Vec<String> = told(&before, &plan).into_iter().filter(|line| !line.contains("in_sync")).collect();
    let expected = ["terraform_data.imported unmanaged", r#"terraform_data.imported_many["k \"q\""] unmanaged"#];
    assert_eq!(strange, expected);
    let back: Vec<String> = told(&plan, &before).into_iter().filter(|line| line.contains(" from ")).collect();
    assert_eq!(back, moved);
    assert!(told(&after, &plan).iter().all(|line| !line.contains(" from ")));
}

#[test]
fn an_observation_file_keeps_moves() {
    let key = FingerprintKey::from_bytes([7; 32]);
    let text = write_observation(&fixture("refactor.plan.json").observed(), &key);
    let kept = Document::read(text.into(), "observation", &Limits::default()).unwrap();
    let before = fixture("refactor-0-before.tfstate");
    assert_eq!(told(&before, &kept), told(&before, &fixture("refactor.plan.json")));
    let broken =
        r#"{"landfast":"observation","format_version":"1.0","origins":[],"objects":[],"moves":[{"from":"t.a"}]}"#;
    let error = Document::read(broken.into(), "o.json", &Limits::default()).unwrap_err().to_string();
    assert!(error.contains("o.json:1:") && error.contains("without `from` and `to`"), "{error}");
}

#[test]
fn what_changed_besides_is_told() {
    let named =
        |address: &str, size: u8| -> Vec<ResourceObject> { vec![object(address, &format!(r#"{{"size":{size}}}"#))] };
    let step = Move { from: "test_thing.a".parse().unwrap(), to: "test_thing.b".parse().unwrap() };
    let observed = Observation::complete(snapshot(named("test_thing.b", 2)).with_moves(vec![step]));
    let found = compare(&snapshot(named("test_thing.a", 1)), &observed, &CompareOptions::default());
    assert_eq!(found.resources.len(), 1);
    assert_eq!(found.resources[0].status, DriftStatus::Drifted);
    assert_eq!(found.resources[0].address.to_string(), "test_thing.b");
    assert_eq!(found.resources[0].previous_address.as_ref().unwrap().to_string(), "test_thing.a");
}
