//! Killing the command while it changes states.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::killed::{Ended, Victim, at_every_call, at_random_moments};
use super::scene::{Found, folder, look, state};
use super::{Proof, Setting, terraform};

/// How many objects the states have.
const OBJECTS: usize = 40;

/// A command that changes states, and what must hold of them whenever it ends.
struct Scenario {
    name: &'static str,
    /// Arguments, the states being `a.tfstate` and `b.tfstate` in the working folder.
    arguments: &'static [&'static str],
    /// Whether the change is there, in states that are whole.
    is_done: fn(&Found, &Found) -> Result<Done, String>,
    /// What ends a change that was interrupted between two states.
    resume: Option<&'static [&'static str]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    No,
    /// In the one state, and not yet in the other.
    Half,
    Yes,
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "state rm",
        arguments: &["state", "rm", "--state", "a.tfstate", "terraform_data.a7"],
        is_done: |a, _| in_one(a, |has| !has("terraform_data.a7")),
        resume: None,
    },
    Scenario {
        name: "state mv",
        arguments: &["state", "mv", "--state", "a.tfstate", "terraform_data.a7", "terraform_data.z"],
        is_done: |a, _| {
            if a.has("terraform_data.a7") == a.has("terraform_data.z") {
                return Err("the object is in two places or in none".to_owned());
            }
            in_one(a, |has| has("terraform_data.z"))
        },
        resume: None,
    },
    Scenario {
        name: "state push",
        arguments: &["state", "push", "--state", "a.tfstate", "new.tfstate"],
        is_done: |a, _| in_one(a, |has| has("terraform_data.n0")),
        resume: None,
    },
    Scenario {
        name: "state mv to another state",
        arguments: &[
            "state",
            "mv",
            "--state",
            "a.tfstate",
            "--state-out",
            "b.tfstate",
            "terraform_data.a7",
            "terraform_data.a7",
        ],
        is_done: |a, b| match (a.has("terraform_data.a7"), b.has("terraform_data.a7")) {
            (Some(true), Some(false)) => Ok(Done::No),
            (Some(true), Some(true)) => Ok(Done::Half),
            (Some(false), Some(true)) => Ok(Done::Yes),
            (Some(false), Some(false)) => Err("the object is in neither state".to_owned()),
            _ => Err(format!("no state: {a:?} {b:?}")),
        },
        resume: Some(&["state", "mv", "--state", "a.tfstate", "--state-out", "b.tfstate", "--resume"]),
    },
];

fn in_one(found: &Found, is_done: impl Fn(&dyn Fn(&str) -> bool) -> bool) -> Result<Done, String> {
    match found {
        Found::Neither(what) => Err(format!("neither the old state nor the new one: {what}")),
        Found::Objects(objects) => {
            let count = objects.len();
            if count + 1 < OBJECTS || count > OBJECTS + 1 {
                return Err(format!("a state of {count} objects, which never was"));
            }
            Ok(if is_done(&|name| objects.contains(name)) { Done::Yes } else { Done::No })
        }
    }
}

pub(super) fn prove(setting: &Setting) -> Result<Vec<Proof>, String> {
    let folder = folder("kills")?;
    let mut proofs = Vec::new();
    for scenario in SCENARIOS {
        let mut tally = Tally::of(setting, scenario, &folder);
        at_every_call(&mut tally, setting.many(1, 7))?;
        proofs.push(tally.proof("at every call on files, and halfway through every write"));
        let mut tally = Tally::of(setting, scenario, &folder);
        at_random_moments(&mut tally, setting.many(150, 10), setting.seed)?;
        proofs.push(tally.proof("at random moments"));
    }
    proofs.extend(terraform::prove(setting, &folder)?);
    Ok(proofs)
}

/// Puts the states there as they are before the change.
fn prepare(folder: &Path) -> Result<(), String> {
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).map_err(|error| error.to_string());
    for name in [".landfast", "home"] {
        let _ = std::fs::remove_dir_all(folder.join(name));
    }
    write("a.tfstate", state("a", 3, "a", OBJECTS))?;
    write("b.tfstate", state("b", 5, "b", 3))?;
    write("new.tfstate", state("a", 4, "n", OBJECTS))
}

