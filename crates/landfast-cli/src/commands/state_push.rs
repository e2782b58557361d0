//! `landfast state push`

use landfast::ExitCode;
use landfast::backends::change::{LineageRule, Push, PushError, PushRules, push};
use landfast::state::Limits;

use crate::args::Global;
use crate::error::CliError;
use crate::input;
use crate::state_args::StatePush;
use crate::stores::{Planned, Target, chain, change};

pub(crate) fn run(args: &StatePush, global: &Global) -> Result<ExitCode, CliError> {
    let new = input::state(input::document(&args.file, global)?, &args.file)?;
    let target = Target::current(&args.change.at, global)?;
    let (rules, lineage) =
        if args.force { (PushRules::Forced, LineageRule::MayChange) } else { (PushRules::Checked, LineageRule::Keep) };
    change(&target, &args.change, global, "state push", lineage, |there, _| {
        match push(there, new, rules, &Limits::default()) {
            Ok(Push::Nothing) => Ok(None),
            Ok(Push::Write(state)) => Ok(Some(Planned::whole(*state))),
            Err(error) => Err(refused(&error, &target)),
        }
    })
}

fn refused(error: &PushError, target: &Target) -> CliError {
    let complaint = CliError::new(format!("{}: {}", target.place(), chain(error)));
    match error {
        PushError::OtherLineage { .. } => complaint.hint(
            "a state of another lineage belongs to other infrastructure; where it is right all the same: --force --reason TEXT",
        ),
        PushError::LowerSerial { .. } | PushError::SameSerial { .. } => complaint.hint(
            "somebody wrote it since: pull it and look at what differs with `landfast state diff`, or overrule it with --force \
             --reason TEXT, which writes the new state with the next higher serial",
        ),
        _ => complaint,
    }
}
