//! `landfast check`

use landfast::report::ReportKind;
use landfast::state::OriginDoubt;
use landfast::{ExitCode, FailOn, GapPolicy};

use crate::args::{Check, Global};
use crate::error::CliError;
use crate::{input, output};

pub(crate) fn run(args: &Check, global: &Global) -> Result<ExitCode, CliError> {
    let options = super::compare_options(&args.report)?;
    let mut recorded = input::documents(args.recorded.iter().chain([&args.observed]))?;
    let Some(observed) = recorded.pop() else {
        return Err(CliError::usage("nothing to compare"));
    };
    for (path, document) in args.recorded.iter().zip(&recorded) {
        for doubt in OriginDoubt::between(&document.recorded(), &observed.observed().snapshot) {
            let (recorded, observed) = (path.display(), args.observed.display());
            output::warn(&format!(
                "{recorded} and {observed}: {doubt}; they are compared all the same, but what differs may be no drift"
            ));
        }
    }
    let report = landfast::check(&recorded, &observed, &options)?;
    let redactor = super::redactor(recorded.iter().chain([&observed]), &options.rules);
    super::write_report(&report, ReportKind::Drift, &redactor, &args.report, global)?;
    let gaps = if args.strict { GapPolicy::Fail } else { GapPolicy::Tolerate };
    Ok(ExitCode::of_report(&report, &FailOn::new(args.fail_on.severity(), gaps)))
}
