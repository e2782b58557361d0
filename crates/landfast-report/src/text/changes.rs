//! The changes of one resource.

use std::fmt::Write as _;

use landfast_drift::{AttributeChange, ChangeKind};
use landfast_state::Value;
use landfast_state::schema::Setting;
use similar::{ChangeTag, TextDiff};

use super::style::Painter;
use super::values::{lines_of, lines_of_text};
use crate::escape::escape_line;

/// Paths are padded to the widest one of the resource, but not beyond this.
const MAX_PAD: usize = 40;

/// Unchanged lines shown around a change inside a long text.
const CONTEXT: usize = 3;

/// Appends the changes, one a line where they fit in `width` columns; last those of what the provider alone sets, where that is
/// known.
pub(crate) fn push_changes(out: &mut String, changes: &[AttributeChange], width: usize, painter: &Painter) {
    let paths: Vec<String> = changes.iter().map(path_text).collect();
    let lengths = paths.iter().map(|path| path.chars().count());
    let pad = lengths.filter(|length| *length <= MAX_PAD).max().unwrap_or_default();
    let is_computed = |change: &AttributeChange| change.setting == Some(Setting::Computed);
    let (computed, others): (Vec<_>, Vec<_>) = changes.iter().zip(&paths).partition(|(change, _)| is_computed(change));
    for (change, path) in others {
        push_change(out, change, path, pad, width, painter);
    }
    if !computed.is_empty() {
        out.push_str("      set by the provider, in no configuration:\n");
    }
    for (change, path) in computed {
        push_change(out, change, path, pad, width, painter);
    }
}

fn path_text(change: &AttributeChange) -> String {
    let path = escape_line(&change.path.to_string()).into_owned();
    if path.is_empty() { String::from("(all attributes)") } else { path }
}

fn push_change(out: &mut String, change: &AttributeChange, path: &str, pad: usize, width: usize, painter: &Painter) {
    let sign = painter.change(change.kind, sign_of(change.kind));
    // Writing to a string cannot fail, here and below.
    if let (Some(Value::String(before)), Some(Value::String(after))) = (&change.before, &change.after)
        && let (Some(before), Some(after)) = (lines_of_text(before), lines_of_text(after))
    {
        let _ = writeln!(out, "    {sign} {path}");
        push_line_diff(out, &before, &after, painter);
        return;
    }
    let shown = |value: &Value| escape_line(&value.to_string()).into_owned();
    let line = match (&change.before, &change.after) {
        (Some(Value::Sensitive(before)), Some(Value::Sensitive(_))) => format!("{before} changed"),
        (Some(before), Some(after)) => format!("{} -> {}", shown(before), shown(after)),
        (Some(value), None) | (None, Some(value)) => shown(value),
        (None, None) => String::new(),
    };
    // Four columns of indent, the sign and a space, then the path, padded, and two spaces.
    let hidden = matches!((&change.before, &change.after), (Some(Value::Sensitive(_)), Some(Value::Sensitive(_))));
    if 4 + 2 + path.chars().count().max(pad) + 2 + line.chars().count() <= width {
        let _ = writeln!(out, "    {sign} {path:pad$}  {line}");
        return;
    }
    let _ = writeln!(out, "    {sign} {path}");
    if hidden {
        let _ = writeln!(out, "        {line}");
        return;
    }
    for (kind, value) in [(ChangeKind::Removed, &change.before), (ChangeKind::Added, &change.after)] {
        for line in value.iter().flat_map(lines_of) {
            let _ = writeln!(out, "        {}", painter.change(kind, &format!("{} {line}", sign_of(kind))));
        }
    }
}

fn push_line_diff(out: &mut String, before: &[String], after: &[String], painter: &Painter) {
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    let after: Vec<&str> = after.iter().map(String::as_str).collect();
    let diff = TextDiff::from_slices(&before, &after);
    for (at, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if at > 0 {
            out.push_str("          ...\n");
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let line = change.value();
            let _ = match change.tag() {
                ChangeTag::Equal => writeln!(out, "          {line}"),
                ChangeTag::Delete => {
                    writeln!(out, "        {}", painter.change(ChangeKind::Removed, &format!("- {line}")))
                }
                ChangeTag::Insert => {
                    writeln!(out, "        {}", painter.change(ChangeKind::Added, &format!("+ {line}")))
                }
            };
        }
    }
}

fn sign_of(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Changed => "~",
        ChangeKind::Added => "+",
        ChangeKind::Removed => "-",
    }
}
