//! `landfast state diff`

use landfast::report::ReportKind;
use landfast::state::Document;
use landfast::{ExitCode, FailOn};

use crate::args::Global;
use crate::error::CliError;
use crate::input;
use crate::state_args::StateDiff;

pub(crate) fn run(args: &StateDiff, global: &Global) -> Result<ExitCode, CliError> {
    let options = super::compare_options(&args.report, global)?;
    let sources = [&args.a, &args.b];
    let documents = input::documents(sources, global)?;
    for (document, source) in documents.iter().zip(sources) {
        if !matches!(document, Document::State(_)) {
            return Err(input::no_state(document, source));
        }
    }
    let Ok([a, b]) = <[Document; 2]>::try_from(documents) else {
        return Err(CliError::usage("two sources are needed"));
    };
    let report = landfast::diff(a, b, &options);
    super::write_report(&report, ReportKind::Diff, &args.report, global)?;
    Ok(ExitCode::of_report(&report, &FailOn::default()))
}
