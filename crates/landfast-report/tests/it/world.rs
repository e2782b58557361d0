//! A small world in which everything that a report can say happens.

use std::sync::Arc;

use landfast_drift::{
    CompareOptions, DriftReport, LeftOut, ProviderTrouble, SampleBound, ScanCounts, ScanEnding, ScanReport,
    ScanWarning, Trouble, UnreadableCause, compare,
};
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

/// A report of a scan in which everything happened that a scan can tell.
pub(crate) fn scanned_report() -> DriftReport {
    let mut report = report();
    let cause = |type_name: &str, reason: &str, count| UnreadableCause {
        provider: String::from("provider[\"registry.terraform.io/hashicorp/aws\"].west"),
        type_name: type_name.to_owned(),
        call: format!("ReadResource of {type_name}"),
        class: String::from("denied"),
        reason: reason.to_owned(),
        count,
        example: format!("{type_name}.x").parse().unwrap(),
    };
    let throttled = |throttled, slowed_to| Trouble { throttled, slowed_to: Some(slowed_to), ..Trouble::default() };
    report.scan = Some(ScanReport {
        end: ScanEnding::Interrupted,
        recorded: ScanCounts { found: 5, gone: 1, unreadable: 1, interrupted: 12, not_sampled: 181, from_journal: 3 },
        unowned: Some(ScanCounts { found: 1, ..ScanCounts::default() }),
        left_out: LeftOut {
            only: vec![String::from("module:module.app"), String::from("type:test_*")],
            not_only: 4,
            except: [(String::from("*.\u{1b}[2J"), 2), (String::from("aws_vpc.none"), 0)].into(),
        },
        sample: Some(SampleBound {
            percent: 10.0,
            total: 200,
            read: 6,
            drifted: 4,
            upper: 0.937_150_01,
            confidence: 0.95,
            most_drifted: 188,
        }),
        retries: 10,
        providers: vec![
            ProviderTrouble {
                provider: String::from("provider[\"registry.terraform.io/hashicorp/aws\"]"),
                trouble: throttled(9, 12.499_6),
                restarts: 1,
                types: [
                    (String::from("aws_iam_policy"), throttled(7, 0.5)),
                    (String::from("aws_s3_bucket"), Trouble { left_alone: 2, given_up: true, ..throttled(2, 3.0) }),
                ]
                .into(),
            },
            ProviderTrouble {
                provider: String::from("provider[\"registry.terraform.io/hashicorp/aws\"].west"),
                trouble: Trouble { left_alone: 1, ..Trouble::default() },
                ..ProviderTrouble::default()
            },
        ],
        unreadable: vec![
            cause("aws_iam_role", "nobody may, not with hunter2-recorded, and not with two words either", 3),
            cause("test_unread", "::error::not today", 1),
        ],
        warnings: vec![ScanWarning {
            provider: String::from("provider[\"registry.terraform.io/hashicorp/aws\"]"),
            type_name: String::from("aws_iam_role"),
            text: String::from("Deprecated: use hunter2-recorded \u{1b}[2J no more"),
            count: 2,
            example: "aws_iam_role.x".parse().unwrap(),
        }],
    });
    report
}

/// A report of a scan that read everything, and had no trouble.
pub(crate) fn quietly_scanned_report() -> DriftReport {
    let mut report = report();
    let recorded = ScanCounts { found: 6, gone: 1, ..ScanCounts::default() };
    report.scan = Some(ScanReport { recorded, ..ScanReport::default() });
    report
}
