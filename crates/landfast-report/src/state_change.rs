//! What becomes of a state, for a terminal.

use std::fmt::Write as _;

use landfast_drift::{ChangeKind, ObjectChange, StateChange};

use crate::escape::escape_line;
use crate::text::{Painter, TextOptions, push_attribute_changes};

/// What becomes of a state: a summary line, then each object that goes, appears, moves or changes. Sensitive values, and copies
/// of them, are masked.
#[must_use]
pub fn render_state_change(change: &StateChange, options: &TextOptions) -> String {
    let painter = Painter::new(options.color);
    let mut out = painter.bold(&summary(change)) + "\n";
    let mut line = |kind: ChangeKind, sign: &str, text: &str, what: &str| {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "{} {}  {what}", painter.change(kind, sign), escape_line(text));
    };
    for address in &change.removed {
        line(ChangeKind::Removed, "-", &address.to_string(), "goes");
    }
    for address in &change.added {
        line(ChangeKind::Added, "+", &address.to_string(), "appears");
    }
    for (from, to) in &change.moved {
        let what = format!("moves from {}", escape_line(&from.to_string()));
        line(ChangeKind::Changed, ">", &to.to_string(), &what);
    }
    for object in &change.changed {
        push_object(&mut out, object, options, painter);
    }
    for name in &change.outputs {
        let _ = writeln!(out, "{} output {}  changes", painter.change(ChangeKind::Changed, "~"), escape_line(name));
    }
    change.redactor.redact(&out).into_owned()
}

fn push_object(out: &mut String, object: &ObjectChange, options: &TextOptions, painter: Painter) {
    let sign = painter.change(ChangeKind::Changed, "~");
    let _ = writeln!(out, "{sign} {}  changes", escape_line(&object.address.to_string()));
    if let Some((before, after)) = &object.providers {
        let _ = writeln!(out, "    provider {} -> {}", escape_line(before), escape_line(after));
    }
    push_attribute_changes(out, &object.attributes, options.width, &painter);
}

fn summary(change: &StateChange) -> String {
    let counted = [
        (change.removed.len(), "go", "goes"),
        (change.added.len(), "appear", "appears"),
        (change.moved.len(), "move", "moves"),
        (change.changed.len(), "change", "changes"),
    ];
    let mut parts: Vec<String> = counted
        .iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, many, one)| format!("{count} object{} {}", plural(*count), if *count == 1 { one } else { many }))
        .collect();
    if !change.outputs.is_empty() {
        let count = change.outputs.len();
        parts.push(format!("{count} output{} change{}", plural(count), if count == 1 { "s" } else { "" }));
    }
    if let Some((before, after)) = &change.lineages {
        parts.push(format!("lineage {} -> {}", escape_line(before), escape_line(after)));
    }
    let what = if parts.is_empty() { String::from("no object changes") } else { parts.join(", ") };
    match change.serial_before {
        Some(before) => format!("serial {before} -> {}: {what}", change.serial_after),
        None => format!("a new state of serial {}: {what}", change.serial_after),
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
