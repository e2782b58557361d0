//! `authorised`: default deny, deny wins.

use std::collections::BTreeSet;
use std::time::Duration;

use landfast_safety::approval::{Approval, PrivateKey};
use landfast_safety::{Actor, Authority, CheckId, Gate, Outcome, Override, Right, Ruling, SafetySettings};

use crate::stage::{Stage, settings_error};

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
fn expect(stage: &Stage, outcome: Outcome, says: &str) {
    stage.expect("authorised", ROLES, outcome, says);
}

fn acts(stage: &mut Stage, name: &str, groups: &[&str]) {
    let groups: BTreeSet<String> = groups.iter().map(|group| (*group).to_owned()).collect();
    stage.facts.actor = Some(Actor { name: name.to_owned(), groups });
}

#[test]
fn everybody_needs_a_role_for_his_part() {
    let mut stage = Stage::new();
    expect(&stage, Outcome::Pass, "carol: apply: granted by the role operators");
    acts(&mut stage, "erin", &[]);
    expect(&stage, Outcome::Fail, "erin: apply: granted by no role");
    // The surroundings know groups, too.
    acts(&mut stage, "erin", &["ops"]);
    expect(&stage, Outcome::Pass, "erin: apply: granted by the role operators");
    acts(&mut stage, "dave", &["ops"]);
    expect(&stage, Outcome::Fail, "dave: apply: denied by the role suspended");
    acts(&mut stage, "carol", &[]);
    stage.proposal.author = "mallory@laptop".to_owned();
    expect(&stage, Outcome::Fail, "mallory@laptop: plan: granted by no role");
    stage.proposal.author = "bob@laptop".to_owned();
    stage.proposal.target.environment = "dev".to_owned();
    expect(&stage, Outcome::Fail, "carol: apply: granted by no role");
}

#[test]
fn names_grant_exactly_and_deny_broadly() {
    let mut stage = Stage::new();
    acts(&mut stage, "carol@evil.example", &[]);
    expect(&stage, Outcome::Fail, "carol@evil.example: apply: granted by no role");
    acts(&mut stage, "Dave@home", &["ops"]);
    expect(&stage, Outcome::Fail, "Dave@home: apply: denied by the role suspended");
}

#[test]
fn who_approved_must_be_allowed_to() {
    let mut stage = Stage::new();
    let key = PrivateKey::generate().unwrap();
    for (who, outcome) in [("alice", Outcome::Pass), ("carol", Outcome::Fail)] {
        let approval =
            Approval::new(who, stage.proposal.plan, "prod", stage.now, Duration::from_secs(60)).unwrap().sign(&key);
        stage.facts.approvals = Some(vec![approval]);
        expect(&stage, outcome, &format!("{who}: approve: granted by"));
    }
}

#[test]
fn overriding_is_a_right_of_its_own() {
    let roles = format!("[levels]\nfreeze = \"deny\"\n{ROLES}");
    let mut stage = Stage::new();
    let forced = |who: &str| Some(Override::new([CheckId::new("freeze").unwrap()], "it burns", who).unwrap());
    assert_eq!(stage.ask_forced("authorised", &roles, forced("carol@laptop")).outcome, Outcome::Pass);
    // Somebody else's name on the override.
    assert_eq!(stage.ask_forced("authorised", &roles, forced("alice")).outcome, Outcome::Fail);
    let weak = roles.replace("[\"apply\", \"force\"]", "[\"apply\"]");
    let result = stage.ask_forced("authorised", &weak, forced("carol"));
    assert_eq!(result.outcome, Outcome::Fail);
    assert!(!result.overridden);
    acts(&mut stage, "carol", &[]);
    assert_eq!(stage.ask("authorised", &weak).outcome, Outcome::Pass);
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
    let mut stage = Stage::new();
    stage.proposal.target.environment = String::new();
    expect(&stage, Outcome::Error, "which environment this is");
    stage = Stage::new();
    stage.proposal.author = String::new();
    expect(&stage, Outcome::Error, "who made the plan");
    stage = Stage::new();
    acts(&mut stage, " ", &[]);
    expect(&stage, Outcome::Error, "who acts");
    stage.facts.actor = None;
    expect(&stage, Outcome::Error, "who acts");
    let stage = Stage::new();
    stage.expect("authorised", "levels = { authorised = \"deny\" }", Outcome::Error, "no role is configured");
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
