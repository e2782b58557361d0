//! Arguments for reading live.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;
use landfast::observe::scan::Selector;

use crate::duration;

/// How what is there is read through providers.
#[derive(Debug, Clone, Default, ClapArgs)]
#[command(next_help_heading = "Reading live")]
pub(crate) struct LiveArgs {
    /// A folder with providers: a mirror, packed or not, or the programs themselves. By default they are where terraform has them
    #[arg(long, value_name = "DIR")]
    pub(crate) provider_dir: Vec<PathBuf>,
    /// Read only these: an address, type:TYPE, module:MODULE or provider:SOURCE, with * for any text
    #[arg(long, value_name = "SELECTOR")]
    pub(crate) only: Vec<Selector>,
    /// Do not read these
    #[arg(long, value_name = "SELECTOR")]
    pub(crate) except: Vec<Selector>,
    /// Read a random sample of so many percent; the report says what that can tell
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub(crate) sample: Option<f64>,
    /// Say what would be read, how fast, and how long it would take, and read nothing
    #[arg(long)]
    pub(crate) plan_reads: bool,
    /// Also list what there is, and report what none of the recorded sources owns
    #[arg(long)]
    pub(crate) unmanaged: bool,
    /// Read so many objects of a provider at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) concurrency: Option<u32>,
    /// Begin so many reads a second at most, for each provider
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) rate: Option<u32>,
    /// Keep what was read in this file, so that a run that was killed can be taken up
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    /// Take the run up that the journal is of: what it holds is not read again
    #[arg(long, requires = "journal")]
    pub(crate) resume: bool,
    /// Read again what is older in the journal than this, such as 30m
    #[arg(long, value_name = "TIME", requires = "resume", value_parser = duration::up_to_a_year)]
    pub(crate) max_age: Option<Duration>,
    /// Write what happens to this file, as JSON lines
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<PathBuf>,
}

impl LiveArgs {
    /// Whether none of them is given.
    pub(crate) fn is_empty(&self) -> bool {
        let Self {
            provider_dir,
            only,
            except,
            sample,
            plan_reads,
            unmanaged,
            concurrency,
            rate,
            journal,
            resume,
            max_age,
            events,
        } = self;
        provider_dir.is_empty()
            && only.is_empty()
            && except.is_empty()
            && sample.is_none()
            && concurrency.is_none()
            && rate.is_none()
            && journal.is_none()
            && max_age.is_none()
            && events.is_none()
            && ![*plan_reads, *unmanaged, *resume].contains(&true)
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let wrong = || String::from("a sample is more than 0 and at most 100 percent");
    let percent: f64 = text.trim_end_matches('%').parse().map_err(|_| wrong())?;
    if percent > 0.0 && percent <= 100.0 { Ok(percent) } else { Err(wrong()) }
}
