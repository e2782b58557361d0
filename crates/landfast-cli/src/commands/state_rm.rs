//! `landfast state rm`

use landfast::ExitCode;
use landfast::state::Limits;
use landfast::state::address::InstanceAddress;

use super::select::Selection;
use crate::args::Global;
use crate::error::CliError;
use crate::state_args::StateRm;
use crate::stores::{Planned, SAME_LINEAGE, Target, chain, change};

pub(crate) fn run(args: &StateRm, global: &Global) -> Result<ExitCode, CliError> {
    let selection = Selection::parse(&args.addresses)?;
    let target = Target::current(&args.change.at, global)?;
    let command = format!("state rm {}", args.addresses.join(" "));
    change(&target, &args.change, global, &command, SAME_LINEAGE, |there, serial| {
        let there = there.ok_or_else(|| target.absent())?;
        let mut refactoring = there.refactor();
        let removed = refactoring.remove(|object| selection.holds(&object.instance));
        let instances: Vec<&InstanceAddress> = removed.iter().map(|object| &object.instance).collect();
        selection.check(target.place().as_ref(), instances.iter().copied())?;
        let after = refactoring.finish(serial, &Limits::default());
        let after = after.map_err(|error| CliError::new(format!("{}: {}", target.place(), chain(&error))))?;
        let lines = removed.iter().map(|object| format!("removed {object}")).collect();
        Ok(Some(Planned { lines, ..Planned::whole(after) }))
    })
}
