//! `landfast state list`

use std::path::Path;

use landfast::ExitCode;
use landfast::state::StreamError;
use landfast::state::address::InstanceAddress;

use crate::args::Global;
use crate::error::CliError;
use crate::input::{self, StateSource};
use crate::moved;
use crate::output::{Secrecy, write};
use crate::state_args::StateList;

pub(crate) fn run(args: &StateList, global: &Global) -> Result<ExitCode, CliError> {
    // Addresses print themselves as terraform prints them, with everything escaped that a terminal would not show.
    let source = StateSource::of(&args.select.at, global)?;
    let list: String = match streamed(args, &source, global)? {
        Some(list) => list.iter().map(|address| format!("{address}\n")).collect(),
        None => {
            let (snapshot, selection) = super::select::open(&args.select, source, global)?;
            let wanted = snapshot.instances().filter(|address| selection.holds(address));
            wanted.map(|address| format!("{address}\n")).collect()
        }
    };
    write(global, list.as_bytes(), Secrecy::Ordinary)?;
    Ok(ExitCode::Clean)
}

/// The addresses of a state that need not be read as a whole, without holding more of it than them.
fn streamed(args: &StateList, source: &StateSource, global: &Global) -> Result<Option<Vec<InstanceAddress>>, CliError> {
    let StateSource::Source(path) = source else { return Ok(None) };
    if !input::can_stream(path, global)? {
        return Ok(None);
    }
    let selection = super::select::Selection::parse(&args.select.addresses)?;
    match moved::watching(path, || addresses(path)) {
        Ok((mut addresses, ignored)) => {
            super::select::warn_of_ignored(&path.display().to_string(), &ignored);
            selection.check(path, &addresses)?;
            addresses.retain(|address| selection.holds(address));
            Ok(Some(addresses))
        }
        Err(StreamError::Whole { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn addresses(path: &Path) -> Result<(Vec<InstanceAddress>, Vec<landfast::state::IgnoredResource>), StreamError> {
    let mut stream = landfast::open_stream(path)?;
    let mut addresses = Vec::new();
    while let Some(object) = stream.advance()? {
        addresses.push(object.instance());
    }
    stream.check_unique()?;
    addresses.sort();
    // A current object and a deposed one are of one instance.
    addresses.dedup();
    Ok((addresses, stream.ignored()?))
}
