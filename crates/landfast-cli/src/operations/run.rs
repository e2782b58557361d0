//! Executing a plan, and saying what came of it.

use std::io::{BufRead as _, IsTerminal as _};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use landfast::report::{CheckEntry, OperationEntry, PlanEntry, render_checks, render_operation, render_plan};
use landfast::rollback::journal::{FileJournal, View};
use landfast::rollback::{Actuator, Control, Mode, OnFailure, OperationOptions, Plan, Report, Resume, Values};
use landfast::safety::{CheckId, Gate, Override};
use landfast::state::{Origin, Snapshot, SourceKind, StateFile};
use landfast::{Execution, ExitCode};

use super::folder::Folder;
use super::gate::gate;
use super::session::{Session, moment};
use crate::args::{Global, ReportFormat};
use crate::error::CliError;
use crate::interrupt::{Signals, or_signal};
use crate::operation_args::{CourseArgs, ExecuteArgs};
use crate::output::{Secrecy, note, warn, writable, write};
use crate::stores::{chain, who};

/// How often it is looked whether an operation waits for somebody.
const LOOK: Duration = Duration::from_millis(100);

/// What is done with a plan.
pub(crate) enum Doing {
    /// It is executed as a new operation, in this way, and its exit code is this one at least.
    Anew(Box<OperationOptions>, ExitCode),
    /// The operation is taken up.
    Again(Box<View>, Box<FileJournal>, Resume),
}

/// How an operation was begun that has a journal.
enum Begun {
    Now(Box<OperationOptions>),
    Before(Box<View>, Resume),
}

/// The plan as people see it.
pub(crate) fn show_plan(plan: &Plan) -> String {
    render_plan(&PlanEntry::of(plan, SystemTime::now(), moment))
}

/// Asks whether to go on, unless the arguments say so.
pub(crate) fn confirm(args: &ExecuteArgs, shown: &str) -> Result<bool, CliError> {
    agrees(args.yes, shown, "Execute it?")
}

/// Shows something and asks, unless `yes` was said already.
pub(crate) fn agrees(yes: bool, shown: &str, question: &str) -> Result<bool, CliError> {
    if yes {
        return Ok(true);
    }
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(CliError::usage(format!("nobody can be asked here: {question}")).hint("say --yes"));
    }
    note(shown.trim_end());
    note(&format!("\n{question} Only `yes` does."));
    let mut line = String::new();
    stdin.lock().read_line(&mut line).map_err(|error| CliError::new(format!("no answer could be read: {error}")))?;
    Ok(line.trim() == "yes")
}

/// How a new operation runs.
pub(crate) fn course(args: &CourseArgs) -> OperationOptions {
    let mut options = OperationOptions::default();
    if let Some(tolerated) = args.lenient {
        options.mode = Mode::Lenient;
        options.stop_threshold = tolerated;
    }
    if args.no_rollback {
        options.on_failure = OnFailure::HandOver;
    }
    options.rollback_seconds = args.rollback_timeout.map(|time| time.as_secs());
    options.settle_seconds = args.settle.as_secs();
    options.parallel = args.parallel.get();
    options
}

fn forced(args: &ExecuteArgs, gate: &Gate) -> Result<Option<Override>, CliError> {
    if args.force.is_empty() {
        return Ok(None);
    }
    let ids: Result<Vec<CheckId>, _> = args.force.iter().map(|id| CheckId::new(id)).collect();
    let ids = ids.map_err(|error| CliError::usage(error.to_string()))?;
    if let Some(id) = ids.iter().find(|id| !gate.checks().any(|(check, _)| check.id() == **id)) {
        return Err(CliError::usage(format!("--force {id}: there is no such check")).hint("docs/checks.md lists them"));
    }
    let reason = args.reason.as_deref().unwrap_or_default();
    Override::new(ids, reason, &who()).map(Some).map_err(|error| CliError::usage(error.to_string()))
}

