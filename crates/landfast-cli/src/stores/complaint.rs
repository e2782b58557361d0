//! Errors of stores, with what to do about them.

use std::error::Error;
use std::path::Path;
use std::time::SystemTime;

use landfast::backends::change::{ChangeError, save_recovery};
use landfast::backends::history::TimelineError;
use landfast::backends::{ErrorClass, Locking, StoreError, WorkdirError};
use landfast::state::ReadError;

use super::Target;
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
    match hint(error) {
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
            "{wait}; if its holder is gone for good: landfast state unlock --state {} --id {} --reason TEXT",
            target.place(),
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

fn with_recovery(error: &ChangeError, state: &[u8], target: &Target) -> CliError {
    let complaint = chain(error);
    match save_recovery(Path::new(""), state) {
        Ok(path) => {
            let path = path.display();
            let first =
                if error.is_unknown() { "see first with `landfast state verify` whether it was written; " } else { "" };
            CliError::new(format!("{complaint}; the new state is saved in {path}")).hint(format!(
                "{first}landfast state push --state {} {path}; it holds secrets, so remove it afterwards",
                target.place()
            ))
        }
        Err(not_saved) => CliError::new(format!("{complaint}; and the new state is lost: {}", chain(&not_saved))),
    }
}

/// An error of looking for a version.
pub(crate) fn of_timeline(error: &TimelineError) -> CliError {
    match error {
        TimelineError::Store(error) => of_store(error),
        TimelineError::NoVersion { .. } | TimelineError::NotKept { .. } | TimelineError::Ambiguous { .. } => {
            CliError::new(error.to_string()).hint("landfast state history lists the versions")
        }
        error => CliError::new(chain(error)),
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
