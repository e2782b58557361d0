//! The report for a terminal.

mod changes;
mod style;
mod values;

use std::fmt::Write as _;

use landfast_drift::{DriftReport, DriftStatus, ResourceDrift, Severity};
use landfast_state::Origin;

use crate::document::ReportKind;
use crate::escape::escape_line;

use changes::push_changes;
pub(crate) use style::Painter;
pub(crate) use values::lines_of;

/// How to render text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextOptions {
    /// Whether to use ANSI colours. Default: no.
    pub color: ColorChoice,
    /// Width of the terminal in columns: what does not fit on one line is set below instead. Default 100.
    pub width: usize,
    /// How much to show. Default: what has drifted.
    pub detail: Detail,
}

/// Whether text carries ANSI colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorChoice {
    /// Plain text.
    #[default]
    Never,
    /// ANSI escape sequences.
    Always,
}

/// How much of a report the text shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// What has drifted or could not be read, and the ids of the rules.
    #[default]
    Drift,
    /// All resources, what the rules say, what was normalised, and what was not compared.
    Everything,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self { color: ColorChoice::default(), width: 100, detail: Detail::default() }
    }
}

/// The report as text: a summary line first, then the resources by address.
#[must_use]
pub fn render_text(report: &DriftReport, kind: ReportKind, options: &TextOptions) -> String {
    let painter = Painter::new(options.color);
    let mut out = summary(report, kind, &painter);
    let (first, second) = match kind {
        ReportKind::Drift => ("recorded", "observed"),
        ReportKind::Diff => ("a", "b"),
    };
    let width = first.len().max(second.len());
    for (name, origins) in [(first, &report.recorded), (second, &report.observed)] {
        for origin in origins {
            // Writing to a string cannot fail, here and below.
            let _ = writeln!(out, "  {name:width$}  {}", origin_line(origin));
        }
    }
    for resource in &report.resources {
        if resource.status != DriftStatus::InSync || options.detail == Detail::Everything {
            push_resource(&mut out, resource, kind, options, &painter);
        }
    }
    push_not_compared(&mut out, report, options);
    out
}

fn summary(report: &DriftReport, kind: ReportKind, painter: &Painter) -> String {
    let counts = report.counts();
    let coverage = report.coverage();
    let different = counts.drifted + counts.missing + counts.unmanaged;
    let mut parts = Vec::new();
    let names = match kind {
        ReportKind::Drift => ["drifted", "missing", "unmanaged"],
        ReportKind::Diff => ["changed", "only in a", "only in b"],
    };
    for (count, name) in [counts.drifted, counts.missing, counts.unmanaged].into_iter().zip(names) {
        if count > 0 {
            parts.push(format!("{count} {name}"));
        }
    }
    let word = match kind {
        ReportKind::Drift => "drift",
        ReportKind::Diff => "difference",
    };
    let mut line = if different > 0 {
        let worst = report.worst_severity();
        let worst = painter.severity(worst, worst.as_str());
        format!("{word} in {different} of {}: {}; worst {worst}", resources(coverage.total), parts.join(", "))
    } else if coverage.is_complete() {
        format!("no {word} in {}", resources(coverage.total))
    } else {
        format!("no {word} found, but not everything was read")
    };
    if !coverage.is_complete() {
        let _ = write!(line, "; {} of {} not or not fully read", coverage.gaps(), resources(coverage.total));
    }
    painter.bold(&line) + "\n"
}

fn resources(count: usize) -> String {
    format!("{count} resource{}", if count == 1 { "" } else { "s" })
}

fn origin_line(origin: &Origin) -> String {
    let mut line = format!("{} ({}", escape_line(&origin.source), origin.kind.as_str());
    if let Some(serial) = origin.serial {
        let _ = write!(line, ", serial {serial}");
    }
    if let Some(timestamp) = &origin.timestamp {
        let _ = write!(line, ", {}", escape_line(timestamp));
    }
    line.push(')');
    line
}

