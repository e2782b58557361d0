//! `landfast state pull`

use landfast::ExitCode;
use landfast::state::{Limits, StateFile};

use crate::args::Global;
use crate::error::CliError;
use crate::output::{Secrecy, write};
use crate::state_args::StatePull;
use crate::stores::{Target, of_damage};

pub(crate) fn run(args: &StatePull, global: &Global) -> Result<ExitCode, CliError> {
    let target = Target::of(&args.at, global)?;
    let (held, checked) = target.held_and_checked()?;
    // What is printed is what is there, since a state that is damaged must be had to be repaired; the code says what it is.
    write(global, &held.bytes, Secrecy::Private)?;
    match checked.map_or_else(|| StateFile::read(held.bytes, &held.name, &Limits::default()), Ok) {
        Ok(_) => Ok(ExitCode::Clean),
        Err(error) => Err(of_damage(error)),
    }
}
