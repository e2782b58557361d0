//! Errors of stores, with what to do about them.

use std::error::Error;
use std::path::Path;
use std::time::SystemTime;

use bytes::Bytes;
use landfast::backends::change::{ChangeError, save_recovery_under};
use landfast::backends::encrypt::Binding;
use landfast::backends::history::TimelineError;
use landfast::backends::transfer::{TransferError, TransferProgress};
use landfast::backends::{ErrorClass, Locking, StoreError, WorkdirError};
use landfast::state::ReadError;

use super::Target;
use super::encrypted::hint_of;
use crate::error::CliError;

/// The message of an error with those of its causes.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// An error of a store, where nothing is known of how it locks.
pub(crate) fn of_store(error: &StoreError) -> CliError {
    let complaint = CliError::new(message(error));
    match hint_of(error).or_else(|| hint(error)) {
        Some(hint) => complaint.hint(hint),
        None => complaint,
    }
}

/// An error of a store that a target is in.
pub(crate) fn of_store_at(error: &StoreError, target: &Target) -> CliError {
    if error.class == ErrorClass::Locked {
        return CliError::new(message(error)).hint(locked_hint(error, target));
    }
    of_store(error)
}

fn message(error: &StoreError) -> String {
    match &error.holder {
        Some(holder) => format!("{}; the lock is {}", chain(error), holder.age(SystemTime::now())),
        None => chain(error),
    }
}

fn hint(error: &StoreError) -> Option<&'static str> {
    match error.class {
        ErrorClass::Locked => Some("wait for it with --lock-timeout 5m"),
        ErrorClass::Conflict => Some("somebody else was here: look at what is there now, then decide"),
        ErrorClass::Unauthenticated => Some("check the credentials: those that terraform's backend of that kind takes"),
        ErrorClass::PermissionDenied => Some("ask for the permission to read, write and lock this state"),
        ErrorClass::Transient => Some("try again later"),
        ErrorClass::Corrupt => Some("look for a backup, or at the versions that the store keeps"),
        ErrorClass::NotFound | ErrorClass::Unsupported | ErrorClass::Configuration | ErrorClass::Device => None,
    }
}

/// What to do about somebody else's lock. Removing it is never done here.
fn locked_hint(error: &StoreError, target: &Target) -> String {
    let wait = "wait for it with --lock-timeout 5m";
    let id = error.holder.as_ref().map(|holder| holder.id.as_str()).filter(|id| !id.is_empty());
    match target.store.capabilities().locking {
        Locking::Record => format!(
            "{wait}; if its holder is gone for good: landfast state unlock{} --id {} --reason TEXT",
            target.flag(),
            id.unwrap_or("ID")
        ),
        Locking::Session | Locking::None => format!("{wait}; it ends with the process that holds it"),
    }
}

/// An error of a change. What could not be written is saved beside the working folder.
pub(crate) fn of_change(error: &ChangeError, target: &Target) -> CliError {
    if let Some(state) = error.recovery() {
        return with_recovery(error, state, target);
    }
    match error {
        ChangeError::Store { source, .. } if source.class == ErrorClass::Locked => of_store_at(source, target),
        ChangeError::NoState(error) => of_damage(error.clone()),
        ChangeError::Cancelled => CliError::interrupted(),
        error => {
            let complaint = CliError::new(chain(error));
            if let Some(hint) = hint_of(error) {
                return complaint.hint(hint);
            }
            match error {
                ChangeError::OtherLineage { .. } => complaint.hint(
                    "a state of another lineage belongs to other infrastructure: look whether the place is right",
                ),
                ChangeError::History(_) => {
                    complaint.hint("the history must be writable: what is replaced is kept there")
                }
                ChangeError::WrittenAndStillLocked { .. } | ChangeError::AndStillLocked { .. } => {
                    complaint.hint("look at the lock with `landfast state verify`")
                }
                ChangeError::Store { source, .. } => match hint(source) {
                    Some(hint) => complaint.hint(hint),
                    None => complaint,
                },
                _ => complaint,
            }
        }
    }
}

/// The error of what is no state, where the reader has no better advice.
pub(crate) fn of_damage(error: ReadError) -> CliError {
    let complaint = CliError::from(error);
    match complaint.hint_text() {
        Some(_) => complaint,
        None => complaint.hint(
            "landfast state history lists the versions that are kept, and `state pull --state SRC@VERSION` reads one",
        ),
    }
}

fn with_recovery(error: &ChangeError, state: &Bytes, target: &Target) -> CliError {
    let complaint = chain(error);
    let (place, workspace) = (target.place(), &target.address.key.workspace);
    let binding = Binding::new("errored-state").at(&place, workspace);
    match save_recovery_under(Path::new(""), state, &binding, &target.keys.protection) {
        Ok(path) => {
            let is_sealed = path.extension().is_some_and(|extension| extension == "sealed");
            let secret = if is_sealed { "with the same key" } else { "it holds secrets, so remove it afterwards" };
            let path = path.display();
            let first =
                if error.is_unknown() { "see first with `landfast state verify` whether it was written; " } else { "" };
            CliError::new(format!("{complaint}; the new state is saved in {path}"))
                .hint(format!("{first}landfast state push{} {path}; {secret}", target.flag()))
        }
        Err(not_saved) => CliError::new(format!("{complaint}; and the new state is lost: {}", chain(&not_saved))),
    }
}

/// An error of a move between two states.
pub(crate) fn of_transfer(error: &TransferError) -> CliError {
    let again = |from: &str, to: &str| {
        format!("landfast state mv --state {from} --state-out {to} --resume finishes it, and --undo takes it back")
    };
    let complaint = CliError::new(chain(error));
    if let Some(hint) = hint_of(error) {
        return complaint.hint(hint);
    }
    match error {
        TransferError::Pending { pending } => complaint.hint(again(&pending.from_place, &pending.to_place)),
        TransferError::State { progress: TransferProgress::InBoth, .. } => complaint.hint(again("SRC", "SRC")),
        TransferError::State { source, .. } => match source.store_error().and_then(hint) {
            Some(hint) => complaint.hint(hint),
            None => complaint,
        },
        TransferError::Changed { .. } => complaint.hint(
            "compare both states with what the move was to do, take the objects out of one of them by hand in a copy, and push that",
        ),
        _ => complaint,
    }
}

/// An error of looking for a version.
pub(crate) fn of_timeline(error: &TimelineError) -> CliError {
    match error {
        TimelineError::Store(error) => of_store(error),
        TimelineError::NoVersion { .. } | TimelineError::NotKept { .. } | TimelineError::Ambiguous { .. } => {
            CliError::new(error.to_string()).hint("landfast state history lists the versions")
        }
        error => of_backup(error),
    }
}

/// An error of what is kept: backups, histories.
pub(crate) fn of_backup(error: &(dyn Error + 'static)) -> CliError {
    let complaint = CliError::new(chain(error));
    match hint_of(error) {
        Some(hint) => complaint.hint(hint),
        None => complaint,
    }
}

/// An error of a working folder that names no state.
pub(super) fn of_workdir(error: &WorkdirError) -> CliError {
    let complaint = CliError::new(chain(error));
    match error {
        WorkdirError::NotInitialised { .. } | WorkdirError::Changed { .. } | WorkdirError::Record { .. } => {
            complaint.hint("run `terraform init`, or name the state with --state SRC")
        }
        WorkdirError::NoStore { .. } => complaint.hint(
            "`terraform state pull` reads it: give its output as a file with --state, and `terraform state push` what comes out",
        ),
        _ => complaint.hint("name the state with --state SRC"),
    }
}
