//! The screen.

use landfast_drift::{CompareOptions, compare};
use landfast_report::{ColorChoice, Detail, ReportDocument, ReportKind, TextOptions, render_text};
use landfast_state::{Gap, GapKind, Limits, Observation, StateFile};

use crate::world::{quietly_scanned_report, report, scanned_report, shaped_report};

#[test]
fn what_has_drifted() {
    insta::assert_snapshot!(render_text(&report(), ReportKind::Drift, &TextOptions::default()));
}

#[test]
fn everything_of_a_diff() {
    let mut options = TextOptions::default();
    options.detail = Detail::Everything;
    insta::assert_snapshot!(render_text(&report(), ReportKind::Diff, &options));
}

#[test]
fn what_the_provider_alone_sets_stands_last() {
    let report = shaped_report();
    insta::assert_snapshot!(render_text(&report, ReportKind::Drift, &TextOptions::default()));
    let document = ReportDocument::new(&report, ReportKind::Drift).to_json().unwrap();
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let settings: Vec<_> =
        document["resources"][0]["changes"].as_array().unwrap().iter().map(|it| &it["setting"]).collect();
    assert_eq!(settings, ["computed", "optional"]);
}

#[test]
fn a_narrow_screen() {
    let mut options = TextOptions::default();
    options.width = 40;
    insta::assert_snapshot!(render_text(&report(), ReportKind::Drift, &options));
}

#[test]
fn a_narrow_screen_with_everything() {
    let mut options = TextOptions::default();
    options.detail = Detail::Everything;
    for width in [40, 80] {
        options.width = width;
        let text = render_text(&report(), ReportKind::Drift, &options);
        insta::assert_snapshot!(format!("everything_at_{width}"), text);
    }
}

#[test]
fn colours_take_no_columns() {
    let mut options = TextOptions::default();
    for width in [10, 25, 40, 60, 80] {
        options.width = width;
        options.color = ColorChoice::Never;
        let plain = render_text(&report(), ReportKind::Drift, &options);
        options.color = ColorChoice::Always;
        let painted = render_text(&report(), ReportKind::Drift, &options);
        let mut bare = String::new();
        for (at, part) in painted.split('\x1b').enumerate() {
            bare.push_str(if at == 0 { part } else { part.split_once('m').unwrap().1 });
        }
        assert_eq!(bare, plain);
    }
}

#[test]
fn a_break_does_not_take_a_secret_apart() {
    let secret = "correct horse battery";
    let text = format!(
        r#"{{"version": 4, "resources": [{{"mode": "managed", "type": "t", "name": "n", "provider": "provider.t",
            "instances": [{{"attributes": {{"password": "{secret}"}},
                            "sensitive_attributes": [[{{"type": "get_attr", "value": "password"}}]]}}]}}]}}"#
    );
    let recorded = StateFile::read(text.into(), "s", &Limits::default()).unwrap().snapshot();
    let gap = Gap {
        address: "t.n".parse().unwrap(),
        kind: GapKind::Unreadable,
        reason: format!("the login with {secret} was refused"),
    };
    let observed = Observation { gaps: vec![gap], ..Observation::complete(recorded.clone()) };
    let report = compare(&recorded, &observed, &CompareOptions::default());
    let mut options = TextOptions::default();
    for width in 1..60 {
        options.width = width;
        let shown = render_text(&report, ReportKind::Drift, &options);
        assert!(!shown.contains("horse") && shown.contains("refused"), "{shown}");
    }
}

#[test]
fn colours() {
    let mut options = TextOptions::default();
    options.color = ColorChoice::Always;
    let painted = render_text(&report(), ReportKind::Drift, &options);
    insta::assert_snapshot!(painted.replace('\x1b', "ESC"));
}

/// What stands behind the resources: what was not compared, and the scan.
fn end_of(text: &str) -> &str {
    &text[text.find("\nnot compared").unwrap()..]
}

#[test]
fn a_scan_that_had_trouble() {
    let mut options = TextOptions::default();
    for width in [40, 100] {
        options.width = width;
        let text = render_text(&scanned_report(), ReportKind::Drift, &options);
        let (head, _) = text.split_once("\n\n").unwrap();
        insta::assert_snapshot!(format!("a_scan_at_{width}"), format!("{head}\n{}", end_of(&text)));
    }
    options.detail = Detail::Everything;
    insta::assert_snapshot!(
        "a_scan_with_everything",
        end_of(&render_text(&scanned_report(), ReportKind::Drift, &options))
    );
}

#[test]
fn a_scan_without_trouble_changes_nothing() {
    let mut options = TextOptions::default();
    let quiet = |options: &TextOptions| render_text(&quietly_scanned_report(), ReportKind::Drift, options);
    assert_eq!(quiet(&options), render_text(&report(), ReportKind::Drift, &options));
    options.detail = Detail::Everything;
    assert!(quiet(&options).ends_with("\nscan: 6 found, 1 gone\n"), "{}", quiet(&options));
}

#[test]
fn what_was_left_out_is_said_where_nothing_has_drifted() {
    let same = crate::world::recorded();
    let mut report = compare(&same, &Observation::complete(same.clone()), &CompareOptions::default());
    let first = |report: &landfast_drift::DriftReport| {
        let text = render_text(report, ReportKind::Drift, &TextOptions::default());
        text.lines().next().unwrap().to_owned()
    };
    assert_eq!(first(&report), "no drift in 7 resources");
    let mut scan = landfast_drift::ScanReport::default();
    scan.left_out.except.insert(String::from("type:x"), 5);
    report.scan = Some(scan);
    assert_eq!(first(&report), "no drift in 7 resources; 5 more left out");
    assert!(!report.coverage().is_complete());
    let document: serde_json::Value =
        serde_json::from_str(&ReportDocument::new(&report, ReportKind::Drift).to_json().unwrap()).unwrap();
    let coverage = &document["summary"]["coverage"];
    assert_eq!((&coverage["complete"], &coverage["left_out"]), (&false.into(), &5.into()));
}

#[test]
fn secrets_show_in_no_way() {
    for kind in [ReportKind::Drift, ReportKind::Diff] {
        for detail in [Detail::Drift, Detail::Everything] {
            let mut options = TextOptions::default();
            options.detail = detail;
            assert!(!render_text(&report(), kind, &options).contains("hunter2"));
            for width in 10..100 {
                options.width = width;
                assert!(!render_text(&scanned_report(), kind, &options).contains("hunter2"));
            }
        }
    }
    assert!(!format!("{:?}", report()).contains("hunter2"));
}