/// Executes a plan in a session, whose lock is given back whatever happens, and says what came of it.
pub(crate) async fn execute(
    session: &Session,
    plan: &Plan,
    args: &ExecuteArgs,
    global: &Global,
    signals: &mut Signals,
    doing: Doing,
    earlier: Vec<StateFile>,
) -> Result<ExitCode, CliError> {
    writable(global)?;
    let gate = gate(&session.settings)?;
    let forced = forced(args, &gate)?;
    // Values that stand nowhere but in the objects themselves.
    let reader = session.actuator(plan, earlier.clone(), Snapshot::redactor(&[]))?;
    let seen = seen(&*reader, plan).await;
    let values = session.values(args, &earlier, seen, global).await?;
    let known = known_secrets(session, plan, &values, args, &earlier, global).await?;
    let redactor = Snapshot::redactor(&known.iter().collect::<Vec<_>>());
    let probes = session.probes(&redactor)?;
    let actuator = session.actuator(plan, earlier, redactor)?;
    let own = match &doing {
        Doing::Anew(..) => String::new(),
        Doing::Again(view, ..) => view.operation.clone(),
    };
    let views = session.folder.others(&own)?;
    let mut facts = session.facts(plan, &views, &values, args).await?;
    let at_least = match &doing {
        Doing::Anew(_, code) => *code,
        Doing::Again(..) => ExitCode::Clean,
    };
    let (id, journal, doing) = match doing {
        Doing::Anew(options, _) => session.folder.create().map(|(id, journal)| (id, journal, Begun::Now(options)))?,
        Doing::Again(view, journal, how) => (view.operation.clone(), *journal, Begun::Before(view, how)),
    };
    let ledger = session.folder.approvals(&id, &session.kept);
    let mut executed = Folder::executed(&views);
    let other = ledger.executed_by(&plan.digest()).map_err(|error| CliError::new(chain(&error)))?;
    // The journals that are here know better whether it came to that.
    if let Some(other) = other.filter(|other| !views.iter().any(|view| view.operation == *other)) {
        executed.entry(plan.digest()).or_insert(other);
    }
    // An operation that is taken up goes on with what it was given.
    let given = ledger.given().map_err(|error| CliError::new(chain(&error)))?;
    facts.approvals.get_or_insert_default().extend(given);
    let execution = Execution {
        held: Arc::clone(&session.held),
        actuator,
        journal: Arc::new(journal),
        audit: Arc::clone(&session.audit) as _,
        gate,
        facts,
        forced,
        executed,
        approvals: Some(ledger),
        values,
        compared: session.compared(),
        probes,
    };
    let executor = execution.into_executor();
    let control = executor.control();
    let who = who();
    let work = async {
        match doing {
            Begun::Now(options) => executor.execute(&id, plan, &options, &who).await,
            Begun::Before(view, how) => executor.resume(*view, how, &who).await,
        }
    };
    let mut work = pin!(work);
    let report = match or_signal(signals, unless_waiting(&control, &mut work)).await {
        Ok(Some(report)) => report,
        Ok(None) => return left_waiting(session, &id, args, global),
        Err(_) => {
            control.cancel();
            warn("no further step begins; a second Ctrl-C ends at once, and the operation must be taken up then");
            match or_signal(signals, work).await {
                Ok(report) => report,
                Err(interrupted) => {
                    session.folder.remind(&id);
                    return Err(interrupted);
                }
            }
        }
    };
    match report {
        Ok(report) => finish(&report, at_least, args, global),
        Err(error) => {
            let complaint = CliError::new(chain(&error)).hint(format!("landfast op resume {id} takes it up"));
            let is_begun = session.folder.view(&id).is_ok_and(|view| view.reached_applying);
            Err(if is_begun { complaint.with_code(ExitCode::NotRolledBack) } else { complaint })
        }
    }
}

/// What the work comes to, or nothing as soon as it waits between two batches for somebody to confirm. It is left there then:
/// its journal says so.
async fn unless_waiting<T>(control: &Control, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    loop {
        match tokio::time::timeout(LOOK, work.as_mut()).await {
            Ok(done) => return Some(done),
            Err(_) if control.awaits_confirmation() => return None,
            Err(_) => {}
        }
    }
}

/// Says how an operation goes on that waits for somebody to confirm.
fn left_waiting(session: &Session, id: &str, args: &ExecuteArgs, global: &Global) -> Result<ExitCode, CliError> {
    let operation = OperationEntry::of(&session.folder.view(id)?);
    let code = ExitCode::Incomplete;
    let text = match args.format {
        ReportFormat::Text => render_operation(&operation),
        ReportFormat::Json => {
            to_json(&serde_json::json!({"operation": operation, "checks": [], "exit_code": code.code()}))?
        }
    };
    say(global, &text, &operation, code)?;
    note(&format!(
        "waiting for confirmation: `landfast op resume {id}` goes on, and with --back takes back what was done"
    ));
    Ok(code)
}

