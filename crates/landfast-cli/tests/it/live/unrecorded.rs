//! Attributes that a state does not have: the provider that wrote it did not know them.

use serde_json::{Value, json};

use super::odd::{Stage, address, resource, statuses, without_journal};

#[test]
fn an_attribute_that_the_state_does_not_have_is_no_drift_and_null_is() {
    let stage = Stage::new(4);
    let mut state: Value = serde_json::from_slice(&std::fs::read(stage.path("state.tfstate")).unwrap()).unwrap();
    let instances = &mut state["resources"][0]["instances"];
    for number in 0..4 {
        instances[number]["schema_version"] = json!(0);
        let attributes = instances[number]["attributes"].as_object_mut().unwrap();
        attributes.remove("labels");
        if number != 1 {
            attributes.remove("limits");
        }
    }
    std::fs::write(stage.path("state.tfstate"), state.to_string()).unwrap();
    let limits = json!({"cpu": 2});
    stage.put(0, json!({"labels": [], "limits": limits}), json!({}));
    stage.put(1, json!({"labels": [], "limits": limits}), json!({}));
    // What is recorded differs, beside what is not.
    stage.put(2, json!({"labels": [], "limits": limits, "size": 7}), json!({}));
    stage.put(3, json!({"labels": []}), json!({}));
    let (run, report) = stage.check(&["--strict", "--journal", "journal"]);
    assert_eq!(run.code, 2, "{}", run.err);
    let found: Vec<String> = statuses(&report).into_values().collect();
    assert_eq!(found, ["in_sync", "drifted", "drifted", "in_sync"]);
    let normalised = &resource(&report, &address(0))["normalised"];
    assert_eq!(*normalised, json!([{"path": "limits", "normaliser": "unknown-value"}]));
    let changes = resource(&report, &address(2))["changes"].as_array().unwrap();
    assert_eq!((changes.len(), &changes[0]["path"]), (1, &json!("size")));
    assert_eq!(resource(&report, &address(1))["changes"][0]["path"], "limits");
    assert_eq!(resource(&report, &address(3)).get("normalised"), None);
    // A journal keeps it so.
    let (_, resumed) = stage.check(&["--strict", "--journal", "journal", "--resume"]);
    assert_eq!(without_journal(resumed), (4, report));
}

#[test]
fn what_no_block_of_the_state_has_is_no_drift_whatever_their_order() {
    let stage = Stage::new(4);
    let mut state: Value = serde_json::from_slice(&std::fs::read(stage.path("state.tfstate")).unwrap()).unwrap();
    let rules = [
        json!([{"port": 2}, {"port": 1}]),
        json!([{"port": 2, "key": null}, {"port": 1, "key": null}]),
        json!([{"port": 2}, {"port": 1}]),
        json!([]),
    ];
    for (number, rules) in rules.into_iter().enumerate() {
        let instance = &mut state["resources"][0]["instances"][number];
        instance["schema_version"] = json!(0);
        instance["attributes"].as_object_mut().unwrap().remove("labels");
        instance["attributes"]["rule"] = rules;
    }
    std::fs::write(stage.path("state.tfstate"), state.to_string()).unwrap();
    let keyed = json!([{"port": 1, "key": "CANARY-one"}, {"port": 2, "key": "CANARY-two"}]);
    for number in [0, 1, 3] {
        stage.put(number, json!({"labels": [], "rule": keyed}), json!({}));
    }
    // What is recorded of a block differs, beside what is not.
    stage.put(
        2,
        json!({"labels": [], "rule": [{"port": 1, "key": "CANARY-one"}, {"port": 3, "key": "CANARY"}]}),
        json!({}),
    );
    let (run, report) = stage.check(&["--strict"]);
    assert_eq!(run.code, 2, "{}", run.err);
    let found: Vec<String> = statuses(&report).into_values().collect();
    assert_eq!(found, ["in_sync", "drifted", "drifted", "drifted"], "{report}");
    let normalised = resource(&report, &address(0))["normalised"].as_array().unwrap();
    let unknown = normalised.iter().filter(|it| it["normaliser"] == "unknown-value").count();
    assert_eq!(unknown, 2, "{normalised:?}");
    let changes = resource(&report, &address(2))["changes"].to_string();
    assert!(changes.contains("port"), "{changes}");
    stage.assert_no_secret(&[&run.out, &run.err], &[]);
}
