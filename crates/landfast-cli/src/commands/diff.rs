//! `landfast diff`

use landfast::report::ReportKind;
use landfast::{ExitCode, FailOn};

use crate::args::{Diff, Global, Streaming};
use crate::error::CliError;
use crate::pair;

pub(crate) fn run(args: &Diff, global: &Global) -> Result<ExitCode, CliError> {
    let options = super::compare_options(&args.report, global)?;
    let report = pair::compare(&args.a, &args.b, Streaming::Auto, &options, global)?;
    super::write_report(&report, ReportKind::Diff, &args.report, global)?;
    Ok(ExitCode::of_report(&report, &FailOn::default()))
}
