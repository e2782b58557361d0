//! `authorised`: default deny, deny wins.

use std::collections::BTreeSet;
use std::time::Duration;

use landfast_safety::approval::{Approval, PrivateKey};
use landfast_safety::{Actor, Authority, CheckId, Gate, Outcome, Override, Right, Ruling, SafetySettings};

use crate::scene::{Scene, settings_error};

const ROLES: &str = r#"
[checks.authorised.groups]
ops = ["carol", "dave"]
[[checks.authorised.roles]]
name = "planners"
people = ["bob"]
environments = ["*"]
may = ["plan"]
[[checks.authorised.roles]]
name = "operators"
groups = ["ops"]
environments = ["prod*"]
may = ["apply", "force"]
[[checks.authorised.roles]]
name = "reviewers"
people = ["alice"]
environments = ["prod"]
may = ["approve"]
[[checks.authorised.roles]]
name = "suspended"
people = ["dave"]
environments = ["*"]
may-not = ["apply"]
"#;

#[track_caller]
fn expect(scene: &Scene, outcome: Outcome, says: &str) {
    scene.expect("authorised", ROLES, outcome, says);
}

fn acts(scene: &mut Scene, name: &str, groups: &[&str]) {
    let groups: BTreeSet<String> = groups.iter().map(|group| (*group).to_owned()).collect();
    scene.facts.actor = Some(Actor { name: name.to_owned(), groups });
}

#[test]
fn everybody_needs_a_role_for_his_part() {
    let mut scene = Scene::new();
    expect(&scene, Outcome::Pass, "carol: apply: granted by the role operators");
    acts(&mut scene, "erin", &[]);
    expect(&scene, Outcome::Fail, "erin: apply: granted by no role");
    // The surroundings know groups, too.
    acts(&mut scene, "erin", &["ops"]);
    expect(&scene, Outcome::Pass, "erin: apply: granted by the role operators");
    acts(&mut scene, "dave", &["ops"]);
    expect(&scene, Outcome::Fail, "dave: apply: denied by the role suspended");
    acts(&mut scene, "carol", &[]);
    scene.proposal.author = "mallory@laptop".to_owned();
    expect(&scene, Outcome::Fail, "mallory@laptop: plan: granted by no role");
    scene.proposal.author = "bob@laptop".to_owned();
    scene.proposal.target.environment = "dev".to_owned();
    expect(&scene, Outcome::Fail, "carol: apply: granted by no role");
}

#[test]
fn names_grant_exactly_and_deny_broadly() {
    let mut scene = Scene::new();
    acts(&mut scene, "carol@evil.example", &[]);
    expect(&scene, Outcome::Fail, "carol@evil.example: apply: granted by no role");
    acts(&mut scene, "Dave@home", &["ops"]);
    expect(&scene, Outcome::Fail, "Dave@home: apply: denied by the role suspended");
}

#[test]
fn who_approved_must_be_allowed_to() {
    let mut scene = Scene::new();
    let key = PrivateKey::generate().unwrap();
    for (who, outcome) in [("alice", Outcome::Pass), ("carol", Outcome::Fail)] {
        let approval =
            Approval::new(who, scene.proposal.plan, "prod", scene.now, Duration::from_secs(60)).unwrap().sign(&key);
        scene.facts.approvals = Some(vec![approval]);
        expect(&scene, outcome, &format!("{who}: approve: granted by"));
    }
}

#[test]
fn overriding_is_a_right_of_its_own() {
    let roles = format!("[levels]\nfreeze = \"deny\"\n{ROLES}");
    let mut scene = Scene::new();
    let forced = |who: &str| Some(Override::new([CheckId::new("freeze").unwrap()], "it burns", who).unwrap());
    assert_eq!(scene.ask_forced("authorised", &roles, forced("carol@laptop")).outcome, Outcome::Pass);
    // Somebody else's name on the override.
    assert_eq!(scene.ask_forced("authorised", &roles, forced("alice")).outcome, Outcome::Fail);
    let weak = roles.replace("[\"apply\", \"force\"]", "[\"apply\"]");
    let result = scene.ask_forced("authorised", &weak, forced("carol"));
    assert_eq!(result.outcome, Outcome::Fail);
    assert!(!result.overridden);
    acts(&mut scene, "carol", &[]);
    assert_eq!(scene.ask("authorised", &weak).outcome, Outcome::Pass);
}

#[test]
fn nobody_overrides_it() {
    let settings: SafetySettings = toml::from_str(ROLES).unwrap();
    Gate::builtin(&settings).unwrap();
    let entry = landfast_safety::catalogue().into_iter().find(|entry| entry.id.as_str() == "authorised").unwrap();
    assert_eq!(entry.overriding, landfast_safety::Overriding::Never);
}

#[test]
fn what_is_not_known_is_an_error() {
    let mut scene = Scene::new();
    scene.proposal.target.environment = String::new();
    expect(&scene, Outcome::Error, "which environment this is");
    scene = Scene::new();
    scene.proposal.author = String::new();
    expect(&scene, Outcome::Error, "who made the plan");
    scene = Scene::new();
    acts(&mut scene, " ", &[]);
    expect(&scene, Outcome::Error, "who acts");
    scene.facts.actor = None;
    expect(&scene, Outcome::Error, "who acts");
    let scene = Scene::new();
    scene.expect("authorised", "levels = { authorised = \"deny\" }", Outcome::Error, "no role is configured");
}

#[test]
fn roles_that_say_nothing_are_refused() {
    let error = |role: &str| settings_error(&format!("[[checks.authorised.roles]]\nname = \"r\"\n{role}"));
    assert!(error("environments = [\"*\"]\nmay = [\"apply\"]").contains("the role r is nobody's"));
    assert!(error("people = [\"a\"]\nenvironments = [\"*\"]").contains("neither grants nor denies"));
    assert!(error("people = [\"a\"]\nenvironments = []\nmay = [\"apply\"]").contains("about no environment"));
    assert!(error("people = [\"a\"]\nmay = [\"apply\"]").contains("missing field `environments`"));
    assert!(error("people = [\"a\"]\nenvironments = [\"*\"]\nmay = [\"fly\"]").contains("unknown variant `fly`"));
}

#[test]
fn other_commands_can_ask_for_rights() {
    let authority = Authority::of(&toml::from_str(ROLES).unwrap()).unwrap();
    let actor = |name: &str| Actor { name: name.to_owned(), groups: BTreeSet::new() };
    let rule = |who: &str, right, environment| authority.ruling(&actor(who), right, environment).unwrap();
    assert_eq!(rule("alice", Right::Approve, "prod"), Ruling::Granted { role: "reviewers".to_owned() });
    assert_eq!(rule("alice", Right::Approve, "prod-eu"), Ruling::NotGranted);
    assert_eq!(rule("dave", Right::Apply, "prod"), Ruling::Denied { role: "suspended".to_owned() });
    assert_eq!(rule("bob", Right::Plan, ""), Ruling::Granted { role: "planners".to_owned() });
    authority.ruling(&actor("alice"), Right::Approve, "").unwrap_err();
    let nobody = Authority::of(&SafetySettings::default()).unwrap();
    assert_eq!(nobody.ruling(&actor("alice"), Right::Plan, "dev").unwrap(), Ruling::NotGranted);
}
