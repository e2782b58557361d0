//! `landfast diff`

use std::path::PathBuf;

use landfast::report::ReportKind;
use landfast::state::Document;
use landfast::{ExitCode, FailOn};

use crate::args::{Diff, Global, ReportArgs, Streaming};
use crate::error::CliError;
use crate::{input, pair};

pub(crate) fn run(args: &Diff, global: &Global) -> Result<ExitCode, CliError> {
    let options = super::compare_options(&args.report, global)?;
    let report = pair::compare(&args.a, &args.b, Streaming::Auto, &options)?;
    super::write_report(&report, ReportKind::Diff, &args.report, global)?;
    Ok(ExitCode::of_report(&report, &FailOn::default()))
}

/// Compares two sources, where `accept` has nothing against either.
pub(crate) fn compare(
    sources: [&PathBuf; 2],
    report_args: &ReportArgs,
    global: &Global,
    accept: impl Fn(&Document, &PathBuf) -> Result<(), CliError>,
) -> Result<ExitCode, CliError> {
    let options = super::compare_options(report_args, global)?;
    let documents = input::documents(sources)?;
    documents.iter().zip(sources).try_for_each(|(document, source)| accept(document, source))?;
    let Ok([a, b]) = <[Document; 2]>::try_from(documents) else {
        return Err(CliError::usage("two sources are needed"));
    };
    let report = landfast::diff(a, b, &options);
    super::write_report(&report, ReportKind::Diff, report_args, global)?;
    Ok(ExitCode::of_report(&report, &FailOn::default()))
}
