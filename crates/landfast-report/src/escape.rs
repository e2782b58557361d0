//! Escaping text from data for where it goes.

use std::borrow::Cow;
use std::fmt::Write as _;

use landfast_state::is_printable;

/// Marks that build servers look for anywhere in a line: Azure Pipelines and the old form of GitHub.
const CI_MARK: &str = "##";

/// Marks that build servers look for at the start of a line, white space before it aside: GitHub's.
const CI_START: &str = "::";

/// `text` as part of one line of a terminal: control bytes, line breaks, bidi marks, zero-width and other invisible
/// characters become `\u` escapes, and what a build server would take for a command is broken up.
#[must_use]
pub fn escape_line(text: &str) -> Cow<'_, str> {
    let starts = text.trim_start().starts_with(CI_START);
    if text.chars().all(is_printable) && !text.contains(CI_MARK) && !starts {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    let mut command = starts;
    for c in text.chars() {
        let breaks_command = (c == '#' && before == '#') || (c == ':' && command);
        command &= c != ':';
        if is_printable(c) && !breaks_command {
            out.push(c);
        } else {
            push_escape(&mut out, c);
        }
        before = c;
    }
    Cow::Owned(out)
}

/// A JSON text with every invisible character and every mark of a build server's command written as a `\u` escape. Such
/// characters stand only inside strings, so the document stays the same.
#[must_use]
pub fn escape_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        if c == '\n' || (is_printable(c) && !(c == '#' && before == '#')) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
        before = c;
    }
    out
}

fn push_escape(out: &mut String, c: char) {
    // Writing to a string cannot fail.
    let _ = match c {
        '\n' => write!(out, "\\n"),
        '\r' => write!(out, "\\r"),
        '\t' => write!(out, "\\t"),
        c if u32::from(c) < 0x1_0000 => write!(out, "\\u{:04x}", u32::from(c)),
        c => write!(out, "\\U{:08x}", u32::from(c)),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn commands_and_invisible_characters_are_broken_up() {
        for (text, escaped) in [
            ("plain", "plain"),
            ("\u{1b}[2J", "\\u001b[2J"),
            ("a\nb\u{202e}c\u{200b}", "a\\nb\\u202ec\\u200b"),
            ("::error::x", "\\u003a:error::x"),
            ("  ::error::x", "  \\u003a:error::x"),
            ("a ::b", "a ::b"),
            ("x ##vso[task]", "x #\\u0023vso[task]"),
            ("\u{9b}31m", "\\u009b31m"),
        ] {
            assert_eq!(escape_line(text), escaped);
        }
    }

    proptest! {
        #[test]
        fn lines_are_safe(text in any::<String>()) {
            let line = escape_line(&text);
            prop_assert!(line.chars().all(is_printable));
            prop_assert!(!line.contains("##") && !line.trim_start().starts_with("::"));
        }

        #[test]
        fn json_stays_the_same_document(text in any::<String>()) {
            let json = serde_json::to_string_pretty(&[text]).unwrap();
            let escaped = escape_json(&json);
            let read = |text: &str| serde_json::from_str::<Vec<String>>(text).unwrap();
            prop_assert_eq!(read(&escaped), read(&json));
            prop_assert!(escaped.chars().all(|c| c == '\n' || is_printable(c)));
        }
    }
}