pub(super) fn command(setting: &Setting, arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(&setting.landfast);
    let home: PathBuf = folder.join("home");
    command
        .args(arguments)
        .current_dir(folder)
        .env("HOME", &home)
        .env("XDG_STATE_HOME", &home)
        .env("XDG_CONFIG_HOME", &home);
    command
}

struct Tally<'a> {
    setting: &'a Setting,
    scenario: &'a Scenario,
    folder: &'a Path,
    runs: u64,
    killed: u64,
    old: u64,
    new: u64,
    resumed: u64,
    broken: Vec<String>,
}

impl Victim for Tally<'_> {
    fn prepare(&self) -> Result<(), String> {
        prepare(self.folder)
    }

    fn command(&self) -> Command {
        command(self.setting, self.scenario.arguments, self.folder)
    }

    fn judge(&mut self, ended: &Ended, moment: &str) {
        let (scenario, folder) = (self.scenario, self.folder);
        self.runs += 1;
        self.killed += u64::from(ended.was_killed);
        if !ended.was_killed && !ended.status.success() {
            self.broken.push(format!("{moment}: not killed, and failed: {}", ended.said));
            return;
        }
        let (a, b) = (look(&folder.join("a.tfstate")), look(&folder.join("b.tfstate")));
        match (scenario.is_done)(&a, &b) {
            Err(what) => self.broken.push(format!("{moment}: {what}")),
            Ok(Done::No) if ended.status.success() => {
                self.broken.push(format!("{moment}: acknowledged, and not there"))
            }
            Ok(Done::Half) if ended.status.success() => {
                self.broken.push(format!("{moment}: acknowledged, and half there"))
            }
            Ok(Done::No) => self.old += 1,
            Ok(Done::Yes) => self.new += 1,
            Ok(Done::Half) => self.resume(moment),
        }
        self.works_afterwards(moment);
    }
}

impl<'a> Tally<'a> {
    fn of(setting: &'a Setting, scenario: &'a Scenario, folder: &'a Path) -> Self {
        Self { setting, scenario, folder, runs: 0, killed: 0, old: 0, new: 0, resumed: 0, broken: Vec::new() }
    }

    /// What was interrupted between two states is finished.
    fn resume(&mut self, moment: &str) {
        let Self { setting, scenario, folder, .. } = *self;
        let output = scenario.resume.map(|arguments| command(setting, arguments, folder).output());
        let Some(Ok(output)) = output else {
            self.broken.push(format!("{moment}: half done, and nothing resumes it"));
            return;
        };
        let (a, b) = (look(&folder.join("a.tfstate")), look(&folder.join("b.tfstate")));
        match (scenario.is_done)(&a, &b) {
            Ok(Done::Yes) => self.resumed += 1,
            left => {
                let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                self.broken.push(format!("{moment}: resumed, and {left:?}: {said}"));
            }
        }
    }

    /// The next command is not in the way of anything that was left.
    fn works_afterwards(&mut self, moment: &str) {
        let Self { setting, scenario, folder, .. } = *self;
        if let Some(arguments) = scenario.resume {
            // Where nothing is left to resume, this says so; whatever it says, nothing is pending afterwards.
            let _ = command(setting, arguments, folder).output();
        }
        let arguments = ["state", "rm", "--state", "a.tfstate", "terraform_data.*3"];
        match command(setting, &arguments, folder).output() {
            Ok(output) if output.status.success() => {}
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                self.broken.push(format!("{moment}: the next command fails: {said}"));
            }
            Err(error) => self.broken.push(error.to_string()),
        }
    }

    fn proof(self, how: &str) -> Proof {
        let scenario = self.scenario;
        let resumed =
            if scenario.resume.is_some() { format!(", half done and resumed {}", self.resumed) } else { String::new() };
        Proof {
            part: "kills",
            what: format!("`landfast {}`, {how}", scenario.name),
            runs: self.runs,
            seen: format!("killed {}; old state {}, new state {}{resumed}", self.killed, self.old, self.new),
            broken: self.broken,
            is_peer: false,
        }
    }
}
