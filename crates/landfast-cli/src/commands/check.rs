//! `landfast check`

use std::path::Path;

use landfast::drift::{CompareOptions, DriftReport};
use landfast::report::ReportKind;
use landfast::state::OriginDoubt;
use landfast::{ExitCode, FailOn, GapPolicy};

use crate::args::{Check, Global, Streaming, Via};
use crate::error::CliError;
use crate::supervisor::Host;
use crate::{input, output, pair, via};

pub(crate) fn run(args: &Check, global: &Global, host: Host) -> Result<ExitCode, CliError> {
    let options = super::compare_options(&args.report, global)?;
    // clap lets a missing `--via` pass where a source is given that excludes it.
    if args.via.is_none() && !args.tool.is_empty() {
        return Err(CliError::usage("--tool-path and --time-limit are for --via"));
    }
    let (report, end) = match (args.via, &args.observed) {
        (None, None) => match of_live(args, &options, global)? {
            Some(read) => read,
            None => return Ok(ExitCode::Clean),
        },
        _ if args.reads_live() => {
            return Err(CliError::usage("this reads nothing live: leave the options for that out"));
        }
        (Some(tool), _) => (of_tool(args, tool, global, host, &options)?, ExitCode::Clean),
        (None, Some(_)) => (of_files(args, &options, global)?, ExitCode::Clean),
    };
    super::write_report(&report, ReportKind::Drift, &args.report, global)?;
    let gaps = if args.strict { GapPolicy::Fail } else { GapPolicy::Tolerate };
    Ok(end.and(ExitCode::of_report(&report, &FailOn::new(args.fail_on.severity(), gaps))))
}

/// What is there, read through the providers, and whether all of it was. `None` where nothing was to be read.
#[cfg(unix)]
fn of_live(
    args: &Check,
    options: &CompareOptions,
    global: &Global,
) -> Result<Option<(DriftReport, ExitCode)>, CliError> {
    use std::io::IsTerminal as _;

    use crate::args::ReportFormat;
    use crate::live::{Outcome, Telling, What, check};
    let what = match args.recorded.as_slice() {
        [] => What::Folder(args.folder.as_deref().unwrap_or(Path::new("."))),
        recorded => What::Recorded(recorded),
    };
    let telling = match args.report.format {
        ReportFormat::Text if global.output.is_none() && std::io::stdout().is_terminal() => Telling::InReport,
        _ => Telling::OnStandardError,
    };
    Ok(match check(&what, &args.live, options, telling, global)? {
        Outcome::Read(report, end) => Some((report, super::code_of(end))),
        Outcome::Planned => None,
    })
}

#[cfg(not(unix))]
fn of_live(_: &Check, _: &CompareOptions, _: &Global) -> Result<Option<(DriftReport, ExitCode)>, CliError> {
    Err(CliError::usage("on this system name what was observed with --observed, or a tool with --via"))
}

fn of_files(args: &Check, options: &CompareOptions, global: &Global) -> Result<DriftReport, CliError> {
    let Some(observed) = &args.observed else {
        return Err(CliError::usage("nothing to compare"));
    };
    if let [recorded] = args.recorded.as_slice() {
        let report = pair::compare(recorded, observed, args.streaming, options, global)?;
        let doubts = OriginDoubt::between_origins(&report.recorded, &report.observed);
        warn_of(&doubts, recorded, observed);
        return Ok(report);
    }
    if args.streaming == Streaming::Always {
        return Err(CliError::usage("--streaming always takes one recorded and one observed state"));
    }
    let mut recorded = input::documents(args.recorded.iter().chain([observed]), global)?;
    let Some(seen) = recorded.pop() else {
        return Err(CliError::usage("nothing to compare"));
    };
    let mut sides: Vec<_> = args.recorded.iter().zip(&recorded).collect();
    sides.sort_by_key(|(path, _)| *path);
    for (path, document) in sides {
        warn_of(&OriginDoubt::between_origins(&document.origins(), &seen.origins()), path, observed);
    }
    Ok(landfast::check(recorded, seen, options)?)
}

fn warn_of(doubts: &[OriginDoubt], recorded: &Path, observed: &Path) {
    let (recorded, observed) = (recorded.display(), observed.display());
    for doubt in doubts {
        output::warn(&format!(
            "{recorded} and {observed}: {doubt}; they are compared all the same, but what differs may be no drift"
        ));
    }
}

fn of_tool(
    args: &Check,
    tool: Via,
    global: &Global,
    host: Host,
    options: &CompareOptions,
) -> Result<DriftReport, CliError> {
    let folder = args.folder.as_deref().unwrap_or(Path::new("."));
    let observed = via::observe(folder, tool, &args.tool, global, host)?;
    let Some(recorded) = observed.recorded else {
        return Err(CliError::new(format!("{}: the tool did not say what was recorded", folder.display())));
    };
    Ok(landfast::drift::compare(&recorded, &observed.observation, options))
}
