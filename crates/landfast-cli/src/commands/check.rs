//! `landfast check`

use std::path::Path;

use landfast::drift::{CompareOptions, DriftReport};
use landfast::report::ReportKind;
use landfast::state::OriginDoubt;
use landfast::{ExitCode, FailOn, GapPolicy};

use crate::args::{Check, Global, Via};
use crate::error::CliError;
use crate::supervisor::Host;
use crate::{input, output, via};

pub(crate) fn run(args: &Check, global: &Global, host: Host) -> Result<ExitCode, CliError> {
    let options = super::compare_options(&args.report)?;
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
    let mut recorded = input::documents(args.recorded.iter().chain(&args.observed))?;
    let Some(observed) = recorded.pop() else {
        return Err(CliError::usage("nothing to compare"));
    };
    let observed_path = args.observed.as_deref().unwrap_or(Path::new("-")).display();
    for (path, document) in args.recorded.iter().zip(&recorded) {
        for doubt in OriginDoubt::between(&document.recorded(), &observed.observed().snapshot) {
            let recorded = path.display();
            output::warn(&format!(
                "{recorded} and {observed_path}: {doubt}; they are compared all the same, but what differs may be no drift"
            ));
        }
    }
    Ok(landfast::check(&recorded, &observed, options)?)
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
