//! `landfast state show`

use landfast::ExitCode;
use landfast::report::{escape_json, object_entry, show_object};
use landfast::state::Snapshot;

use crate::args::{Global, ReportFormat};
use crate::error::CliError;
use crate::input::{self, StateSource};
use crate::output::{Secrecy, write};
use crate::state_args::StateShow;

pub(crate) fn run(args: &StateShow, global: &Global) -> Result<ExitCode, CliError> {
    let rules = input::rules(&args.rules)?;
    let (snapshot, selection) = super::select::open(&args.select, StateSource::of(&args.select.at, global)?, global)?;
    let snapshot = rules.mark_secrets(snapshot);
    let redactor = Snapshot::redactor(&[&snapshot]);
    let objects = snapshot.objects().iter().filter(|object| selection.holds(&object.address.instance));
    let text = match args.format {
        ReportFormat::Text => {
            let shown: Vec<String> = objects.map(|object| show_object(object, &redactor)).collect();
            redactor.redact(&shown.join("\n")).into_owned()
        }
        ReportFormat::Json => {
            let entries: Vec<_> = objects.map(|object| object_entry(object, &redactor)).collect();
            let text = serde_json::to_string_pretty(&entries)
                .map_err(|error| CliError::new(format!("the objects cannot be written as JSON: {error}")))?;
            escape_json(&text) + "\n"
        }
    };
    write(global, text.as_bytes(), Secrecy::Ordinary)?;
    Ok(ExitCode::Clean)
}
