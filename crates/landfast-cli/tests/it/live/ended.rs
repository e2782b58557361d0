//! Scans that are killed, interrupted and taken up.

use std::time::Duration;

use serde_json::{Value, json};

use super::odd::{Stage, address, count, journalled, resource, wait_long, without_journal};
use crate::via::end;

const OBJECTS: usize = 60;
/// So many are read before a scan ends early; the others take longer than any test.
const QUICK: usize = 20;

/// Sixty objects, of which three differ from what is recorded.
fn stage(behaviour_of_the_rest: &Value) -> Stage {
    let stage = Stage::new(OBJECTS);
    stage.put(3, json!({"size": 7}), json!({}));
    stage.put(11, json!({"labels": ["new"]}), json!({}));
    rest(&stage, behaviour_of_the_rest);
    stage
}

fn rest(stage: &Stage, behaviour: &Value) {
    for number in QUICK..OBJECTS {
        let differing = if number == 40 { json!({"token": "CANARY-another"}) } else { json!({}) };
        stage.put(number, differing, behaviour.clone());
    }
}

#[test]
fn a_killed_scan_leaves_no_provider_and_is_taken_up_to_the_same_report() {
    let stage = stage(&json!({}));
    let (whole, expected) = stage.check(&["--strict"]);
    assert_eq!(whole.code, 2, "{}", whole.err);
    assert_eq!((count(&expected, "drifted"), count(&expected, "in_sync")), (3, OBJECTS - 3));

    rest(&stage, &json!({"delay": 600}));
    let mut child = stage.spawn(&["--strict", "--journal", "journal"]);
    let journal = stage.path("journal");
    wait_long("the quick ones are in the journal", || journalled(&journal) == QUICK);
    assert!(!stage.providers().is_empty() && child.try_wait().unwrap().is_none());
    assert_eq!(end(&mut child, "KILL").code(), None);
    let took = wait_long("no provider is left", || stage.providers().is_empty());
    assert!(took < Duration::from_secs(5), "{took:?}");

    // What was read is not read again: it would be found changed.
    rest(&stage, &json!({}));
    stage.put(0, json!({"size": 99}), json!({}));
    let again = ["--strict", "--journal", "journal", "--resume", "--events", "events"];
    let (resumed, report) = stage.check(&again);
    // It says that a part is from the journal, and in all else it is the same.
    let (from_journal, report) = without_journal(report);
    assert_eq!((resumed.code, from_journal, &report), (2, QUICK as u64, &expected), "{}", resumed.err);
    let counts = json!({"found": OBJECTS, "gone": 0, "unreadable": 0, "interrupted": 0, "not_sampled": 0});
    assert_eq!(report["scan"], json!({"end": "complete", "recorded": counts}));
    let ended = stage.ended("events");
    assert_eq!((&ended["from_journal"], &ended["reads"]), (&json!(QUICK), &json!(OBJECTS - QUICK)), "{ended}");

    // What is too old is.
    std::thread::sleep(Duration::from_millis(1100));
    let (again, report) = stage.check(&[&again[..], &["--max-age", "1s"]].concat());
    assert_eq!((again.code, count(&report, "drifted")), (2, 4), "{}", again.err);
    assert_eq!(resource(&report, &address(0))["status"], "drifted");
    stage.assert_no_secret(&[&resumed.out, &resumed.err], &["journal", "events"]);
}

#[test]
fn a_sample_is_taken_up_as_it_was_drawn() {
    let stage = stage(&json!({}));
    let sample = ["--sample", "50%", "--journal", "journal"];
    let (_, first) = stage.check(&sample);
    let read = first["scan"]["recorded"]["found"].as_u64().unwrap();
    assert!(read > 0 && read < OBJECTS as u64, "{read}");
    let (again, report) = stage.check(&[&sample[..], &["--resume"]].concat());
    let (from_journal, report) = without_journal(report);
    assert_eq!((from_journal, &report), (read, &first), "{}", again.err);
    let other = stage.run(&["--sample", "20%", "--journal", "journal", "--resume"]);
    assert_eq!(other.code, 1);
    assert!(other.err.contains("the choice of objects is not the same"), "{}", other.err);
    let missing = stage.run(&["--sample", "20%", "--journal", "nowhere", "--resume"]);
    assert_eq!(missing.code, 1);
    assert!(missing.err.contains("nowhere"), "{}", missing.err);
}

#[test]
fn ctrl_c_ends_a_scan_with_what_was_read() {
    for signal in ["INT", "TERM"] {
        let stage = stage(&json!({"delay": 600}));
        let mut child = stage.spawn(&["--journal", "journal", "--events", "events"]);
        let journal = stage.path("journal");
        wait_long("the quick ones are in the journal", || journalled(&journal) == QUICK);
        assert!(child.try_wait().unwrap().is_none());
        let process = child.id().to_string();
        let sent = std::process::Command::new("kill").args(["-s", signal, &process]).status().unwrap();
        assert!(sent.success());
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(4), "{signal}: {err}");
        assert!(err.contains("interrupted: 40 objects were not read"), "{err}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (count(&report, "drifted"), count(&report, "in_sync"), count(&report, "unreadable")),
            (2, QUICK - 2, OBJECTS - QUICK),
            "{signal}"
        );
        assert_eq!(report["summary"]["coverage"]["complete"], false);
        let scan = &report["scan"];
        let counts = (&scan["recorded"]["found"], &scan["recorded"]["interrupted"]);
        assert_eq!((&scan["end"], counts), (&json!("interrupted"), (&json!(QUICK), &json!(OBJECTS - QUICK))), "{scan}");
        assert_eq!(stage.ended("events")["end"], "interrupted");
        let took = wait_long("no provider is left", || stage.providers().is_empty());
        assert!(took < Duration::from_secs(5), "{signal}: {took:?}");

        // The same journal goes on from here.
        rest(&stage, &json!({}));
        let (resumed, report) = stage.check(&["--journal", "journal", "--resume"]);
        assert_eq!(
            (resumed.code, count(&report, "drifted"), count(&report, "unreadable")),
            (2, 3, 0),
            "{}",
            resumed.err
        );
    }
}
