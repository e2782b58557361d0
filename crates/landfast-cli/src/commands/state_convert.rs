//! `landfast state convert`

use landfast::ExitCode;

use crate::args::Global;
use crate::error::CliError;
use crate::input::{self, StateSource};
use crate::output::{Secrecy, write};
use crate::state_args::StateConvert;

pub(crate) fn run(args: &StateConvert, global: &Global) -> Result<ExitCode, CliError> {
    let source = StateSource::of(&args.at, global)?;
    let place = source.path().to_owned();
    let state = input::state(source.read(global)?, &place)?;
    write(global, state.as_bytes(), Secrecy::Private)?;
    Ok(ExitCode::Clean)
}
