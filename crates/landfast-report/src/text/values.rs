//! Values set out over lines.

use landfast_state::Value;
use landfast_state::json::{Limits, Raw, RawKind};

use crate::escape::escape_line;

/// A value over as many lines as it needs, in the manner of JSON; each line safe to show.
pub(crate) fn lines_of(value: &Value) -> Vec<String> {
    let mut lines = vec![String::new()];
    push(value, 0, &mut lines);
    lines.iter().map(|line| escape_line(line).into_owned()).collect()
}

/// The lines of a string that reads better over several: a JSON document, its keys sorted, or text with line breaks.
pub(super) fn lines_of_text(text: &str) -> Option<Vec<String>> {
    if let Some(document) = json_document(text) {
        return Some(lines_of(&document));
    }
    if text.contains('\n') {
        return Some(text.lines().map(|line| escape_line(line).into_owned()).collect());
    }
    None
}

/// The object or array that a text is a JSON document of.
fn json_document(text: &str) -> Option<Value> {
    let raw = Raw::check(text.as_bytes(), &Limits::default()).ok()?;
    matches!(raw.kind(), RawKind::Object(_) | RawKind::Array(_)).then(|| Value::from_raw(raw, &[]))
}

fn push(value: &Value, level: usize, lines: &mut Vec<String>) {
    match value {
        Value::List(elements) if !elements.is_empty() => {
            append(lines, "[");
            for (at, element) in elements.iter().enumerate() {
                lines.push("  ".repeat(level + 1));
                push(element, level + 1, lines);
                append(lines, if at + 1 < elements.len() { "," } else { "" });
            }
            lines.push(format!("{}]", "  ".repeat(level)));
        }
        Value::Object(members) if !members.is_empty() => {
            append(lines, "{");
            for (at, (key, member)) in members.iter().enumerate() {
                lines.push(format!("{}{}: ", "  ".repeat(level + 1), landfast_state::json::quote_safe(key)));
                push(member, level + 1, lines);
                append(lines, if at + 1 < members.len() { "," } else { "" });
            }
            lines.push(format!("{}}}", "  ".repeat(level)));
        }
        scalar => append(lines, &scalar.to_string()),
    }
}

fn append(lines: &mut [String], text: &str) {
    if let Some(last) = lines.last_mut() {
        last.push_str(text);
    }
}