/// The objects that a plan touches as they are, those that can be read.
pub(crate) async fn seen(actuator: &dyn Actuator, plan: &Plan) -> Snapshot {
    let mut objects = Vec::new();
    for known in plan.before().objects().iter().chain(plan.after().objects()) {
        // What cannot be read is said when it is judged.
        objects.extend(actuator.read(&known.address, Some(known)).await.ok().flatten());
    }
    Snapshot::empty(Origin::new(SourceKind::Observation, actuator.name())).with_only(objects)
}

/// Everything that holds secrets in clear, for masking them.
async fn known_secrets(
    session: &Session,
    plan: &Plan,
    values: &Values,
    args: &ExecuteArgs,
    earlier: &[StateFile],
    global: &Global,
) -> Result<Vec<Snapshot>, CliError> {
    let clear = |snapshot: &Snapshot| {
        let objects = snapshot.objects().iter().filter_map(|object| values.find(object).ok());
        snapshot.with_only(objects)
    };
    let mut known = vec![clear(plan.before()), clear(plan.after())];
    known.extend(super::values_of(&args.values, global)?);
    known.extend(earlier.iter().map(StateFile::snapshot));
    known.extend(session.held.snapshot().await.map_err(|error| CliError::new(chain(&error)))?);
    Ok(known.into_iter().map(|snapshot| session.rules.mark_secrets(snapshot)).collect())
}

fn finish(report: &Report, at_least: ExitCode, args: &ExecuteArgs, global: &Global) -> Result<ExitCode, CliError> {
    let operation = OperationEntry::of(&report.view);
    let checks: Vec<CheckEntry> = report.checks.iter().map(CheckEntry::of).collect();
    let code = match report.stayed {
        Some(_) => ExitCode::Refused,
        None => ExitCode::of_operation(&report.view).and(at_least),
    };
    let text = match args.format {
        ReportFormat::Text => render_operation(&operation) + &render_checks(&checks),
        ReportFormat::Json => {
            let document = serde_json::json!({"operation": operation, "checks": checks, "exit_code": code.code()});
            to_json(&document)?
        }
    };
    say(global, &text, &operation, code)?;
    if report.checks.iter().any(|check| check.id.as_str() == "approvals" && check.refuses()) {
        note(
            "hint: `landfast approve` signs a plan, which `rollback --plan-only` writes too; --approval names what was signed",
        );
    }
    if let Some(why) = &report.stayed {
        let (id, expires) = (&operation.id, report.view.plan.expires());
        let hint = if expires <= SystemTime::now() {
            format!(
                "the plan expired at {}: --back takes back what was done, and a new plan does the rest",
                moment(expires)
            )
        } else {
            format!(
                "`landfast op resume {id}` can go on once nothing refuses it, and with --back takes back what was done"
            )
        };
        return Err(CliError::new(format!("operation {id} does not go on: {why}")).hint(hint).with_code(code));
    }
    if code == ExitCode::NotRolledBack {
        warn(&format!("somebody has to look at it: landfast op handover {}", operation.id));
    }
    Ok(code)
}

/// Writes what came of an operation; where that fails, its id and its state are in the error.
fn say(global: &Global, text: &str, operation: &OperationEntry, code: ExitCode) -> Result<(), CliError> {
    write(global, text.as_bytes(), Secrecy::Ordinary).map_err(|error| {
        let (id, state) = (&operation.id, &operation.state);
        CliError::new(format!(
            "operation {id} is {state}, and what came of it could not be written: {}",
            error.message()
        ))
        .hint(format!("landfast op show {id} shows it"))
        .with_code(code.and(ExitCode::Error))
    })
}

/// A document as JSON, safe to show.
pub(crate) fn to_json(document: &impl serde::Serialize) -> Result<String, CliError> {
    let text = serde_json::to_string_pretty(document);
    let text = text.map_err(|error| CliError::new(format!("it cannot be written as JSON: {error}")))?;
    Ok(landfast::report::escape_json(&text) + "\n")
}
