//! Checks of when and how often: `maintenance-window`, `freeze`, `rate-of-change`.

use std::time::{Duration, SystemTime};

use landfast_safety::{ActionKind, OperationFact, Outcome};
use landfast_state::BytesDigest;

use crate::scene::{Scene, at, before_everything, change, settings_error};

const WINDOWS: &str = r#"
[[checks.maintenance-window.allow]]
name = "Saturdays"
environments = ["prod*"]
zone = "Europe/Berlin"
opens = "0 12 * * sat"
for = "2h"
[[checks.maintenance-window.deny]]
zone = "UTC"
opens = "30 12 * * *"
for = "30m"
"#;

#[test]
fn windows_allow_and_forbid() {
    let mut scene = Scene::new();
    // 2026-11-21 is a Saturday, and Berlin an hour ahead.
    for (now, outcome, says) in [
        ("2026-11-21T10:59:59Z", Outcome::Fail, "closed: Saturdays"),
        ("2026-11-21T11:00:00Z", Outcome::Pass, "Saturdays, opens at"),
        ("2026-11-21T12:30:00Z", Outcome::Fail, "no change may happen now"),
        ("2026-11-21T13:00:00Z", Outcome::Fail, "closed"),
        ("2026-11-22T12:00:00Z", Outcome::Fail, "closed"),
    ] {
        scene.now = at(now);
        scene.expect("maintenance-window", WINDOWS, outcome, says);
    }
    scene.proposal.target.environment = "dev".to_owned();
    scene.expect("maintenance-window", WINDOWS, Outcome::Pass, "no window says when \"dev\" may change");
    scene.now = at("2026-11-22T12:30:00Z");
    scene.expect("maintenance-window", WINDOWS, Outcome::Fail, "no change may happen now");
    scene.proposal.target.environment = String::new();
    scene.expect("maintenance-window", WINDOWS, Outcome::Error, "which environment this is");
    scene.now = before_everything();
    scene.expect("maintenance-window", WINDOWS, Outcome::Error, "what time it is");
    scene.expect("maintenance-window", "levels = { maintenance-window = \"deny\" }", Outcome::Error, "no window");
}

#[test]
fn windows_that_make_no_sense_are_refused() {
    for (from, to, why) in [
        ("Europe/Berlin", "Europe/Bielefeld", "there is no time zone \"Europe/Bielefeld\""),
        ("0 12 * * sat", "0 25 * * sat", "the hour \"25\" is not from 0 to 23"),
        ("\"2h\"", "\"soon\"", "\"soon\" is no length"),
        ("\"2h\"", "\"0s\"", "a minute to 744 hours"),
        ("\"2h\"", "\"-2h\"", "a minute to 744 hours"),
        ("[\"prod*\"]", "[]", "about no environment"),
        ("zone = \"UTC\"", "", "missing field `zone`"),
    ] {
        let changed = WINDOWS.replacen(from, to, 1);
        assert_ne!(changed, WINDOWS);
        let error = settings_error(&changed);
        assert!(error.contains("maintenance-window") && error.contains(why), "{why}: {error}");
    }
}

const FREEZES: &str = r#"
[[checks.freeze.freezes]]
from = "2026-12-20"
to = "2026-12-31"
zone = "America/New_York"
environments = ["prod*"]
reason = "holidays"
[[checks.freeze.freezes]]
from = "2026-11-01T00:00:00Z"
to = "2026-11-02T00:00:00+01:00"
reason = "audit"
"#;

