//! Choosing objects of a state by address.

use landfast::state::address::{InstanceAddress, InstanceKey, ModuleAddress};
use landfast::state::{Document, IgnoredResource, Snapshot};

use crate::args::Select;
use crate::error::CliError;
use crate::{input, output};

/// An address as the user gave it.
enum Wanted {
    Module(ModuleAddress),
    /// An instance; without a key, every instance of the resource.
    Instance(InstanceAddress),
}

/// Which instances are wanted. Without addresses, all of them.
pub(crate) struct Selection(Vec<Wanted>);

impl Selection {
    pub(crate) fn parse(addresses: &[String]) -> Result<Self, CliError> {
        let parse = |address: &String| match address.parse() {
            Ok(instance) => Ok(Wanted::Instance(instance)),
            Err(error) => match address.parse() {
                Ok(module) if !address.is_empty() => Ok(Wanted::Module(module)),
                _ => Err(CliError::usage(format!("{address}: {error}"))),
            },
        };
        addresses.iter().map(parse).collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn holds(&self, address: &InstanceAddress) -> bool {
        self.0.is_empty() || self.0.iter().any(|wanted| wanted.holds(address))
    }

    /// Refuses addresses that nothing has.
    pub(crate) fn check<'a>(
        &self,
        args: &Select,
        present: impl IntoIterator<Item = &'a InstanceAddress> + Clone,
    ) -> Result<(), CliError> {
        let absent = self.0.iter().position(|wanted| !present.clone().into_iter().any(|address| wanted.holds(address)));
        match absent.and_then(|at| args.addresses.get(at)) {
            Some(address) => Err(CliError::new(format!("{}: no {address} in it", args.state.display()))),
            None => Ok(()),
        }
    }
}

impl Wanted {
    fn holds(&self, address: &InstanceAddress) -> bool {
        match self {
            Self::Module(module) => address.resource.module.steps.starts_with(&module.steps),
            Self::Instance(wanted) if wanted.key == InstanceKey::None => wanted.resource == address.resource,
            Self::Instance(wanted) => wanted == address,
        }
    }
}

/// Reads the objects that a file holds, and the selection. Resources that terraform would pass over are named.
pub(crate) fn open(args: &Select) -> Result<(Snapshot, Selection), CliError> {
    let selection = Selection::parse(&args.addresses)?;
    let document = input::document(&args.state)?;
    if let Document::Plan(_) = document {
        let message = format!("{}: this is {}, not a state", args.state.display(), document.description());
        return Err(CliError::new(message).hint(
            "a plan holds states of several times: compare them with `landfast check` or `landfast diff`, or give the state itself",
        ));
    }
    if let Document::State(state) = &document {
        warn_of_ignored(state.file(), state.ignored());
    }
    let snapshot = document.into_recorded();
    let present: Vec<&InstanceAddress> = snapshot.instances().collect();
    selection.check(args, present.iter().copied())?;
    Ok((snapshot, selection))
}

/// Names the resources that are left out.
pub(crate) fn warn_of_ignored(file: &str, ignored: &[IgnoredResource]) {
    for ignored in ignored {
        let (place, address, reason) = (ignored.place, &ignored.address, &ignored.reason);
        output::warn(&format!("{file}:{place}: {address} is left out, as terraform does: {reason}"));
    }
}
