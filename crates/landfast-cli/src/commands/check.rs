//! `landfast check`

use landfast::report::ReportKind;
use landfast::{ExitCode, FailOn, GapPolicy};

use crate::args::{Check, Global};
use crate::error::CliError;
use crate::input;

pub(crate) fn run(args: &Check, global: &Global) -> Result<ExitCode, CliError> {
    let options = super::compare_options(&args.report)?;
    let mut recorded = input::documents(args.recorded.iter().chain([&args.observed]))?;
    let Some(observed) = recorded.pop() else {
        return Err(CliError::usage("nothing to compare"));
    };
    let report = landfast::check(&recorded, &observed, &options)?;
    let redactor = super::redactor(recorded.iter().chain([&observed]), &options.rules);
    super::write_report(&report, ReportKind::Drift, &redactor, &args.report, global)?;
    let gaps = if args.strict { GapPolicy::Fail } else { GapPolicy::Tolerate };
    Ok(ExitCode::of_report(&report, &FailOn::new(args.fail_on.severity(), gaps)))
}
