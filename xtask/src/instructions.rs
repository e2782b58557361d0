//! `cargo xtask instructions`: counts the instructions of the core loops under valgrind and compares them with the
//! committed table `xtask/instructions.toml`.
//!
//! Counts hardly differ between runs and machines, so that a loop which became slower shows at once, on any machine. They
//! belong to one compiler (`rust-toolchain.toml`) and one lock file; a change of either may call for `--accept`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::process::{cargo, output_of, run as run_program};
use crate::workspace::root;

/// The version of `gungraun-runner`, which must be that of the crate `gungraun`.
const RUNNER: &str = "0.20.0";

/// How many of a hundred instructions more are let pass: other machines have other versions of `memcpy`.
const TOLERANCE: f64 = 5.0;

/// Count the instructions of the core loops and compare them with the committed table.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Write the counts into the table.
    #[arg(long)]
    accept: bool,
}

type Counts = BTreeMap<String, u64>;

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let root = root()?;
    let runner = runner(&root)?;
    generate(&root)?;
    let folder = root.join("target/instructions/counts");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let mut bench = cargo();
    bench.current_dir(&root).args(["bench", "--quiet", "--package", "landfast-state", "--package", "landfast-drift"]);
    bench.args(["--bench", "instructions", "--", "--save-summary=json", "--home"]).arg(&folder);
    run_program(bench.env("GUNGRAUN_RUNNER", runner))?;
    let counts = read_counts(&folder)?;
    let path = root.join("xtask/instructions.toml");
    if options.accept {
        std::fs::write(&path, table(&counts)).map_err(|error| format!("{}: {error}", path.display()))?;
        println!("wrote xtask/instructions.toml");
        return Ok(());
    }
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let accepted: Counts = toml::from_str(&text).map_err(|error| format!("xtask/instructions.toml: {error}"))?;
    let mut problems = Vec::new();
    for line in compare(&accepted, &counts) {
        println!("{}", line.text);
        problems.extend(line.problem);
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// The program that runs the benchmarks: on PATH, or where `.ci/install-bench-tools` puts it.
fn runner(root: &Path) -> Result<PathBuf, String> {
    let is_right = |program: &Path| {
        let output = Command::new(program).arg("--version").stderr(Stdio::null()).output();
        output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(RUNNER))
    };
    if output_of(Command::new("valgrind").arg("--version")).is_err() {
        return Err("valgrind is not on PATH: run .ci/install-bench-tools".to_owned());
    }
    let own = root.join("target/tools/bin/gungraun-runner");
    [PathBuf::from("gungraun-runner"), own].into_iter().find(|program| is_right(program)).ok_or_else(|| {
        format!("gungraun-runner {RUNNER} is neither on PATH nor in target/tools: run .ci/install-bench-tools")
    })
}

/// The input: small, since valgrind is slow, but with every kind of thing in it.
fn generate(root: &Path) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let mut generate = Command::new(program);
    generate.args(["gen", "--instances", "300", "--seed", "3", "--drift", "10", "--layout", "shuffled", "--out"]);
    run_program(generate.arg(root.join("target/instructions")).stdout(Stdio::null()))
}

/// The counts of all benchmarks below a folder, by names such as `landfast-state/read.generated`.
fn read_counts(folder: &Path) -> Result<Counts, String> {
    let mut counts = Counts::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.file_name().is_some_and(|name| name == "summary.json") {
                let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                let (name, count) = read_summary(&text).map_err(|error| format!("{}: {error}", path.display()))?;
                counts.insert(name, count);
            }
        }
    }
    if counts.is_empty() { Err("no benchmark has run".to_owned()) } else { Ok(counts) }
}

/// Name and instructions of one benchmark, from the summary that gungraun writes.
fn read_summary(text: &str) -> Result<(String, u64), String> {
    let summary: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let part = |name: &str| summary.get(name).and_then(serde_json::Value::as_str).ok_or(format!("no `{name}`"));
    let count = summary.pointer("/profiles/0/data/total/metrics/Ir/values/new").and_then(serde_json::Value::as_u64);
    let name = format!("{}-{}-{}", part("group")?, part("function_name")?, part("id")?);
    Ok((name, count.ok_or("no count of instructions")?))
}

/// The table as it is committed.
fn table(counts: &Counts) -> String {
    let mut text = String::from(
        "# Instructions of the core loops over a generated state of 300 instances: `cargo xtask instructions --accept` writes\n\
         # this, and `cargo xtask instructions` compares.\n",
    );
    for (name, count) in counts {
        text.push_str(&format!("{name} = {count}\n"));
    }
    text
}

/// What is said of one benchmark.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    text: String,
    problem: Option<String>,
}

fn compare(accepted: &Counts, counted: &Counts) -> Vec<Line> {
    let names: std::collections::BTreeSet<&String> = accepted.keys().chain(counted.keys()).collect();
    let line = |name: &String| match (accepted.get(name), counted.get(name)) {
        (Some(old), Some(new)) => {
            let change = (*new as f64 / (*old).max(1) as f64 - 1.0) * 100.0;
            let problem = if change > TOLERANCE {
                Some(format!(
                    "{name} takes {change:.1} % more instructions: make it faster, or --accept it with a reason"
                ))
            } else if change < -TOLERANCE {
                Some(format!("{name} takes {:.1} % fewer instructions: --accept, so that it stays so", -change))
            } else {
                None
            };
            Line { text: format!("{name}: {new} ({change:+.1} %)"), problem }
        }
        (None, Some(new)) => {
            Line { text: format!("{name}: {new}"), problem: Some(format!("{name} is not in the table: --accept it")) }
        }
        _ => Line { text: format!("{name}: gone"), problem: Some(format!("{name} has not run")) },
    };
    names.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(of: &[(&str, u64)]) -> Counts {
        of.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }

    #[test]
    fn more_and_fewer_instructions_are_told() {
        let accepted = counts(&[("fewer", 1000), ("gone", 1000), ("more", 1000), ("same", 1000)]);
        let counted = counts(&[("fewer", 940), ("more", 1051), ("new", 5), ("same", 1049)]);
        let problems: Vec<bool> = compare(&accepted, &counted).iter().map(|line| line.problem.is_some()).collect();
        assert_eq!(problems, [true, true, true, true, false]);
    }

    #[test]
    fn the_table_is_read_as_it_is_written() {
        let counted = counts(&[("drift-compared-in_sync", 68_710_080), ("state-read-generated", 25_716_482)]);
        assert_eq!(toml::from_str::<Counts>(&table(&counted)).unwrap(), counted);
    }

    #[test]
    fn a_summary_without_a_count_is_an_error() {
        let summary = r#"{"group":"state","function_name":"read","id":"generated","profiles":[]}"#;
        assert!(read_summary(summary).is_err());
        let profile = r#"[{"data":{"total":{"metrics":{"Ir":{"values":{"new":7}}}}}}]"#;
        let summary = summary.replace("[]", profile);
        assert_eq!(read_summary(&summary), Ok(("state-read-generated".to_owned(), 7)));
    }
}
