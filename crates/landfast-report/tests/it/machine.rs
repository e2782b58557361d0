//! The machine format.

use landfast_report::{ReportDocument, ReportKind};

use crate::world::{quietly_scanned_report, report, scanned_report};

fn json() -> String {
    ReportDocument::new(&report(), ReportKind::Drift).to_json().unwrap()
}

#[test]
fn every_member() {
    insta::assert_snapshot!(json());
}

#[test]
fn every_member_of_a_scan() {
    let document = ReportDocument::new(&scanned_report(), ReportKind::Drift);
    let mut quiet = ReportDocument::new(&quietly_scanned_report(), ReportKind::Drift);
    quiet.resources.clear();
    insta::assert_snapshot!(quiet.to_json().unwrap());
    let json = document.to_json().unwrap();
    assert!(!json.contains("hunter2"));
    insta::assert_snapshot!(&json[json.find("\n  \"scan\"").unwrap()..]);
}

#[test]
fn nothing_secret_and_nothing_invisible() {
    let json = json();
    assert!(!json.contains("hunter2"));
    assert!(json.chars().all(|c| c == '\n' || landfast_state::is_printable(c)));
    assert!(!json.contains("##vso["));
    let back: serde_json::Value = serde_json::from_str(&json).unwrap();
    let odd = back["resources"].as_array().unwrap().iter().find(|it| it["address"] == "test_odd.x").unwrap();
    assert_eq!(odd["changes"][0]["after"], "##vso[task.complete]");
    assert_eq!(odd["changes"][0]["before"], "::error::x\u{1b}[2J\u{202e}");
}

#[cfg(feature = "schema")]
#[test]
fn the_schema_names_every_member_of_a_report() {
    let schema = landfast_report::report_schema();
    let back: serde_json::Value = serde_json::from_str(&json()).unwrap();
    for member in back.as_object().unwrap().keys() {
        assert!(schema["properties"].get(member).is_some(), "{member}");
    }
    for member in back["resources"][0].as_object().unwrap().keys() {
        assert!(schema["$defs"]["ResourceEntry"]["properties"].get(member).is_some(), "{member}");
    }
}
