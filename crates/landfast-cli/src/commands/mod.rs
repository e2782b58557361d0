//! The commands, a file each.

#[cfg(unix)]
mod apply;
#[cfg(unix)]
mod approve;
#[cfg(unix)]
mod approve_keygen;
#[cfg(unix)]
mod backup;
mod check;
mod completions;
mod diff;
mod graph;
mod observe;
#[cfg(unix)]
mod op_handover;
#[cfg(unix)]
mod op_list;
#[cfg(unix)]
mod op_log;
#[cfg(unix)]
mod op_resume;
#[cfg(unix)]
mod op_show;
#[cfg(unix)]
mod plan_create;
#[cfg(unix)]
mod plan_show;
#[cfg(feature = "policy")]
mod policy_check;
#[cfg(feature = "policy")]
mod policy_eval;
#[cfg(feature = "policy")]
pub(crate) mod policy_set;
#[cfg(feature = "policy")]
mod policy_test;
#[cfg(unix)]
mod rollback;
mod select;
mod snapshot;
mod state_convert;
#[cfg(unix)]
mod state_diff;
#[cfg(unix)]
mod state_history;
mod state_import_block;
mod state_list;
#[cfg(unix)]
mod state_lock;
#[cfg(unix)]
mod state_mv;
#[cfg(unix)]
mod state_mv_between;
#[cfg(unix)]
mod state_probe;
#[cfg(unix)]
mod state_pull;
#[cfg(unix)]
mod state_push;
#[cfg(unix)]
mod state_replace_provider;
#[cfg(unix)]
mod state_restore;
#[cfg(unix)]
mod state_rm;
mod state_show;
#[cfg(unix)]
mod state_unlock;
#[cfg(unix)]
mod state_verify;

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
        #[cfg(unix)]
        Command::State(state) => run_on_state(&state.command, &global.with_keys(&state.keys)),
        #[cfg(not(unix))]
        Command::State(state) => run_on_state(&state.command, global),
        #[cfg(unix)]
        Command::Backup(backup) => backup::run(&backup.command, &global.with_keys(&backup.keys)),
        #[cfg(unix)]
        Command::Plan(args::PlanCommand::Create(create)) => plan_create::run(create, global, host),
        #[cfg(unix)]
        Command::Plan(args::PlanCommand::Show(show)) => plan_show::run(show, global),
        #[cfg(unix)]
        Command::Approve(approve) => approve::run(approve, global),
        #[cfg(unix)]
        Command::Apply(apply) => apply::run(apply, global, host),
        #[cfg(unix)]
        Command::Rollback(rollback) => rollback::run(rollback, global, host),
        #[cfg(unix)]
        Command::Op(op) => run_on_operation(op, global, host),
        Command::Snapshot(args::Snapshot::Create(create)) => snapshot::run(create, global),
        Command::Graph(graph) => graph::run(graph, global),
        #[cfg(feature = "policy")]
        Command::Policy(policy) => run_on_policies(policy, global),
        Command::Completions(completions) => completions::run(completions, global),
    }
}

/// How a scan that ended so counts.
#[cfg(unix)]
fn code_of(end: landfast::observe::scan::ScanEnd) -> ExitCode {
    match end {
        landfast::observe::scan::ScanEnd::Complete => ExitCode::Clean,
        landfast::observe::scan::ScanEnd::Interrupted => ExitCode::Incomplete,
    }
}

#[cfg(feature = "policy")]
fn run_on_policies(command: &crate::policy_args::Policy, global: &Global) -> Result<ExitCode, CliError> {
    use crate::policy_args::Policy;

    match command {
        Policy::Check(args) => policy_check::run(args, global),
        Policy::Eval(args) => policy_eval::run(args, global),
        Policy::Test(args) => policy_test::run(args, global),
    }
}

#[cfg(unix)]
fn run_on_operation(command: &args::Op, global: &Global, host: Host) -> Result<ExitCode, CliError> {
    match command {
        args::Op::List(args) => op_list::run(args, global),
        args::Op::Show(args) => op_show::run(args, global),
        args::Op::Log(args) => op_log::run(args, global),
        args::Op::Resume(args) => op_resume::run(args, global, host),
        args::Op::Handover(args) => op_handover::run(args, global),
    }
}

fn run_on_state(command: &State, global: &Global) -> Result<ExitCode, CliError> {
    match command {
        State::List(args) => state_list::run(args, global),
        State::Show(args) => state_show::run(args, global),
        State::Convert(args) => state_convert::run(args, global),
        State::ImportBlock(args) => state_import_block::run(args, global),
        #[cfg(unix)]
        State::Pull(args) => state_pull::run(args, global),
        #[cfg(unix)]
        State::Push(args) => state_push::run(args, global),
        #[cfg(unix)]
        State::Mv(args) => state_mv::run(args, global),
        #[cfg(unix)]
        State::Rm(args) => state_rm::run(args, global),
        #[cfg(unix)]
        State::ReplaceProvider(args) => state_replace_provider::run(args, global),
        #[cfg(unix)]
        State::History(args) => state_history::run(args, global),
        #[cfg(unix)]
        State::Diff(args) => state_diff::run(args, global),
        #[cfg(unix)]
        State::Restore(args) => state_restore::run(args, global),
        #[cfg(unix)]
        State::Lock(args) => state_lock::run(args, global),
        #[cfg(unix)]
        State::Unlock(args) => state_unlock::run(args, global),
        #[cfg(unix)]
        State::Verify(args) => state_verify::run(args, global),
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
