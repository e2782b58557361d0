//! `approvals`: who counts, and what does not.

use std::collections::BTreeSet;
use std::time::Duration;

use landfast_safety::Outcome;
use landfast_safety::approval::{Approval, PrivateKey, SignedApproval};
use landfast_state::BytesDigest;

use crate::stage::{Stage, settings_error, text};

const HOUR: Duration = Duration::from_secs(3600);

/// Keys of alice (two), of bob, who is the author, of carol, who executes, and of dave.
struct Keys {
    alice: PrivateKey,
    alice_too: PrivateKey,
    bob: PrivateKey,
    carol: PrivateKey,
    dave: PrivateKey,
}

impl Keys {
    fn new() -> Self {
        let key = || PrivateKey::generate().unwrap();
        Self { alice: key(), alice_too: key(), bob: key(), carol: key(), dave: key() }
    }

    fn settings(&self, required: u32, more: &str) -> String {
        format!(
            r#"
            [checks.approvals]
            {more}
            rules = [{{ environments = ["prod*"], required = {required} }}]
            approvers = [
                {{ name = "alice", keys = ["{}", "{}"], groups = ["ops"] }},
                {{ name = "Bob@example.com", keys = ["{}"], aliases = ["robert"] }},
                {{ name = "carol", keys = ["{}"], groups = ["security"] }},
                {{ name = "dave", keys = ["{}"], environments = ["dev"] }},
            ]"#,
            self.alice.public(),
            self.alice_too.public(),
            self.bob.public(),
            self.carol.public(),
            self.dave.public()
        )
    }
}

fn approval(who: &str, stage: &Stage) -> Approval {
    let granted = stage.now - Duration::from_secs(600);
    Approval::new(who, stage.proposal.plan, "prod", granted, 8 * HOUR).unwrap()
}

fn given(approvals: Vec<SignedApproval>) -> Stage {
    let mut stage = Stage::new();
    stage.facts.approvals = Some(approvals);
    stage.facts.used_approvals = Some(BTreeSet::new());
    stage
}

#[track_caller]
fn expect(stage: &Stage, settings: &str, outcome: Outcome, says: &str) {
    stage.expect("approvals", settings, outcome, says);
}

#[test]
fn two_of_four_pass_and_one_does_not() {
    let (keys, stage) = (Keys::new(), Stage::new());
    let alice = approval("alice", &stage).sign(&keys.alice);
    let carol = approval("carol", &stage).sign(&keys.carol);
    let both = given(vec![alice.clone(), carol]);
    expect(&both, &keys.settings(2, ""), Outcome::Pass, "2 people approve, and 2 are needed");
    expect(&given(vec![alice.clone()]), &keys.settings(2, ""), Outcome::Fail, "1 people approve, and 2 are needed");
    expect(&given(Vec::new()), &keys.settings(1, ""), Outcome::Fail, "0 people approve");
    expect(&given(Vec::new()), &keys.settings(0, ""), Outcome::Pass, "0 people approve, and 0 are needed");
}

#[test]
fn an_approver_counts_once_with_two_keys() {
    let (keys, stage) = (Keys::new(), Stage::new());
    let twice = vec![approval("alice", &stage).sign(&keys.alice), approval("alice", &stage).sign(&keys.alice_too)];
    expect(&given(twice), &keys.settings(2, ""), Outcome::Fail, "its approver counts once");
}

#[test]
fn what_is_wrong_with_an_approval_keeps_it_from_counting() {
    let (keys, stage) = (Keys::new(), Stage::new());
    let settings = keys.settings(1, "");
    let refuse = |approval: SignedApproval, why: &str| expect(&given(vec![approval]), &settings, Outcome::Fail, why);
    let (plan, now) = (stage.proposal.plan, stage.now);
    let made = |who, plan, environment, granted, life| Approval::new(who, plan, environment, granted, life).unwrap();

    refuse(approval("alice", &stage).sign(&keys.carol), "not signed by a key of the approver");
    refuse(approval("mallory", &stage).sign(&keys.alice), "no approver with this name");
    refuse(approval("dave", &stage).sign(&keys.dave), "may not approve for this environment");
    // Bob made the plan on his laptop.
    refuse(approval("Bob@example.com", &stage).sign(&keys.bob), "is the author of the plan, bob@laptop");
    refuse(made("alice", BytesDigest::of(b"other"), "prod", now, HOUR).sign(&keys.alice), "it is for the plan");
    refuse(made("alice", plan, "staging", now, HOUR).sign(&keys.alice), "for the environment \"staging\"");
    refuse(made("alice", plan, "prod", now - HOUR / 2, HOUR / 2).sign(&keys.alice), "it has expired");
    refuse(made("alice", plan, "prod", now - 2 * HOUR, 8 * HOUR).sign(&keys.alice), "it is older than the plan");
    refuse(made("alice", plan, "prod", now + Duration::from_secs(61), HOUR).sign(&keys.alice), "from the future");
    refuse(made("alice", plan, "prod", now, 73 * HOUR).sign(&keys.alice), "longer than 72 hours");

    let signed = approval("alice", &stage).sign(&keys.alice);
    let mut used = given(vec![signed.clone()]);
    used.facts.used_approvals = Some(BTreeSet::from([signed.approval().id().to_owned()]));
    expect(&used, &settings, Outcome::Fail, "an operation has used it");
}

