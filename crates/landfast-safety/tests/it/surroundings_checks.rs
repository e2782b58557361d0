//! Checks about what a plan was made from: `config-hash-match`, `config-compatibility`, `no-policy-violation`.

use std::collections::{BTreeMap, BTreeSet};

use landfast_safety::{PolicyFacts, PolicyViolation};

use crate::scene::{Scene, digest};

#[test]
fn the_configuration_is_the_one_that_was_planned() {
    let planned = || Scene::update().but(|scene| scene.proposal.configuration = Some(digest("main.tf")));
    let evidence =
        planned().knowing(|facts| facts.configuration = Some(digest("main.tf"))).passes("config-hash-match", "");
    assert!(evidence.starts_with("blake3:"), "{evidence}");
    planned().knowing(|facts| facts.configuration = Some(digest("other"))).fails("config-hash-match", "");
    planned().errs("config-hash-match", "");
    Scene::update().is_skipped("config-hash-match", "");
    let none = Scene::update().knowing(|facts| facts.configuration = Some(digest("main.tf")));
    none.fails("config-hash-match", "required = true");
    Scene::update().errs("config-hash-match", "required = true");
}

#[test]
fn the_surroundings_are_those_that_it_was_planned_in() {
    let map = |settings: &[(&str, &str)]| -> BTreeMap<String, String> {
        settings.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    };
    let scene = |then: &[(&str, &str)], now: &[(&str, &str)]| {
        Scene::update()
            .but(|scene| scene.proposal.surroundings = map(then))
            .knowing(|facts| facts.surroundings = Some(map(now)))
    };
    let (account, other) = (("account", "1"), ("account", "2"));
    scene(&[account], &[account, ("region", "x")]).passes("config-compatibility", "");
    let evidence = scene(&[account], &[other]).fails("config-compatibility", "");
    assert_eq!(evidence, "account: was 1 when it was planned, and is 2 now");
    scene(&[account], &[other]).passes("config-compatibility", "may-differ = ['account']");
    scene(&[account], &[]).errs("config-compatibility", "");
    scene(&[], &[account]).is_skipped("config-compatibility", "");
    scene(&[], &[account]).errs("config-compatibility", "required = ['account']");
    scene(&[account], &[account]).knowing(|facts| facts.surroundings = None).errs("config-compatibility", "");
}

#[test]
fn policies_were_evaluated_and_allow_it() {
    let said = |evaluated: &[&str], violated: &[&str]| {
        let violation = |message: &&str| PolicyViolation {
            policy: "encryption".into(),
            about: "test_thing.a".into(),
            message: (*message).into(),
        };
        let evaluated: BTreeSet<String> = evaluated.iter().map(ToString::to_string).collect();
        let policies = PolicyFacts::new(evaluated, violated.iter().map(violation).collect());
        Scene::update().knowing(|facts| facts.policies = Some(policies))
    };
    let id = "no-policy-violation";
    assert_eq!(said(&["encryption"], &[]).passes(id, "required = ['encryption']"), "allowed by encryption");
    let evidence = said(&["encryption"], &["it is not encrypted"]).fails(id, "");
    assert_eq!(evidence, "test_thing.a: encryption: it is not encrypted");
    said(&["tags"], &[]).errs(id, "required = ['encryption']");
    said(&[], &[]).errs(id, "");
    Scene::update().errs(id, "");
}
