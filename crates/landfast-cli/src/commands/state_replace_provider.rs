//! `landfast state replace-provider`

use std::collections::BTreeSet;
use std::sync::Arc;

use landfast::ExitCode;
use landfast::state::address::{InstanceAddress, InstanceKey, ResourceAddress, provider_source};
use landfast::state::{Limits, StateFile};

use super::select::Selection;
use crate::args::Global;
use crate::error::CliError;
use crate::state_args::StateReplaceProvider;
use crate::stores::{Planned, SAME_LINEAGE, Target, chain, change};

pub(crate) fn run(args: &StateReplaceProvider, global: &Global) -> Result<ExitCode, CliError> {
    let source = |text: &str| provider_source(text).map_err(|error| CliError::usage(format!("{text}: {error}")));
    let (from, to) = (source(&args.from)?, source(&args.to)?);
    let selection = Selection::parse(&args.addresses)?;
    let target = Target::current(&args.change.at, global)?;
    let command = format!("state replace-provider {from} {to}");
    change(&target, &args.change, global, &command, SAME_LINEAGE, |there, serial| {
        let there = there.ok_or_else(|| target.absent())?;
        let instances = instances(there);
        selection.check(target.place().as_ref(), &instances)?;
        // A provider is a resource's, not an instance's: a selector that means one of them means all.
        let meant: BTreeSet<&ResourceAddress> =
            instances.iter().filter(|instance| selection.holds(instance)).map(|instance| &*instance.resource).collect();
        let mut refactoring = there.refactor();
        let changed = refactoring.replace_provider(&from, &to, |resource| meant.contains(resource));
        if changed.is_empty() {
            let message = format!("{}: nothing that is meant belongs to {from}", target.place());
            return Err(CliError::new(message).hint("landfast state show names the provider of each object"));
        }
        let after = refactoring.finish(serial, &Limits::default());
        let after = after.map_err(|error| CliError::new(format!("{}: {}", target.place(), chain(&error))))?;
        let lines = changed.iter().map(|resource| format!("{resource}: {from} -> {to}")).collect();
        Ok(Some(Planned { lines, ..Planned::whole(after) }))
    })
}

fn instances(state: &StateFile) -> Vec<InstanceAddress> {
    let resources = state.resources().iter();
    let keys = resources.flat_map(|resource| {
        let keys = resource.instances.iter().map(|instance| instance.key.clone());
        keys.map(|key: InstanceKey| Arc::clone(&resource.address).instance(key))
    });
    keys.collect()
}
