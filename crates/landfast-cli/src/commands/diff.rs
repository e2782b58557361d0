//! `landfast diff`

use landfast::report::ReportKind;
use landfast::{ExitCode, FailOn};

use crate::args::{Diff, Global};
use crate::error::CliError;
use crate::input;

pub(crate) fn run(args: &Diff, global: &Global) -> Result<ExitCode, CliError> {
    let options = super::compare_options(&args.report, global)?;
    let documents = input::documents([&args.a, &args.b])?;
    let [a, b] = documents.as_slice() else {
        return Err(CliError::usage("two sources are needed"));
    };
    let report = landfast::diff(a, b, &options);
    super::write_report(&report, ReportKind::Diff, &args.report, global)?;
    Ok(ExitCode::of_report(&report, &FailOn::default()))
}
