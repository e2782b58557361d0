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
    let report = match args.via {
        Some(tool) => of_live(args, tool, global, host, &options)?,
        // clap lets a missing `--via` pass where a source is given that excludes it.
        None if !args.tool.is_empty() => {
            return Err(CliError::usage("--tool-path and --time-limit are for --via"));
        }
        None => of_files(args, &options, global)?,
    };
    super::write_report(&report, ReportKind::Drift, &args.report, global)?;
    let gaps = if args.strict { GapPolicy::Fail } else { GapPolicy::Tolerate };
    Ok(ExitCode::of_report(&report, &FailOn::new(args.fail_on.severity(), gaps)))
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

fn of_live(
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
