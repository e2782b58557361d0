//! What every command does that changes a state.

use std::time::SystemTime;

use landfast::ExitCode;
use landfast::backends::change::{Cancel, ChangeOptions, LineageRule, begin};
use landfast::drift::{CompareOptions, StateChange};
use landfast::report::{StateChangeDocument, render_state_change};
use landfast::state::address::ObjectAddress;
use landfast::state::{Limits, StateFile};

use super::{Target, of_change, who};
use crate::args::{Global, ReportFormat};
use crate::error::CliError;
use crate::moved::warn_of_move;
use crate::output::{Secrecy, text_options, warn, write};
use crate::state_args::ChangeArgs;
use crate::{interrupt, key};

/// What a command would write.
pub(crate) struct Planned {
    pub(crate) after: StateFile,
    /// Objects that get another address.
    pub(crate) moved: Vec<(ObjectAddress, ObjectAddress)>,
    /// What is done, a line for each object.
    pub(crate) lines: Vec<String>,
}

impl Planned {
    /// A state that is written as a whole.
    pub(crate) fn whole(after: StateFile) -> Self {
        Self { after, moved: Vec::new(), lines: Vec::new() }
    }
}

/// Plans a change by what is there and its next serial, and writes it: under the lock, with a history. `Ok(None)` of the plan
/// is nothing to do. A dry run shows it and takes no lock.
pub(crate) fn change(
    target: &Target,
    args: &ChangeArgs,
    global: &Global,
    command: &str,
    rule: LineageRule,
    plan: impl FnOnce(Option<&StateFile>, u64) -> Result<Option<Planned>, CliError>,
) -> Result<ExitCode, CliError> {
    if args.dry_run {
        return dry_run(target, args.format, global, plan);
    }
    target.prepare_keys()?;
    let retention = crate::keys::retention(&args.retention)?;
    let pending = super::transfers(target)?.refuse_pending(&target.place());
    pending.map_err(|error| super::of_transfer(&error))?;
    let cancel = Cancel::default();
    let options = ChangeOptions::new(&who(), args.reason.as_deref().unwrap_or(command), SystemTime::now())
        .with_history(target.history.clone())
        .with_retention(retention)
        .with_lock_wait(args.lock_timeout)
        .with_lineage(rule)
        .with_cancel(cancel.clone());
    let done = interrupt::finish(&cancel, async {
        let begun = begin(&*target.store, &target.address.key, &options).await;
        let changing = begun.map_err(|error| of_change(&error, target))?;
        let planned = match plan(changing.state(), changing.next_serial()) {
            Ok(Some(planned)) => planned,
            other => {
                changing.abandon().await.map_err(|error| of_change(&error, target))?;
                return other.map(|_| None);
            }
        };
        let changed = changing.commit(planned.after).await.map_err(|error| of_change(&error, target))?;
        let serials = (changed.before.as_ref().map(StateFile::serial), changed.after.serial());
        Ok(Some((planned.lines, serials)))
    })??;
    let text = match done {
        None => format!("{}: nothing to do\n", target.place()),
        Some((lines, serials)) => {
            let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
            lines + &written(&target.place(), serials)
        }
    };
    write(global, text.as_bytes(), Secrecy::Ordinary)?;
    Ok(ExitCode::Clean)
}

fn written(place: &str, serials: (Option<u64>, u64)) -> String {
    match serials {
        (Some(before), after) => format!("{place}: serial {before} -> {after}\n"),
        (None, after) => format!("{place}: a new state of serial {after}\n"),
    }
}

fn dry_run(
    target: &Target,
    format: ReportFormat,
    global: &Global,
    plan: impl FnOnce(Option<&StateFile>, u64) -> Result<Option<Planned>, CliError>,
) -> Result<ExitCode, CliError> {
    let limits = Limits::default();
    let read = interrupt::wait(async {
        landfast::backends::change::read_state(&*target.store, &target.address.key, &limits).await
    })?;
    let before = read.map_err(|error| of_change(&error, target))?.map(|read| {
        warn_of_move(&target.place(), &read);
        read.state
    });
    let next = before.as_ref().map_or(0, StateFile::serial).saturating_add(1);
    let json = |document: StateChangeDocument| {
        document.to_json().map_err(|error| CliError::new(format!("the change cannot be written as JSON: {error}")))
    };
    let text = match plan(before.as_ref(), next)? {
        None if format == ReportFormat::Json => {
            json(StateChangeDocument::nothing(&target.place(), before.as_ref().map(StateFile::serial)))?
        }
        None => format!("{}: nothing to do\n", target.place()),
        Some(planned) => {
            let mut options = CompareOptions::default();
            options.fingerprint_key = key::load()?;
            let change = StateChange::between(before.as_ref(), &planned.after, &planned.moved, &options);
            match format {
                ReportFormat::Text => render_state_change(&change, &text_options(global)),
                ReportFormat::Json => json(StateChangeDocument::new(&target.place(), &change))?,
            }
        }
    };
    write(global, text.as_bytes(), Secrecy::Ordinary)?;
    warn("a dry run: nothing was written");
    Ok(ExitCode::Clean)
}
