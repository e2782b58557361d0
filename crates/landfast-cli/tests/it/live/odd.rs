//! Checks through the provider in `landfast-tfplugin/tests/providers`, which does as it is told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::run::{Run, Scratch, finish, landfast, root};
use crate::via::processes_in;

/// What the provider is configured with.
pub(super) const PASSWORD: &str = "CANARY-password-5f02";
/// A sensitive attribute of every object.
pub(super) const TOKEN: &str = "CANARY-token-91ce";

/// A folder with a state, the objects, the provider and the settings.
pub(super) struct Stage {
    scratch: Scratch,
}

impl Stage {
    /// So many objects, all as recorded.
    pub(super) fn new(count: usize) -> Self {
        let scratch = Scratch::new();
        for folder in ["things", "providers", "tmp"] {
            std::fs::create_dir(scratch.path(folder)).unwrap();
        }
        let program = root().join("crates/landfast-tfplugin/tests/providers/terraform-provider-odd");
        std::os::unix::fs::symlink(program, scratch.path("providers/terraform-provider-odd")).unwrap();
        let stage = Self { scratch };
        stage.settings("");
        let instance = |id: String| {
            json!({"index_key": id, "schema_version": 1, "attributes": {"id": id, "name": id, "size": 1, "labels": null,
                "limits": null, "token": TOKEN, "note": null, "rule": []}})
        };
        let instances: Vec<_> = (0..count).map(|number| instance(id(number))).collect();
        let state = json!({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "outputs": {},
            "resources": [{"mode": "managed", "type": "odd_thing", "name": "x",
                "provider": "provider[\"tests.example.org/tests/odd\"]", "instances": instances}]});
        stage.scratch.file("state.tfstate", state.to_string());
        for number in 0..count {
            stage.put(number, json!({}), json!({}));
        }
        stage
    }

    /// The settings of the provider, and these.
    pub(super) fn settings(&self, more: &str) {
        let things = self.path("things");
        let text = format!(
            "{more}\n[providers.\"tests.example.org/tests/odd\"]\nfolder = {things:?}\npassword = \"{PASSWORD}\"\n"
        );
        self.scratch.file("landfast.toml", text);
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.scratch.path(name).canonicalize().unwrap_or_else(|_| self.scratch.path(name))
    }

    /// Puts an object there that differs from the recorded one by these attributes, and is read like this.
    pub(super) fn put(&self, number: usize, differing: Value, behaviour: Value) {
        let id = id(number);
        let mut object = json!({"name": id, "size": 1, "token": TOKEN, "behaviour": behaviour});
        for (name, value) in differing.as_object().unwrap() {
            object[name] = value.clone();
        }
        // The provider never sees half of it.
        let ready = self.scratch.file("tmp/ready", object.to_string());
        std::fs::rename(ready, self.path("things").join(format!("{id}.json"))).unwrap();
    }

    /// A check of the state through the provider.
    pub(super) fn command(&self, more: &[&str]) -> Command {
        self.landfast(&[&["check", "--recorded", "state.tfstate", "--provider-dir", "providers"], more].concat())
    }

    /// The command in the folder, where the provider finds what it needs.
    pub(super) fn landfast(&self, arguments: &[&str]) -> Command {
        let tools = root().join("target/provider-tools");
        assert!(tools.join(".installed").is_file(), "{} is not there: run .ci/install-provider-tools", tools.display());
        let path = std::env::var_os("PATH").unwrap();
        let folders = std::iter::once(tools.join("venv/bin")).chain(std::env::split_paths(&path));
        let mut command = landfast();
        command
            .args(arguments)
            .current_dir(self.path(""))
            .env("PATH", std::env::join_paths(folders).unwrap())
            .env("TF_CLI_CONFIG_FILE", "/dev/null")
            .env("TMPDIR", self.path("tmp"))
            .env("XDG_CONFIG_HOME", self.scratch.path("configuration"));
        command
    }

    pub(super) fn run(&self, more: &[&str]) -> Run {
        finish(&mut self.command(more))
    }

    /// A check with a report in JSON.
    pub(super) fn check(&self, more: &[&str]) -> (Run, Value) {
        let run = self.run(&[&["--format", "json"][..], more].concat());
        let report = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}: {}", run.code, run.err));
        crate::schema::assert_described(&report);
        (run, report)
    }

    /// A check that goes on while the test does.
    pub(super) fn spawn(&self, more: &[&str]) -> Child {
        let mut command = self.command(&[&["--format", "json"][..], more].concat());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The processes of the provider.
    pub(super) fn providers(&self) -> Vec<String> {
        let mut found = processes_in(&self.path(""));
        found.retain(|command| command.contains("terraform-provider-odd"));
        found
    }

    /// What is in the file of events, as far as it is written.
    pub(super) fn events(&self, name: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path(name)).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What a scan ended with.
    pub(super) fn ended(&self, name: &str) -> Value {
        let events = self.events(name);
        events.iter().find(|event| event["event"] == "ended").unwrap_or_else(|| panic!("{events:?}")).clone()
    }

    /// That no secret stands in the text, or in a file of the run.
    pub(super) fn assert_no_secret(&self, texts: &[&str], files: &[&str]) {
        for text in texts {
            assert!(!text.contains("CANARY"), "{text}");
        }
        for name in files {
            let bytes = std::fs::read(self.path(name)).unwrap();
            assert!(!bytes.is_empty(), "{name}");
            assert!(!bytes.windows(6).any(|part| part == b"CANARY"), "{name} holds a secret");
        }
    }
}

fn id(number: usize) -> String {
    format!("t{number:02}")
}

pub(super) fn address(number: usize) -> String {
    format!("odd_thing.x[\"{}\"]", id(number))
}

/// The status of every resource of a report.
pub(super) fn statuses(report: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let resources = report["resources"].as_array().unwrap().iter();
    resources.map(|it| (text(&it["address"]), text(&it["status"]))).collect()
}

/// A report without the number of objects that it says came from a journal, and that number.
pub(super) fn without_journal(mut report: Value) -> (u64, Value) {
    let counts = report["scan"]["recorded"].as_object_mut().unwrap_or_else(|| panic!("no scan"));
    let from_journal = counts.remove("from_journal");
    (from_journal.and_then(|count| count.as_u64()).unwrap_or_default(), report)
}

/// How many have this status.
pub(super) fn count(report: &Value, status: &str) -> usize {
    statuses(report).values().filter(|it| *it == status).count()
}

/// What is said of one resource.
pub(super) fn resource<'a>(report: &'a Value, address: &str) -> &'a Value {
    let resources = report["resources"].as_array().unwrap();
    resources.iter().find(|it| it["address"] == address).unwrap_or_else(|| panic!("{address} is not in {report}"))
}

/// Waits until it is so, however slow the machine is.
pub(super) fn wait_long(what: &str, mut is_so: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
    start.elapsed()
}

/// How many objects a journal holds.
pub(super) fn journalled(path: &Path) -> usize {
    let bytes = std::fs::read(path).unwrap_or_default();
    String::from_utf8_lossy(&bytes).matches("\"observed\":").count()
}
