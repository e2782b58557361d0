//! `landfast state unlock`

use std::time::SystemTime;

use landfast::ExitCode;
use landfast::backends::{AuditLog, ErrorClass, ForceUnlock, user_state_folder};

use crate::args::Global;
use crate::error::CliError;
use crate::interrupt;
use crate::output::{Secrecy, write};
use crate::state_args::StateUnlock;
use crate::stores::{Target, of_store, who};

pub(crate) fn run(args: &StateUnlock, global: &Global) -> Result<ExitCode, CliError> {
    let target = Target::current(&args.at, global)?;
    let folder = user_state_folder(&target.environment).ok_or_else(|| {
        CliError::new("there is no place for the record of it, so the lock stays").hint("set XDG_STATE_HOME or HOME")
    })?;
    let audit = AuditLog::in_folder(&folder);
    let who = who();
    let request = ForceUnlock::new(&args.id, &who, &args.reason, SystemTime::now(), &audit);
    let removed = interrupt::wait(async { target.store.force_unlock(&target.address.key, request).await })?;
    let removed = removed.map_err(|error| match error.class {
        ErrorClass::Conflict => of_store(&error).hint("landfast state verify shows who holds the lock now, and its id"),
        _ => of_store(&error),
    })?;
    let text = format!("{}: removed the lock of {removed}\n", target.place());
    write(global, text.as_bytes(), Secrecy::Ordinary)?;
    Ok(ExitCode::Clean)
}
