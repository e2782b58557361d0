//! `landfast state mv`

use landfast::ExitCode;
use landfast::state::address::AddressPattern;
use landfast::state::{Limits, RefactorError, StateTarget};

use crate::args::Global;
use crate::error::CliError;
use crate::state_args::StateMv;
use crate::stores::{Planned, SAME_LINEAGE, Target, chain, change};

pub(crate) fn run(args: &StateMv, global: &Global) -> Result<ExitCode, CliError> {
    let target = Target::current(&args.change.at, global)?;
    if let Some(other) = &args.state_out {
        return super::state_mv_between::run(args, &target, other, global);
    }
    let (Some(from_text), Some(to_text)) = (&args.from, &args.to) else {
        return Err(CliError::usage("two addresses are needed"));
    };
    let (from, to) = (address(from_text)?, address(to_text)?);
    let command = format!("state mv {from_text} {to_text}");
    change(&target, &args.change, global, &command, SAME_LINEAGE, |there, serial| {
        let there = there.ok_or_else(|| target.absent())?;
        let mut refactoring = there.refactor();
        let moved = refactoring.move_objects(&from, &to).map_err(|error| refused(&error, &target))?;
        let after = refactoring.finish(serial, &Limits::default());
        let after = after.map_err(|error| CliError::new(format!("{}: {}", target.place(), chain(&error))))?;
        let lines = moved.iter().map(|(from, to)| format!("{from} -> {to}")).collect();
        Ok(Some(Planned { after, moved, lines }))
    })
}

pub(super) fn address(text: &str) -> Result<StateTarget, CliError> {
    if let Some(pattern) = AddressPattern::parse(text) {
        return Err(CliError::usage(format!(
            "{pattern}: a pattern cannot be moved to one address; name a module or a resource"
        )));
    }
    text.parse()
        .map_err(|error: landfast::state::StateTargetError| CliError::usage(format!("{text}: {}", error.source)))
}

pub(super) fn refused(error: &RefactorError, target: &Target) -> CliError {
    let complaint = CliError::new(format!("{}: {error}", target.place()));
    match error {
        RefactorError::NothingThere { .. } => complaint.hint("landfast state list prints the addresses that are there"),
        RefactorError::OtherProvider { .. } => {
            complaint.hint("give them the same provider first, with `landfast state replace-provider`")
        }
        _ => complaint,
    }
}
