//! The upgrade against the answers of the real terraform, and against bad input.

use proptest::prelude::*;
use serde::Deserialize;

use super::upgrade;
use crate::json::{JsonError, JsonErrorKind, Limits};

/// A line of `fixtures/legacy/cases.json`; see the note on its provenance beside it.
#[derive(Deserialize)]
struct Case {
    name: String,
    version: u64,
    ours: Ours,
    state: String,
    pull: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ours {
    Equal,
    Refused,
    Differs,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../../../fixtures/legacy/cases.json")).expect("the fixture is JSON")
}

fn v3(text: &str) -> Result<String, JsonError> {
    upgrade(text.as_bytes(), 3, &Limits::default())
}

#[test]
fn the_fixtures_upgrade_as_terraform_upgrades_them() {
    for case in cases() {
        let Case { name, pull, .. } = &case;
        let found = match (upgrade(case.state.as_bytes(), case.version, &Limits::default()), pull) {
            (Err(_), _) => Ours::Refused,
            (Ok(text), Some(pull)) if text == *pull => Ours::Equal,
            (Ok(text), Some(_)) => {
                assert_eq!(case.ours, Ours::Differs, "{name}: {text}");
                Ours::Differs
            }
            (Ok(_), None) => panic!("{name}: accepted, and terraform refuses it"),
        };
        assert_eq!(found, case.ours, "{name}");
    }
}

#[test]
fn numbers_are_not_rounded() {
    let text = v3(r#"{"modules":[{"path":["root"],"outputs":{"n":{"value":9007199254740993}}}]}"#).expect("a state");
    assert!(text.contains("\"value\": 9007199254740993,"));
}

#[test]
fn the_order_of_members_does_not_show() {
    let resource = |key: &str, provider: &str| {
        format!(r#""{key}":{{"primary":{{"attributes":{{"b":"1","a":"2"}},"id":"i"}},"provider":"{provider}"}}"#)
    };
    let (a, b) = (resource("a.b.1", "aws.one"), resource("a.b.0", "aws.two"));
    let state = |first: &str, second: &str| {
        format!(r#"{{"version":3,"modules":[{{"path":["root"],"resources":{{{first},{second}}}}}]}}"#)
    };
    let text = v3(&state(&a, &b)).expect("a state");
    assert_eq!(text, v3(&state(&b, &a)).expect("a state"));
    assert!(text.contains(r#"provider[\"registry.terraform.io/-/aws\"].two"#));
}

#[test]
fn bad_input_is_refused_with_its_place() {
    for (text, message) in [
        ("", "1:1: the file is empty"),
        ("[]", "1:1: expected an object, found an array"),
        (r#"{"serial":1,"serial":2}"#, "1:13: duplicate key \"serial\" (first at 1:2)"),
        (r#"{"modules":[]} x"#, "1:16: something follows the end of the document"),
        (
            "{\"modules\":[\n {\"path\":[\"root\"],\"resources\":{},\"Resources\":{}}]}",
            "2:34: at modules[0]: duplicate key \"Resources\" (first at 2:19)",
        ),
        (r#"{"lineage":"\ud800"}"#, "1:13: at lineage: a lone surrogate in a \\u escape"),
        (
            r#"{"modules":[{"path":["root"],"resources":{"1x.y":{}}}]}"#,
            "1:50: at modules[0].resources[\"1x.y\"]: a resource without a provider whose type does not begin with the name of one",
        ),
    ] {
        assert_eq!(v3(text).expect_err(text).to_string(), message);
    }
}

#[test]
fn messages_show_no_value() {
    for text in [
        r#"{"terraform_version":"s3cret"}"#,
        r#"{"modules":[{"path":["s3cret"]}]}"#,
        r#"{"modules":[{"path":["root","s3 cret"]}]}"#,
        r#"{"modules":[{"path":["root"],"resources":{"a.b":{"provider":"s3cret[0]"}}}]}"#,
        r#"{"modules":[{"path":["root"],"resources":{"a.b":{"primary":{"tainted":"s3cret"}}}}]}"#,
        r#"{"modules":[{"path":["root"],"resources":{"a.b":{"primary":{"meta":"s3cret"}}}}]}"#,
        r#"{"modules":[{"path":["root"],"outputs":{"o":{"sensitive":"s3cret"}}}]}"#,
    ] {
        let message = v3(text).expect_err(text).to_string();
        assert!(!message.contains("cret"), "{message}");
    }
}

#[test]
fn limits_hold() {
    let entries = |count: usize| {
        let entries: Vec<_> = (0..count).map(|index| format!(r#""a.b.{index}":{{"primary":{{"id":"i"}}}}"#)).collect();
        format!(r#"{{"modules":[{{"path":["root"],"resources":{{{}}}}}]}}"#, entries.join(","))
    };
    let limits = Limits { max_instances: 10, ..Limits::default() };
    upgrade(entries(10).as_bytes(), 3, &limits).expect("ten instances");
    let error = upgrade(entries(11).as_bytes(), 3, &limits).expect_err("eleven instances");
    assert!(matches!(error.kind, JsonErrorKind::TooMany { what: "resource instances", limit: 10 }));

    let output = |value: &str| format!(r#"{{"modules":[{{"path":["root"],"outputs":{{"o":{{"value":{value}}}}}}}]}}"#);
    // The text of the result grows by its indentation, and the type of a tuple nests twice as deep as its value.
    let deep = format!("{}{}1{}", "[".repeat(100), "1,".repeat(1000), "]".repeat(100));
    let limits = Limits { max_bytes: 100_000, max_depth: 512, ..Limits::default() };
    let error = upgrade(output(&deep).as_bytes(), 3, &limits).expect_err("too long");
    assert!(matches!(error.kind, JsonErrorKind::TooLarge { .. }));
    let deep = format!("{}1{}", "[0,\"\",".repeat(100), "]".repeat(100));
    assert!(v3(&output(&deep)).expect_err("too deep").to_string().contains("deeper than the limit of 128"));
    let flat = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    crate::json::Raw::check(v3(&output(&flat)).expect("a state").as_bytes(), &Limits::default()).expect("a document");
}

proptest! {
    #[test]
    fn broken_documents_do_not_panic(
        case in any::<proptest::sample::Selector>(),
        at in any::<proptest::sample::Index>(),
        len in 0..4_usize,
        patch in "[\\[\\]{}\",:.0-9a-z#%\\\\-]{0,6}",
    ) {
        let cases = cases();
        let case = case.select(&cases);
        let at = at.index(case.state.len());
        let mut bytes = case.state.clone().into_bytes();
        bytes.splice(at..(at + len).min(case.state.len()), patch.bytes());
        if let Ok(text) = upgrade(&bytes, case.version, &Limits::default()) {
            crate::json::Raw::check(text.as_bytes(), &Limits::default()).expect("the upgrade is a document");
        }
    }
}
