//! Checks about operations: `target-exists`, `target-status-successful`, `concurrent-operation`.

use landfast_safety::{OperationFact, ProposalKind};

use crate::scene::{Scene, digest, operation};

fn rollback(known: Option<Option<OperationFact>>) -> Scene {
    Scene::update()
        .but(|scene| scene.proposal.kind = ProposalKind::Rollback { operation: "op-1".into() })
        .knowing(|facts| facts.rolled_back = known)
}

#[test]
fn a_rollback_has_a_target() {
    rollback(Some(Some(operation("op-1")))).passes("target-exists", "");
    assert_eq!(rollback(Some(None)).fails("target-exists", ""), "op-1: there is no such operation");
    rollback(Some(Some(operation("op-2")))).fails("target-exists", "");
    rollback(None).errs("target-exists", "");
    Scene::update().is_skipped("target-exists", "");
}

#[test]
fn the_target_of_a_rollback_ended_and_left_something() {
    let with = |ended, left_something| {
        let fact = OperationFact { ended, left_something, successful: false, ..operation("op-1") };
        rollback(Some(Some(fact)))
    };
    rollback(Some(Some(operation("op-1")))).passes("target-status-successful", "");
    // What failed and was not taken back, whole or in part, is taken back by a plan of its own.
    with(true, true).passes("target-status-successful", "");
    with(true, false).fails("target-status-successful", "");
    with(false, false).fails("target-status-successful", "");
    with(false, true).fails("target-status-successful", "");
    for unknown in [None, Some(None), Some(Some(operation("op-2")))] {
        rollback(unknown).errs("target-status-successful", "");
    }
    Scene::update().is_skipped("target-status-successful", "");
}

#[test]
fn there_is_one_operation_at_a_time_and_a_plan_is_executed_once() {
    let known = |operations: Vec<OperationFact>| Scene::update().knowing(|facts| facts.operations = Some(operations));
    known(Vec::new()).passes("concurrent-operation", "");
    known(vec![operation("op-1")]).passes("concurrent-operation", "");
    let running = OperationFact { ended: false, state: "applying".into(), ..operation("op-2") };
    let evidence = known(vec![operation("op-1"), running]).fails("concurrent-operation", "");
    assert_eq!(evidence, "op-2: is applying, and has not ended");
    let replayed = OperationFact { plan: digest("plan"), ..operation("op-3") };
    assert!(known(vec![replayed.clone()]).fails("concurrent-operation", "").contains("has executed this plan already"));
    known(vec![OperationFact { successful: false, ..replayed }]).passes("concurrent-operation", "");
    Scene::update().errs("concurrent-operation", "");
}
