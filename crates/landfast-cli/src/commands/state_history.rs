//! `landfast state history`

use landfast::ExitCode;
use landfast::backends::history::{HistoryOutcome, TimelineEntry};
use landfast::report::{VersionEntry, escape_json, render_versions};
use landfast::state::{Limits, Redactor, Snapshot};

use crate::args::{Global, ReportFormat};
use crate::error::CliError;
use crate::interrupt;
use crate::output::{Secrecy, write};
use crate::state_args::StateHistory;
use crate::stores::{Target, of_timeline};

pub(crate) fn run(args: &StateHistory, global: &Global) -> Result<ExitCode, CliError> {
    let target = Target::current(&args.at, global)?;
    let limits = Limits::default();
    let entries = interrupt::wait(async { target.timeline(&limits).entries().await })?;
    let entries: Vec<VersionEntry> = entries.map_err(|error| of_timeline(&error))?.iter().map(entry).collect();
    let redactor = redactor(&target);
    let text = match args.format {
        ReportFormat::Text if entries.is_empty() => format!("{}: no version is known\n", target.place()),
        ReportFormat::Text => render_versions(&entries, &redactor),
        ReportFormat::Json => {
            let text = serde_json::to_string_pretty(&entries)
                .map_err(|error| CliError::new(format!("the versions cannot be written as JSON: {error}")))?;
            escape_json(&redactor.redact(&text)) + "\n"
        }
    };
    write(global, text.as_bytes(), Secrecy::Ordinary)?;
    Ok(ExitCode::Clean)
}

/// Masks copies of the secrets that the state holds now: a reason may name one.
fn redactor(target: &Target) -> Redactor {
    match target.read() {
        Ok(state) => Snapshot::redactor(&[&state.snapshot()]),
        // A state that cannot be read has no secrets that anybody could know of; its versions are what is needed now.
        Err(_) => Snapshot::redactor(&[]),
    }
}

fn entry(version: &TimelineEntry) -> VersionEntry {
    let mut entry = VersionEntry::new(&version.id, version.serial);
    let at = version.at.and_then(|at| jiff::Timestamp::try_from(at).ok());
    entry.at = at.and_then(|at| at.round(jiff::Unit::Second).ok()).map(|at| at.to_string());
    entry.who = version.who.clone();
    entry.why = version.why.clone();
    entry.size = version.size;
    entry.outcome = String::from(match version.outcome {
        HistoryOutcome::Written => "written",
        HistoryOutcome::NotWritten => "not-written",
        HistoryOutcome::Unknown => "unknown",
    });
    entry.is_current = version.is_current;
    entry.is_kept = version.is_kept;
    entry
}
