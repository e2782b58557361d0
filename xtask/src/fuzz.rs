//! `cargo xtask fuzz`: runs fuzz targets, each for a while, starting from the fixtures and the committed corpus.
//!
//! New inputs go to `fuzz/work/`, which git ignores. An input that found something worth keeping is copied by hand to
//! `fuzz/corpus/TARGET/`, where the replay test of `fuzz-targets` runs it from then on.

use std::path::Path;
use std::process::Command;

use crate::process::{cargo, output_of, run as run_program};
use crate::workspace::root;

/// Run fuzz targets (needs a nightly toolchain and cargo-fuzz).
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The targets to run; all of them when none is named.
    targets: Vec<String>,
    /// How long to run each target.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let root = root()?;
    let names = output_of(bodies(&root).arg("list"))?;
    let known: Vec<&str> = names.lines().collect();
    if let Some(unknown) = options.targets.iter().find(|target| !known.contains(&target.as_str())) {
        return Err(format!("no fuzz target is called {unknown}: there are {}", known.join(", ")));
    }
    let wanted = |name: &&str| options.targets.is_empty() || options.targets.iter().any(|target| target == name);
    run_program(bodies(&root).arg("seed").arg(root.join("fuzz/work")))?;
    for name in known.into_iter().filter(wanted) {
        println!("{name}: {} s", options.seconds);
        run_program(&mut fuzzer(&root, name, options.seconds))?;
    }
    Ok(())
}

/// The program that knows the targets and their seeds.
fn bodies(root: &Path) -> Command {
    let mut command = cargo();
    command.current_dir(root).args(["run", "--quiet", "--package", "fuzz-targets", "--"]);
    command
}

/// libFuzzer writes new inputs to the first folder and only reads the second.
fn fuzzer(root: &Path, name: &str, seconds: u64) -> Command {
    // By name and not by `$CARGO`: only rustup's cargo understands `+nightly`, and only without the choice that it made
    // for the cargo that started us.
    let mut command = Command::new("cargo");
    command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").current_dir(root);
    command.args(["+nightly", "fuzz", "run", name]);
    command.args([format!("fuzz/work/{name}"), format!("fuzz/corpus/{name}")]);
    command.args(["--".to_owned(), format!("-max_total_time={seconds}"), "-rss_limit_mb=4096".to_owned()]);
    command
}
