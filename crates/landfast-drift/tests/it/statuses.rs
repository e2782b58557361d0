//! Every resource ends in exactly one status.

use landfast_drift::{Class, DriftStatus, NotComparedReason, Severity, compare};
use landfast_state::{Gap, GapKind, Observation};

use crate::world::{bare, object, report, snapshot};

fn gap(address: &str, kind: GapKind, reason: &str) -> Gap {
    Gap { address: address.parse().unwrap(), kind, reason: reason.to_owned() }
}

#[test]
fn missing_unmanaged_drifted_and_in_sync() {
    let report = report(
        vec![object("a_b.same", "{}"), object("a_b.gone", "{}"), object("a_b.other[0]", r#"{"x":1}"#)],
        vec![object("a_b.same", "{}"), object("a_b.new", "{}"), object("a_b.other[0]", r#"{"x":2}"#)],
        &bare(),
    );
    let found: Vec<(String, &str, &str)> = report
        .resources
        .iter()
        .map(|resource| (resource.address.to_string(), resource.status.as_str(), resource.severity.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("a_b.gone".to_owned(), "missing", "major"),
            ("a_b.new".to_owned(), "unmanaged", "minor"),
            ("a_b.other[0]".to_owned(), "drifted", "minor"),
            ("a_b.same".to_owned(), "in_sync", "none"),
        ]
    );
    let counts = report.counts();
    assert_eq!((counts.in_sync, counts.drifted, counts.missing, counts.unmanaged), (1, 1, 1, 1));
    assert_eq!(DriftStatus::ALL.iter().map(|status| counts.of(*status)).sum::<usize>(), 4);
    assert_eq!(report.worst_severity(), Severity::Major);
    assert!(report.has_drift() && report.coverage().is_complete());
    assert_eq!(report.get(&"a_b.gone".parse().unwrap()).unwrap().class, Some(Class::Unclassified));
    assert_eq!(report.get(&"a_b.same".parse().unwrap()).unwrap().class, None);
}

#[test]
fn what_a_scan_did_not_come_to_is_never_no_drift() {
    for kind in [GapKind::Interrupted, GapKind::NotSampled, GapKind::LeftOut] {
        let recorded = snapshot(vec![object("a_b.left", "{}")]);
        let observed = Observation { snapshot: snapshot(Vec::new()), gaps: vec![gap("a_b.left", kind, "why")] };
        let report = compare(&recorded, &observed, &bare());
        assert_eq!(report.resources[0].status, DriftStatus::Unreadable);
        assert!(!report.has_drift() && !report.coverage().is_complete());
    }
}

#[test]
fn a_gap_is_never_no_drift() {
    let recorded = snapshot(vec![
        object("a_b.unread", "{}"),
        object("a_b.strange", "{}"),
        object("a_b.partly", "{}"),
        object("a_b.drifted", r#"{"x":1}"#),
    ]);
    let observed = Observation {
        snapshot: snapshot(vec![object("a_b.partly", "{}"), object("a_b.drifted", r#"{"x":2}"#)]),
        gaps: vec![
            gap("a_b.drifted", GapKind::Unreadable, "timed out"),
            gap("a_b.elsewhere", GapKind::Unreadable, "access denied"),
            gap("a_b.partly", GapKind::Unreadable, "half of it"),
            gap("a_b.strange", GapKind::Unsupported, "no reader for a_b"),
            gap("a_b.unread", GapKind::Unreadable, "access denied"),
            gap("data.a_b.read", GapKind::Unreadable, "access denied"),
        ],
    };
    let report = compare(&recorded, &observed, &bare());
    let found: Vec<(String, &str, Option<&str>)> = report
        .resources
        .iter()
        .map(|resource| (resource.address.to_string(), resource.status.as_str(), resource.reason.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            ("a_b.drifted".to_owned(), "drifted", Some("timed out")),
            ("a_b.elsewhere".to_owned(), "unreadable", Some("access denied")),
            ("a_b.partly".to_owned(), "unreadable", Some("half of it")),
            ("a_b.strange".to_owned(), "unsupported", Some("no reader for a_b")),
            ("a_b.unread".to_owned(), "unreadable", Some("access denied")),
        ]
    );
    let coverage = report.coverage();
    assert_eq!((coverage.total, coverage.read, coverage.unreadable, coverage.unsupported), (5, 1, 3, 1));
    assert!(!coverage.is_complete());
    assert!(report.resources.iter().filter(|r| r.status.is_gap()).all(|r| r.severity == Severity::None));
}

#[test]
fn data_ephemeral_and_deposed_objects_are_listed_as_not_compared() {
    let deposed = "a_b.x (deposed object 0a1b2c3d)";
    let report = report(
        vec![object("a_b.x", "{}"), object(deposed, r#"{"old":1}"#), object("data.a_b.d", r#"{"x":1}"#)],
        vec![object("a_b.x", "{}"), object("data.a_b.d", r#"{"x":2}"#), object("data.a_b.e", "{}")],
        &bare(),
    );
    assert_eq!(report.resources.len(), 1);
    assert_eq!(report.resources[0].status, DriftStatus::InSync);
    let left_out: Vec<(String, NotComparedReason)> =
        report.not_compared.iter().map(|left| (left.address.to_string(), left.reason)).collect();
    assert_eq!(
        left_out,
        [
            ("data.a_b.d".to_owned(), NotComparedReason::DataMode),
            ("data.a_b.e".to_owned(), NotComparedReason::DataMode),
            (deposed.to_owned(), NotComparedReason::Deposed),
        ]
    );
}

#[test]
fn objects_without_attributes() {
    let mut empty = object("a_b.x", "{}");
    empty.attributes = landfast_state::Attributes::None;
    let found = crate::world::compared(empty.clone(), object("a_b.x", r#"{"a":1}"#), &bare());
    assert_eq!(found.changes.len(), 1);
    assert_eq!(crate::world::compared(empty.clone(), empty, &bare()).status, DriftStatus::InSync);
}
