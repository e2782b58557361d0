//! The screen.

use landfast_drift::{CompareOptions, compare};
use landfast_report::{ColorChoice, Detail, ReportDocument, ReportKind, TextOptions, render_text};
use landfast_state::{Gap, GapKind, Limits, Observation, StateFile};

use crate::world::{report, shaped_report};

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

#[test]
fn secrets_show_in_no_way() {
    for kind in [ReportKind::Drift, ReportKind::Diff] {
        for detail in [Detail::Drift, Detail::Everything] {
            let mut options = TextOptions::default();
            options.detail = detail;
            assert!(!render_text(&report(), kind, &options).contains("hunter2"));
        }
    }
    assert!(!format!("{:?}", report()).contains("hunter2"));
}
