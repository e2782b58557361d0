//! `landfast state lock --probe`

use landfast::ExitCode;
use landfast::backends::{ProbeOptions, ProbeVerdict, StateKey, probe};

use crate::args::Global;
use crate::error::CliError;
use crate::interrupt;
use crate::output::{Secrecy, write};
use crate::stores::{Target, of_store, who};

/// A key beside the state under which nothing is: where keys are no names of objects, a workspace.
fn beside(target: &Target) -> StateKey {
    let (key, name) = (target.address.key.clone(), format!("landfast-probe-{}", uuid::Uuid::new_v4().simple()));
    match target.address.kind.as_str() {
        "local" | "s3" | "azurerm" => StateKey { key: format!("{}.{name}", key.key), ..key },
        _ => key.in_workspace(name),
    }
}

pub(crate) fn run(target: &Target, global: &Global) -> Result<ExitCode, CliError> {
    let mut options = ProbeOptions::default();
    options.who = who();
    let beside = beside(target);
    let report = interrupt::wait(async { probe(&target.store, &beside, &options).await })?;
    let report = report.map_err(|error| of_store(&error))?;
    write(global, format!("{report}\n").as_bytes(), Secrecy::Ordinary)?;
    match report.verdict() {
        ProbeVerdict::NothingFound => Ok(ExitCode::Clean),
        ProbeVerdict::Unsafe => {
            Err(CliError::new(format!("{}: this store is unsafe: its locks do not exclude", report.place))
                .hint("keep no state there that more than one person or job writes"))
        }
        ProbeVerdict::Inconclusive => {
            Err(CliError::new(format!("{}: nothing could be found out", report.place)).hint("look at the error above"))
        }
    }
}
