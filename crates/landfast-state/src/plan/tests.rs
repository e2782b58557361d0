//! Tests of plans as a whole.

use super::*;

fn read(text: &str) -> Result<Plan, String> {
    let source = Bytes::copy_from_slice(text.as_bytes());
    Plan::read(source, "p.json", &Limits::default()).map_err(|error| error.to_string())
}

/// A plan whose prior state holds `a` (refreshed), with these further members.
fn plan(members: &str) -> Plan {
    let prior = r#""prior_state":{"format_version":"1.0","values":{"root_module":{"resources":[
        {"address":"t.a","mode":"managed","type":"t","name":"a","provider_name":"p","schema_version":2,"tainted":true,
         "values":{"id":"1","pw":"now-secret","size":2},"sensitive_values":{"pw":true},"depends_on":["t.z"]}]}}}"#;
    read(&format!(
        r#"{{"format_version":"1.2","planned_values":{{}},{members}{}{prior}}}"#,
        if members.is_empty() { "" } else { "," }
    ))
    .unwrap()
}

fn show(snapshot: &Snapshot) -> Vec<String> {
    snapshot.objects().iter().map(|object| format!("{} {}", object.address, object.value())).collect()
}

#[test]
fn takes_drift_back() {
    let plan = plan(
        r#""resource_drift":[
            {"address":"t.a","provider_name":"p","change":{"actions":["update"],"before":{"id":"1","pw":"old-secret","size":1},
             "after":{"id":"1","pw":"now-secret","size":2},"before_sensitive":{"pw":true},"after_sensitive":{"pw":true}}},
            {"address":"module.m.t.gone[0]","module_address":"module.m","index":0,"provider_name":"p",
             "change":{"actions":["delete"],"before":{"id":"2"},"after":null}},
            {"address":"t.moved","previous_address":"t.old","change":{"actions":["no-op"],"before":{"id":"3"},"after":{"id":"3"}}}]"#,
    );
    assert_eq!(show(plan.prior_state()), [r#"t.a {"id": "1", "pw": (sensitive value), "size": 2}"#]);
    assert_eq!(show(&plan.observed().snapshot), show(plan.prior_state()));
    assert!(plan.observed().gaps.is_empty());
    assert_eq!(
        show(plan.recorded()),
        [
            r#"t.a {"id": "1", "pw": (sensitive value), "size": 1}"#,
            r#"t.moved {"id": "3"}"#,
            r#"module.m.t.gone[0] {"id": "2"}"#,
        ]
    );
    let recorded = plan.recorded().objects().first().unwrap();
    assert!(recorded.tainted && recorded.schema_version == 2 && recorded.dependencies.len() == 1);
    let redactor = Snapshot::redactor(&[plan.prior_state()]);
    assert_eq!(redactor.redact("old-secret now-secret"), "(sensitive value) (sensitive value)");
    assert!(!format!("{plan:?}").contains("secret\""));
}

#[test]
fn keeps_sensitive_what_a_drift_without_masks_shows() {
    let plan = plan(
        r#""resource_drift":[{"address":"t.a","change":{"actions":["update"],"before":{"pw":"old-secret"},"after":{}}}]"#,
    );
    assert_eq!(show(plan.recorded()), [r#"t.a {"pw": (sensitive value)}"#]);
}

#[test]
fn places_drift_without_address() {
    let drift = |kind: &str, after: &str| {
        format!(
            r#"{{"format_version":"0.2","resource_drift":[{{"mode":"managed","type":"{kind}","name":"n","provider_name":"p",
                "change":{{"actions":["update"],"before":{{"x":0}},"after":{after}}}}}],
              "resource_changes":[{{"address":"u.n","change":{{"actions":["create"],"after":{{}}}}}}],
              "prior_state":{{"values":{{"root_module":{{"resources":[{{"address":"t.n[0]","values":{{"x":1}}}},
                {{"address":"t.n[1]","values":{{"x":2}}}},{{"address":"t.n[2]","values":{{"x":2}}}}]}}}}}}}}"#
        )
    };
    let placed = |text: String| read(&text).map(|plan| plan.resource_drift.first().unwrap().address.to_string());
    assert_eq!(placed(drift("t", r#"{"x":1.0}"#)).unwrap(), "t.n[0]");
    assert_eq!(placed(drift("u", r#"null"#)).unwrap(), "u.n");
    for unclear in [drift("t", r#"{"x":2}"#), drift("t", "null"), drift("u", "{}"), drift("v", "null")] {
        let error = placed(unclear).unwrap_err();
        assert!(
            error.starts_with("p.json:1:43: at resource_drift[0]: the address is missing, and it does not"),
            "{error}"
        );
    }
}

#[test]
fn marks_what_is_not_known_yet() {
    let plan = read(
        r#"{"format_version":"1.2","planned_values":{"outputs":{"o":{"sensitive":true,"value":"CANARY-o"}},
            "root_module":{"resources":[{"address":"t.a","values":{"list":[null,"x"],"pw":"CANARY-a","n":null}}]}},
          "resource_changes":[{"address":"t.a","change":{"actions":["create"],"before":null,"after":{"list":[null,"x"]},
            "after_unknown":{"id":true,"list":[true,false]},"before_sensitive":false,"after_sensitive":{"pw":true,"n":true}}}],
          "output_changes":{"o":{"actions":["update"],"before":"CANARY-b","after_unknown":true,"before_sensitive":true}},
          "variables":{"v":{"value":"CANARY-v"}},"configuration":{"root_module":{"variables":{"v":{"sensitive":true}}}}}"#,
    )
    .unwrap();
    assert_eq!(
        show(plan.planned()),
        [r#"t.a {"id": (known after apply), "list": [(known after apply), "x"], "n": null, "pw": (sensitive value)}"#]
    );
    let redactor = Snapshot::redactor(&[plan.prior_state()]);
    for secret in ["CANARY-o", "CANARY-a", "CANARY-b", "CANARY-v"] {
        assert_eq!(redactor.redact(secret), crate::SENSITIVE_TEXT);
    }
    assert!(!format!("{plan:?}").contains("CANARY"));
    assert_eq!(plan.output_changes.first().unwrap().change.after_value(), Some(crate::Value::Unknown));
}

#[test]
fn leaves_gaps_where_a_plan_is_not_complete() {
    let incomplete = plan(r#""complete":false"#);
    let observed = incomplete.observed();
    assert!(observed.snapshot.objects().is_empty());
    assert_eq!(observed.gaps.first().unwrap().address.to_string(), "t.a");
    let listed = plan(
        r#""complete":false,"errored":true,"resource_changes":[{"address":"t.a","change":{"actions":["no-op"]}}]"#,
    );
    assert!(listed.observed().gaps.is_empty());
    assert_eq!(listed.observed().snapshot.objects().len(), 1);
    assert!(plan(r#""complete":true,"errored":false"#).observed().gaps.is_empty());
}

#[test]
fn keeps_what_is_deferred_and_passes_over_the_unknown() {
    let plan = plan(
        r#""future":[{"a":1}],"deferred_changes":[{"reason":"instance_count_unknown",
            "resource_change":{"address":"t.n[*]","change":{}}}],"timestamp":"2026-01-01T00:00:00Z","terraform_version":"9.9.9""#,
    );
    assert_eq!(&*plan.deferred_changes.first().unwrap().address, "t.n[*]");
    let origin = plan.planned().origins().first().unwrap();
    assert_eq!(origin.timestamp.as_deref(), Some("2026-01-01T00:00:00Z"));
    assert_eq!(origin.terraform_version.as_deref(), Some("9.9.9"));
}

#[test]
fn says_why_a_document_is_no_plan() {
    let message = |text: &str| read(text).map(|_| ()).unwrap_err();
    insta::assert_snapshot!(message(r#"{"format_version":"2.0","planned_values":1}"#), @r#"p.json:1:19: plan JSON of version "2.0" is not supported (supported: 0.x and 1.x)"#);
    insta::assert_snapshot!(message(r#"{"format_version":"abc"}"#), @r#"p.json:1:19: plan JSON of version "abc" is not supported (supported: 0.x and 1.x)"#);
    insta::assert_snapshot!(message(r#"{"format_version":"1.2","prior_state":{"format_version":"7.0"}}"#), @r#"p.json:1:57: plan JSON of version "7.0" is not supported (supported: 0.x and 1.x)"#);
    insta::assert_snapshot!(message(r#"{"format_version":"1.0"}"#), @"p.json:1:1: a document without plan or values (an empty state as `terraform show -json` writes it) is not a plan as `terraform show -json` writes it");
    insta::assert_snapshot!(message(r#"{"format_version":"1.0","values":{}}"#), @"p.json:1:1: a state as `terraform show -json` writes it is not a plan as `terraform show -json` writes it");
    insta::assert_snapshot!(message(r#"{"planned_values":{}}"#), @"p.json:1:1: a document without `format_version` is not a plan as `terraform show -json` writes it");
    let twice = "{\"format_version\":\"1.2\",\"resource_changes\":[{\"address\":\"t.a\",\"change\":{\"actions\":[]}},\n{\"address\":\"t.a\",\"change\":{\"actions\":[]}}]}";
    insta::assert_snapshot!(message(twice), @"p.json: t.a stands twice, in line 1, column 45 and in line 2, column 1");
    let wrong =
        r#"{"format_version":"1.2","resource_changes":[{"address":"t.a","type":"CANARY","change":{"actions":[]}}]}"#;
    insta::assert_snapshot!(message(wrong), @"p.json:1:69: at resource_changes[0]: the type is not that of the address");
}
