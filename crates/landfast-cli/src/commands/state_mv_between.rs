//! `landfast state mv --state-out`

use std::path::Path;
use std::time::SystemTime;

use landfast::ExitCode;
use landfast::backends::change::ChangeOptions;
use landfast::backends::transfer::{
    PendingTransfer, Side, TransferEnd, TransferError, Transfers, begin_transfer, resume, undo,
};
use landfast::state::{Limits, StateFile};

use super::state_mv::{address, refused};
use crate::args::{Global, StateAt};
use crate::error::CliError;
use crate::interrupt;
use crate::output::{Secrecy, write};
use crate::state_args::StateMv;
use crate::stores::{Target, chain, of_transfer, transfers, who};

pub(crate) fn run(args: &StateMv, from: &Target, other: &Path, global: &Global) -> Result<ExitCode, CliError> {
    let to = Target::current(&StateAt { state: Some(other.to_owned()), workspace: None }, global)?;
    let why = match (&args.from, &args.to) {
        (Some(from), Some(to)) => format!("state mv {from} {to} to another state"),
        _ => "end an interrupted state mv".to_owned(),
    };
    from.prepare_keys()?;
    let retention = crate::keys::retention(&args.change.retention)?;
    let options = |target: &Target| {
        ChangeOptions::new(&who(), args.change.reason.as_deref().unwrap_or(&why), SystemTime::now())
            .with_history(target.history.clone())
            .with_retention(retention)
            .with_lock_wait(args.change.lock_timeout)
    };
    let (from_options, to_options) = (options(from), options(&to));
    let from_side = Side { store: &*from.store, key: &from.address.key, options: &from_options };
    let to_side = Side { store: &*to.store, key: &to.address.key, options: &to_options };
    let journal = transfers(from)?;
    // What was begun is ended: a signal would leave what has to be resumed.
    let lines = interrupt::run(async |_| match (&args.from, &args.to) {
        (Some(source), Some(destination)) => go(source, destination, (from, from_side), (&to, to_side), &journal).await,
        _ => end(args, from_side, to_side, &journal).await,
    })??;
    write(global, lines.as_bytes(), Secrecy::Ordinary)?;
    Ok(ExitCode::Clean)
}

async fn go(
    source: &str,
    destination: &str,
    (from, from_side): (&Target, Side<'_>),
    (to, to_side): (&Target, Side<'_>),
    journal: &Transfers,
) -> Result<String, CliError> {
    let (source, destination) = (address(source)?, address(destination)?);
    let begun = begin_transfer(from_side, to_side, journal).await;
    let transfer = begun.map_err(|error| of_transfer(&error))?;
    let planned = plan(&transfer, &source, &destination, from, to);
    let (lines, losing, gaining) = match planned {
        Ok(planned) => planned,
        Err(error) => {
            transfer.abandon().await.map_err(|error| of_transfer(&error))?;
            return Err(error);
        }
    };
    transfer.commit(losing, gaining).await.map_err(|error| of_transfer(&error))?;
    Ok(lines)
}

/// What both states become.
fn plan(
    transfer: &landfast::backends::transfer::Transferring<'_>,
    source: &landfast::state::StateTarget,
    destination: &landfast::state::StateTarget,
    from: &Target,
    to: &Target,
) -> Result<(String, StateFile, StateFile), CliError> {
    let limits = Limits::default();
    let there = transfer.from().state().ok_or_else(|| from.absent())?;
    // A new state gets a lineage of its own, as terraform gives one.
    let fresh;
    let other = match transfer.to().state() {
        Some(other) => other,
        None => {
            fresh = StateFile::empty(there.terraform_version().unwrap_or("1.0.0"), &uuid::Uuid::new_v4().to_string());
            &fresh
        }
    };
    let (mut losing, mut gaining) = (there.refactor(), other.refactor());
    let taken = losing.extract(source).map_err(|error| refused(&error, from))?;
    let moved = gaining.insert(taken, destination).map_err(|error| refused(&error, to))?;
    let broken = |error| CliError::new(chain(&error));
    let losing = losing.finish(transfer.from().next_serial(), &limits).map_err(broken)?;
    let gaining = gaining.finish(transfer.to().next_serial(), &limits).map_err(broken)?;
    let mut lines: String = moved.iter().map(|(from, to)| format!("{from} -> {to}\n")).collect();
    lines.push_str(&format!(
        "{}: serial {}\n{}: serial {}\n",
        from.place(),
        losing.serial(),
        to.place(),
        gaining.serial()
    ));
    Ok((lines, losing, gaining))
}

/// Ends what was interrupted between the two states.
async fn end(args: &StateMv, from: Side<'_>, to: Side<'_>, journal: &Transfers) -> Result<String, CliError> {
    let places = (from.store.place(from.key), to.store.place(to.key));
    let pending = journal.pending().map_err(|error| of_transfer(&error))?;
    let between = |it: &&PendingTransfer| (&it.from_place, &it.to_place) == (&places.0, &places.1);
    let Some(pending) = pending.iter().find(between) else {
        return Ok(format!("nothing was interrupted between {} and {}\n", places.0, places.1));
    };
    let ended: Result<TransferEnd, TransferError> =
        if args.undo { undo(pending, from, to, journal).await } else { resume(pending, from, to, journal).await };
    Ok(match ended.map_err(|error| of_transfer(&error))? {
        TransferEnd::NothingHadHappened => "nothing had been written: the objects are where they were\n".to_owned(),
        TransferEnd::WasDone => format!("all had been written: the objects are in {}\n", places.1),
        TransferEnd::Finished => format!("finished: the objects are in {}\n", places.1),
        TransferEnd::TakenBack => format!("taken back: the objects are in {}\n", places.0),
    })
}
