//! What a scan did.

use landfast_drift::{ScanCounts, ScanEnding, ScanReport, Trouble};
use landfast_state::Redactor;

use super::wrap::{fill_data, push_lines};
use super::{Detail, INDENT, TextOptions};

/// How many reasons of what could not be read, and how many warnings, are told, unless everything is.
const SHOWN: usize = 20;

/// Says how a scan went, where there is more to say than the resources say, or everything is to be said.
pub(super) fn push_scan(out: &mut String, scan: &ScanReport, redactor: &Redactor, options: &TextOptions) {
    if scan.is_plain() && options.detail != Detail::Everything {
        return;
    }
    out.push('\n');
    let mut line = |indent: usize, text: &str| {
        // Masked before it is broken into lines: a copy of a secret could be broken apart.
        let text = redactor.redact(text);
        let hanging = indent + INDENT;
        push_lines(out, &fill_data(&text, indent, hanging, options.width), indent, hanging);
    };
    let end = match scan.end {
        ScanEnding::Complete => "",
        ScanEnding::Interrupted => " (interrupted)",
    };
    let repeated = match scan.retries {
        0 => String::new(),
        retries => format!("; {} repeated", counted(retries, "read")),
    };
    line(0, &format!("scan{end}: {}{repeated}", counts(scan.recorded)));
    if let Some(unowned) = scan.unowned {
        line(0, &format!("scan of what nothing recorded owns: {}", counts(unowned)));
    }
    if let Some(text) = left_out(scan) {
        line(0, &text);
    }
    if let Some(sample) = scan.sample {
        let found = format!("sample of {} %: {} of {} compared", sample.percent, sample.read, objects(sample.total));
        let (most, share) = (sample.most_drifted, percent_up(sample.upper));
        let bound = format!("at most {most} of the {} have drifted ({share:.2} %)", sample.total);
        let sure = format!("with {:.0} % confidence", sample.confidence * 100.0);
        line(0, &format!("{found}, {} drifted; {sure} {bound}", sample.drifted));
    }
    for provider in &scan.providers {
        let mut parts = Vec::new();
        if provider.restarts > 0 {
            parts.push(format!("ended and was started again {}", times(provider.restarts)));
        }
        parts.extend(trouble(provider.trouble));
        let text = if parts.is_empty() { String::new() } else { format!(": {}", parts.join("; ")) };
        line(0, &format!("{}{text}", provider.provider));
        for (type_name, of_type) in &provider.types {
            line(INDENT, &format!("{type_name}: {}", trouble(*of_type).join("; ")));
        }
    }
    if !scan.unreadable.is_empty() {
        line(0, "could not be read:");
    }
    let shown = if options.detail == Detail::Everything { usize::MAX } else { SHOWN };
    for cause in scan.unreadable.iter().take(shown) {
        let call = if cause.call.is_empty() { String::new() } else { format!("{}: ", cause.call) };
        line(INDENT, &format!("{} {}: {} ({call}{})", cause.count, cause.type_name, cause.class, cause.reason));
    }
    if let Some(more) = scan.unreadable.len().checked_sub(shown).filter(|more| *more > 0) {
        line(INDENT, &format!("and {}", counted(more as u64, "other reason")));
    }
    if !scan.warnings.is_empty() {
        line(0, "providers warn:");
    }
    for warning in scan.warnings.iter().take(shown) {
        line(INDENT, &format!("{} {}: {}", warning.count, warning.type_name, warning.text));
    }
    if let Some(more) = scan.warnings.len().checked_sub(shown).filter(|more| *more > 0) {
        line(INDENT, &format!("and {}", counted(more as u64, "other warning")));
    }
}

fn counts(counts: ScanCounts) -> String {
    let ScanCounts { found, gone, unreadable, interrupted, not_sampled, from_journal } = counts;
    let mut parts = vec![format!("{found} found")];
    for (count, what) in [
        (gone, "gone"),
        (unreadable, "unreadable"),
        (interrupted, "not read before it ended"),
        (not_sampled, "not in the sample"),
        (from_journal, "of these from the journal"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    parts.join(", ")
}

/// What was left out, and by what.
fn left_out(scan: &ScanReport) -> Option<String> {
    let left_out = &scan.left_out;
    let total = left_out.total();
    let mut parts = Vec::new();
    if left_out.not_only > 0 {
        parts.push(format!("{} not selected by {}", left_out.not_only, left_out.only.join(", ")));
    }
    let except = left_out.except.iter().filter(|(_, count)| **count > 0);
    parts.extend(except.map(|(selector, count)| format!("{count} excepted by {selector}")));
    (total > 0).then(|| format!("left out: {} ({})", objects(total), parts.join("; ")))
}

fn trouble(trouble: Trouble) -> Vec<String> {
    let mut parts = Vec::new();
    if trouble.throttled > 0 {
        parts.push(format!("{} throttled", counted(trouble.throttled, "read")));
    }
    if let Some(rate) = trouble.slowed_to {
        parts.push(format!("slowed down to {rate:.1} a second"));
    }
    if trouble.left_alone > 0 {
        parts.push(format!("left alone for a while {}", times(trouble.left_alone)));
    }
    if trouble.given_up {
        parts.push(String::from("given up in the end"));
    }
    parts
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn objects(count: u64) -> String {
    counted(count, "object")
}

fn times(count: u64) -> String {
    if count == 1 { String::from("once") } else { format!("{count} times") }
}

/// A share in percent, rounded up to two digits: a bound stays one.
fn percent_up(share: f64) -> f64 {
    ((share * 10_000.0).ceil() / 100.0).min(100.0)
}
