//! Operations, set out: where each step stands, what the checks said, what somebody has to look at.

use std::fmt::Write as _;

use landfast_rollback::OperationState;
use landfast_rollback::journal::{Record, StepState, View};
use landfast_safety::{CheckResult, ProposalKind};
use serde::Serialize;

use crate::escape::escape_line;

/// An operation, as it is shown. It holds no values of attributes.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct OperationEntry {
    /// Version of this form.
    pub format_version: &'static str,
    /// Its id.
    pub id: String,
    /// Its state.
    pub state: &'static str,
    /// Why it is in that state; empty where there is nothing to say.
    pub why: String,
    /// Whether it is at an end; one that is not has to be taken up.
    pub ended: bool,
    /// Whether somebody cancelled it.
    pub cancelled: bool,
    /// Who began it.
    pub who: String,
    /// When it began, RFC 3339.
    pub began: String,
    /// When its journal was last written, RFC 3339.
    pub last: String,
    /// Digest of its plan.
    pub plan: String,
    /// The operation that it takes back, where it does.
    pub rollback_of: Option<String>,
    /// The environment.
    pub environment: String,
    /// Where the state is.
    pub store: String,
    /// The workspace.
    pub workspace: String,
    /// The steps, in order.
    pub steps: Vec<OperationStepEntry>,
}

/// A step of an operation, as it is shown.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct OperationStepEntry {
    /// Its number.
    pub step: u32,
    /// What it does.
    pub action: &'static str,
    /// The object.
    pub address: String,
    /// Its address afterwards, where that is another one.
    pub moves_to: Option<String>,
    /// Where it stands.
    pub state: StepState,
    /// Why it did not end well; empty where it did.
    pub why: String,
    /// How well it can be taken back.
    pub inverse: &'static str,
}

impl OperationEntry {
    /// The operation as its journal says.
    #[must_use]
    pub fn of(view: &View) -> Self {
        let step = |step: &landfast_rollback::plan::Step| OperationStepEntry {
            step: step.id.number(),
            action: step.action.as_str(),
            address: step.address.to_string(),
            moves_to: step.moves_to.as_ref().map(ToString::to_string),
            state: view.step(step.id),
            why: view.ends.get(&step.id).map(|(_, ended)| ended.why.clone()).unwrap_or_default(),
            inverse: step.inverse.class.as_str(),
        };
        let target = view.plan.target();
        Self {
            format_version: "1.0",
            id: view.operation.clone(),
            state: view.state.as_str(),
            why: view.why.clone(),
            ended: view.is_ended(),
            cancelled: view.cancelled,
            who: view.who.clone(),
            began: view.began.clone(),
            last: view.last.clone(),
            plan: view.plan.digest().to_string(),
            rollback_of: match view.plan.kind() {
                ProposalKind::Forward => None,
                ProposalKind::Rollback { operation } => Some(operation.clone()),
            },
            environment: target.environment.clone(),
            store: target.store.clone(),
            workspace: target.workspace.clone(),
            steps: view.plan.steps().iter().map(step).collect(),
        }
    }
}

fn name(state: StepState) -> &'static str {
    match state {
        StepState::NotStarted => "not started",
        StepState::Applied => "applied",
        StepState::Reverted => "taken back",
        StepState::Failed => "failed",
        StepState::Unknown => "unknown",
    }
}

fn step_line(step: &OperationStepEntry) -> String {
    let to = step.moves_to.as_ref().map(|to| format!(" -> {to}")).unwrap_or_default();
    format!("{} {}{to}", step.action, step.address)
}

/// An operation as text.
#[must_use]
pub fn render_operation(operation: &OperationEntry) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail, here and below.
    let mut line = |text: &str| {
        let _ = writeln!(out, "{}", escape_line(text));
    };
    let open = if operation.ended { "" } else { " (not ended: it has to be taken up)" };
    line(&format!("operation {}: {}{open}", operation.id, operation.state));
    if !operation.why.is_empty() {
        line(&format!("because {}", operation.why));
    }
    if let Some(other) = &operation.rollback_of {
        line(&format!("takes back operation {other}"));
    }
    line(&format!("plan {} for {}, workspace {}", operation.plan, operation.store, operation.workspace));
    line(&format!("begun by {} at {}, last written at {}", operation.who, operation.began, operation.last));
    for step in &operation.steps {
        line(&format!("  {:>3}  {:<11}  {}", step.step, name(step.state), step_line(step)));
        if !step.why.is_empty() {
            line(&format!("       {}", step.why));
        }
    }
    out
}

