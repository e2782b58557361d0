//! Strings of JSON: taking escapes apart, writing them, and naming what stands where something else should.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::error::JsonErrorKind as E;

/// Length of the escape that `rest` starts with; a surrogate pair counts as one.
pub(super) fn escape_len(rest: &str) -> Result<usize, E> {
    match rest.as_bytes().get(1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
        Some(b'u') => match hex4(rest, 2).ok_or(E::InvalidEscape)? {
            0xd800..=0xdbff => {
                let low = rest.get(6..8).filter(|mark| *mark == "\\u").and_then(|_| hex4(rest, 8));
                match low {
                    Some(0xdc00..=0xdfff) => Ok(12),
                    _ => Err(E::LoneSurrogate),
                }
            }
            0xdc00..=0xdfff => Err(E::LoneSurrogate),
            _ => Ok(6),
        },
        Some(_) => Err(E::InvalidEscape),
        None => Err(E::UnexpectedEnd { expected: "the rest of an escape" }),
    }
}

fn hex4(text: &str, at: usize) -> Option<u32> {
    let digits = text.get(at..at + 4)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}

/// Takes the escapes of a checked string (without its quotes) apart; borrows when it has none.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\\', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    unescape_into(text, &mut out);
    Cow::Owned(out)
}

/// Appends a checked string (without its quotes), its escapes taken apart.
pub(super) fn unescape_into(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        let len = escape_len(rest).unwrap_or(rest.len());
        out.push(match rest.as_bytes().get(1) {
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => unescape_unicode(rest, len),
            Some(other) => char::from(*other),
            None => char::REPLACEMENT_CHARACTER,
        });
        rest = rest.get(len..).unwrap_or_default();
    }
    out.push_str(rest);
}

fn unescape_unicode(rest: &str, len: usize) -> char {
    let high = hex4(rest, 2).unwrap_or(0xfffd);
    let code = match (len, hex4(rest, 8)) {
        (12, Some(low)) => 0x1_0000 + ((high & 0x3ff) << 10) + (low & 0x3ff),
        _ => high,
    };
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// `text` as a JSON string that is safe to show: quoted, with control, bidi, zero-width and other invisible characters
/// written as `\u` escapes.
#[must_use]
pub fn quote_safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_quoted(text, |c| !crate::text::is_printable(c), &mut out);
    out
}

/// `text` as a JSON string the way terraform writes it: as Go's `encoding/json` does, with `<`, `>`, `&`, U+2028 and
/// U+2029 escaped for HTML. Spliced edits use it so that terraform would write the same bytes.
#[must_use]
pub fn quote_go(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_go(text, &mut out);
    out
}

/// Appends what [`quote_go`] gives.
pub(crate) fn write_go(text: &str, out: &mut String) {
    let plain = |byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&');
    if text.bytes().all(plain) {
        out.push('"');
        out.push_str(text);
        out.push('"');
        return;
    }
    write_quoted(text, |c| u32::from(c) < 0x20 || matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}'), out);
}

/// Appends `text` in quotes, what JSON has a short escape for and what is to be `escaped` written as escapes.
fn write_quoted(text: &str, escaped: impl Fn(char) -> bool, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if escaped(c) => push_u16_escapes(out, c),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn push_u16_escapes(out: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        // Writing to a string cannot fail.
        let _ = write!(out, "\\u{unit:04x}");
    }
}

/// Appends a member to a path: `.name` where the key is a plain name, else `["key"]`.
pub(crate) fn push_key(path: &mut String, key: &str) {
    let plain = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') && !key.is_empty();
    if !plain {
        path.push('[');
        path.push_str(&quote_safe(key));
        path.push(']');
        return;
    }
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
}

/// What kind of character a byte is: enough for a message, too little to show a value.
pub(super) fn class_of(byte: u8) -> &'static str {
    match byte {
        b'0'..=b'9' => "a digit",
        b'a'..=b'z' | b'A'..=b'Z' => "a letter",
        b'"' => "a string",
        b'{' | b'}' => "a brace",
        b'[' | b']' => "a bracket",
        b',' => "a comma",
        b':' => "a colon",
        0..=0x1f | 0x7f => "a control character",
        0x80.. => "a character outside ASCII",
        _ => "a sign",
    }
}
