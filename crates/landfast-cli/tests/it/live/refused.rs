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
    // The report says what happened, of the provider and of its type, and to which rate that led.
    let counts = json!({"found": OBJECTS, "gone": 0, "unreadable": 0, "interrupted": 0, "not_sampled": 0});
    let scan = &report["scan"];
    assert_eq!((&scan["end"], &scan["recorded"], &scan["retries"]), (&json!("complete"), &counts, &json!(9)), "{scan}");
    let provider = &scan["providers"][0];
    assert_eq!(provider["provider"], "provider[\"tests.example.org/tests/odd\"]");
    let of_type = &provider["types"][0];
    assert_eq!((&provider["throttled"], &of_type["type"]), (&json!(9), &json!("odd_thing")), "{scan}");
    let lowest = rates.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!((&of_type["throttled"], of_type["slowed_to"].as_f64()), (&json!(9), Some(lowest)), "{scan}");
    assert_eq!(scan.get("unreadable"), None, "{scan}");
    // In text too, and in its own words on standard error.
    let text = stage.run(&[]);
    assert_eq!(text.code, 2, "{}", text.err);
    // The reads that the provider throttles come anew with each process of it.
    assert!(text.out.contains("\nscan: 40 found; "), "{}", text.out);
    assert!(
        text.out.contains("    odd_thing: ") && text.out.contains(" reads throttled; slowed down to "),
        "{}",
        text.out
    );
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
    let scan = &report["scan"];
    let provider = "provider[\"tests.example.org/tests/odd\"]";
    assert_eq!(
        scan["warnings"],
        json!([{"provider": provider, "type": "odd_thing", "text": "odd with (sensitive value)", "count": 1,
            "example": address(8)}])
    );
    let groups: Vec<_> = scan["unreadable"].as_array().unwrap().iter().collect();
    let told = |group: &Value| {
        assert_eq!(
            (&group["type"], &group["call"]),
            (&json!("odd_thing"), &json!("ReadResource of odd_thing")),
            "{group}"
        );
        (group["class"].as_str().unwrap().to_owned(), group["count"].as_u64().unwrap())
    };
    assert_eq!(
        groups.into_iter().map(told).collect::<Vec<_>>(),
        [("crashed".to_owned(), 1), ("denied".to_owned(), 3), ("refused".to_owned(), 1)],
        "{scan}"
    );
    assert_eq!(scan["unreadable"][1]["example"], address(4).as_str());
    let provider = &scan["providers"][0];
    assert!(provider["restarts"].as_u64() >= Some(1) && provider.get("throttled").is_none(), "{scan}");
    stage.assert_no_secret(&[&run.out, &run.err], &["journal", "events"]);

    // With everything that can be said, in both forms.
    for format in ["text", "json"] {
        let run = stage.run(&["-v", "--format", format]);
        assert_eq!(run.code, 2, "{}", run.err);
        stage.assert_no_secret(&[&run.out, &run.err], &[]);
        assert!(run.out.contains("AccessDenied"), "{}", run.out);
        // Of what happens between us and a provider, -v tells what it says and not how it comes.
        assert!(run.err.contains("landfast_tfplugin") && !run.err.contains(" h2::"), "{}", run.err);
    }

    let (strict, _) = stage.check(&["--strict", "--except", &address(20)]);
    assert_eq!(strict.code, 4, "{}", strict.err);
    let (lax, report) = stage.check(&["--except", &address(20)]);
    assert_eq!(lax.code, 0, "{}", lax.err);
    assert_eq!(
        report["scan"]["left_out"],
        json!({"total": 1, "only": [], "not_only": 0, "except": [{"selector": address(20), "count": 1}]})
    );
}

#[test]
fn what_only_the_schema_of_one_object_calls_a_secret_is_masked_in_what_is_said_of_others() {
    const OBJECTS: usize = 30;
    const OWN: &str = "CANARY-of-the-last-alone";
    let stage = Stage::new(OBJECTS);
    let path = stage.path("state.tfstate");
    let mut state: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let last = &mut state["resources"][0]["instances"][OBJECTS - 1];
    assert!(last.get("sensitive_attributes").is_none());
    last["attributes"]["token"] = json!(OWN);
    std::fs::write(&path, state.to_string()).unwrap();
    // The last one is read after all that speak of it, and the provider is another one by then.
    stage.put(OBJECTS - 1, json!({"token": OWN}), json!({"delay": 2}));
    stage.put(1, json!({}), json!({"fail": format!("not with {OWN}")}));
    stage.put(2, json!({}), json!({"warn": format!("odd with {OWN}"), "log": format!("logged {OWN}")}));
    stage.put(3, json!({}), json!({"crash": true}));
    let (run, report) = stage.check(&["-vv", "--journal", "journal", "--events", "events"]);
    assert_eq!((count(&report, "in_sync"), count(&report, "unreadable")), (OBJECTS - 2, 2), "{}", run.err);
    assert_eq!(reason(&report, 1), "ReadResource of odd_thing: cannot read: not with (sensitive value)");
    assert!(run.err.contains("logged (sensitive value)"), "{}", run.err);
    stage.assert_no_secret(&[&run.out, &run.err], &["journal", "events"]);
}

