//! A place in which plans are made and executed, for tests of operations.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::run::{Run, Scratch, finish, landfast};

pub(crate) const STATE: &str = r#"{
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

pub(crate) const WANTED: &str = r#"
[[forget]]
address = "aws_vpc.old"
[[move]]
from = "aws_instance.web"
to = "module.app.aws_instance.web"
[[adopt]]
address = "aws_instance.found"
from = "observed.tfstate"
"#;

/// A system whose objects are files, and which can be slow before or after it acts, and out of order.
pub(crate) const SYSTEM: &str = r#"#!/bin/sh
request=$(cat)
address=${request#*\"address\": \"}; address=${address%%\"*}
if [ "$1" != read ]; then
  if [ -f "broken-$address" ]; then echo "out of order" >&2; exit 1; fi
  if [ -f slow-first ]; then sleep 30 & echo "$$ $!" > pids.new; mv pids.new pids; wait; fi
fi
case $1 in
read) if [ -f "world/$address" ]; then printf '{"present": true, "attributes": %s}' "$(cat "world/$address")"
      else echo '{"present": false}'; fi ;;
delete) rm "world/$address" ;;
*) after=${request#*\"after\": }; after=${after%%, \"sensitive\": *}
   printf %s "$after" > "world/$address"
   if [ -f slow ]; then sleep 5; fi ;;
esac
"#;

pub(crate) const SETTINGS: &str = r#"
[operations]
traits = ["traits.toml"]
[actuators.command]
read = ["./system", "read"]
create = ["./system", "create"]
update = ["./system", "update"]
delete = ["./system", "delete"]
"#;

/// A folder with a state, or with a system of its own, in which plans are made and executed.
pub(crate) struct Place(pub(crate) Scratch);

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self(Scratch::new());
        place.0.file("t.tfstate", STATE);
        place.0.file("observed.tfstate", STATE.replace("\"web\"", "\"found\"").replace("i-1", "i-2"));
        place.0.file("wanted.toml", WANTED);
        place
    }

    pub(crate) fn of_a_system() -> Self {
        let place = Self(Scratch::new());
        let system = place.0.file("system", SYSTEM);
        std::fs::set_permissions(system, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::create_dir(place.0.path("world")).unwrap();
        place.0.file("landfast.toml", SETTINGS);
        place.0.file("t.tfstate", STATE);
        place.0.file("traits.toml", "[[type]]\npattern = \"dns_*\"\n");
        place.0.file("world/dns_record.api", r#"{"value":"1"}"#);
        let wanted = "[[create]]\naddress = \"dns_record.www\"\nattributes = { token = \"CANARY-SECRET-2\" }\n\
            sensitive = [\"token\"]\n[[update]]\naddress = \"dns_record.api\"\nattributes = { value = \"2\" }\n";
        place.0.file("wanted.toml", wanted);
        place
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = landfast();
        command.current_dir(self.0.path("")).args(arguments);
        for (name, folder) in [("HOME", "home"), ("XDG_STATE_HOME", "home/state"), ("XDG_CONFIG_HOME", "home/config")] {
            command.env(name, self.0.path(folder));
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let run = finish(&mut self.command(arguments));
        assert!(!run.out.contains("CANARY") && !run.err.contains("CANARY"), "{}{}", run.out, run.err);
        run
    }

    #[track_caller]
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        assert_eq!(run.code, 0, "{arguments:?}: {}{}", run.out, run.err);
        run.out
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path(name)).unwrap()
    }

    /// The state without its serial.
    pub(crate) fn content(&self) -> Value {
        let mut state: Value = serde_json::from_str(&self.read("t.tfstate")).unwrap();
        state["serial"] = Value::Null;
        state
    }

    pub(crate) fn plan(&self) {
        self.ok(&["plan", "create", "wanted.toml", "--state", "t.tfstate", "--output", "plan.json"]);
        assert!(!self.read("plan.json").contains("CANARY"));
    }

    pub(crate) fn operations(&self) -> Vec<Value> {
        let list: Value = serde_json::from_str(&self.ok(&["op", "list", "--format", "json"])).unwrap();
        list["operations"].as_array().unwrap().clone()
    }

    pub(crate) fn last(&self) -> String {
        self.operations().last().unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// Executes the plan, which is refused for this reason, and nothing has changed.
    #[track_caller]
    pub(crate) fn refused(&self, arguments: &[&str], why: &str) {
        let before = self.read("t.tfstate");
        let run = self.run(&[&["apply", "plan.json", "--yes"], arguments].concat());
        assert_eq!(run.code, 3, "{}{}", run.out, run.err);
        assert!(format!("{}{}", run.out, run.err).contains(why), "{}{}", run.out, run.err);
        assert_eq!(self.read("t.tfstate"), before);
    }
}

pub(crate) fn no_secrets_in(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            no_secrets_in(&path);
            continue;
        }
        let text = std::fs::read(path).unwrap();
        assert!(!String::from_utf8_lossy(&text).contains("CANARY"));
    }
}
