//! `landfast op log`

use landfast::ExitCode;
use landfast::report::{LogEntry, render_log};

use crate::args::{Global, ReportFormat};
use crate::error::CliError;
use crate::operation_args::OpShow;
use crate::operations::{Folder, to_json};
use crate::output::{Secrecy, warn, write};
use crate::settings::Settings;

pub(crate) fn run(args: &OpShow, global: &Global) -> Result<ExitCode, CliError> {
    let folder = Folder::of(&args.folder, &Settings::nearest()?)?;
    let log = folder.read(&folder.find(&args.operation)?)?;
    let entries: Vec<LogEntry> =
        log.records.iter().enumerate().map(|(at, record)| LogEntry::of(at + 1, record)).collect();
    let text = match args.format {
        ReportFormat::Text => render_log(&entries),
        ReportFormat::Json => to_json(&serde_json::json!({"format_version": "1.0", "records": entries}))?,
    };
    write(global, text.as_bytes(), Secrecy::Ordinary)?;
    if log.torn.is_some() {
        warn("the last record was not finished: whoever wrote it was stopped in the middle");
    }
    Ok(ExitCode::Clean)
}
