//! `landfast state convert`

use landfast::ExitCode;

use crate::args::{Global, StateConvert};
use crate::error::CliError;
use crate::input;
use crate::output::{Secrecy, write};

pub(crate) fn run(args: &StateConvert, global: &Global) -> Result<ExitCode, CliError> {
    let state = input::state(&args.state)?;
    write(global, state.as_bytes(), Secrecy::Private)?;
    Ok(ExitCode::Clean)
}
