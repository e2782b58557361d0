//! `landfast state verify`

use std::path::Path;
use std::time::SystemTime;

use landfast::ExitCode;
use landfast::backends::examine::{Condition, Examination, LeftoverKind, examine};
use landfast::backends::history::TimelineEntry;
use landfast::backends::{LockInfo, Locking};
use landfast::report::escape_line;
use landfast::state::Limits;

use crate::args::Global;
use crate::error::CliError;
use crate::interrupt;
use crate::output::{Secrecy, write};
use crate::state_args::StateVerify;
use crate::stores::{Target, chain, of_damage, of_store};

pub(crate) fn run(args: &StateVerify, global: &Global) -> Result<ExitCode, CliError> {
    let target = Target::current(&args.at, global)?;
    let limits = Limits::default();
    let (found, versions) = interrupt::wait(async {
        let found = examine(&*target.store, &target.address, Path::new(""), &limits).await;
        (found, target.timeline(&limits).entries().await)
    })?;
    let versions = versions.map_err(|error| chain(&error));
    write(global, text(&found, &versions, &target).as_bytes(), Secrecy::Ordinary)?;
    // The place stands in both; the error says what is wrong and what helps.
    match found.condition {
        Condition::Sound(_) => Ok(ExitCode::Clean),
        Condition::Absent | Condition::Empty => Err(target.absent()),
        Condition::Damaged(error) => Err(of_damage(error)),
        Condition::Unreadable(error) => Err(of_store(&error)),
    }
}

fn text(found: &Examination, versions: &Result<Vec<TimelineEntry>, String>, target: &Target) -> String {
    let mut lines = vec![format!("{}: {}", found.place, condition(&found.condition))];
    if let Condition::Sound(state) = &found.condition {
        let objects: usize = state.resources().iter().map(|resource| resource.instances.len()).sum();
        lines.push(format!("  serial    {}", state.serial()));
        lines.push(format!("  lineage   {}", if state.lineage().is_empty() { "(none)" } else { state.lineage() }));
        lines
            .push(format!("  written   by terraform {}", state.terraform_version().unwrap_or("of an unknown version")));
        lines.push(format!("  objects   {objects}"));
        lines.extend(state.ignored().iter().map(|it| format!("  ignored   {}: terraform passes it over", it.address)));
    }
    if let Some(stored) = &found.stored {
        lines.push(format!("  size      {} bytes", stored.bytes.len()));
        lines.push(format!("  digest    {}", stored.digest));
        lines.extend(stored.version.iter().map(|version| format!("  version   {version}")));
    }
    lines.push(format!("  lock      {}", lock(&found.lock, target)));
    lines.push(match versions {
        Ok(versions) => format!("  versions  {}", versions.iter().filter(|version| version.is_kept).count()),
        Err(error) => format!("  versions  cannot be told: {error}"),
    });
    lines.extend(found.leftovers.iter().map(|leftover| {
        let what = match leftover.kind {
            LeftoverKind::ErroredState => "a state that could not be written; push it, or remove it",
            LeftoverKind::LockNote => "a note about a lock that nobody holds any more; it stops nobody",
            LeftoverKind::Temporary => "a file of a writer that was killed, or that is writing now",
        };
        format!("  beside    {}: {what}", leftover.path.display())
    }));
    lines.iter().map(|line| format!("{}\n", escape_line(line))).collect()
}

fn condition(condition: &Condition) -> &'static str {
    match condition {
        Condition::Sound(_) => "sound",
        Condition::Absent => "there is no state",
        Condition::Empty => "empty",
        Condition::Damaged(_) => "damaged",
        Condition::Unreadable(_) => "cannot be read",
    }
}

fn lock(lock: &Result<Option<LockInfo>, landfast::backends::StoreError>, target: &Target) -> String {
    match lock {
        Ok(None) if target.store.capabilities().locking == Locking::None => String::from("this store cannot lock"),
        Ok(None) => String::from("free"),
        Ok(Some(holder)) => format!("held by {holder}, {}", holder.age(SystemTime::now())),
        Err(error) => format!("cannot be told: {}", chain(error)),
    }
}
