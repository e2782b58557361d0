//! Simulated operations.

use super::{Proof, Setting};
use crate::process::output_of;
use crate::simulate::simulator;
use crate::workspace::root;

const PART: &str = "simulation";

pub(super) fn prove(setting: &Setting) -> Result<Vec<Proof>, String> {
    let root = root()?;
    let seeds = setting.many(100_000, 1_000);
    let mut run = simulator(&root, setting.build());
    run.args(["--seeds", &seeds.to_string()]);
    let mut mutants = simulator(&root, setting.build());
    let most = 20_000;
    mutants.args(["--mutants", "--seeds", &most.to_string()]);
    Ok(vec![
        proof(PART, "operations in a world where everything goes wrong", seeds, output_of(&mut run)),
        proof(PART, "defects put in on purpose, each until a seed catches it", most, output_of(&mut mutants)),
    ])
}

/// What the program says in its last line that is not about one seed, or why it failed.
pub(super) fn proof(part: &'static str, what: &str, runs: u64, output: Result<String, String>) -> Proof {
    let (seen, broken) = match output {
        Ok(text) => (text.lines().rfind(|line| !line.starts_with(' ')).unwrap_or_default().to_owned(), Vec::new()),
        Err(error) => (String::new(), vec![error]),
    };
    Proof { part, what: what.to_owned(), runs, seen, broken, is_peer: false }
}
