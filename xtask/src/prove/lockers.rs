//! Many processes and one lock.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::postgres::Postgres;
use super::{Proof, Setting};

pub(super) fn prove(setting: &Setting) -> Result<Vec<Proof>, String> {
    let folder = super::scene::folder("lockers")?;
    let mut proofs = Vec::new();
    let postgres = Postgres::start(&folder)?;
    let local = folder.join("local/terraform.tfstate").display().to_string();
    for (store, state) in [("local", local), ("pg", postgres.url())] {
        for (lockers, rounds) in [(2, setting.many(10_000, 200)), (8, setting.many(1_000, 25))] {
            proofs.push(contend(setting, store, &state, &folder, lockers, rounds)?);
        }
        proofs.push(take_over(setting, store, &state, &folder)?);
    }
    Ok(proofs)
}

fn child(setting: &Setting, state: &str, marker: &Path, rounds: u64) -> Command {
    let mut command = Command::new(&setting.xtask);
    command.args(["prove-child", "--state", state, "--rounds", &rounds.to_string(), "--marker"]).arg(marker);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn spawn(mut command: Command) -> Result<Child, String> {
    command.spawn().map_err(|error| format!("the child cannot be started: {error}"))
}

fn contend(
    setting: &Setting,
    store: &str,
    state: &str,
    folder: &Path,
    lockers: u64,
    rounds: u64,
) -> Result<Proof, String> {
    let marker = folder.join(format!("held-{store}-{lockers}"));
    let start = Instant::now();
    let children: Vec<Child> =
        (0..lockers).map(|_| spawn(child(setting, state, &marker, rounds))).collect::<Result<_, _>>()?;
    let mut broken = Vec::new();
    for child in children {
        let output = child.wait_with_output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            broken.push(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
    }
    Ok(Proof {
        part: "lockers",
        what: format!("{store}: {lockers} processes, {rounds} times each"),
        runs: lockers * rounds,
        seen: if broken.is_empty() {
            format!(
                "never two holders ({:.0} locks a second)",
                (lockers * rounds) as f64 / start.elapsed().as_secs_f64()
            )
        } else {
            "two holders, or a failure".to_owned()
        },
        broken,
        is_peer: false,
    })
}

/// A holder is killed, and the next one takes over.
fn take_over(setting: &Setting, store: &str, state: &str, folder: &Path) -> Result<Proof, String> {
    let runs = setting.many(100, 5);
    let mut broken = Vec::new();
    let marker = folder.join(format!("taken-over-{store}"));
    for _ in 0..runs {
        let mut command = child(setting, state, &marker, 1);
        command.arg("--hold");
        let mut holder = spawn(command)?;
        let mut line = String::new();
        let output = holder.stdout.take().ok_or("the child has no output")?;
        BufReader::new(output).read_line(&mut line).map_err(|error| error.to_string())?;
        if !line.starts_with("held ") {
            broken.push("the lock could not be taken".to_owned());
        }
        holder.kill().and_then(|()| holder.wait()).map_err(|error| error.to_string())?;
        let next = spawn(child(setting, state, &marker, 1))?.wait_with_output().map_err(|error| error.to_string())?;
        if !next.status.success() {
            broken.push(String::from_utf8_lossy(&next.stderr).trim().to_owned());
        }
    }
    Ok(Proof {
        part: "lockers",
        what: format!("{store}: the holder is killed"),
        runs,
        seen: if broken.is_empty() { "the next one takes over".to_owned() } else { "not taken over".to_owned() },
        broken,
        is_peer: false,
    })
}