/// Operations as a table, in the order in which they are given.
#[must_use]
pub fn render_operations(operations: &[OperationEntry]) -> String {
    let mut out = String::new();
    for operation in operations {
        let done = operation.steps.iter().filter(|step| step.state == StepState::Applied).count();
        let text = format!(
            "{}  {:<17}  {done}/{} applied  {}  {}",
            operation.id,
            operation.state,
            operation.steps.len(),
            operation.who,
            operation.store
        );
        let _ = writeln!(out, "{}", escape_line(&text));
    }
    out
}

/// One check, as it is shown.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct CheckEntry {
    /// The check.
    pub id: String,
    /// What it came to.
    pub outcome: &'static str,
    /// Its level.
    pub level: &'static str,
    /// Whether it refuses.
    pub refuses: bool,
    /// Whether somebody overrode it.
    pub overridden: bool,
    /// What it found.
    pub evidence: Vec<landfast_safety::Evidence>,
    /// What to do about it.
    pub advice: String,
}

impl CheckEntry {
    /// The check as it is shown.
    #[must_use]
    pub fn of(result: &CheckResult) -> Self {
        Self {
            id: result.id.to_string(),
            outcome: result.outcome.as_str(),
            level: result.level.as_str(),
            refuses: result.refuses(),
            overridden: result.overridden,
            evidence: result.evidence.clone(),
            advice: result.advice.clone(),
        }
    }
}

/// The checks that say something: those that refuse, warn, or were overridden.
#[must_use]
pub fn render_checks(checks: &[CheckEntry]) -> String {
    let mut out = String::new();
    for check in checks.iter().filter(|check| check.refuses || check.overridden || check.outcome == "warn") {
        let overridden = if check.overridden { " (overridden)" } else { "" };
        let _ = writeln!(out, "{}  {}{overridden}", check.outcome, escape_line(&check.id));
        for evidence in &check.evidence {
            let about = if evidence.about.is_empty() { String::new() } else { format!("{}: ", evidence.about) };
            let _ = writeln!(out, "      {}", escape_line(&format!("{about}{}", evidence.found)));
        }
        if check.refuses && !check.advice.is_empty() {
            let _ = writeln!(out, "      {}", escape_line(&check.advice));
        }
    }
    out
}

/// One record of a journal, as it is shown: without the plan and the objects that it holds.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct LogEntry {
    /// Its number, from 1.
    pub number: usize,
    /// When, RFC 3339.
    pub at: String,
    /// `info`, `warn` or `error`.
    pub level: String,
    /// What happened.
    pub text: String,
}

impl LogEntry {
    /// The record with this number as it is shown.
    #[must_use]
    pub fn of(number: usize, record: &Record) -> Self {
        let why = |why: &str| if why.is_empty() { String::new() } else { format!(": {why}") };
        let (at, level, text) = match record {
            Record::Opened { operation, who, at, .. } => {
                (at, "info", format!("operation {operation} is opened by {who}"))
            }
            Record::Judged { cleared: true, overridden, reason, at, .. } => {
                let forced = if overridden.is_empty() {
                    String::new()
                } else {
                    format!("; overridden: {} ({reason})", overridden.join(", "))
                };
                (at, "info", format!("the checks let it through{forced}"))
            }
            Record::Judged { refused, at, .. } => (at, "warn", format!("the checks refuse it: {}", refused.join(", "))),
            Record::Before { at, .. } => (at, "info", String::from("what there is before it is recorded")),
            Record::Went { from, to, level, why: reason, at } => {
                (at, level.as_str(), format!("{from} -> {to}{}", why(reason)))
            }
            Record::Intent { step, direction, at } => (at, "info", format!("{step} is about to act, {direction}")),
            Record::Ended { step, direction, end, at } => {
                let level = if end.end == landfast_rollback::journal::StepEnd::Done { "info" } else { "warn" };
                let what = serde_json::to_value(end.end).ok();
                let what = what.as_ref().and_then(|what| what.as_str()).unwrap_or_default().replace('_', " ");
                (at, level, format!("{step} ended, {direction}: {what}{}", why(&end.why)))
            }
            Record::Paused { paused: true, at } => (at, "info", String::from("it waits")),
            Record::Paused { at, .. } => (at, "info", String::from("it goes on")),
            Record::Cancelled { at } => (at, "warn", String::from("somebody cancels it")),
            Record::TakenUp { who, at } => (at, "info", format!("{who} takes it up")),
            _ => {
                return Self {
                    number,
                    at: String::new(),
                    level: "info".into(),
                    text: "(a newer kind of record)".into(),
                };
            }
        };
        Self { number, at: at.clone(), level: level.to_owned(), text }
    }
}

