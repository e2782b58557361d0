//! `landfast op handover`

use landfast::ExitCode;
use landfast::report::{HandOver, render_hand_over};

use crate::args::Global;
use crate::error::CliError;
use crate::operation_args::{HandoverFormat, OpHandover};
use crate::operations::{Folder, to_json};
use crate::output::{Secrecy, write};
use crate::settings::Settings;

pub(crate) fn run(args: &OpHandover, global: &Global) -> Result<ExitCode, CliError> {
    let folder = Folder::of(&args.folder, &Settings::nearest()?)?;
    let report = HandOver::of(&folder.view(&folder.find(&args.operation)?)?);
    let text = match args.format {
        HandoverFormat::Text | HandoverFormat::Markdown => render_hand_over(&report),
        HandoverFormat::Json => to_json(&report)?,
    };
    write(global, text.as_bytes(), Secrecy::Ordinary)?;
    Ok(ExitCode::Clean)
}