#[test]
fn freezes_begin_and_end() {
    let mut scene = Scene::new();
    for (now, outcome, says) in [
        ("2026-12-20T04:59:59Z", Outcome::Pass, "none of 2 freezes"),
        ("2026-12-20T05:00:00Z", Outcome::Fail, "frozen from 2026-12-20 to 2026-12-31: holidays"),
        // The last day is frozen, too.
        ("2027-01-01T04:59:59Z", Outcome::Fail, "holidays"),
        ("2027-01-01T05:00:00Z", Outcome::Pass, "none"),
        ("2026-11-01T00:00:00Z", Outcome::Fail, "audit"),
        ("2026-11-01T23:00:00Z", Outcome::Pass, "none"),
    ] {
        scene.now = at(now);
        scene.expect("freeze", FREEZES, outcome, says);
    }
    scene.now = at("2026-12-24T12:00:00Z");
    scene.proposal.target.environment = "dev".to_owned();
    scene.expect("freeze", FREEZES, Outcome::Pass, "none of 2");
    scene.proposal.target.environment = String::new();
    scene.expect("freeze", FREEZES, Outcome::Error, "which environment this is");
    scene.now = before_everything();
    scene.expect("freeze", "", Outcome::Error, "what time it is");
    scene.now = SystemTime::UNIX_EPOCH;
    scene.expect("freeze", "", Outcome::Pass, "none of 0");
}

#[test]
fn freezes_that_make_no_sense_are_refused() {
    for (from, to, why) in [
        ("\"2026-12-31\"", "\"2026-12-19\"", "ends before it begins"),
        ("\"2026-12-31\"", "\"2026-12-32\"", "neither a date"),
        ("\"2026-12-31\"", "\"2026-12-31T00:00\"", "neither a date"),
        ("zone = \"America/New_York\"", "", "is a date, and a zone has to say where"),
        ("\"holidays\"", "\" \"", "has no reason"),
        ("[\"prod*\"]", "[]", "about no environment"),
    ] {
        let error = settings_error(&FREEZES.replacen(from, to, 1));
        assert!(error.contains("freeze") && error.contains(why), "{why}: {error}");
    }
}

fn operation(began: SystemTime, changes: usize) -> OperationFact {
    OperationFact {
        id: "op".to_owned(),
        state: "failed".to_owned(),
        ended: true,
        successful: false,
        began,
        changes,
        plan: BytesDigest::of(b"earlier"),
    }
}

#[test]
fn changes_are_counted_over_an_hour_and_a_day() {
    const LIMITS: &str = "[checks.rate-of-change]\nmax-per-hour = 10\nmax-per-day = 20";
    let mut scene = Scene::new();
    scene.expect("rate-of-change", LIMITS, Outcome::Error, "which operations there were");
    scene.proposal.changes = vec![change("a.a", ActionKind::Update), change("a.b", ActionKind::Delete)];
    let (minutes, now) = (|minutes: u64| Duration::from_secs(60 * minutes), scene.now);
    for (operations, outcome, says) in [
        (vec![], Outcome::Pass, "0 objects have changed within an hour, the plan changes 2, and at most 10 may"),
        (vec![operation(now - minutes(59), 8)], Outcome::Pass, "8 objects"),
        (vec![operation(now - minutes(59), 9)], Outcome::Fail, "9 objects have changed within an hour"),
        (vec![operation(now - minutes(60), 9)], Outcome::Pass, "9 objects have changed within 24 hours"),
        (vec![operation(now - minutes(60), 19)], Outcome::Fail, "19 objects have changed within 24 hours"),
        (vec![operation(now - minutes(1440), 19)], Outcome::Pass, "0 objects"),
        // By another clock.
        (vec![operation(now + minutes(5), 9)], Outcome::Fail, "9 objects"),
        (vec![operation(now, usize::MAX), operation(now, 1)], Outcome::Fail, "objects"),
    ] {
        scene.facts.operations = Some(operations);
        scene.expect("rate-of-change", LIMITS, outcome, says);
    }
    // Bookkeeping changes nothing.
    scene.proposal.changes = vec![change("a.a", ActionKind::Forget)];
    scene.expect("rate-of-change", LIMITS, Outcome::Pass, "the plan changes 0");
    assert!(settings_error("[checks.rate-of-change]\nmax-per-hour = 600").contains("in an hour are more than"));
}
