//! What a clearance is bound to.

use std::time::Duration;

use landfast_safety::{Bound, Clearance, ClearanceError, Gate};

use crate::scene::{Scene, digest, judge, now};

fn clearance(gate: Gate) -> Clearance {
    judge(&gate, &Scene::update().context()).into_clearance().unwrap().0
}

#[test]
fn it_serves_for_exactly_what_was_judged() {
    let bound = clearance(Gate::empty()).bound().clone();
    assert_eq!((bound.plan, bound.state, bound.policy), (digest("plan"), digest("state"), Gate::empty().policy()));
    clearance(Gate::empty()).redeem(&bound, now()).unwrap();
    let other = |change: fn(&mut Bound)| {
        let mut asked = bound.clone();
        change(&mut asked);
        clearance(Gate::empty()).redeem(&asked, now()).unwrap_err()
    };
    assert!(matches!(other(|bound| bound.plan = digest("x")), ClearanceError::OtherPlan { .. }));
    assert!(matches!(other(|bound| bound.state = digest("x")), ClearanceError::OtherState { .. }));
    assert!(matches!(other(|bound| bound.policy = digest("x")), ClearanceError::OtherPolicy { .. }));
    for change in [
        |bound: &mut Bound| bound.target.environment = "staging".into(),
        |bound: &mut Bound| bound.target.store = "x".into(),
        |bound: &mut Bound| bound.target.workspace = "x".into(),
        |bound: &mut Bound| bound.target.lineage = "x".into(),
        |bound: &mut Bound| bound.target.serial = 8,
    ] {
        assert!(matches!(other(change), ClearanceError::OtherTarget { .. }));
    }
}

#[test]
fn it_expires_when_its_life_or_the_plan_ends() {
    let gate = || Gate::empty().with_clearance_life(Duration::from_secs(10));
    let bound = clearance(gate()).bound().clone();
    assert_eq!(clearance(gate()).expires(), now() + Duration::from_secs(10));
    clearance(gate()).redeem(&bound, now() + Duration::from_millis(9_999)).unwrap();
    let late = clearance(gate()).redeem(&bound, now() + Duration::from_secs(10));
    assert_eq!(late, Err(ClearanceError::Expired));
    let long = clearance(Gate::empty().with_clearance_life(Duration::from_secs(1 << 20)));
    assert_eq!(long.expires(), now() + Duration::from_secs(3600), "the plan ends then");
    let endless = clearance(Gate::empty().with_clearance_life(Duration::MAX));
    assert_eq!(endless.expires(), now() + Duration::from_secs(3600));
}

#[test]
fn an_expired_plan_gets_no_clearance_that_holds() {
    let scene = Scene::update().but(|scene| scene.proposal.expires = now());
    let (clearance, _) = judge(&Gate::empty(), &scene.context()).into_clearance().unwrap();
    let bound = clearance.bound().clone();
    assert_eq!(clearance.redeem(&bound, now()), Err(ClearanceError::Expired));
}
