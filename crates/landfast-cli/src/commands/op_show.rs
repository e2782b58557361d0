//! `landfast op show`

use landfast::ExitCode;
use landfast::report::{OperationEntry, render_operation};

use crate::args::{Global, ReportFormat};
use crate::error::CliError;
use crate::operation_args::OpShow;
use crate::operations::{Folder, to_json};
use crate::output::{Secrecy, write};
use crate::settings::Settings;

pub(crate) fn run(args: &OpShow, global: &Global) -> Result<ExitCode, CliError> {
    let folder = Folder::of(&args.folder, &Settings::nearest()?)?;
    let operation = OperationEntry::of(&folder.view(&folder.find(&args.operation)?)?);
    let text = match args.format {
        ReportFormat::Text => render_operation(&operation),
        ReportFormat::Json => to_json(&operation)?,
    };
    write(global, text.as_bytes(), Secrecy::Ordinary)?;
    Ok(ExitCode::Clean)
}
