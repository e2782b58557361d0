//! `cargo xtask prove`: what cannot be shown by one test is shown by thousands of runs.
//!
//! - `lockers`: many processes take and give back one lock, and never two of them hold it; a holder that is killed is taken over.
//! - `kills`: the command is killed at every system call that it makes on files, and at random moments, while it changes states;
//!   whatever is left is the old state or the new one, and what it acknowledged is there. `terraform state rm` is killed beside it.
//! - `backups`: `backup create` is killed in the same way; the manifest is there with all that it names, or there is no backup.
//! - `simulation`: operations from seeds, in a world in memory where everything goes wrong, and defects that they have to catch.
//! - `worlds`: random worlds are changed, taken back and brought forward again; what does not come back was named before.
//! - `operation-kills`: a process that executes an operation is killed at every record of its journal and at random moments, and
//!   whatever it left, the next process ends the operation as the model says.
//!
//! `docs/proofs.md` is written from whole runs: parts that were not run keep their lines. `--sample` runs a part of each, in the time
//! that a change's checks may take, and writes nothing.

mod backups;
mod child;
mod killed;
mod kills;
mod lockers;
mod operations;
mod page;
mod postgres;
mod programs;
mod scene;
mod simulation;
mod terraform;
mod worlds;

use std::path::PathBuf;

use crate::simulate::Build;
use crate::workspace::root;

pub(crate) use child::{ChildOptions, run as child};

/// Prove what takes thousands of runs, and write docs/proofs.md.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The parts to run; all of them when none is named.
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// A small part of each, and no page.
    #[arg(long)]
    sample: bool,
    /// What the random moments come from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Lockers,
    Kills,
    Backups,
    Simulation,
    Worlds,
    OperationKills,
}

/// One line of the page: something that was run many times, and how that ended.
#[derive(Debug)]
struct Proof {
    part: &'static str,
    what: String,
    runs: u64,
    /// What was seen.
    seen: String,
    /// What must never be, and was: empty when it holds.
    broken: Vec<String>,
    /// Somebody else's program, whose failures are shown and are not ours.
    is_peer: bool,
}

/// Where the programs are, and how much is run.
#[derive(Debug)]
struct Setting {
    landfast: PathBuf,
    xtask: PathBuf,
    seed: u64,
    extent: Extent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Sample,
    Whole,
}

impl Setting {
    /// So many of something: fewer in a sample.
    fn many(&self, whole: u64, sample: u64) -> u64 {
        match self.extent {
            Extent::Whole => whole,
            Extent::Sample => sample,
        }
    }

    /// How programs are built that run as often as that.
    fn build(&self) -> Build {
        match self.extent {
            Extent::Whole => Build::Optimised,
            Extent::Sample => Build::Quick,
        }
    }
}

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let root = root()?;
    let wanted = |part| options.parts.is_empty() || options.parts.contains(&part);
    let [landfast, xtask] = if [Part::Lockers, Part::Kills, Part::Backups].into_iter().any(wanted) {
        let packages = ["--package", "landfast-cli", "--package", "xtask", "--features", "landfast-cli/fault"];
        programs::build(&root, &packages, ["landfast", "xtask"])?
    } else {
        Default::default()
    };
    let extent = if options.sample { Extent::Sample } else { Extent::Whole };
    let setting = Setting { landfast, xtask, seed: options.seed, extent };
    let mut proofs = Vec::new();
    if wanted(Part::Lockers) {
        proofs.extend(lockers::prove(&setting)?);
    }
    if wanted(Part::Kills) {
        proofs.extend(kills::prove(&setting)?);
    }
    if wanted(Part::Backups) {
        proofs.extend(backups::prove(&setting)?);
    }
    if wanted(Part::Simulation) {
        proofs.extend(simulation::prove(&setting)?);
    }
    if wanted(Part::Worlds) {
        proofs.extend(worlds::prove(&setting)?);
    }
    if wanted(Part::OperationKills) {
        proofs.extend(operations::prove(&setting)?);
    }
    for proof in &proofs {
        println!("{}: {}: {} runs: {}", proof.part, proof.what, proof.runs, proof.seen);
        for broken in proof.broken.iter().take(10) {
            println!("    {}{broken}", if proof.is_peer { "" } else { "BROKEN: " });
        }
    }
    let broken: usize = proofs.iter().filter(|proof| !proof.is_peer).map(|proof| proof.broken.len()).sum();
    if broken > 0 {
        return Err(format!("{broken} runs broke what must hold"));
    }
    if !options.sample {
        page::write(&root, &proofs, options.seed)?;
    }
    Ok(())
}
