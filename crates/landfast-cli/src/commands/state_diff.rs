//! `landfast state diff`

use landfast::ExitCode;
use landfast::state::Document;

use crate::args::Global;
use crate::error::CliError;
use crate::input;
use crate::state_args::StateDiff;

pub(crate) fn run(args: &StateDiff, global: &Global) -> Result<ExitCode, CliError> {
    super::diff::compare([&args.a, &args.b], &args.report, global, |document, source| match document {
        Document::State(_) => Ok(()),
        other => Err(input::no_state(other, source)),
    })
}
