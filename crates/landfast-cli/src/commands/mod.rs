//! The commands, a file each.

mod check;
mod completions;
mod diff;
mod graph;
mod observe;
mod select;
mod snapshot;
mod state_convert;
mod state_list;
mod state_show;

use landfast::ExitCode;
use landfast::drift::{CompareOptions, DriftReport, InSync};
use landfast::report::{ReportDocument, ReportKind, render_text};

use crate::args::{Args, Command, Global, ReportArgs, ReportFormat, State};
use crate::error::CliError;
use crate::output::{Secrecy, text_options, write};
use crate::supervisor::Host;
use crate::{args, input, key};

/// Runs the command that the arguments name.
pub(crate) fn run(args: &Args, host: Host) -> Result<ExitCode, CliError> {
    let global = &args.global;
    match &args.command {
        Command::Check(check) => check::run(check, global, host),
        Command::Observe(observe) => observe::run(observe, global, host),
        Command::Diff(diff) => diff::run(diff, global),
        Command::State(State::List(list)) => state_list::run(list, global),
        Command::State(State::Show(show)) => state_show::run(show, global),
        Command::State(State::Convert(convert)) => state_convert::run(convert, global),
        Command::Snapshot(args::Snapshot::Create(create)) => snapshot::run(create, global),
        Command::Graph(graph) => graph::run(graph, global),
        Command::Completions(completions) => completions::run(completions, global),
    }
}

/// How to compare, as the arguments and the user's configuration say.
fn compare_options(args: &ReportArgs, global: &Global) -> Result<CompareOptions, CliError> {
    let mut options = CompareOptions::default();
    if args.format == ReportFormat::Text && global.verbose == 0 {
        // The text does not name them.
        options.in_sync = InSync::Count;
    }
    options.rules = input::rules(&args.rules)?;
    options.fingerprint_key = key::load()?;
    Ok(options)
}

/// Writes a report in the format that the arguments name.
fn write_report(report: &DriftReport, kind: ReportKind, args: &ReportArgs, global: &Global) -> Result<(), CliError> {
    let text = match args.format {
        ReportFormat::Text => render_text(report, kind, &text_options(global)),
        ReportFormat::Json => ReportDocument::new(report, kind)
            .to_json()
            .map_err(|error| CliError::new(format!("the report cannot be written as JSON: {error}")))?,
    };
    write(global, text.as_bytes(), Secrecy::Ordinary)
}
