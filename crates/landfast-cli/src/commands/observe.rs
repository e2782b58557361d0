//! `landfast observe`

use std::path::Path;

use landfast::ExitCode;
use landfast::drift::RuleSet;
use landfast::observe::Observed;
use landfast::state::{GapKind, write_observation};

use crate::args::{Global, Observe};
use crate::error::CliError;
use crate::kept::write_kept;
use crate::output::{Secrecy, warn};
use crate::supervisor::Host;
use crate::{key, via};

pub(crate) fn run(args: &Observe, global: &Global, host: Host) -> Result<ExitCode, CliError> {
    // Before anything takes long: without a key there is nothing to write.
    let key = key::load_or_create()?;
    if args.via.is_none() && !args.tool.is_empty() {
        return Err(CliError::usage("--tool-path and --time-limit are for --via"));
    }
    let folder = args.folder.as_deref().unwrap_or(Path::new("."));
    let (observed, end) = match args.via {
        Some(_) if args.reads_live() => {
            return Err(CliError::usage("this reads nothing live: leave the options for that out"));
        }
        Some(tool) => (via::observe(folder, tool, &args.tool, global, host)?, ExitCode::Clean),
        None => match of_live(args, folder, global)? {
            Some(read) => read,
            None => return Ok(ExitCode::Clean),
        },
    };
    let mut observation = observed.observation;
    observation.snapshot = RuleSet::embedded().mark_secrets(observation.snapshot);
    let text = write_observation(&observation, &key);
    write_kept(&observation.snapshot, &text, Secrecy::Private, global)?;
    if args.via.is_some() {
        for gap in &observation.gaps {
            warn(&format!("{} could not be read: {}", gap.address, gap.reason));
        }
    }
    // What nobody wanted to know about is no failure.
    let incomplete = args.strict && observation.gaps.iter().any(|gap| gap.kind != GapKind::LeftOut);
    Ok(end.and(if incomplete { ExitCode::Incomplete } else { ExitCode::Clean }))
}

/// What is there, read through the providers, and whether all of it was. `None` where nothing was to be read.
#[cfg(unix)]
fn of_live(args: &Observe, folder: &Path, global: &Global) -> Result<Option<(Observed, ExitCode)>, CliError> {
    use crate::live::{Outcome, What, observe};
    let what = match args.recorded.as_slice() {
        [] => What::Folder(folder),
        recorded => What::Recorded(recorded),
    };
    Ok(match observe(&what, &args.live, global)? {
        Outcome::Read(observed, end) => Some((observed, super::code_of(end))),
        Outcome::Planned => None,
    })
}

#[cfg(not(unix))]
fn of_live(_: &Observe, _: &Path, _: &Global) -> Result<Option<(Observed, ExitCode)>, CliError> {
    Err(CliError::usage("on this system name a tool with --via"))
}
