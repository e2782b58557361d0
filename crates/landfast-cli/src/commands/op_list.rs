//! `landfast op list`

use landfast::ExitCode;
use landfast::report::{OperationEntry, render_operations};

use crate::args::{Global, ReportFormat};
use crate::error::CliError;
use crate::operation_args::OpList;
use crate::operations::{Folder, to_json};
use crate::output::{Secrecy, warn, write};
use crate::settings::Settings;

pub(crate) fn run(args: &OpList, global: &Global) -> Result<ExitCode, CliError> {
    let folder = Folder::of(&args.folder, &Settings::nearest()?)?;
    let mut operations = Vec::new();
    let mut code = ExitCode::Clean;
    for id in folder.ids()? {
        match folder.view(&id) {
            Ok(view) => operations.push(OperationEntry::of(&view)),
            Err(error) if folder.is_blank(&id) => warn(error.message()),
            Err(error) => {
                warn(&format!("{id}: {}", error.message()));
                code = ExitCode::Incomplete;
            }
        }
    }
    let text = match args.format {
        ReportFormat::Text => render_operations(&operations),
        ReportFormat::Json => to_json(&serde_json::json!({"format_version": "1.0", "operations": operations}))?,
    };
    write(global, text.as_bytes(), Secrecy::Ordinary)?;
    Ok(code)
}
