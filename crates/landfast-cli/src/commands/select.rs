//! Choosing objects of a state by address or pattern.

use std::path::Path;

use landfast::state::address::InstanceAddress;
use landfast::state::{Document, IgnoredResource, Snapshot, StateSelector};

use crate::args::{Global, Select};
use crate::error::CliError;
use crate::input::StateSource;
use crate::output;

/// Which instances are wanted. Without addresses, all of them.
pub(crate) struct Selection(Vec<StateSelector>);

impl Selection {
    pub(crate) fn parse(addresses: &[String]) -> Result<Self, CliError> {
        let parse = |address: &String| {
            address.parse::<StateSelector>().map_err(|error| CliError::usage(format!("{address}: {}", error.source)))
        };
        addresses.iter().map(parse).collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn holds(&self, address: &InstanceAddress) -> bool {
        self.0.is_empty() || self.0.iter().any(|wanted| wanted.holds_instance(address))
    }

    /// Refuses addresses that nothing has, and patterns that fit nothing.
    pub(crate) fn check<'a>(
        &self,
        place: &Path,
        present: impl IntoIterator<Item = &'a InstanceAddress> + Clone,
    ) -> Result<(), CliError> {
        let is_there =
            |wanted: &&StateSelector| present.clone().into_iter().any(|address| wanted.holds_instance(address));
        match self.0.iter().find(|wanted| !is_there(wanted)) {
            Some(StateSelector::Pattern(pattern)) => {
                Err(CliError::new(format!("{}: nothing in it fits {pattern}", place.display())))
            }
            Some(absent) => Err(CliError::new(format!("{}: no {absent} in it", place.display()))),
            None => Ok(()),
        }
    }
}

/// Reads the objects that a source holds, and the selection. Resources that terraform would pass over are named.
pub(crate) fn open(args: &Select, source: StateSource, global: &Global) -> Result<(Snapshot, Selection), CliError> {
    let selection = Selection::parse(&args.addresses)?;
    let place = source.path().to_owned();
    let document = source.read(global)?;
    if let Document::Plan(_) = document {
        let message = format!("{}: this is {}, not a state", place.display(), document.description());
        return Err(CliError::new(message).hint(
            "a plan holds states of several times: compare them with `landfast check` or `landfast diff`, or give the state itself",
        ));
    }
    if let Document::State(state) = &document {
        warn_of_ignored(state.file(), state.ignored());
    }
    let snapshot = document.into_recorded();
    let present: Vec<&InstanceAddress> = snapshot.instances().collect();
    selection.check(&place, present.iter().copied())?;
    Ok((snapshot, selection))
}

/// Names the resources that are left out.
pub(crate) fn warn_of_ignored(file: &str, ignored: &[IgnoredResource]) {
    for ignored in ignored {
        let (place, address, reason) = (ignored.place, &ignored.address, &ignored.reason);
        output::warn(&format!("{file}:{place}: {address} is left out, as terraform does: {reason}"));
    }
}
