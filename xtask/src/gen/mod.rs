//! `cargo xtask gen`: a state of any size, an observed twin with a known share of drift, and the truth about both.
//!
//! Everything follows from the seed, on every platform. Files are written instance by instance, so that their size is not
//! bounded by memory.
//!
//! | file | holds |
//! |---|---|
//! | `recorded.tfstate` | format 4, as terraform 1.11 writes it |
//! | `observed.tfstate` | the same infrastructure as found later, in another layout if asked for |
//! | `truth.jsonl` | for each instance its `address`, its `status` and the paths of its `changes` |

mod catalogue;
mod drift;
mod layout;
mod node;
mod plan;
mod state;
mod template;
mod words;

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

pub(crate) use layout::Layout;

/// Length of an instance in a recorded state, on average, in bytes.
const AVERAGE: u64 = 2150;

/// Generate a state, an observed twin with drift, and the truth about both.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// How many instances the recorded state has, deposed objects not counted.
    #[arg(long, conflicts_with = "size")]
    instances: Option<u32>,
    /// How long the recorded state is, about: bytes, or with kB, MB, GB.
    #[arg(long, value_parser = parse_size)]
    size: Option<u64>,
    /// Everything follows from this.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many of a hundred managed instances have drifted.
    #[arg(long, default_value_t = 1.0)]
    drift: f64,
    /// How the observed side is written.
    #[arg(long, value_enum, default_value_t)]
    layout: Layout,
    /// The folder for the three files; it is made if need be.
    #[arg(long)]
    out: PathBuf,
}

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let instances = match (options.instances, options.size) {
        (Some(instances), _) => instances,
        (None, Some(size)) => u32::try_from(size / AVERAGE).map_err(|_| "that is too large".to_owned())?,
        (None, None) => return Err("say how much: --instances or --size".to_owned()),
    };
    if !(0.0..=100.0).contains(&options.drift) {
        return Err(format!("{} of a hundred cannot drift", options.drift));
    }
    let catalogue = catalogue::Catalogue::load()?;
    let plan = plan::Plan::new(options.seed, instances, &catalogue)?;
    let states = state::States { plan: &plan, catalogue: &catalogue, drift: options.drift / 100.0 };

    let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    std::fs::create_dir_all(&options.out).map_err(|error| failed(&options.out, error))?;
    let create = |name: &str| {
        let path = options.out.join(name);
        File::create(&path).map(|file| BufWriter::with_capacity(1 << 18, file)).map_err(|error| failed(&path, error))
    };
    states.recorded(create("recorded.tfstate")?)?;
    let totals = states.observed(create("observed.tfstate")?, create("truth.jsonl")?, options.layout)?;
    let length = |name: &str| {
        let path = options.out.join(name);
        std::fs::metadata(&path).map(|file| file.len()).map_err(|error| failed(&path, error))
    };
    println!(
        "{instances} instances in {} resources and {} modules: recorded {} bytes, observed {} bytes",
        plan.resources.len(),
        plan.modules.len(),
        length("recorded.tfstate")?,
        length("observed.tfstate")?
    );
    println!(
        "in sync {}, drifted {}, missing {}, unmanaged {}; not compared {}",
        totals.in_sync, totals.drifted, totals.missing, totals.unmanaged, totals.not_compared
    );
    Ok(())
}

fn parse_size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = text.get(digits.len()..).unwrap_or_default();
    let factor = match unit.trim() {
        "" | "B" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return Err(format!("`{unit}` is no unit: B, kB, MB or GB")),
    };
    let number: u64 = digits.parse().map_err(|_| format!("`{text}` is no size"))?;
    number.checked_mul(factor).ok_or_else(|| "that is too large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(parse_size("2GB"), Ok(2_000_000_000));
        assert_eq!(parse_size("10 MB"), Ok(10_000_000));
        assert_eq!(parse_size("7"), Ok(7));
        for wrong in ["", "MB", "1MiB", "-1", "99999999999GB"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }
}
