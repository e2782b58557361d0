//! A small world in which everything that a report can say happens.

use std::sync::Arc;

use landfast_drift::{CompareOptions, DriftReport, compare};
use landfast_state::schema::{Attribute, Block, Schema, Setting, ValueType};
use landfast_state::{Gap, GapKind, Limits, Observation, Snapshot, StateFile};

/// A resource in a state: mode, type, name, key and the rest of the instance, as JSON.
fn resource(mode: &str, type_name: &str, instance: &str) -> String {
    format!(
        r#"{{"mode": "{mode}", "type": "{type_name}", "name": "x", "provider": "provider.test", "instances": [{instance}]}}"#
    )
}

fn snapshot(file: &str, resources: &[String]) -> Snapshot {
    let text = format!(r#"{{"version": 4, "serial": 3, "lineage": "l", "resources": [{}]}}"#, resources.join(","));
    StateFile::read(text.into(), file, &Limits::default()).unwrap().snapshot()
}

pub(crate) fn recorded() -> Snapshot {
    let policy = r#"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:Get*\"}]}"#;
    snapshot(
        "recorded.tfstate",
        &[
            resource("managed", "aws_iam_policy", &format!(r#"{{"attributes": {{"policy": "{policy}"}}}}"#)),
            resource(
                "managed",
                "test_text",
                r#"{"attributes": {"script": "one\ntwo\nthree\nfour\nfive\nsix\nseven\n"}}"#,
            ),
            resource(
                "managed",
                "test_secret",
                r#"{"attributes": {"password": "hunter2-recorded", "url": "db://u:hunter2-recorded@h"},
                    "sensitive_attributes": [[{"type": "get_attr", "value": "password"}]]}"#,
            ),
            resource("managed", "test_gone", r#"{"attributes": {}}"#),
            resource("managed", "test_same", r#"{"attributes": {"a": null}}"#),
            resource("managed", "test_unread", r#"{"attributes": {}}"#),
            resource("data", "test_data", r#"{"attributes": {}}"#),
            resource("managed", "test_odd", "{\"attributes\": {\"k\": \"::error::x\\u001b[2J\\u202e\"}}"),
        ],
    )
}

pub(crate) fn observed() -> Observation {
    let policy = r#"{\"Statement\":[{\"Action\":\"s3:*\",\"Effect\":\"Allow\"}],\"Version\":\"2012-10-17\"}"#;
    let snapshot = snapshot(
        "observed.tfstate",
        &[
            resource("managed", "aws_iam_policy", &format!(r#"{{"attributes": {{"policy": "{policy}"}}}}"#)),
            resource(
                "managed",
                "test_text",
                r#"{"attributes": {"script": "one\ntwo\nthree\nfour\nfive\nSIX\nseven\n"}}"#,
            ),
            resource(
                "managed",
                "test_secret",
                r#"{"attributes": {"password": "hunter2-observed", "url": "db://u:hunter2-observed@h"},
                    "sensitive_attributes": [[{"type": "get_attr", "value": "password"}]]}"#,
            ),
            resource("managed", "test_same", r#"{"attributes": {}}"#),
            resource("managed", "test_new", r#"{"attributes": {}}"#),
            resource("managed", "test_odd", r###"{"attributes": {"k": "##vso[task.complete]"}}"###),
        ],
    );
    let gap = Gap {
        address: "test_unread.x".parse().unwrap(),
        kind: GapKind::Unreadable,
        reason: String::from("access denied"),
    };
    Observation { gaps: vec![gap], ..Observation::complete(snapshot) }
}

pub(crate) fn report() -> DriftReport {
    compare(&recorded(), &observed(), &CompareOptions::default())
}

/// A report of one resource whose shape is known.
pub(crate) fn shaped_report() -> DriftReport {
    let side = |file: &str, attributes: &str| {
        snapshot(file, &[resource("managed", "test_shaped", &format!(r#"{{"attributes": {attributes}}}"#))])
    };
    let string = |setting| Attribute::new(ValueType::String, setting);
    let attributes =
        [("arn".to_owned(), string(Setting::Computed)), ("name".to_owned(), string(Setting::Optional))].into();
    let mut options = CompareOptions::default();
    let schema = Schema { version: 0, block: Block { attributes, ..Block::default() } };
    options.shapes.add("test_shaped", Arc::new(schema));
    let observed = side("observed.tfstate", r#"{"arn": "arn:b", "name": "b"}"#);
    compare(&side("recorded.tfstate", r#"{"arn": "arn:a", "name": "a"}"#), &Observation::complete(observed), &options)
}
