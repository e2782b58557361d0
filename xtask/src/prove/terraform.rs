//! The same with terraform: what becomes of a state when `terraform state rm` is killed.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::killed::{Moment, run};
use super::scene::{Found, look, state};
use super::{Proof, Setting};

/// How many objects the state has: the write takes long enough to be met.
const OBJECTS: usize = 2000;
const OBJECT: &str = "terraform_data.a7";

pub(super) fn prove(setting: &Setting, folder: &Path) -> Result<Vec<Proof>, String> {
    if Command::new("terraform").arg("version").output().is_err() {
        return Err("terraform is not on PATH".to_owned());
    }
    let path = folder.join("terraform.tfstate");
    let mut random = fastrand::Rng::with_seed(setting.seed);
    let mut proofs = Vec::new();
    let whole = Duration::from_millis(800);
    let moments =
        [("when the state is seen to change", setting.many(50, 3)), ("at random moments", setting.many(100, 3))];
    for (at, (how, runs)) in moments.into_iter().enumerate() {
        let (mut old, mut new, mut neither) = (0, 0, Vec::new());
        for _ in 0..runs {
            std::fs::write(&path, state("a", 3, "a", OBJECTS)).map_err(|error| error.to_string())?;
            let mut command = Command::new("terraform");
            command.args(["state", "rm", "-state", "terraform.tfstate", OBJECT]).current_dir(folder);
            command.env("TF_CLI_CONFIG_FILE", "/dev/null").env("CHECKPOINT_DISABLE", "1");
            let moment = if at == 0 { Moment::Changed(&path) } else { Moment::After(whole.mul_f64(random.f64())) };
            run(command, moment)?;
            match look(&path) {
                Found::Neither(what) => neither.push(what),
                found if found.has(OBJECT) == Some(true) => old += 1,
                Found::Objects(_) => new += 1,
            }
            remove_backups(folder)?;
        }
        proofs.push(Proof {
            part: "kills",
            what: format!("`terraform state rm`, {how}"),
            runs,
            seen: format!("old state {old}, new state {new}, neither {}", neither.len()),
            broken: neither,
            is_peer: true,
        });
    }
    Ok(proofs)
}

/// Removes what terraform leaves beside a state.
fn remove_backups(folder: &Path) -> Result<(), String> {
    for entry in std::fs::read_dir(folder).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with("terraform.tfstate.") || name == ".terraform.tfstate.lock.info" {
            std::fs::remove_file(&path).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}
