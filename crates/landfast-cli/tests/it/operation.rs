//! Plans that are made, executed, refused, interrupted and taken back.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::run::{Run, Scratch, finish, landfast};

const STATE: &str = r#"{
  "version": 4, "terraform_version": "1.9.0", "serial": 7, "lineage": "l-1", "outputs": {},
  "resources": [
    {"mode": "managed", "type": "aws_instance", "name": "web", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
     "instances": [{"schema_version": 1, "attributes": {"id": "i-1", "password": "CANARY-SECRET-1"},
       "sensitive_attributes": [[{"type": "get_attr", "value": "password"}]], "private": "cHJpdmF0ZQ==",
       "create_before_destroy": true}]},
    {"mode": "managed", "type": "aws_vpc", "name": "old", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"].west",
     "instances": [{"schema_version": 1, "attributes": {"id": "vpc-1", "n": 9007199254740993}, "private": "eHl6"}]}
  ]
}"#;

const WANTED: &str = r#"
[[forget]]
address = "aws_vpc.old"
[[move]]
from = "aws_instance.web"
to = "module.app.aws_instance.web"
[[adopt]]
address = "aws_instance.found"
from = "observed.tfstate"
"#;

/// A system whose objects are files, and which can be slow.
const SYSTEM: &str = r#"#!/bin/sh
request=$(cat)
address=${request#*\"address\": \"}; address=${address%%\"*}
case $1 in
read) if [ -f "world/$address" ]; then printf '{"present": true, "attributes": %s}' "$(cat "world/$address")"
      else echo '{"present": false}'; fi ;;
delete) rm "world/$address" ;;
*) after=${request#*\"after\": }; after=${after%%, \"sensitive\": *}
   printf %s "$after" > "world/$address"
   if [ -f slow ]; then sleep 5; fi ;;
esac
"#;

const SETTINGS: &str = r#"
[operations]
traits = ["traits.toml"]
[actuators.command]
read = ["./system", "read"]
create = ["./system", "create"]
update = ["./system", "update"]
delete = ["./system", "delete"]
"#;

struct Place(Scratch);

impl Place {
    fn new() -> Self {
        let place = Self(Scratch::new());
        place.0.file("t.tfstate", STATE);
        place.0.file("observed.tfstate", STATE.replace("\"web\"", "\"found\"").replace("i-1", "i-2"));
        place.0.file("wanted.toml", WANTED);
        place
    }

    fn of_a_system() -> Self {
        let place = Self(Scratch::new());
        let system = place.0.file("system", SYSTEM);
        std::fs::set_permissions(system, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::create_dir(place.0.path("world")).unwrap();
        place.0.file("landfast.toml", SETTINGS);
        place.0.file("traits.toml", "[[type]]\npattern = \"dns_*\"\n");
        place.0.file("world/dns_record.api", r#"{"value":"1"}"#);
        let wanted = "[[create]]\naddress = \"dns_record.www\"\nattributes = { token = \"CANARY-SECRET-2\" }\n\
            sensitive = [\"token\"]\n[[update]]\naddress = \"dns_record.api\"\nattributes = { value = \"2\" }\n";
        place.0.file("wanted.toml", wanted);
        place
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = landfast();
        command.current_dir(self.0.path("")).args(arguments);
        for (name, folder) in [("HOME", "home"), ("XDG_STATE_HOME", "home/state"), ("XDG_CONFIG_HOME", "home/config")] {
            command.env(name, self.0.path(folder));
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let run = finish(&mut self.command(arguments));
        assert!(!run.out.contains("CANARY") && !run.err.contains("CANARY"), "{}{}", run.out, run.err);
        run
    }

    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        assert_eq!(run.code, 0, "{arguments:?}: {}{}", run.out, run.err);
        run.out
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path(name)).unwrap()
    }

    /// The state without its serial.
    fn content(&self) -> Value {
        let mut state: Value = serde_json::from_str(&self.read("t.tfstate")).unwrap();
        state["serial"] = Value::Null;
        state
    }

    fn plan(&self) {
        self.ok(&["plan", "create", "wanted.toml", "--state", "t.tfstate", "--output", "plan.json"]);
        assert!(!self.read("plan.json").contains("CANARY"));
    }

    fn operations(&self) -> Vec<Value> {
        let list: Value = serde_json::from_str(&self.ok(&["op", "list", "--format", "json"])).unwrap();
        list["operations"].as_array().unwrap().clone()
    }

    fn last(&self) -> String {
        self.operations().last().unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// Executes the plan, which is refused for this reason, and nothing has changed.
    #[track_caller]
    fn refused(&self, arguments: &[&str], why: &str) {
        let before = self.read("t.tfstate");
        let run = self.run(&[&["apply", "plan.json", "--yes"], arguments].concat());
        assert_eq!(run.code, 3, "{}{}", run.out, run.err);
        assert!(format!("{}{}", run.out, run.err).contains(why), "{}{}", run.out, run.err);
        assert_eq!(self.read("t.tfstate"), before);
    }
}

fn no_secrets_in(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&text).contains("CANARY"));
    }
}

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
        assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
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
    place.0.file("t.tfstate", STATE);
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
    place.ok(&["rollback", &place.last(), "--yes", "--state", "t.tfstate"]);
    assert!(!place.0.path("world/dns_record.www").exists());
    assert!(place.read("world/dns_record.api").contains("\"1\""));
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
