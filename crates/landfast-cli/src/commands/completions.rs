//! `landfast completions`

use landfast::ExitCode;

use crate::args::{Completions, Global};
use crate::error::CliError;
use crate::output::{Secrecy, write};

pub(crate) fn run(args: &Completions, global: &Global) -> Result<ExitCode, CliError> {
    let mut command = crate::command();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "landfast", &mut script);
    write(global, &script, Secrecy::Ordinary)?;
    Ok(ExitCode::Clean)
}
