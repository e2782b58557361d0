//! `landfast state restore`

use landfast::ExitCode;
use landfast::backends::change::with_serial;
use landfast::drift::{CompareOptions, StateChange};
use landfast::report::{escape_line, render_state_change};
use landfast::state::Limits;

use crate::args::Global;
use crate::error::CliError;
use crate::output::{note, text_options};
use crate::state_args::StateRestore;
use crate::stores::{Planned, SAME_LINEAGE, Target, chain, change};

pub(crate) fn run(args: &StateRestore, global: &Global) -> Result<ExitCode, CliError> {
    let target = Target::of(&args.change.at, global)?;
    let place = target.place();
    let Some(version) = &target.version else {
        return Err(
            CliError::usage("say which version: --state SRC@SERIAL").hint("landfast state history lists the versions")
        );
    };
    let old = target.read()?;
    let command = format!("state restore {version}");
    change(&target, &args.change, global, &command, SAME_LINEAGE, |there, next| {
        if let Some(there) = there.filter(|there| there.lineage() != old.lineage() && !there.lineage().is_empty()) {
            let message = format!(
                "{place}: the state there has the lineage {}, and the version {version} {}",
                there.lineage(),
                old.lineage()
            );
            return Err(CliError::new(message).hint("a state of another lineage belongs to other infrastructure"));
        }
        // Terraform refuses what is not newer than what it has seen.
        let serial = next.max(old.serial().saturating_add(1));
        let after = with_serial(&old, serial, &Limits::default())
            .map_err(|error| CliError::new(format!("{place}: {}", chain(&error))))?;
        if !args.change.dry_run {
            let change = StateChange::between(there, &after, &[], &CompareOptions::default());
            note(&format!("{}: restoring version {version}", escape_line(&place)));
            note(render_state_change(&change, &text_options(global)).trim_end());
        }
        Ok(Some(Planned::whole(after)))
    })
}
