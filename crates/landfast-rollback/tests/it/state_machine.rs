//! The states of an operation: every way there is is gone by operations, and there is no other.

use std::collections::BTreeSet;

use landfast_rollback::OperationState;
use landfast_rollback::testing::simulation::{Tracing, simulate};

/// The ways as the issue and the documentation draw them.
const WAYS: &[(OperationState, OperationState)] = &[
    (OperationState::Pending, OperationState::ValidatingSafety),
    (OperationState::ValidatingSafety, OperationState::Applying),
    (OperationState::ValidatingSafety, OperationState::Failed),
    (OperationState::Applying, OperationState::Applied),
    (OperationState::Applying, OperationState::Failed),
    (OperationState::Failed, OperationState::RollingBack),
    (OperationState::RollingBack, OperationState::RolledBack),
    (OperationState::RollingBack, OperationState::RollbackFailed),
];

#[test]
fn there_is_no_way_but_those_of_the_diagram() {
    for from in OperationState::ALL {
        for to in OperationState::ALL {
            let allowed = WAYS.contains(&(*from, *to));
            assert_eq!(from.to(*to).is_ok(), allowed, "{from} to {to}");
            assert_eq!(from.next().contains(to), allowed, "{from} to {to}");
        }
    }
}

#[test]
fn operations_go_every_way_and_no_other() {
    let mut gone = BTreeSet::new();
    for seed in 0..400 {
        let ran = simulate(seed, Tracing::On);
        for line in ran.trace.lines().filter(|line| line.contains("append: {\"record\":\"went\"")) {
            let json: serde_json::Value = serde_json::from_str(line.split_once("append: ").unwrap().1).unwrap();
            let state = |name: &str| -> OperationState { serde_json::from_value(json[name].clone()).unwrap() };
            gone.insert((state("from"), state("to")));
            assert!(json["at"].as_str().unwrap().ends_with('Z'), "no time: {json}");
            assert!(["info", "warn", "error"].contains(&json["level"].as_str().unwrap()), "no level: {json}");
        }
    }
    assert_eq!(gone, WAYS.iter().copied().collect());
}

#[test]
fn the_documentation_shows_the_same_diagram() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rollback-model.md");
    let text = std::fs::read_to_string(page).unwrap();
    let (_, rest) = text.split_once("stateDiagram-v2").unwrap();
    let (diagram, _) = rest.split_once("```").unwrap();
    let shown: BTreeSet<(String, String)> = diagram
        .lines()
        .filter_map(|line| line.trim().split_once(" --> "))
        .filter(|(from, _)| *from != "[*]")
        .map(|(from, to)| (from.to_owned(), to.to_owned()))
        .collect();
    let ways = WAYS.iter().map(|(from, to)| (format!("{from:?}"), format!("{to:?}")));
    assert_eq!(shown, ways.collect());
}
