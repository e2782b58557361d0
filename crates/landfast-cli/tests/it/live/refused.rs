//! A provider that throttles, refuses and crashes: nothing is lost, and what cannot be read says why.

use serde_json::{Value, json};

use super::odd::{PASSWORD, Stage, TOKEN, address, count, resource};

#[test]
fn a_provider_that_throttles_is_read_to_the_end_and_slower() {
    const OBJECTS: usize = 40;
    let stage = Stage::new(OBJECTS);
    for number in (0..OBJECTS).step_by(8) {
        stage.put(number, json!({}), json!({"throttle": 2}));
    }
    stage.put(16, json!({"size": 3}), json!({"throttle": 1}));
    let (run, report) = stage.check(&["--strict", "--events", "events"]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert_eq!((count(&report, "in_sync"), count(&report, "drifted")), (OBJECTS - 1, 1));
    assert_eq!(report["summary"]["coverage"]["complete"], true);
    assert!(run.err.contains("9 reads were throttled and tried again"), "{}", run.err);
    let events = stage.events("events");
    let rates: Vec<f64> = events
        .iter()
        .filter(|event| event["event"] == "slowed")
        .map(|event| event["per_second"].as_f64().unwrap())
        .collect();
    assert!(rates.len() >= 2 && rates.last() < rates.first(), "{rates:?}");
    let ended = stage.ended("events");
    assert_eq!((&ended["throttled"], &ended["unreadable"]), (&json!(9), &json!(0)), "{ended}");
    // What was slowed down is said with its rate.
    assert!(
        run.err.contains("a second at the slowest") || run.err.contains("slowest types: odd_thing at"),
        "{}",
        run.err
    );
}

#[test]
fn what_is_refused_or_crashes_is_unreadable_alone_and_grouped() {
    const OBJECTS: usize = 30;
    let stage = Stage::new(OBJECTS);
    for number in [4, 5, 6] {
        let text = format!("AccessDenied: nobody may, not with {PASSWORD} nor with {TOKEN}");
        stage.put(number, json!({}), json!({"fail": text}));
    }
    stage.put(7, json!({}), json!({"fail": "it is odd", "path": ["rule"]}));
    stage.put(8, json!({}), json!({"warn": format!("odd with {PASSWORD}"), "log": format!("logged {PASSWORD}")}));
    stage.put(15, json!({}), json!({"crash": true}));
    stage.put(20, json!({"token": "CANARY-another"}), json!({}));

    let files = ["--journal", "journal", "--events", "events"];
    let (run, report) = stage.check(&files);
    assert_eq!(run.code, 2, "{}", run.err);
    assert_eq!(
        (count(&report, "in_sync"), count(&report, "drifted"), count(&report, "unreadable")),
        (OBJECTS - 6, 1, 5)
    );
    for number in [4, 5, 6] {
        assert_eq!(
            reason(&report, number),
            "ReadResource of odd_thing: cannot read: AccessDenied: nobody may, not with (sensitive value) nor with \
             (sensitive value)"
        );
    }
    assert_eq!(reason(&report, 7), "ReadResource of odd_thing: rule: cannot read: it is odd");
    let crashed = reason(&report, 15);
    assert!(crashed.starts_with("ReadResource of odd_thing: the provider ended (exit status: 11)"), "{crashed}");
    assert!(
        run.err.contains("3 odd_thing: denied (ReadResource of odd_thing: cannot read: AccessDenied"),
        "{}",
        run.err
    );
    assert!(run.err.contains("1 odd_thing: crashed (ReadResource of odd_thing"), "{}", run.err);
    assert!(run.err.contains("ended and was started again"), "{}", run.err);
    stage.assert_no_secret(&[&run.out, &run.err], &["journal", "events"]);

    // With everything that can be said, and in every form.
    for format in ["text", "html", "markdown", "sarif", "junit", "json"] {
        let run = stage.run(&["-v", "--format", format]);
        stage.assert_no_secret(&[&run.out, &run.err], &[]);
        assert!(run.out.contains("AccessDenied") || format != "text", "{}", run.out);
    }

    let (strict, _) = stage.check(&["--strict", "--except", &address(20)]);
    assert_eq!(strict.code, 4, "{}", strict.err);
    let (lax, _) = stage.check(&["--except", &address(20)]);
    assert_eq!(lax.code, 0, "{}", lax.err);
}

fn reason(report: &Value, number: usize) -> String {
    let resource = resource(report, &address(number));
    assert_eq!(resource["status"], "unreadable", "{resource}");
    resource["reason"].as_str().unwrap().to_owned()
}

#[test]
fn a_captured_observation_holds_no_secret_and_is_compared_later() {
    let stage = Stage::new(5);
    stage.put(1, json!({"token": "CANARY-another"}), json!({}));
    stage.put(2, json!({}), json!({"fail": "it is odd"}));
    let mut command = stage.landfast(&[
        "observe",
        "--recorded",
        "state.tfstate",
        "--provider-dir",
        "providers",
        "--output",
        "observed.json",
    ]);
    let observed = crate::run::finish(&mut command);
    assert_eq!(observed.code, 0, "{}", observed.err);
    stage.assert_no_secret(&[&observed.out, &observed.err], &["observed.json"]);
    let arguments = ["check", "--recorded", "state.tfstate", "--observed", "observed.json", "--format", "json"];
    let later = crate::run::finish(&mut stage.landfast(&arguments));
    let later_report: Value = serde_json::from_str(&later.out).unwrap_or_else(|_| panic!("{}", later.err));
    let (live, live_report) = stage.check(&[]);
    assert_eq!((live.code, later.code), (2, 2), "{}", later.err);
    assert_eq!(super::odd::statuses(&later_report), super::odd::statuses(&live_report));
    assert_eq!(resource(&later_report, &address(1))["changes"][0]["path"], "token");
    stage.assert_no_secret(&[&later.out, &later.err, &live.out, &live.err], &[]);
}
