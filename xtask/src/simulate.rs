//! `cargo xtask simulate`: simulated operations, each from a seed, held against a model of what must be true of every one.
//!
//! The simulation itself is `landfast_rollback::testing::simulation`; it runs in a build of its own, in which defects can be put
//! in on purpose.

use std::path::Path;
use std::process::Command;

use crate::process::{cargo, run as run_program};
use crate::workspace::root;

/// Run simulated operations.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many seeds; with --mutants, how many each defect has to survive.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    first_seed: u64,
    /// Print what happens, line by line.
    #[arg(long)]
    trace: bool,
    /// Put defects in, one after the other, and see that each is caught.
    #[arg(long)]
    mutants: bool,
    /// Say what operations take besides what they do, and simulate nothing.
    #[arg(long, conflicts_with_all = ["trace", "mutants"])]
    measure: bool,
}

/// How a program is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// Slowly, for many runs.
    Optimised,
    /// As tests are, for few.
    Quick,
}

pub(crate) fn run(options: &Options) -> Result<(), String> {
    if options.measure {
        return run_program(&mut example(&root()?, "operations", Build::Optimised));
    }
    let mut command = simulator(&root()?, Build::Optimised);
    command.args(["--seeds", &options.seeds.to_string(), "--first-seed", &options.first_seed.to_string()]);
    command.args(options.trace.then_some("--trace")).args(options.mutants.then_some("--mutants"));
    run_program(&mut command)
}

/// The program that simulates, without arguments.
pub(crate) fn simulator(root: &Path, built: Build) -> Command {
    example(root, "simulate", built)
}

/// An example of `landfast-rollback` in a build with its memory world and its defects, without arguments.
pub(crate) fn example(root: &Path, name: &str, built: Build) -> Command {
    let mut command = cargo();
    command.current_dir(root).args(["run", "--quiet"]).args((built == Build::Optimised).then_some("--release"));
    command.args(["--package", "landfast-rollback"]);
    command.args(["--features", "testing,mutants", "--example", name, "--"]);
    command
}
