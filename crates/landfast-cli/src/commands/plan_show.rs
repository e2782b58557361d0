//! `landfast plan show`

use std::path::Path;
use std::time::SystemTime;

use landfast::ExitCode;
use landfast::report::{PlanEntry, render_plan};
use landfast::rollback::plan::PlanFileError;
use landfast::rollback::{Plan, read_plan};
use landfast::state::Limits;

use crate::args::{Global, ReportFormat};
use crate::error::CliError;
use crate::operation_args::PlanShow;
use crate::operations::{moment, to_json};
use crate::output::{Secrecy, write};
use crate::stores::chain;

pub(crate) fn run(args: &PlanShow, global: &Global) -> Result<ExitCode, CliError> {
    let plan = read(&args.plan)?;
    let entry = PlanEntry::of(&plan, SystemTime::now(), moment);
    let text = match args.format {
        ReportFormat::Text => render_plan(&entry),
        ReportFormat::Json => to_json(&entry)?,
    };
    write(global, text.as_bytes(), Secrecy::Ordinary)?;
    Ok(ExitCode::Clean)
}

/// Reads the file of a plan. One that was changed after it was written is refused.
pub(crate) fn read(path: &Path) -> Result<Plan, CliError> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| CliError::io(path, "cannot be read", &error))?;
    read_plan(&text, &name, &Limits::default()).map_err(|error| {
        let complaint = CliError::new(chain(&error));
        match error {
            PlanFileError::Changed { .. } => complaint.with_code(ExitCode::Refused),
            PlanFileError::NotAPlan { .. } => complaint.hint("`landfast plan create` makes plans"),
            _ => complaint,
        }
    })
}