/// A journal as text, a line for each record.
#[must_use]
pub fn render_log(entries: &[LogEntry]) -> String {
    let line =
        |entry: &LogEntry| format!("{}\n", escape_line(&format!("{}  {:<5}  {}", entry.at, entry.level, entry.text)));
    entries.iter().map(line).collect()
}

/// What somebody needs who takes over after an operation.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct HandOver {
    /// The operation.
    pub operation: OperationEntry,
    /// Steps that are done, by number.
    pub done: Vec<u32>,
    /// Steps that are not, by number: never done, or taken back.
    pub not_done: Vec<u32>,
    /// What a person must look at, in words.
    pub check: Vec<String>,
    /// Commands that go on from here.
    pub commands: Vec<String>,
}

impl HandOver {
    /// The hand-over of an operation.
    #[must_use]
    pub fn of(view: &View) -> Self {
        let operation = OperationEntry::of(view);
        let of = |wanted: &[StepState]| -> Vec<u32> {
            operation.steps.iter().filter(|step| wanted.contains(&step.state)).map(|step| step.step).collect()
        };
        let (done, not_done) = (of(&[StepState::Applied]), of(&[StepState::NotStarted, StepState::Reverted]));
        let mut check = Vec::new();
        for step in &operation.steps {
            let why = if step.why.is_empty() { String::new() } else { format!(" ({})", step.why) };
            match step.state {
                StepState::Unknown => check.push(format!(
                    "step {}: find out whether `{}` was done; nobody has read it since{why}",
                    step.step,
                    step_line(step)
                )),
                StepState::Failed => check.push(format!(
                    "step {}: `{}` was done in part or otherwise; compare the object with the plan{why}",
                    step.step,
                    step_line(step)
                )),
                StepState::Applied if view.state == OperationState::RollbackFailed => check.push(format!(
                    "step {}: `{}` is done and could not be taken back{why}",
                    step.step,
                    step_line(step)
                )),
                StepState::Applied | StepState::NotStarted | StepState::Reverted => {}
            }
        }
        let id = &operation.id;
        let mut commands = vec![format!("landfast op show {id}"), format!("landfast op log {id}")];
        let reached = view.reached_applying;
        if !operation.ended {
            commands.push(format!("landfast op resume {id}"));
            commands.push(format!("landfast op resume {id} --back"));
        }
        if operation.ended && reached && (!done.is_empty() || !check.is_empty()) {
            commands.push(format!("landfast rollback {id}"));
        }
        Self { operation, done, not_done, check, commands }
    }
}

/// A hand-over as Markdown, which is also what a terminal shows.
#[must_use]
pub fn render_hand_over(report: &HandOver) -> String {
    let operation = &report.operation;
    let mut out = String::new();
    // A heading begins like a command of some CI systems, and is none: data never stands at the start of its line.
    let mut line = |text: &str| {
        let _ = match text.strip_prefix('\u{0}') {
            Some(title) => writeln!(out, "\n## {title}\n"),
            None => writeln!(out, "{}", escape_line(text)),
        };
    };
    line(&format!("# Operation {}", operation.id));
    line("");
    line(&format!("- State: {}{}", operation.state, if operation.ended { "" } else { ", not ended" }));
    if !operation.why.is_empty() {
        line(&format!("- Because: {}", operation.why));
    }
    line(&format!("- Begun by {} at {}, last written at {}", operation.who, operation.began, operation.last));
    line(&format!("- Where: {}, workspace {}", operation.store, operation.workspace));
    line(&format!("- Plan: {}", operation.plan));
    for (title, numbers) in [("Done", &report.done), ("Not done", &report.not_done)] {
        line(&format!("\u{0}{title}"));
        if numbers.is_empty() {
            line("Nothing.");
        }
        for step in operation.steps.iter().filter(|step| numbers.contains(&step.step)) {
            line(&format!("- step {}: `{}` ({})", step.step, step_line(step), name(step.state)));
        }
    }
    line("\u{0}To be looked at by a person");
    if report.check.is_empty() {
        line("Nothing.");
    }
    for text in &report.check {
        line(&format!("- {text}"));
    }
    line("\u{0}Commands");
    for command in &report.commands {
        line(&format!("    {command}"));
    }
    out
}
