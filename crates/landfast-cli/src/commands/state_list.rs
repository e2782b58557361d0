//! `landfast state list`

use landfast::ExitCode;

use crate::args::{Global, StateList};
use crate::error::CliError;
use crate::output::{Secrecy, write};

pub(crate) fn run(args: &StateList, global: &Global) -> Result<ExitCode, CliError> {
    let (snapshot, selection) = super::select::open(&args.select)?;
    // Addresses print themselves as terraform prints them, with everything escaped that a terminal would not show.
    let wanted = snapshot.instances().filter(|address| selection.holds(address));
    let list: String = wanted.map(|address| format!("{address}\n")).collect();
    write(global, list.as_bytes(), Secrecy::Ordinary)?;
    Ok(ExitCode::Clean)
}