fn push_resource(
    out: &mut String,
    resource: &ResourceDrift,
    kind: ReportKind,
    options: &TextOptions,
    painter: &Painter,
) {
    let address = resource.address.to_string();
    let status = match (kind, resource.status) {
        (ReportKind::Diff, DriftStatus::Drifted) => "changed",
        (ReportKind::Diff, DriftStatus::Missing) => "only in a",
        (ReportKind::Diff, DriftStatus::Unmanaged) => "only in b",
        (_, DriftStatus::InSync) => "in sync",
        (_, status) => status.as_str(),
    };
    let sign = painter.status(resource.status, sign_of(resource.status));
    let _ = write!(out, "\n{sign} {}  {status}", painter.bold(&escape_line(&address)));
    if resource.severity > Severity::None {
        let _ = write!(out, ", {}", painter.severity(resource.severity, resource.severity.as_str()));
    }
    if !resource.impacts.is_empty() {
        let impacts: Vec<_> = resource.impacts.iter().map(|impact| impact.as_str()).collect();
        let _ = write!(out, ", {}", impacts.join(" + "));
    }
    if let Some(class) = resource.class {
        let _ = write!(out, " [{}]", class.as_str());
    }
    out.push('\n');
    if let Some(previous) = &resource.previous_address {
        let _ = writeln!(out, "    moved from {}", escape_line(&previous.to_string()));
    }
    if let Some(reason) = &resource.reason {
        let _ = writeln!(out, "    {}", escape_line(reason));
    }
    push_changes(out, &resource.changes, options.width, painter);
    for path in &resource.unreadable {
        let _ = writeln!(out, "    ? {}  not comparable", escape_line(&path.to_string()));
    }
    if options.detail == Detail::Everything {
        for normalised in &resource.normalised {
            let path = normalised.path.to_string();
            let _ = writeln!(out, "    = {}  equal by {}", escape_line(&path), normalised.normaliser);
        }
        for rule in &resource.rules {
            let _ = writeln!(out, "    {}", painter.dim(&format!("rule {}: {}", rule.id, escape_line(&rule.why))));
        }
    } else if !resource.rules.is_empty() {
        for line in rule_lines(resource, options.width) {
            let _ = writeln!(out, "    {}", painter.dim(&line));
        }
    }
}

/// The ids of the rules, over as many lines as they need in this width.
fn rule_lines(resource: &ResourceDrift, width: usize) -> Vec<String> {
    let mut lines = vec![String::from("rules:")];
    for (at, rule) in resource.rules.iter().enumerate() {
        let comma = if at + 1 < resource.rules.len() { "," } else { "" };
        let word = format!(" {}{comma}", rule.id);
        match lines.last_mut() {
            // Four columns of indent stand before each line.
            Some(line) if 4 + line.len() + word.len() <= width || line.ends_with(':') => line.push_str(&word),
            _ => lines.push(format!("      {word}")),
        }
    }
    lines
}

fn sign_of(status: DriftStatus) -> &'static str {
    match status {
        DriftStatus::InSync => "=",
        DriftStatus::Drifted => "~",
        DriftStatus::Missing => "-",
        DriftStatus::Unmanaged => "+",
        DriftStatus::Suppressed => "*",
        DriftStatus::Unreadable | DriftStatus::Unsupported => "?",
    }
}

fn push_not_compared(out: &mut String, report: &DriftReport, options: &TextOptions) {
    if report.not_compared.is_empty() {
        return;
    }
    let mut counts = std::collections::BTreeMap::new();
    for object in &report.not_compared {
        *counts.entry(object.reason.as_str()).or_insert(0_usize) += 1;
    }
    let parts: Vec<_> =
        counts.into_iter().map(|(reason, count)| format!("{count} {}", reason.replace('_', " "))).collect();
    let _ = writeln!(out, "\nnot compared: {}", parts.join(", "));
    if options.detail == Detail::Everything {
        for object in &report.not_compared {
            let _ = writeln!(out, "    {}", escape_line(&object.address.to_string()));
        }
    }
}
