//! Printing JSON as terraform prints it: indented by two spaces in state files, on one line for what `private` holds.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::canonical_number;
use crate::json::{Raw, RawKind, quote_go};

/// Text of a JSON document that grows by the calls of its methods, up to a limit.
#[derive(Debug)]
pub(super) struct Printer {
    out: String,
    /// Length of the text, also of what is over the limit.
    len: usize,
    limit: usize,
    layout: Layout,
    /// For each open container whether it has an item.
    open: Vec<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    Indented,
    OneLine,
}

impl Printer {
    pub(super) fn new(layout: Layout, limit: usize) -> Self {
        Self { out: String::new(), len: 0, limit, layout, open: Vec::new() }
    }

    /// The text, or its length where that is over the limit.
    pub(super) fn finish(self) -> Result<String, usize> {
        if self.len > self.limit { Err(self.len) } else { Ok(self.out) }
    }

    /// The longest text that [`Printer::finish`] gives.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Counts `len` bytes that were too many to be made.
    pub(super) fn skip(&mut self, len: usize) {
        self.len = self.len.saturating_add(len);
    }

    /// Appends text as it is.
    pub(super) fn push(&mut self, text: &str) {
        self.len = self.len.saturating_add(text.len());
        if self.len <= self.limit {
            self.out.push_str(text);
        }
    }

    /// Opens a container with `{` or `[`.
    pub(super) fn open(&mut self, sign: char) {
        self.push(sign.encode_utf8(&mut [0; 4]));
        self.open.push(false);
    }

    /// Closes it with `}` or `]`.
    pub(super) fn close(&mut self, sign: char) {
        if self.open.pop() == Some(true) {
            self.line_break();
        }
        self.push(sign.encode_utf8(&mut [0; 4]));
    }

    /// Begins the next element of an array.
    pub(super) fn item(&mut self) {
        if let Some(filled) = self.open.last_mut()
            && std::mem::replace(filled, true)
        {
            self.push(",");
        }
        self.line_break();
    }

    /// Begins the next member of an object.
    pub(super) fn key(&mut self, key: &str) {
        self.item();
        self.string(key);
        self.push(if self.layout == Layout::Indented { ": " } else { ":" });
    }

    pub(super) fn string(&mut self, text: &str) {
        self.push(&quote_go(text));
    }

    /// A member that is a string.
    pub(super) fn text_member(&mut self, key: &str, text: &str) {
        self.key(key);
        self.string(text);
    }

    /// A value: members sorted by key, numbers as this layout has them.
    pub(super) fn value(&mut self, value: Raw<'_>) {
        match value.kind() {
            RawKind::Null => self.push("null"),
            RawKind::Bool(value) => self.push(if value { "true" } else { "false" }),
            RawKind::Number(text) => self.push(&number(text, self.layout)),
            RawKind::String(text) => self.string(&text),
            RawKind::Array(elements) => {
                self.open('[');
                for element in elements {
                    self.item();
                    self.value(element);
                }
                self.close(']');
            }
            RawKind::Object(members) => {
                self.open('{');
                for (key, value) in members.collect::<BTreeMap<_, _>>() {
                    self.key(&key);
                    self.value(value);
                }
                self.close('}');
            }
        }
    }

    fn line_break(&mut self) {
        if self.layout == Layout::Indented {
            self.push("\n");
            for _ in 0..self.open.len() {
                self.push("  ");
            }
        }
    }
}

/// A number the way terraform writes it after it has read it into a 64-bit float: in an output all its digits, in
/// `private` with an exponent where it is very small or large. A number that a float does not hold stays as it is.
fn number(text: &str, layout: Layout) -> Cow<'_, str> {
    let float: f64 = text.parse().unwrap_or(f64::NAN);
    let exponent = layout == Layout::OneLine && float != 0.0 && !(1e-6..1e21).contains(&float.abs());
    let printed = if !exponent {
        format!("{float}")
    } else if float.abs() < 1.0 {
        format!("{float:e}")
    } else {
        format!("{float:e}").replace('e', "e+")
    };
    if canonical_number(&printed) == canonical_number(text) { printed.into() } else { text.into() }
}

/// Whether a 64-bit float has room for all numbers of a value; terraform reads no others.
pub(super) fn has_only_finite_numbers(value: Raw<'_>) -> bool {
    match value.kind() {
        RawKind::Number(text) => text.parse::<f64>().is_ok_and(f64::is_finite),
        RawKind::Array(mut elements) => elements.all(has_only_finite_numbers),
        RawKind::Object(mut members) => members.all(|(_, value)| has_only_finite_numbers(value)),
        _ => true,
    }
}

/// `bytes` in base64, with padding.
pub(super) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| usize::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let sign = ALPHABET.get(bits >> shift & 0x3f).filter(|_| at <= chunk.len());
            out.push(sign.map_or('=', |sign| char::from(*sign)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (text, plain, short) in [
            ("1", "1", "1"),
            ("1.50", "1.5", "1.5"),
            ("-0.0", "-0", "-0"),
            ("600000000000", "600000000000", "600000000000"),
            ("1e21", "1000000000000000000000", "1e+21"),
            ("-1e-7", "-0.0000001", "-1e-7"),
            ("0.000001", "0.000001", "0.000001"),
            ("9007199254740993", "9007199254740993", "9007199254740993"),
        ] {
            assert_eq!(number(text, Layout::Indented), plain);
            assert_eq!(number(text, Layout::OneLine), short);
        }
    }

    #[test]
    fn base64_pads() {
        for (text, encoded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foo?~", "Zm9vP34=")] {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }
}
