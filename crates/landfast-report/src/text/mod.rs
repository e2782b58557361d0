//! The report for a terminal.

mod changes;
mod scan;
mod style;
mod values;
mod wrap;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use landfast_drift::{DriftReport, DriftStatus, ResourceDrift, Severity};
use landfast_state::{Origin, Redactor};

use crate::document::ReportKind;
use crate::escape::escape_line;

use changes::push_changes;
pub(crate) use changes::push_changes as push_attribute_changes;
pub(crate) use style::Painter;
pub(crate) use values::lines_of;
use wrap::{Word, columns, fill, fill_data, push_lines, words};

/// How to render text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextOptions {
    /// Whether to use ANSI colours. Default: no.
    pub color: ColorChoice,
    /// Width of the terminal in columns: lines break between words, and what does not fit on one line is set below
    /// instead. Addresses, paths, values and ids stay whole, however wide. Default 100.
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

/// The report as text: a summary line first, then the resources by address. Copies of secrets that the report knows of are
/// masked wherever they stand.
#[must_use]
pub fn render_text(report: &DriftReport, kind: ReportKind, options: &TextOptions) -> String {
    let painter = Painter::new(options.color);
    let mut out = summary(report, kind, options, &painter);
    let (first, second) = match kind {
        ReportKind::Drift => ("recorded", "observed"),
        ReportKind::Diff => ("a", "b"),
    };
    let width = first.len().max(second.len());
    for (name, origins) in [(first, &report.recorded), (second, &report.observed)] {
        for origin in origins {
            // Writing to a string cannot fail, here and below.
            let _ = write!(out, "  {name:width$}  ");
            let lines = fill(origin_words(origin), width + 4, width + 4, options.width);
            push_lines(&mut out, &lines, 0, width + 4);
        }
    }
    for resource in &report.resources {
        if resource.status != DriftStatus::InSync || options.detail == Detail::Everything {
            push_resource(&mut out, resource, kind, &report.redactor, options, &painter);
        }
    }
    push_not_compared(&mut out, report, options);
    push_not_listed(&mut out, report, options);
    if let Some(scan) = &report.scan {
        scan::push_scan(&mut out, scan, &report.redactor, options);
    }
    report.redactor.redact(&out).into_owned()
}

/// Columns before the lines of a resource that its heading did not take.
const INDENT: usize = 4;

/// Columns before what belongs to the line above.
const HANGING: usize = 8;

fn summary(report: &DriftReport, kind: ReportKind, options: &TextOptions, painter: &Painter) -> String {
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
    let gaps = match coverage.gaps() {
        0 => String::new(),
        gaps => format!("{gaps} of {} not or not fully read", resources(coverage.total)),
    };
    let end = if gaps.is_empty() { "" } else { ";" };
    let mut line = if different > 0 {
        let worst = report.worst_severity();
        let mut line =
            words(&format!("{word} in {different} of {}: {}; worst", resources(coverage.total), parts.join(", ")));
        line.push(Word::painted(worst.as_str(), painter.severity(worst, worst.as_str())).and(end));
        line
    } else if gaps.is_empty() {
        words(&format!("no {word} in {}", resources(coverage.total)))
    } else {
        words(&format!("no {word} found, but not everything was read{end}"))
    };
    line.extend(words(&gaps));
    if coverage.left_out > 0 {
        let last = line.pop().map(|last| last.and(";"));
        line.extend(last);
        line.extend(words(&format!("{} more left out", coverage.left_out)));
    }
    let lines: Vec<_> = fill(line, 0, INDENT, options.width).iter().map(|line| painter.bold(line)).collect();
    let mut out = String::new();
    push_lines(&mut out, &lines, 0, INDENT);
    out
}

fn resources(count: usize) -> String {
    format!("{count} resource{}", if count == 1 { "" } else { "s" })
}

/// The name of a source, and what is known of it.
fn origin_words(origin: &Origin) -> Vec<Word> {
    let mut facts = vec![String::from(origin.kind.as_str())];
    facts.extend(origin.serial.map(|serial| format!("serial {serial}")));
    facts.extend(origin.timestamp.as_deref().map(|timestamp| escape_line(timestamp).into_owned()));
    let last = facts.len() - 1;
    let facts = facts.into_iter().enumerate().map(|(at, fact)| {
        let open = if at == 0 { "(" } else { "" };
        Word::whole(format!("{open}{fact}")).and(if at == last { ")" } else { "," })
    });
    std::iter::once(Word::whole(escape_line(&origin.source))).chain(facts).collect()
}

