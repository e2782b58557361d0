//! Checks of what a plan may destroy or reach: `blast-radius`, `data-loss`, `delete-threshold`, `irreversible-steps`,
//! `protected-resources`.

use landfast_safety::{ActionKind, Flag, InverseClass, Outcome};
use landfast_state::{Gap, GapKind, Observation, Origin, ResourceObject, Snapshot, SourceKind};

use crate::stage::{Stage, change, settings_error, state, text};

/// So many resources `null_resource.r0` and on, each of which depends on the first.
fn star(count: usize) -> Snapshot {
    let names: Vec<String> = (0..count).map(|at| format!("null_resource.r{at}")).collect();
    let first = ["null_resource.r0"];
    let resources: Vec<(&str, &str, &[&str])> = names
        .iter()
        .enumerate()
        .map(|(at, name)| (name.as_str(), r#"{"id": "x"}"#, if at == 0 { &first[..0] } else { &first[..] }))
        .collect();
    state(&resources)
}

#[test]
fn reach_is_limited_by_count_and_by_share() {
    let mut stage = Stage::of(&star(20));
    let radius = |stage: &Stage, settings: &str, outcome, says: &str| {
        stage.expect("blast-radius", &format!("[checks.blast-radius]\n{settings}"), outcome, says);
    };
    stage.proposal.changes = vec![change("null_resource.r1", ActionKind::Update)];
    radius(&stage, "", Outcome::Pass, "it reaches 1 of 20 resources");
    stage.proposal.changes = vec![change("null_resource.r0", ActionKind::Update)];
    radius(&stage, "max = 20\nmax-percent = 100.0", Outcome::Pass, "it reaches 20 of 20");
    radius(&stage, "max = 19\nmax-percent = 100.0", Outcome::Fail, "it reaches 20 resources, and at most 19 pass");
    radius(&stage, "max-percent = 99.9", Outcome::Fail, "it reaches 100.0 % of 20 resources, and at most 99.9 % pass");
    // A share of a small state says little.
    radius(&stage, "small = 21", Outcome::Pass, "20 of 20");
    // Bookkeeping reaches nothing.
    stage.proposal.changes = vec![change("null_resource.r0", ActionKind::Forget)];
    radius(&stage, "max = 0", Outcome::Pass, "it reaches 0");
    stage.proposal.changes = vec![change("null_resource.unheard_of", ActionKind::Create)];
    radius(&stage, "", Outcome::Pass, "it reaches 1");
    stage.proposal.changes = vec![change("null_resource.unheard_of", ActionKind::Delete)];
    radius(&stage, "", Outcome::Error, "what depends on null_resource.unheard_of, which is not recorded");
    // Of what no provider manages, no state says anything.
    let ours = ResourceObject::bare("dns_record.a".parse().unwrap(), "");
    stage.proposal.before = Snapshot::empty(Origin::new(SourceKind::Observation, "")).with_only([ours]);
    stage.proposal.changes = vec![change("dns_record.a", ActionKind::Delete)];
    radius(&stage, "", Outcome::Pass, "it reaches 1");
    for share in ["-1.0", "100.1", "nan"] {
        assert!(settings_error(&format!("[checks.blast-radius]\nmax-percent = {share}")).contains("from 0 to 100"));
    }
}

#[test]
fn steps_must_be_reversible() {
    let mut stage = Stage::new();
    let classed = |class, reasons: &[&str]| {
        let mut step = change("aws_kms_key.k", ActionKind::Delete);
        step.inverse = class;
        step.inverse_reasons = reasons.iter().map(|reason| (*reason).to_owned()).collect();
        vec![step]
    };
    let because = &["the key is gone"][..];
    for (class, reasons, outcome, says) in [
        (InverseClass::Exact, &[][..], Outcome::Pass, ""),
        (InverseClass::NewIdentity, because, Outcome::Pass, ""),
        (InverseClass::Lossy, because, Outcome::Pass, ""),
        (InverseClass::Impossible, because, Outcome::Fail, "delete, taking it back is impossible: the key is gone"),
        (InverseClass::Unknown, because, Outcome::Fail, "taking it back is unknown"),
        (InverseClass::Unknown, &[], Outcome::Fail, "taking it back is unknown"),
        (InverseClass::Lossy, &[], Outcome::Error, "which the plan does not say"),
        (InverseClass::Exact, because, Outcome::Error, "which the plan does not say"),
    ] {
        stage.proposal.changes = classed(class, reasons);
        stage.expect("irreversible-steps", "", outcome, says);
    }
    stage.proposal.changes = classed(InverseClass::Lossy, because);
    stage.expect("irreversible-steps", "[checks.irreversible-steps]\nworst = \"exact\"", Outcome::Fail, "is lossy");
    stage.proposal.changes = classed(InverseClass::Unknown, because);
    stage.expect("irreversible-steps", "[checks.irreversible-steps]\nworst = \"impossible\"", Outcome::Fail, "unknown");
}

#[test]
fn lost_data_is_named() {
    let mut stage = Stage::new();
    stage.proposal.changes = vec![change("aws_vpc.a", ActionKind::Delete)];
    stage.expect("data-loss", "", Outcome::Pass, "");
    for flag in [Flag::DataLoss, Flag::ShrinkingStorage, Flag::KeyDeletion] {
        stage.proposal.changes[0].flags = [flag].into();
        stage.expect("data-loss", "", Outcome::Fail, &format!("aws_vpc.a: delete: {flag}"));
    }
    stage.proposal.changes[0].flags = [Flag::EngineUpgrade].into();
    stage.expect("data-loss", "", Outcome::Pass, "");
    stage.expect("data-loss", "[checks.data-loss]\nflags = [\"engine_upgrade\"]", Outcome::Fail, "engine_upgrade");
    stage.proposal.changes[0].inverse = InverseClass::Unknown;
    stage.expect("data-loss", "", Outcome::Error, "what is lost when aws_vpc.a is destroyed");
    // What is known to be lost is not hidden by what is not known.
    let mut second = change("aws_vpc.b", ActionKind::Replace);
    second.flags = [Flag::DataLoss].into();
    stage.proposal.changes.push(second);
    stage.expect("data-loss", "", Outcome::Fail, "aws_vpc.b: replace: data_loss");
    assert!(settings_error("[checks.data-loss]\nflags = []").contains("no flag would fail it"));
}

fn destroy(stage: &mut Stage, count: usize) {
    stage.proposal.changes = (0..count).map(|at| change(&format!("null_resource.r{at}"), ActionKind::Delete)).collect();
}

#[test]
fn deletes_are_limited_by_count_and_by_share() {
    const ID: &str = "delete-threshold";
    let mut stage = Stage::of(&star(20));
    destroy(&mut stage, 4);
    stage.expect(ID, "", Outcome::Pass, "it destroys 4 of 20 objects");
    destroy(&mut stage, 5);
    stage.expect(ID, "", Outcome::Fail, "it destroys 25.0 % of 20 objects, and at most 20 % pass");
    stage.expect(ID, "[checks.delete-threshold]\nsmall = 21", Outcome::Pass, "it destroys 5 of 20");
    stage.expect(ID, "[checks.delete-threshold]\nmax = 4", Outcome::Fail, "it destroys 5 objects, and at most 4 pass");
    // What is replaced is destroyed, too.
    stage.proposal.changes[0].action = ActionKind::Replace;
    for (acknowledged, outcome, says) in [
        (4, Outcome::Fail, "4 lost objects were acknowledged, and 5 are lost"),
        (6, Outcome::Fail, "6 lost objects were acknowledged"),
        (5, Outcome::Pass, "5 lost objects were acknowledged"),
    ] {
        stage.facts.acknowledged_deletes = Some(acknowledged);
        stage.expect(ID, "", outcome, says);
    }
    stage.recorded = state(&[]);
    stage.expect(ID, "", Outcome::Error, "it records no object");
    stage.proposal.changes.clear();
    stage.expect(ID, "", Outcome::Pass, "it destroys 0 of 0");
    assert!(settings_error("[checks.delete-threshold]\nmax-percent = -1.0").contains("from 0 to 100"));
}

#[test]
fn a_world_that_reads_empty_is_counted_whole() {
    const ID: &str = "delete-threshold";
    let world = star(3);
    let mut stage = Stage::of(&world);
    stage.observed = Observation::complete(state(&[]));
    // The plan puts back what seems to be gone: nothing is destroyed, and yet all of it may be a mistake.
    stage.proposal.changes = vec![change("null_resource.r0", ActionKind::Create)];
    stage.expect(ID, "", Outcome::Fail, "3 objects are recorded, and the world reads empty");
    stage.facts.acknowledged_deletes = Some(1);
    stage.expect(ID, "", Outcome::Fail, "1 lost objects were acknowledged, and 3 are lost");
    stage.facts.acknowledged_deletes = Some(3);
    stage.expect(ID, "", Outcome::Pass, "3 lost objects were acknowledged");
    // A world that nobody could read is not empty, and says nothing.
    let gap = |address: &landfast_state::address::InstanceAddress| Gap {
        address: address.clone(),
        kind: GapKind::Unreadable,
        reason: "denied".to_owned(),
    };
    stage.observed.gaps = world.instances().map(gap).collect();
    stage.expect(ID, "", Outcome::Error, "no object could be read");
    stage.observed.gaps.clear();
    // What the plan is not about was not looked for, so it is not missing.
    stage.facts.acknowledged_deletes = None;
    (stage.proposal.before, stage.proposal.after) = (state(&[]), state(&[]));
    stage.proposal.changes = vec![change("null_resource.another", ActionKind::Create)];
    stage.expect(ID, "", Outcome::Pass, "it destroys 0 of 3");
}

#[test]
fn protected_names_and_addresses_stay() {
    const ID: &str = "protected-resources";
    let world = state(&[
        ("aws_vpc.main", r#"{"id": "vpc-1", "name": "main"}"#, &[]),
        ("aws_vpc.prod-main", r#"{"id": "vpc-2"}"#, &[]),
        ("aws_vpc.named", r#"{"id": "vpc-3", "name": "production-eu"}"#, &[]),
        ("aws_vpc.tagged", r#"{"id": "vpc-4", "tags": {"Name": "prod-tag"}}"#, &[]),
        ("kubernetes_pod.p", r#"{"metadata": [{"name": "prod-pod"}]}"#, &[]),
        ("module.security/aws_vpc.a", r#"{"id": "vpc-5"}"#, &[]),
        ("module.security[0]/aws_vpc.b", r#"{"id": "vpc-6"}"#, &[]),
        ("module.security.module.inner/aws_vpc.c", r#"{"id": "vpc-7"}"#, &[]),
        ("module.securityish/aws_vpc.d", r#"{"id": "vpc-8"}"#, &[]),
        ("module.app/aws_vpc.reprod-x", r#"{"id": "vpc-9", "name": "preprod-1"}"#, &[]),
    ]);
    let mut stage = Stage::of(&world);
    for (address, outcome, says) in [
        ("aws_vpc.main", Outcome::Pass, ""),
        ("aws_vpc.prod-main", Outcome::Fail, "is protected by prod-*"),
        ("aws_vpc.named", Outcome::Fail, "its name is protected by production-*"),
        ("aws_vpc.tagged", Outcome::Fail, "its tags.Name is protected by prod-*"),
        ("kubernetes_pod.p", Outcome::Fail, "its metadata[0].name is protected by prod-*"),
        ("module.security.aws_vpc.a", Outcome::Fail, "is protected by module.security.*"),
        ("module.security[0].aws_vpc.b", Outcome::Fail, "is protected by module.security.*"),
        ("module.security.module.inner.aws_vpc.c", Outcome::Fail, "is protected by module.security.*"),
        ("module.securityish.aws_vpc.d", Outcome::Pass, ""),
        ("module.app.aws_vpc.reprod-x", Outcome::Pass, ""),
    ] {
        for action in [ActionKind::Update, ActionKind::Replace, ActionKind::Delete, ActionKind::Forget] {
            stage.proposal.changes = vec![change(address, action)];
            stage.expect(ID, "", outcome, says);
        }
        stage.proposal.changes = vec![change(address, ActionKind::Move)];
        stage.expect(ID, "", Outcome::Pass, "");
    }
    stage.proposal.changes = vec![change("aws_vpc.main", ActionKind::Delete)];
    for pattern in ["main", "aws_vpc.main", "aws_vpc.*", "vpc-1"] {
        let settings = format!("[checks.protected-resources]\npatterns = [\"{pattern}\"]");
        stage.expect(ID, &settings, Outcome::Fail, &format!("protected by {pattern}"));
    }
    stage.proposal.changes = vec![change("module.security[0].aws_vpc.b", ActionKind::Delete)];
    let module = "[checks.protected-resources]\npatterns = [\"module.security\"]";
    stage.expect(ID, module, Outcome::Fail, "protected by module.security");
}

#[test]
fn a_name_that_is_not_known_may_be_protected() {
    const ID: &str = "protected-resources";
    let mut stage = Stage::of(&state(&[("aws_vpc.main", r#"{"name": "main"}"#, &[])]));
    stage.proposal.changes = vec![change("aws_vpc.gone", ActionKind::Delete)];
    stage.expect(ID, "", Outcome::Error, "how aws_vpc.gone is called");
    // Its new name is protected, and its old one was not.
    stage.proposal.changes = vec![change("aws_vpc.main", ActionKind::Update)];
    stage.proposal.after = state(&[("aws_vpc.main", r#"{"name": "prod-main"}"#, &[])]);
    stage.expect(ID, "", Outcome::Fail, "its name is protected by prod-*");
    // Only what is observed has the protected name.
    stage.proposal.after = stage.recorded.clone();
    stage.observed = Observation::complete(state(&[("aws_vpc.main", r#"{"name": "prod-main"}"#, &[])]));
    stage.expect(ID, "", Outcome::Fail, "its name is protected by prod-*");
    for (settings, why) in [("patterns = []", "nothing is protected"), ("names = [\"a[\"]", "is no path")] {
        let error = settings_error(&format!("[checks.protected-resources]\n{settings}"));
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_protected_name_that_is_sensitive_is_not_shown() {
    let text_of = r#"{"version": 4, "serial": 1, "lineage": "l", "outputs": {}, "resources": [{"mode": "managed",
        "type": "aws_vpc", "name": "a", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]", "instances":
        [{"attributes": {"name": "prod-s3cret"}, "sensitive_attributes": [[{"type": "get_attr", "value": "name"}]]}]}]}"#;
    let limits = landfast_state::Limits::default();
    let world = landfast_state::Document::read(text_of.into(), "s", &limits).unwrap().recorded();
    let mut stage = Stage::of(&world);
    stage.proposal.changes = vec![change("aws_vpc.a", ActionKind::Delete)];
    let result = stage.ask("protected-resources", "");
    assert_eq!(result.outcome, Outcome::Fail);
    assert!(!text(&result).contains("s3cret"));
}
