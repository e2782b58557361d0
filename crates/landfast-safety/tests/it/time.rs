//! Checks of when and how often: `maintenance-window`, `freeze`, `rate-of-change`.

use std::time::{Duration, SystemTime};

use landfast_safety::{ActionKind, OperationFact, Outcome};
use landfast_state::BytesDigest;

use crate::stage::{Stage, at, before_everything, change, settings_error};

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
    let mut stage = Stage::new();
    // 2026-11-21 is a Saturday, and Berlin an hour ahead.
    for (now, outcome, says) in [
        ("2026-11-21T10:59:59Z", Outcome::Fail, "closed: Saturdays"),
        ("2026-11-21T11:00:00Z", Outcome::Pass, "Saturdays, opens at"),
        ("2026-11-21T12:30:00Z", Outcome::Fail, "no change may happen now"),
        ("2026-11-21T13:00:00Z", Outcome::Fail, "closed"),
        ("2026-11-22T12:00:00Z", Outcome::Fail, "closed"),
    ] {
        stage.now = at(now);
        stage.expect("maintenance-window", WINDOWS, outcome, says);
    }
    stage.proposal.target.environment = "dev".to_owned();
    stage.expect("maintenance-window", WINDOWS, Outcome::Pass, "no window says when \"dev\" may change");
    stage.now = at("2026-11-22T12:30:00Z");
    stage.expect("maintenance-window", WINDOWS, Outcome::Fail, "no change may happen now");
    stage.proposal.target.environment = String::new();
    stage.expect("maintenance-window", WINDOWS, Outcome::Error, "which environment this is");
    stage.now = before_everything();
    stage.expect("maintenance-window", WINDOWS, Outcome::Error, "what time it is");
    stage.expect("maintenance-window", "levels = { maintenance-window = \"deny\" }", Outcome::Error, "no window");
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
    let mut stage = Stage::new();
    for (now, outcome, says) in [
        ("2026-12-20T04:59:59Z", Outcome::Pass, "none of 2 freezes"),
        ("2026-12-20T05:00:00Z", Outcome::Fail, "frozen from 2026-12-20 to 2026-12-31: holidays"),
        // The last day is frozen, too.
        ("2027-01-01T04:59:59Z", Outcome::Fail, "holidays"),
        ("2027-01-01T05:00:00Z", Outcome::Pass, "none"),
        ("2026-11-01T00:00:00Z", Outcome::Fail, "audit"),
        ("2026-11-01T23:00:00Z", Outcome::Pass, "none"),
    ] {
        stage.now = at(now);
        stage.expect("freeze", FREEZES, outcome, says);
    }
    stage.now = at("2026-12-24T12:00:00Z");
    stage.proposal.target.environment = "dev".to_owned();
    stage.expect("freeze", FREEZES, Outcome::Pass, "none of 2");
    stage.proposal.target.environment = String::new();
    stage.expect("freeze", FREEZES, Outcome::Error, "which environment this is");
    stage.now = before_everything();
    stage.expect("freeze", "", Outcome::Error, "what time it is");
    stage.now = SystemTime::UNIX_EPOCH;
    stage.expect("freeze", "", Outcome::Pass, "none of 0");
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
        left_something: true,
        began,
        changes,
        plan: BytesDigest::of(b"earlier"),
    }
}

#[test]
fn changes_are_counted_over_an_hour_and_a_day() {
    const LIMITS: &str = "[checks.rate-of-change]\nmax-per-hour = 10\nmax-per-day = 20";
    let mut stage = Stage::new();
    stage.expect("rate-of-change", LIMITS, Outcome::Error, "which operations there were");
    stage.proposal.changes = vec![change("a.a", ActionKind::Update), change("a.b", ActionKind::Delete)];
    let (minutes, now) = (|minutes: u64| Duration::from_secs(60 * minutes), stage.now);
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
        stage.facts.operations = Some(operations);
        stage.expect("rate-of-change", LIMITS, outcome, says);
    }
    // Bookkeeping changes nothing.
    stage.proposal.changes = vec![change("a.a", ActionKind::Forget)];
    stage.expect("rate-of-change", LIMITS, Outcome::Pass, "the plan changes 0");
    assert!(settings_error("[checks.rate-of-change]\nmax-per-hour = 600").contains("in an hour are more than"));
}
