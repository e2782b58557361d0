//! Plans, set out: what cannot be undone first.

use std::fmt::Write as _;

use landfast_rollback::Plan;
use landfast_rollback::plan::Step;
use landfast_safety::ProposalKind;
use serde::Serialize;

use crate::escape::escape_line;

/// A plan, as it is shown. It holds no values of attributes.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct PlanEntry {
    /// Version of this form.
    pub format_version: &'static str,
    /// Digest of the plan.
    pub digest: String,
    /// The operation that it takes back, where it does.
    pub rollback_of: Option<String>,
    /// The environment; empty where none is defined.
    pub environment: String,
    /// Where the state is.
    pub store: String,
    /// The workspace.
    pub workspace: String,
    /// Lineage of the state.
    pub lineage: String,
    /// Serial of the state that it was made on.
    pub serial: u64,
    /// Digest of the state that it was made on.
    pub state: String,
    /// Who made it.
    pub author: String,
    /// When it was made, RFC 3339.
    pub created: String,
    /// When it is too old to be executed, RFC 3339.
    pub expires: String,
    /// Whether it is too old now.
    pub expired: bool,
    /// Numbers of the steps that cannot be taken back, or of which nobody knows.
    pub irreversible: Vec<u32>,
    /// The steps, in order.
    pub steps: Vec<PlanStepEntry>,
    /// The batches, each with the numbers of its steps.
    pub batches: Vec<Vec<u32>>,
}

/// A step, as it is shown.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct PlanStepEntry {
    /// Its number.
    pub step: u32,
    /// What is done.
    pub action: &'static str,
    /// The object.
    pub address: String,
    /// Its address afterwards, where that is another one.
    pub moves_to: Option<String>,
    /// The attributes that change.
    pub attributes: Vec<String>,
    /// Steps that come before.
    pub needs: Vec<u32>,
    /// How well it can be taken back.
    pub inverse: &'static str,
    /// Why not exactly.
    pub inverse_reasons: Vec<String>,
    /// What makes it dangerous.
    pub flags: Vec<&'static str>,
    /// How long it may take, in seconds.
    pub timeout_seconds: f64,
}

impl PlanStepEntry {
    /// The step as it is shown.
    #[must_use]
    pub fn of(step: &Step) -> Self {
        Self {
            step: step.id.number(),
            action: step.action.as_str(),
            address: step.address.to_string(),
            moves_to: step.moves_to.as_ref().map(ToString::to_string),
            attributes: step.attributes.iter().map(ToString::to_string).collect(),
            needs: step.needs.iter().map(|id| id.number()).collect(),
            inverse: step.inverse.class.as_str(),
            inverse_reasons: step.inverse.reasons.clone(),
            flags: step.flags.iter().map(|flag| flag.as_str()).collect(),
            timeout_seconds: step.timeout.as_secs_f64(),
        }
    }
}

impl PlanEntry {
    /// The plan as it is shown at this time. `moment` writes times as RFC 3339.
    #[must_use]
    pub fn of(plan: &Plan, now: std::time::SystemTime, moment: impl Fn(std::time::SystemTime) -> String) -> Self {
        let target = plan.target();
        let irreversible = plan.steps().iter().filter(|step| step.inverse.class.is_irreversible());
        Self {
            format_version: "1.0",
            digest: plan.digest().to_string(),
            rollback_of: match plan.kind() {
                ProposalKind::Forward => None,
                ProposalKind::Rollback { operation } => Some(operation.clone()),
            },
            environment: target.environment.clone(),
            store: target.store.clone(),
            workspace: target.workspace.clone(),
            lineage: target.lineage.clone(),
            serial: target.serial,
            state: plan.state().to_string(),
            author: plan.author().to_owned(),
            created: moment(plan.created()),
            expires: moment(plan.expires()),
            expired: now >= plan.expires(),
            irreversible: irreversible.map(|step| step.id.number()).collect(),
            steps: plan.steps().iter().map(PlanStepEntry::of).collect(),
            batches: plan.batches().iter().map(|batch| batch.steps.iter().map(|id| id.number()).collect()).collect(),
        }
    }
}

/// A plan as text. What cannot be taken back stands first.
#[must_use]
pub fn render_plan(plan: &PlanEntry) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail, here and below.
    let mut line = |text: &str| {
        let _ = writeln!(out, "{}", escape_line(text));
    };
    line(&format!("plan {}", plan.digest));
    if let Some(operation) = &plan.rollback_of {
        line(&format!("takes back operation {operation}"));
    }
    let environment =
        if plan.environment.is_empty() { String::new() } else { format!(", environment {}", plan.environment) };
    line(&format!("for {}, workspace {}{environment}, serial {}", plan.store, plan.workspace, plan.serial));
    line(&format!(
        "made by {} at {}, expires {}{}",
        plan.author,
        plan.created,
        plan.expires,
        if plan.expired { " (EXPIRED)" } else { "" }
    ));
    line("");
    let lasting: Vec<&PlanStepEntry> = plan.steps.iter().filter(|step| step.inverse != "exact").collect();
    if lasting.is_empty() {
        line("every step can be taken back exactly");
    } else {
        line("cannot be taken back, or not exactly:");
        let mut sorted = lasting;
        sorted.sort_by_key(|step| (!plan.irreversible.contains(&step.step), step.step));
        for step in sorted {
            line(&format!("  {:>3}  {} {}: {}", step.step, step.action, step.address, step.inverse));
            for reason in &step.inverse_reasons {
                line(&format!("       {reason}"));
            }
        }
    }
    line("");
    for (at, batch) in plan.batches.iter().enumerate() {
        if plan.batches.len() > 1 {
            line(&format!("batch {}", at + 1));
        }
        for step in plan.steps.iter().filter(|step| batch.contains(&step.step)) {
            let to = step.moves_to.as_ref().map(|to| format!(" -> {to}")).unwrap_or_default();
            let flags = if step.flags.is_empty() { String::new() } else { format!("  [{}]", step.flags.join(", ")) };
            line(&format!("  {:>3}  {} {}{to}{flags}", step.step, step.action, step.address));
            if !step.attributes.is_empty() {
                line(&format!("       changes {}", step.attributes.join(", ")));
            }
        }
    }
    out
}
