//! Plans that are made, executed, refused, interrupted and taken back.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::place::{Place, STATE, no_secrets_in};

#[test]
fn taking_back_what_took_back_gives_what_was_there() {
    let place = Place::new();
    let original = place.content();
    place.plan();
    place.ok(&["apply", "plan.json", "--yes"]);
    let changed = place.content();
    assert_ne!(changed, original);
    let first = place.last();
    place.ok(&["rollback", &first, "--yes"]);
    // What only a state holds, such as what a provider keeps for itself, is back too.
    assert_eq!(place.content(), original);
    place.ok(&["rollback", &place.last(), "--yes"]);
    assert_eq!(place.content(), changed);
    place.ok(&["rollback", &place.last(), "--yes"]);
    assert_eq!(place.content(), original);
    assert!(place.read("t.tfstate").contains("9007199254740993"));

    let states: Vec<Value> = place.operations().iter().map(|operation| operation["state"].clone()).collect();
    assert_eq!(states, ["applied"; 4]);
    let folder = place.0.path(".landfast/operations");
    no_secrets_in(&folder);
    assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    for entry in std::fs::read_dir(&folder).unwrap() {
        let entry = entry.unwrap().metadata().unwrap();
        assert_eq!(entry.permissions().mode() & 0o777, if entry.is_dir() { 0o700 } else { 0o600 });
    }
    let handover = place.ok(&["op", "handover", &first]);
    assert!(handover.contains("\n## Done\n") && handover.contains("forget aws_vpc.old"), "{handover}");
    assert!(place.ok(&["op", "log", &first]).contains("applying -> applied"));
}

#[test]
fn a_part_of_an_operation_is_taken_back() {
    let place = Place::new();
    place.plan();
    place.ok(&["apply", "plan.json", "--yes"]);
    place.ok(&["rollback", &place.last(), "--address", "aws_vpc.old", "--yes"]);
    let listed = place.ok(&["state", "list", "--state", "t.tfstate"]);
    assert_eq!(listed, "aws_instance.found\naws_vpc.old\nmodule.app.aws_instance.web\n");
}

#[test]
fn a_stale_plan_is_refused() {
    let place = Place::new();
    place.plan();
    place.ok(&["state", "mv", "--state", "t.tfstate", "aws_vpc.old", "aws_vpc.older"]);
    place.refused(&[], "the state is");
    let place = Place::new();
    place.plan();
    // Nothing that the plan touches has changed, but the state has.
    place.0.file("t.tfstate", STATE.replace("\"serial\": 7", "\"serial\": 8"));
    place.refused(&[], "the state is");
}

#[test]
fn an_edited_plan_is_refused() {
    let place = Place::new();
    place.plan();
    place.0.file("plan.json", place.read("plan.json").replacen("aws_vpc.old", "aws_vpc.new", 1));
    place.refused(&[], "was changed after it was written");
    assert!(place.operations().is_empty());
}

#[test]
fn a_plan_for_another_place_is_refused() {
    let place = Place::new();
    place.plan();
    place.0.file("other.tfstate", STATE);
    place.refused(&["--state", "other.tfstate"], "the plan is for");
    assert_eq!(place.read("other.tfstate"), STATE);
    place.refused(&["--state", "t.tfstate", "--workspace", "dev"], "the plan is for");
}

#[test]
fn an_expired_plan_is_refused() {
    let place = Place::new();
    place.ok(&["plan", "create", "wanted.toml", "--state", "t.tfstate", "--life", "1s", "--output", "plan.json"]);
    std::thread::sleep(Duration::from_millis(1100));
    place.refused(&[], "expired");
}

#[test]
fn a_plan_is_executed_once() {
    let place = Place::new();
    place.plan();
    place.ok(&["apply", "plan.json", "--yes"]);
    let first = place.last();
    place.ok(&["rollback", &first, "--yes"]);
    place.refused(&[], &format!("operation {first} has executed this plan already"));
    // Nor is it when the very bytes are there again that it was made on.
    place.0.file("t.tfstate", STATE);
    place.refused(&[], "has executed this plan already");
}

#[test]
fn nobody_is_asked_where_nobody_is() {
    let place = Place::new();
    place.plan();
    let run = place.run(&["apply", "plan.json"]);
    assert_eq!(run.code, 64, "{}", run.err);
    assert_eq!(place.read("t.tfstate"), STATE);
}

