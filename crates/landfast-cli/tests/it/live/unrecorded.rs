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
