//! The language of terraform's settings and of its lock files, as far as they use it: blocks, texts, lists, and the same in JSON.
//!
//! Settings are written in an older language than configurations, in which names may be quoted and expressions are texts. A lock
//! file can be read as either.

use landfast_state::json::{Limits, Raw, RawKind};

/// What stands behind a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Setting {
    Text(String),
    List(Vec<Setting>),
    Block(Vec<Entry>),
    /// A number, a boolean, or null.
    Other,
}

/// A name with what stands behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The name, and the labels of a block.
    pub(super) keys: Vec<String>,
    pub(super) value: Setting,
    /// From 1; 0 in JSON.
    pub(super) line: usize,
}

/// Where a text is not of this language, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) line: usize,
    pub(super) what: &'static str,
}

/// How deep blocks and lists may nest.
const MAX_DEPTH: usize = 32;

pub(super) fn parse(text: &str) -> Result<Vec<Entry>, Malformed> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('{') {
        let mut limits = Limits::default();
        limits.max_depth = MAX_DEPTH;
        let raw = Raw::check(text.trim().as_bytes(), &limits).map_err(|_| Malformed { line: 1, what: "no JSON" })?;
        return match of_json(raw) {
            Setting::Block(entries) => Ok(entries),
            _ => Err(Malformed { line: 1, what: "no object" }),
        };
    }
    let mut parser = Parser { rest: text, line: 1 };
    parser.entries(Ends::WithText, 0)
}

fn of_json(raw: Raw<'_>) -> Setting {
    match raw.kind() {
        RawKind::String(text) => Setting::Text(text.into_owned()),
        RawKind::Array(elements) => Setting::List(elements.map(of_json).collect()),
        RawKind::Object(members) => Setting::Block(
            members
                .map(|(key, value)| Entry { keys: vec![key.into_owned()], value: of_json(value), line: 0 })
                .collect(),
        ),
        RawKind::Null | RawKind::Bool(_) | RawKind::Number(_) => Setting::Other,
    }
}

