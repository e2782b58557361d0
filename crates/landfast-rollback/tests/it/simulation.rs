//! The simulation holds, and repeats itself.

use std::collections::BTreeSet;

use landfast_rollback::OperationState;
use landfast_rollback::testing::simulation::{Tracing, simulate};

#[test]
fn whatever_goes_wrong_the_model_holds() {
    let mut ended = BTreeSet::new();
    let mut crashed = 0;
    for seed in 0..1000 {
        let ran = simulate(seed, Tracing::Off);
        assert!(ran.violations.is_empty(), "seed {seed}: {:?}", ran.violations);
        ended.extend(ran.ended);
        crashed += u32::from(ran.processes > 1);
    }
    let all =
        [OperationState::Applied, OperationState::Failed, OperationState::RolledBack, OperationState::RollbackFailed];
    assert_eq!(ended, BTreeSet::from(all), "the seeds do not come to every end");
    assert!(crashed > 100, "only {crashed} operations were interrupted");
}

/// Seeds that once broke what must hold, or what was thought to.
const ONCE_BROKEN: &[u64] = &[
    // A creation of which nobody knows how to take it back had nothing to be taken back.
    40682, // A move was done by half, and taking it back was refused: the journal called it applied.
    43348,
];

#[test]
fn what_was_broken_once_holds() {
    for seed in ONCE_BROKEN {
        let ran = simulate(*seed, Tracing::Off);
        assert!(ran.violations.is_empty(), "seed {seed}: {:?}", ran.violations);
    }
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..60 {
        let (first, second) = (simulate(seed, Tracing::On), simulate(seed, Tracing::On));
        assert!(first.trace.lines().count() > 3, "seed {seed} does nothing");
        assert_eq!(first, second);
        assert_eq!(simulate(seed, Tracing::Off).violations, first.violations);
    }
}