#[test]
fn clocks_may_differ_a_little() {
    let (keys, stage) = (Keys::new(), Stage::new());
    let made = |granted| Approval::new("alice", stage.proposal.plan, "prod", granted, 8 * HOUR).unwrap();
    let skew = Duration::from_secs(60);
    for granted in [stage.now + skew, stage.proposal.created - skew] {
        let stage = given(vec![made(granted).sign(&keys.alice)]);
        expect(&stage, &keys.settings(1, ""), Outcome::Pass, "counts");
        expect(&stage, &keys.settings(1, "clock-skew-seconds = 1"), Outcome::Fail, "does not count");
    }
}

#[test]
fn the_author_is_known_under_other_names() {
    let (keys, mut stage) = (Keys::new(), Stage::new());
    let signed = approval("Bob@example.com", &stage).sign(&keys.bob);
    for (author, outcome) in
        [("robert@build", Outcome::Fail), ("BOB", Outcome::Fail), ("erin@laptop", Outcome::Pass), (" ", Outcome::Error)]
    {
        stage = given(vec![signed.clone()]);
        stage.proposal.author = author.to_owned();
        assert_eq!(stage.ask("approvals", &keys.settings(1, "")).outcome, outcome, "{author}");
    }
}

#[test]
fn who_executes_is_excluded_where_configured() {
    let (keys, stage) = (Keys::new(), Stage::new());
    let mut stage = given(vec![approval("carol", &stage).sign(&keys.carol)]);
    expect(&stage, &keys.settings(1, ""), Outcome::Pass, "counts");
    expect(&stage, &keys.settings(1, "exclude-actor = true"), Outcome::Fail, "executes the plan");
    stage.facts.actor = None;
    expect(&stage, &keys.settings(1, "exclude-actor = true"), Outcome::Error, "who acts");
}

#[test]
fn rules_may_ask_for_groups() {
    let (keys, stage) = (Keys::new(), Stage::new());
    let settings = keys.settings(1, "").replace(
        "required = 1 }",
        "required = 1 }, { environments = [\"prod\"], required = 1, groups = [\"security\"] }",
    );
    let alice = approval("alice", &stage).sign(&keys.alice);
    let carol = approval("carol", &stage).sign(&keys.carol);
    expect(&given(vec![alice]), &settings, Outcome::Fail, "0 people of security approve, and 1 are needed");
    expect(&given(vec![carol]), &settings, Outcome::Pass, "1 people of security");
}

#[test]
fn what_is_not_known_is_an_error() {
    let (keys, stage) = (Keys::new(), Stage::new());
    let settings = keys.settings(1, "");
    let signed = approval("alice", &stage).sign(&keys.alice);
    let mut stage = given(vec![signed]);
    stage.facts.used_approvals = None;
    expect(&stage, &settings, Outcome::Error, "which approvals were used before");
    stage.facts.used_approvals = Some(BTreeSet::new());
    stage.proposal.target.environment = String::new();
    expect(&stage, &settings, Outcome::Error, "which environment this is");
    stage.proposal.target.environment = "staging".to_owned();
    expect(&stage, &settings, Outcome::Fail, "no rule says how many approvals staging needs");
    stage.facts.approvals = None;
    expect(&stage, &settings, Outcome::Error, "who has approved the plan");
    let stage = given(Vec::new());
    expect(&stage, "levels = { approvals = \"deny\" }", Outcome::Error, "no rule is configured");
    assert_eq!(stage.ask("approvals", "").outcome, Outcome::Skipped);
}

#[test]
fn settings_that_could_be_passed_alone_are_refused() {
    let keys = Keys::new();
    let key = keys.alice.public();
    let error = |approvers: &str, required: u32| {
        settings_error(&format!("[checks.approvals]\nrules = [{{ required = {required} }}]\napprovers = [{approvers}]"))
    };
    let one = format!("{{ name = \"alice\", keys = [\"{key}\"] }}");
    assert!(error(&one, 2).contains("asks for 2 approvers, and 1 are listed"));
    let other = format!("{{ name = \"eve\", keys = [\"{key}\"] }}");
    assert!(error(&format!("{one}, {other}"), 1).contains("is listed for alice and for eve"));
    let same = format!("{{ name = \"Alice\", keys = [\"{}\"] }}", keys.bob.public());
    assert!(error(&format!("{one}, {same}"), 1).contains("is listed twice"));
    assert!(error("{ name = \"alice\", keys = [\"ed25519:AAAA\"] }", 1).contains("these are not 32 bytes"));
    let zero = "{ name = \"alice\", keys = [\"ed25519:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"] }";
    assert!(error(zero, 1).contains("verifies what nobody signed"));
}

#[test]
fn evidence_says_what_became_of_each() {
    let (keys, stage) = (Keys::new(), Stage::new());
    let good = approval("alice", &stage).sign(&keys.alice);
    let bad = approval("dave", &stage).sign(&keys.dave);
    let result = given(vec![bad, good]).ask("approvals", &keys.settings(1, ""));
    assert_eq!(result.outcome, Outcome::Pass);
    assert_eq!(text(&result).matches("does not count").count(), 1);
}