impl Setting {
    /// The blocks that it is: JSON has several as a list.
    pub(super) fn blocks(&self) -> Vec<&[Entry]> {
        match self {
            Self::Block(entries) => vec![entries],
            Self::List(elements) => elements.iter().flat_map(Self::blocks).collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The texts of a list.
    pub(super) fn texts(&self) -> Option<Vec<String>> {
        match self {
            Self::List(elements) => elements.iter().map(|element| element.text().map(str::to_owned)).collect(),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    WithText,
    WithBrace,
}

struct Parser<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Parser<'a> {
    fn wrong<T>(&self, what: &'static str) -> Result<T, Malformed> {
        Err(Malformed { line: self.line, what })
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Passes so many bytes, and gives them.
    fn pass(&mut self, length: usize) -> &'a str {
        let (passed, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.line += passed.matches('\n').count();
        self.rest = rest;
        passed
    }

    fn pass_to(&mut self, end: &str) {
        self.pass(self.rest.find(end).unwrap_or(self.rest.len()));
    }

    /// Passes white space, comments and commas.
    fn pass_space(&mut self) {
        while let Some(c) = self.peek() {
            if c.is_whitespace() || c == ',' {
                self.pass(c.len_utf8());
            } else if c == '#' || self.rest.starts_with("//") {
                self.pass_to("\n");
            } else if self.rest.starts_with("/*") {
                self.pass_to("*/");
                self.pass(2);
            } else {
                return;
            }
        }
    }

    fn entries(&mut self, ends: Ends, depth: usize) -> Result<Vec<Entry>, Malformed> {
        if depth > MAX_DEPTH {
            return self.wrong("blocks nest too deep");
        }
        let mut entries = Vec::new();
        loop {
            self.pass_space();
            match self.peek() {
                None if ends == Ends::WithText => return Ok(entries),
                None => return self.wrong("a block is not closed"),
                Some('}') if ends == Ends::WithBrace => {
                    self.pass(1);
                    return Ok(entries);
                }
                Some(_) => entries.push(self.entry(depth)?),
            }
        }
    }

    fn entry(&mut self, depth: usize) -> Result<Entry, Malformed> {
        let line = self.line;
        let mut keys = Vec::new();
        loop {
            self.pass_space();
            match self.peek() {
                Some('"') => keys.push(self.quoted()?),
                Some(c) if c.is_alphabetic() || c == '_' => keys.push(self.word().to_owned()),
                Some('{') if !keys.is_empty() => {
                    self.pass(1);
                    return Ok(Entry { keys, value: Setting::Block(self.entries(Ends::WithBrace, depth + 1)?), line });
                }
                Some('=' | ':') if keys.len() == 1 => {
                    self.pass(1);
                    return Ok(Entry { keys, value: self.value(depth)?, line });
                }
                _ => return self.wrong("a name, and what it is, was expected"),
            }
        }
    }

    fn word(&mut self) -> &'a str {
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        self.pass(self.rest.find(|c| !fits(c)).unwrap_or(self.rest.len()))
    }

    fn value(&mut self, depth: usize) -> Result<Setting, Malformed> {
        if depth > MAX_DEPTH {
            return self.wrong("lists nest too deep");
        }
        self.pass_space();
        match self.peek() {
            Some('"') => Ok(Setting::Text(self.quoted()?)),
            Some('{') => {
                self.pass(1);
                Ok(Setting::Block(self.entries(Ends::WithBrace, depth + 1)?))
            }
            Some('[') => {
                self.pass(1);
                let mut elements = Vec::new();
                loop {
                    self.pass_space();
                    match self.peek() {
                        None => return self.wrong("a list is not closed"),
                        Some(']') => {
                            self.pass(1);
                            return Ok(Setting::List(elements));
                        }
                        Some(_) => elements.push(self.value(depth + 1)?),
                    }
                }
            }
            Some('<') if self.rest.starts_with("<<") => self.heredoc(),
            Some(c) if c.is_ascii_digit() || c == '-' => {
                self.pass(1);
                self.word();
                Ok(Setting::Other)
            }
            _ => match self.word() {
                "true" | "false" | "null" => Ok(Setting::Other),
                _ => self.wrong("a value was expected"),
            },
        }
    }

    /// A quoted text. What stands in braces behind a dollar belongs to it as it is.
    fn quoted(&mut self) -> Result<String, Malformed> {
        let line = self.line;
        self.pass(1);
        let mut text = String::new();
        let mut open = 0_usize;
        while let Some(c) = self.peek() {
            if self.rest.starts_with("${") {
                open += 1;
                text.push_str(self.pass(2));
                continue;
            }
            self.pass(c.len_utf8());
            match c {
                '"' if open == 0 => return Ok(text),
                '\n' if open == 0 => break,
                '}' => {
                    open = open.saturating_sub(1);
                    text.push(c);
                }
                '\\' if open == 0 => match self.escape() {
                    Some(c) => text.push(c),
                    None => return self.wrong("an escape that is none"),
                },
                c => text.push(c),
            }
        }
        Err(Malformed { line, what: "a text is not closed" })
    }

    fn escape(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.pass(c.len_utf8());
        let digits = match c {
            'n' => return Some('\n'),
            't' => return Some('\t'),
            'r' => return Some('\r'),
            '"' | '\\' => return Some(c),
            'u' => 4,
            'U' => 8,
            _ => return None,
        };
        char::from_u32(u32::from_str_radix(self.pass(digits), 16).ok()?)
    }

    fn heredoc(&mut self) -> Result<Setting, Malformed> {
        let line = self.line;
        self.pass(2);
        if self.rest.starts_with('-') {
            self.pass(1);
        }
        let end = self.pass(self.rest.find('\n').unwrap_or(self.rest.len())).trim();
        self.pass(1);
        let mut text = String::new();
        while !end.is_empty() && !self.rest.is_empty() {
            let found = self.pass(self.rest.find('\n').map_or(self.rest.len(), |at| at + 1));
            if found.trim() == end {
                return Ok(Setting::Text(text));
            }
            text.push_str(found);
        }
        Err(Malformed { line, what: "a text is not closed" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Setting {
        Setting::Text(text.to_owned())
    }

    #[test]
    fn blocks_texts_and_lists_are_read_in_both_languages() {
        let read = parse(
            "# comment\nplugin_cache_dir = \"$HOME/a \\\"b\\\"\" // more\nflag = true, number = -1.5\n\
             credentials \"app.example.com\" {\n  token = <<EOT\nx\nEOT\n}\n/* no { */ dev {\n  \"a/b\" = \"${c(\"d\")}\"\n  l = [\"e\", [], \"f\",]\n}\n",
        )
        .unwrap();
        let keys: Vec<_> = read.iter().map(|entry| (entry.keys.join(" "), entry.line)).collect();
        assert_eq!(
            keys,
            [
                ("plugin_cache_dir".to_owned(), 2),
                ("flag".to_owned(), 3),
                ("number".to_owned(), 3),
                ("credentials app.example.com".to_owned(), 4),
                ("dev".to_owned(), 9)
            ]
        );
        assert_eq!(read[0].value, text("$HOME/a \"b\""));
        let Setting::Block(dev) = &read[4].value else { panic!() };
        assert_eq!((dev[0].keys[0].as_str(), &dev[0].value), ("a/b", &text("${c(\"d\")}")));
        assert_eq!(dev[1].value, Setting::List(vec![text("e"), Setting::List(Vec::new()), text("f")]));

        let json = parse(r#"{"a": [{"b": "c"}, {"d": 1}]}"#).unwrap();
        assert_eq!(json[0].value.blocks().len(), 2);
    }

    #[test]
    fn what_is_neither_is_refused_with_its_line() {
        for (source, line) in [
            ("a", 1),
            ("\na = ", 2),
            ("a {\n", 2),
            ("a = [\"b\"", 1),
            ("a = \"b\n\"", 1),
            ("a = \"\\x\"", 1),
            ("= 1", 1),
            ("a = <<\n", 1),
            ("\na = <<E\nb", 2),
            ("{]", 1),
            ("a \"b\" = 1", 1),
            ("}", 1),
        ] {
            assert_eq!(parse(source).map_err(|error| error.line), Err(line), "{source:?}");
        }
        assert!(parse(&"a {".repeat(100_000)).is_err());
        assert!(parse(&format!("a = {}", "[".repeat(100_000))).is_err());
        assert_eq!(parse(&"{\"a\":".repeat(100_000)), Err(Malformed { line: 1, what: "no JSON" }));
    }
}
