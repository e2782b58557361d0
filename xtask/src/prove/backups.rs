//! Killing `backup create`: a backup is there with its manifest, whole, or there is none.

use std::path::Path;
use std::process::Command;

use super::killed::{Ended, Victim, at_every_call, at_random_moments};
use super::kills::command;
use super::scene::{Found, folder, look, state};
use super::{Proof, Setting};

/// How many objects the states have.
const OBJECTS: usize = 40;
/// What stands in the states, and in no envelope.
const PLAIN: &[u8] = b"terraform_data";
const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// How the states lie in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Text {
    Plain,
    Sealed,
}

/// How the backup is made.
struct Scenario {
    name: &'static str,
    keys: &'static [&'static str],
    text: Text,
}

const SCENARIOS: &[Scenario] = &[
    Scenario { name: "backup create", keys: &[], text: Text::Plain },
    Scenario {
        name: "backup create --require-encryption",
        keys: &["--key-file", "key", "--require-encryption"],
        text: Text::Sealed,
    },
];

struct Tally<'a> {
    setting: &'a Setting,
    scenario: &'a Scenario,
    folder: &'a Path,
    runs: u64,
    killed: u64,
    none: u64,
    whole: u64,
    broken: Vec<String>,
}

pub(super) fn prove(setting: &Setting) -> Result<Vec<Proof>, String> {
    let folder = folder("backups")?;
    let mut proofs = Vec::new();
    for scenario in SCENARIOS {
        let mut tally = Tally::of(setting, scenario, &folder);
        at_every_call(&mut tally, setting.many(1, 5))?;
        proofs.push(tally.proof("at every call on files, and halfway through every write"));
        let mut tally = Tally::of(setting, scenario, &folder);
        at_random_moments(&mut tally, setting.many(100, 8), setting.seed)?;
        proofs.push(tally.proof("at random moments"));
    }
    Ok(proofs)
}

fn prepare(folder: &Path) -> Result<(), String> {
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).map_err(|error| error.to_string());
    for name in ["home", "backup", "again"] {
        let _ = std::fs::remove_dir_all(folder.join(name));
    }
    write("a.tfstate", state("a", 3, "a", OBJECTS))?;
    write("b.tfstate", state("b", 5, "b", 3))?;
    write("key", KEY.to_owned())
}

fn create(setting: &Setting, scenario: &Scenario, folder: &Path, into: &str) -> Command {
    let mut create = command(setting, &["backup", "create", "a.tfstate", "b.tfstate", "--into", into], folder);
    create.args(scenario.keys);
    create
}

/// Whether a backup of both states can be read back; what is wrong where it cannot.
fn verify(setting: &Setting, scenario: &Scenario, folder: &Path, backup: &str) -> Result<(), String> {
    let mut verify = command(setting, &["backup", "verify", backup], folder);
    let output = verify.args(scenario.keys).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout);
    if output.status.success() && said.contains("2 states in") {
        return Ok(());
    }
    Err(format!("{said}{}", String::from_utf8_lossy(&output.stderr)).trim().to_owned())
}

/// Whether the folder says that it is a backup.
fn has_manifest(backup: &Path) -> bool {
    ["manifest.json", "manifest.sealed"].iter().any(|name| backup.join(name).exists())
}

/// Files of the backup that hold the states as they are.
fn in_plain(backup: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(backup).into_iter().flatten().flatten();
    let holds =
        |path: &Path| std::fs::read(path).is_ok_and(|bytes| bytes.windows(PLAIN.len()).any(|window| window == PLAIN));
    entries.map(|entry| entry.path()).filter(|path| holds(path)).map(|path| path.display().to_string()).collect()
}

impl Victim for Tally<'_> {
    fn prepare(&self) -> Result<(), String> {
        prepare(self.folder)
    }

    fn command(&self) -> Command {
        create(self.setting, self.scenario, self.folder, "backup")
    }

    fn judge(&mut self, ended: &Ended, moment: &str) {
        let (setting, scenario, folder) = (self.setting, self.scenario, self.folder);
        self.runs += 1;
        self.killed += u64::from(ended.was_killed);
        if !ended.was_killed && !ended.status.success() {
            self.broken.push(format!("{moment}: not killed, and failed: {}", ended.said));
            return;
        }
        let backup = folder.join("backup");
        let verified = verify(setting, scenario, folder, "backup");
        // The manifest is written last: it says whether there is a backup.
        match (has_manifest(&backup), verified) {
            (true, Ok(())) => self.whole += 1,
            (true, Err(what)) => self.broken.push(format!("{moment}: a manifest, and no whole backup: {what}")),
            (false, Ok(())) => self.broken.push(format!("{moment}: no manifest, and it passes for a backup")),
            (false, Err(_)) if ended.status.success() => {
                self.broken.push(format!("{moment}: acknowledged, and not there"));
            }
            (false, Err(_)) => self.none += 1,
        }
        if scenario.text == Text::Sealed {
            let plain = in_plain(&backup);
            self.broken.extend(plain.iter().map(|path| format!("{moment}: in plain text: {path}")));
        }
        for (name, count) in [("a.tfstate", OBJECTS), ("b.tfstate", 3)] {
            match look(&folder.join(name)) {
                Found::Objects(objects) if objects.len() == count => {}
                found => self.broken.push(format!("{moment}: {name} was changed: {found:?}")),
            }
        }
        // Nothing that was left is in the way of the next backup.
        let again = create(setting, scenario, folder, "again").output();
        if !again.as_ref().is_ok_and(|output| output.status.success()) {
            self.broken.push(format!("{moment}: the next backup fails: {again:?}"));
        } else if let Err(what) = verify(setting, scenario, folder, "again") {
            self.broken.push(format!("{moment}: the next backup is none: {what}"));
        }
    }
}

impl<'a> Tally<'a> {
    fn of(setting: &'a Setting, scenario: &'a Scenario, folder: &'a Path) -> Self {
        Self { setting, scenario, folder, runs: 0, killed: 0, none: 0, whole: 0, broken: Vec::new() }
    }

    fn proof(self, how: &str) -> Proof {
        let scenario = self.scenario;
        Proof {
            part: "backups",
            what: format!("`landfast {}`, {how}", scenario.name),
            runs: self.runs,
            seen: format!("killed {}; no backup {}, a whole one {}", self.killed, self.none, self.whole),
            broken: self.broken,
            is_peer: false,
        }
    }
}