fn reason(report: &Value, number: usize) -> String {
    let resource = resource(report, &address(number));
    assert_eq!(resource["status"], "unreadable", "{resource}");
    resource["reason"].as_str().unwrap().to_owned()
}

#[test]
fn what_is_left_out_is_said_and_is_no_gap() {
    const OBJECTS: usize = 30;
    let stage = Stage::new(OBJECTS);
    stage.put(20, json!({"size": 3}), json!({}));
    // Both in the part of the selectors that does not show the drift.
    let choice = ["--only", "odd_thing.x[\"t0*\"]", "--except", &address(3), "--except", "type:nothing"];
    let (run, report) = stage.check(&[&choice[..], &["--strict"]].concat());
    assert_eq!((run.code, run.err.as_str(), count(&report, "in_sync")), (0, "", 9));
    let coverage = json!({"complete": false, "read": 9, "partly_read": 0, "left_out": 21});
    assert_eq!(report["summary"]["coverage"], coverage);
    assert_eq!(
        report["scan"]["left_out"],
        json!({"total": 21, "only": ["odd_thing.x[\"t0*\"]"], "not_only": 20,
            "except": [{"selector": address(3), "count": 1}, {"selector": "type:nothing", "count": 0}]})
    );
    let text = stage.run(&choice);
    assert!(text.out.starts_with("no drift in 9 resources; 21 more left out\n"), "{}", text.out);
    let said = "\nscan: 9 found\nleft out: 21 objects (20 not selected by odd_thing.x[\"t0*\"]; 1 excepted by odd_thing.x[\"t03\"])\n";
    assert!(text.out.ends_with(said), "{}", text.out);

    // Captured, it is no less: what was not looked at is not missing later.
    let what =
        ["observe", "--recorded", "state.tfstate", "--provider-dir", "providers", "--strict", "--output", "part.json"];
    let observed = crate::run::finish(&mut stage.landfast(&[&what[..], &choice[..]].concat()));
    assert_eq!(observed.code, 0, "{}", observed.err);
    let arguments = ["check", "--recorded", "state.tfstate", "--observed", "part.json", "--format", "json"];
    let later = crate::run::finish(&mut stage.landfast(&arguments));
    let report: Value = serde_json::from_str(&later.out).unwrap_or_else(|_| panic!("{}", later.err));
    assert_eq!((later.code, count(&report, "in_sync"), count(&report, "unreadable")), (0, 9, 21));
    assert_eq!(resource(&report, &address(20))["reason"], "left out by the choice of objects");
}

#[test]
fn a_sample_says_what_it_can_tell() {
    const OBJECTS: usize = 60;
    let stage = Stage::new(OBJECTS);
    stage.put(7, json!({"size": 3}), json!({}));
    let (run, report) = stage.check(&["--sample", "50%", "--strict"]);
    let (scan, sample) = (&report["scan"], &report["scan"]["sample"]);
    let number = |value: &Value| value.as_u64().unwrap();
    let (read, drifted) = (number(&sample["read"]), count(&report, "drifted") as u64);
    assert_eq!(run.code, 4, "{}", run.err);
    assert_eq!((number(&sample["total"]), number(&sample["drifted"])), (OBJECTS as u64, drifted), "{scan}");
    assert_eq!(
        (read, number(&scan["recorded"]["not_sampled"])),
        (number(&scan["recorded"]["found"]), 60 - read),
        "{scan}"
    );
    assert_eq!((&sample["percent"], &sample["confidence"]), (&json!(50.0), &json!(0.95)));
    let (upper, most) = (sample["upper"].as_f64().unwrap(), number(&sample["most_drifted"]));
    assert!(upper > drifted as f64 / read as f64 && upper <= 1.0 && most > drifted && most <= OBJECTS as u64, "{scan}");
    // Everything is no sample any more.
    let text = stage.run(&["--sample", "100%"]);
    assert_eq!(text.code, 2, "{}", text.err);
    let said = "sample of 100 %: 60 of 60 objects compared, 1 drifted; with 95 % confidence at most 1 of the 60";
    assert!(text.out.contains(said), "{}", text.out);
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
