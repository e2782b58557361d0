//! The canonical JSON form that content digests are taken over.
//!
//! It is RFC 8785 (JCS): no white space, object members sorted by the UTF-16 code units of their keys, strings with the
//! shortest escapes; with one difference: numbers are written as [`canonical_number`](crate::canonical_number) says, so
//! that nothing is rounded to a double.

use std::fmt::Write as _;

use super::raw::{Raw, RawKind};

/// Appends the canonical form of `raw` to `out`.
pub fn write_canonical(raw: Raw<'_>, out: &mut String) {
    match raw.kind() {
        RawKind::Null => out.push_str("null"),
        RawKind::Bool(true) => out.push_str("true"),
        RawKind::Bool(false) => out.push_str("false"),
        RawKind::Number(text) => out.push_str(&crate::number::canonical_number(text)),
        RawKind::String(text) => write_canonical_string(&text, out),
        RawKind::Array(elements) => {
            out.push('[');
            for (at, element) in elements.enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_canonical(element, out);
            }
            out.push(']');
        }
        RawKind::Object(members) => {
            let mut members: Vec<_> = members.collect();
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (at, (key, value)) in members.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_canonical_string(&key, out);
                out.push(':');
                write_canonical(value, out);
            }
            out.push('}');
        }
    }
}

/// Appends `text` as a canonical JSON string: RFC 8785, section 3.2.2.2.
pub fn write_canonical_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if u32::from(c) < 0x20 => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
