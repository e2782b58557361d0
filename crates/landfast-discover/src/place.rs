//! Places in files.

use std::fmt;
use std::sync::Arc;

/// A place in a file, as editors count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, by its path as it was found, or the name of what else it was read from.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// How many bytes a stretch has.
const STRETCH: usize = 64;

/// How many characters begin in these bytes of a text.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| !(0x80..0xc0).contains(*byte)).count()
}

/// A text with its name, in which offsets become places.
#[derive(Debug)]
pub(crate) struct SourceText<'t> {
    pub(crate) file: Arc<str>,
    pub(crate) text: &'t str,
    /// Where lines begin.
    lines: Vec<usize>,
    /// How many characters stand before each stretch of the text, so that columns of long lines need not be counted from their start.
    before: Vec<usize>,
    /// Where this text stands, when it stands in another.
    outer: Option<Place>,
}

impl<'t> SourceText<'t> {
    pub(crate) fn new(file: &str, text: &'t str) -> Self {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let mut count = 0;
        let mut before = Vec::with_capacity(text.len() / STRETCH + 1);
        for stretch in text.as_bytes().chunks(STRETCH) {
            before.push(count);
            count += characters(stretch);
        }
        before.push(count);
        Self { file: file.into(), text, lines: std::iter::once(0).chain(starts).collect(), before, outer: None }
    }

    /// A text that stands in a string of another file, the escapes of which are gone: all of it is at one place.
    pub(crate) fn within(place: &Place, text: &'t str) -> Self {
        Self { file: place.file.clone(), text, lines: vec![0], before: Vec::new(), outer: Some(place.clone()) }
    }

    pub(crate) fn place(&self, offset: usize) -> Place {
        if let Some(outer) = &self.outer {
            return outer.clone();
        }
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let column = self.characters_before(offset).saturating_sub(self.characters_before(start)) + 1;
        Place { file: self.file.clone(), line, column }
    }

    fn characters_before(&self, offset: usize) -> usize {
        let offset = offset.min(self.text.len());
        let at = offset / STRETCH;
        let stretch = self.text.as_bytes().get(at * STRETCH..offset).unwrap_or_default();
        self.before.get(at).copied().unwrap_or_default() + characters(stretch)
    }
}

/// The most characters of an expression that a message quotes.
const QUOTED: usize = 80;

/// An expression for messages: on one line, of bounded length, without what stands in quotes, which may be a secret.
pub(crate) fn excerpt(expression: &str) -> String {
    let mut out = String::new();
    let mut quoted = false;
    let mut chars = expression.trim().chars();
    let mut length = 0;
    while let Some(c) = chars.next() {
        if length == QUOTED {
            out.push('…');
            break;
        }
        match c {
            '"' if quoted => {
                quoted = false;
                out.push_str("…\"");
            }
            '"' => {
                quoted = true;
                out.push('"');
            }
            '\\' if quoted => {
                chars.next();
                continue;
            }
            _ if quoted => continue,
            // A heredoc has no quotes around it.
            '<' if out.ends_with('<') => {
                out.push_str("<…");
                break;
            }
            c if c.is_whitespace() || c.is_control() => {
                if out.ends_with(' ') {
                    continue;
                }
                out.push(' ');
            }
            c => out.push(c),
        }
        length += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_quote_no_text() {
        for (expression, shown) in [
            ("file(\"secret\")", "file(\"…\")"),
            ("upper(\"pass\\\"word\") ", "upper(\"…\")"),
            ("f(<<EOT\nsecret\nEOT\n)", "f(<<…"),
            ("a\n  ?   b : c", "a ? b : c"),
        ] {
            assert_eq!(excerpt(expression), shown);
        }
        assert_eq!(excerpt(&"a".repeat(100)).chars().count(), 81);
    }

    #[test]
    fn offsets_become_places() {
        let text = SourceText::new("a.tf", "ä = 1\nb = 2\n");
        assert_eq!(text.place(0).to_string(), "a.tf:1:1");
        assert_eq!(text.place(3).to_string(), "a.tf:1:3");
        assert_eq!(text.place(11).to_string(), "a.tf:2:5");
        assert_eq!(text.place(1000).line, 3);
        let long = format!("x\n{}b", "ä".repeat(5000));
        assert_eq!(SourceText::new("a.tf", &long).place(10_002).to_string(), "a.tf:2:5001");
    }
}
