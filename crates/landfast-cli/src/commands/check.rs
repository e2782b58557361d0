//! `landfast check`

use std::path::Path;

use landfast::drift::{CompareOptions, DriftReport};
use landfast::report::ReportKind;
use landfast::state::{OriginDoubt, StreamError};
use landfast::{ExitCode, FailOn, GapPolicy};

use crate::args::{Check, Global, Streaming, Via};
use crate::error::CliError;
use crate::supervisor::Host;
use crate::{input, output, via};

pub(crate) fn run(args: &Check, global: &Global, host: Host) -> Result<ExitCode, CliError> {
    let options = super::compare_options(&args.report, global)?;
    let report = match args.via {
        Some(tool) => of_live(args, tool, global, host, &options)?,
        // clap lets a missing `--via` pass where a source is given that excludes it.
        None if !args.tool.is_empty() => {
            return Err(CliError::usage("--tool-path and --time-limit are for --via"));
        }
        None => of_files(args, &options)?,
    };
    super::write_report(&report, ReportKind::Drift, &args.report, global)?;
    let gaps = if args.strict { GapPolicy::Fail } else { GapPolicy::Tolerate };
    Ok(ExitCode::of_report(&report, &FailOn::new(args.fail_on.severity(), gaps)))
}

fn of_files(args: &Check, options: &CompareOptions) -> Result<DriftReport, CliError> {
    if let Some(report) = of_streams(args, options)? {
        return Ok(report);
    }
    let mut recorded = input::documents(args.recorded.iter().chain(&args.observed))?;
    let Some(observed) = recorded.pop() else {
        return Err(CliError::usage("nothing to compare"));
    };
    let observed_path = args.observed.as_deref().unwrap_or(Path::new("-"));
    let mut sides: Vec<_> = args.recorded.iter().zip(&recorded).collect();
    sides.sort_by_key(|(path, _)| *path);
    for (path, document) in sides {
        let doubts = OriginDoubt::between(&document.recorded(), &observed.observed().snapshot);
        warn_of(&doubts, path, observed_path);
    }
    Ok(landfast::check(&recorded, &observed, options)?)
}

/// Compares two states as streams, where that is wanted and possible.
fn of_streams(args: &Check, options: &CompareOptions) -> Result<Option<DriftReport>, CliError> {
    let ([recorded], Some(observed)) = (args.recorded.as_slice(), &args.observed) else {
        return match args.streaming {
            Streaming::Always => Err(CliError::usage("--streaming always takes one recorded and one observed state")),
            _ => Ok(None),
        };
    };
    let possible = || input::is_file(recorded) && input::is_file(observed);
    if args.streaming == Streaming::Never || (args.streaming == Streaming::Auto && !possible()) {
        return Ok(None);
    }
    match landfast::check_streams(recorded, observed, options) {
        Ok((report, buffered)) => {
            tracing::debug!(waiting = buffered.waiting, bytes = buffered.text, "buffered at the most");
            let doubts = OriginDoubt::between_origins(&report.recorded, &report.observed);
            warn_of(&doubts, recorded, observed);
            Ok(Some(report))
        }
        Err(StreamError::Whole { file, reason }) if args.streaming == Streaming::Auto => {
            tracing::debug!(file, reason, "read as a whole");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
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