#[test]
fn settings_decide_and_force_needs_a_reason() {
    let place = Place::of_a_system();
    place.0.file("traits.toml", "");
    place.plan();
    let values = ["--state", "t.tfstate", "--values", "wanted.toml"];
    place.refused(&values, "irreversible-steps");
    assert_eq!(place.read("world/dns_record.api"), r#"{"value":"1"}"#);
    let force = ["--force", "irreversible-steps"];
    let run = place.run(&[&["apply", "plan.json", "--yes"], &values[..], &force].concat());
    assert_eq!(run.code, 64, "{}", run.err);
    place.ok(&[&["apply", "plan.json", "--yes", "--reason", "it can"], &values[..], &force].concat());
    let log = place.ok(&["op", "log", &place.last()]);
    assert!(log.contains("overridden: irreversible-steps (it can)"), "{log}");
}

#[test]
fn a_system_is_changed_by_its_commands_and_back() {
    let place = Place::of_a_system();
    place.plan();
    place.ok(&["apply", "plan.json", "--yes", "--values", "wanted.toml", "--state", "t.tfstate"]);
    assert!(place.read("world/dns_record.www").contains("CANARY-SECRET-2"));
    assert!(place.read("world/dns_record.api").contains("\"2\""));
    no_secrets_in(&place.0.path(".landfast/operations"));
    // Destroyed, it could not come back: its token is nowhere else.
    let first = place.last();
    let refused = place.run(&["rollback", &first, "--yes", "--state", "t.tfstate"]);
    assert_eq!(refused.code, 3);
    assert!(refused.out.contains("the value of token is kept nowhere but in the object"), "{}", refused.out);
    place.ok(&["rollback", &first, "--yes", "--state", "t.tfstate", "--values", "wanted.toml"]);
    assert!(!place.0.path("world/dns_record.www").exists());
    assert!(place.read("world/dns_record.api").contains("\"1\""));
}

#[test]
fn a_secret_that_a_system_makes_reaches_no_journal() {
    let place = Place::of_a_system();
    let system = place.read("system");
    // The system adds a password of its own, which it does not mark, and says so on standard error.
    let with_password = r#"printf %s '{"value": "1", "password": "CANARY-SECRET-3"}'"#;
    let changed = system.replace("printf %s \"$after\"", with_password);
    assert_ne!(changed, system);
    std::fs::write(place.0.path("system"), changed).unwrap();
    let wanted = "[[create]]\naddress = \"dns_record.www\"\nattributes = { value = \"1\" }\n";
    for (unknown, code) in [("", 5), ("unknown = [\"password\"]\n", 0)] {
        place.0.file("wanted.toml", format!("{wanted}{unknown}"));
        place.plan();
        let run = place.run(&["apply", "plan.json", "--yes", "--values", "wanted.toml", "--state", "t.tfstate"]);
        assert_eq!(run.code, code, "{}{}", run.out, run.err);
        no_secrets_in(&place.0.path(".landfast/operations"));
    }
    assert!(place.read("world/dns_record.www").contains("CANARY-SECRET-3"));
    let plan = place.run(&["rollback", &place.last(), "--plan-only", "--state", "t.tfstate"]);
    assert!(plan.out.contains("dns_record.www"), "{}{}", plan.out, plan.err);
}

#[test]
fn a_killed_operation_is_taken_up() {
    for back in [false, true] {
        let place = Place::of_a_system();
        let canary = ["--canary", "1", "--state", "t.tfstate", "--output", "plan.json"];
        place.ok(&[&["plan", "create", "wanted.toml"], &canary[..]].concat());
        place.0.file("slow", "");
        let arguments = ["apply", "plan.json", "--yes", "--values", "wanted.toml", "--state", "t.tfstate"];
        let mut child = place.command(&arguments).stdout(Stdio::null()).spawn().unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while !place.read("world/dns_record.api").contains("\"2\"") {
            assert!(Instant::now() < until, "it never began");
            std::thread::sleep(Duration::from_millis(10));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        std::fs::remove_file(place.0.path("slow")).unwrap();
        let id = place.last();
        let shown = place.ok(&["op", "show", &id]);
        assert!(
            shown.contains("has to be taken up") && shown.contains("unknown      update dns_record.api"),
            "{shown}"
        );
        assert!(!place.0.path("world/dns_record.www").exists());
        // The first step is done, which nobody wrote down; it is read.
        let common = ["--yes", "--values", "wanted.toml", "--state", "t.tfstate"];
        if back {
            let run = place.run(&[&["op", "resume", &id, "--back"], &common[..]].concat());
            assert_eq!(run.code, 5, "{}{}", run.out, run.err);
            assert!(!place.0.path("world/dns_record.www").exists());
            assert!(place.read("world/dns_record.api").contains("\"1\""));
        } else {
            place.ok(&[&["op", "resume", &id], &common[..]].concat());
            assert!(place.read("world/dns_record.www").contains("CANARY-SECRET-2"));
            assert!(place.read("world/dns_record.api").contains("\"2\""));
        }
        no_secrets_in(&place.0.path(".landfast/operations"));
    }
}
