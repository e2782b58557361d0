//! `landfast observe`

use std::path::Path;

use landfast::ExitCode;
use landfast::drift::RuleSet;
use landfast::state::write_observation;

use crate::args::{Global, Observe};
use crate::error::CliError;
use crate::kept::write_kept;
use crate::output::{Secrecy, warn};
use crate::supervisor::Host;
use crate::{key, via};

pub(crate) fn run(args: &Observe, global: &Global, host: Host) -> Result<ExitCode, CliError> {
    // Before anything takes long: without a key there is nothing to write.
    let key = key::load_or_create()?;
    let folder = args.folder.as_deref().unwrap_or(Path::new("."));
    let mut observation = via::observe(folder, args.via, &args.tool, global, host)?.observation;
    observation.snapshot = RuleSet::embedded().mark_secrets(observation.snapshot);
    let text = write_observation(&observation, &key);
    write_kept(&observation.snapshot, &text, Secrecy::Private, global)?;
    for gap in &observation.gaps {
        warn(&format!("{} could not be read: {}", gap.address, gap.reason));
    }
    let incomplete = args.strict && !observation.gaps.is_empty();
    Ok(if incomplete { ExitCode::Incomplete } else { ExitCode::Clean })
}