/// Texts that lines break in are masked here: in the finished text, a copy of a secret could be broken apart.
fn push_resource(
    out: &mut String,
    resource: &ResourceDrift,
    kind: ReportKind,
    redactor: &Redactor,
    options: &TextOptions,
    painter: &Painter,
) {
    let status = match (kind, resource.status) {
        (ReportKind::Diff, DriftStatus::Drifted) => "changed",
        (ReportKind::Diff, DriftStatus::Missing) => "only in a",
        (ReportKind::Diff, DriftStatus::Unmanaged) => "only in b",
        (_, DriftStatus::InSync) => "in sync",
        (_, status) => status.as_str(),
    };
    let mut facts = vec![Word::whole(status)];
    let also = |facts: &mut Vec<Word>, word: Word| {
        if let Some(last) = facts.pop() {
            facts.push(last.and(","));
        }
        facts.push(word);
    };
    if resource.severity > Severity::None {
        let name = resource.severity.as_str();
        also(&mut facts, Word::painted(name, painter.severity(resource.severity, name)));
    }
    if !resource.impacts.is_empty() {
        let impacts: Vec<_> = resource.impacts.iter().map(|impact| impact.as_str()).collect();
        let mut impacts = words(&impacts.join(" + ")).into_iter();
        impacts.next().into_iter().for_each(|word| also(&mut facts, word));
        facts.extend(impacts);
    }
    facts.extend(resource.class.map(|class| Word::whole(format!("[{}]", class.as_str()))));
    push_heading(out, resource, facts, options, painter);
    if let Some(previous) = &resource.previous_address {
        let text = redactor.redact(&previous.to_string()).into_owned();
        let _ = writeln!(out, "    moved from {}", escape_line(&text));
    }
    if let Some(reason) = &resource.reason {
        let lines = fill_data(&redactor.redact(reason), INDENT, HANGING, options.width);
        push_lines(out, &lines, INDENT, HANGING);
    }
    push_changes(out, &resource.changes, options.width, painter);
    for path in &resource.unreadable {
        push_pair(out, "?", &path.to_string(), "not comparable", options.width);
    }
    if options.detail == Detail::Everything {
        for normalised in &resource.normalised {
            let by = format!("equal by {}", normalised.normaliser);
            push_pair(out, "=", &normalised.path.to_string(), &by, options.width);
        }
        for rule in &resource.rules {
            let text = format!("rule {}: {}", rule.id, redactor.redact(&rule.why));
            let lines: Vec<_> =
                fill_data(&text, INDENT, HANGING, options.width).iter().map(|line| painter.dim(line)).collect();
            push_lines(out, &lines, INDENT, HANGING);
        }
    } else if !resource.rules.is_empty() {
        for line in rule_lines(resource, options.width) {
            let _ = writeln!(out, "    {}", painter.dim(&line));
        }
    }
}

/// Appends sign and address, and what was found: behind them where that fits on the line, below them otherwise.
fn push_heading(
    out: &mut String,
    resource: &ResourceDrift,
    facts: Vec<Word>,
    options: &TextOptions,
    painter: &Painter,
) {
    let address = escape_line(&resource.address.to_string()).into_owned();
    let sign = painter.status(resource.status, sign_of(resource.status));
    let _ = write!(out, "\n{sign} {}", painter.bold(&address));
    // The sign and a space stand before the address, two spaces behind it.
    let before = 2 + address.chars().count() + 2;
    if before + columns(&facts) <= options.width {
        out.push_str("  ");
        push_lines(out, &fill(facts, before, before, options.width), 0, 0);
    } else {
        out.push('\n');
        push_lines(out, &fill(facts, INDENT, HANGING, options.width), INDENT, HANGING);
    }
}

/// Appends a path and what is said of it: beside it where that fits, below it otherwise.
fn push_pair(out: &mut String, sign: &str, path: &str, what: &str, width: usize) {
    let path = escape_line(path);
    if INDENT + 2 + path.chars().count() + 2 + what.chars().count() <= width {
        let _ = writeln!(out, "    {sign} {path}  {what}");
    } else {
        let _ = writeln!(out, "    {sign} {path}");
        push_lines(out, &fill(words(what), HANGING, HANGING, width), HANGING, HANGING);
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

/// Says of which types unmanaged objects would not be seen: those with one reason together.
fn push_not_listed(out: &mut String, report: &DriftReport, options: &TextOptions) {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (type_name, reason) in &report.not_listed {
        by_reason.entry(reason).or_default().push(type_name);
    }
    for (at, (reason, types)) in by_reason.into_iter().enumerate() {
        out.push_str(if at == 0 { "\n" } else { "" });
        let text = format!("unmanaged not seen: {} ({reason})", types.join(", "));
        push_lines(out, &fill(words(&escape_line(&text)), 0, INDENT, options.width), 0, INDENT);
    }
}

fn push_not_compared(out: &mut String, report: &DriftReport, options: &TextOptions) {
    if report.not_compared.is_empty() {
        return;
    }
    let mut counts = BTreeMap::new();
    for object in &report.not_compared {
        *counts.entry(object.reason.as_str()).or_insert(0_usize) += 1;
    }
    let parts: Vec<_> =
        counts.into_iter().map(|(reason, count)| format!("{count} {}", reason.replace('_', " "))).collect();
    out.push('\n');
    let lines = fill(words(&format!("not compared: {}", parts.join(", "))), 0, INDENT, options.width);
    push_lines(out, &lines, 0, INDENT);
    if options.detail == Detail::Everything {
        for object in &report.not_compared {
            let _ = writeln!(out, "    {}", escape_line(&object.address.to_string()));
        }
    }
}
