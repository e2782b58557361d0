//! The backend block of a configuration, found without understanding the rest of it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{WorkdirError, read};

/// What a configuration says about the place of its state.
pub(super) enum Configured {
    Nothing,
    Block(Block),
}

/// A `backend` or `cloud` block.
pub(super) struct Block {
    /// The label of the block; `cloud` for a cloud block.
    pub(super) kind: String,
    pub(super) file: PathBuf,
    pub(super) line: usize,
}

/// Looks into the files of a configuration, which all lie in one folder.
pub(super) fn of_folder(folder: &Path) -> Result<Configured, WorkdirError> {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let io = |source| WorkdirError::Io { path: here.to_owned(), source };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(here).map_err(io)? {
        let name = entry.map_err(io)?.file_name();
        names.extend(name.into_string().ok().filter(|name| !name.starts_with('.')));
    }
    names.sort();
    for name in names {
        let is_json = name.ends_with(".tf.json") || name.ends_with(".tofu.json");
        if !is_json && !name.ends_with(".tf") && !name.ends_with(".tofu") {
            continue;
        }
        let file = folder.join(&name);
        // A file that is no text is terraform's to complain about.
        let Some(text) = read(&file)? else { continue };
        let found = if is_json { in_json(&text).map(|kind| (kind, 1)) } else { in_blocks(&text) };
        if let Some((kind, line)) = found {
            return Ok(Configured::Block(Block { kind, file, line }));
        }
    }
    Ok(Configured::Nothing)
}

/// The kind in a configuration that is written as JSON, where blocks are objects or arrays of objects.
fn in_json(text: &str) -> Option<String> {
    let document: Value = serde_json::from_str(text).ok()?;
    let blocks = |value: &Value| match value {
        Value::Array(blocks) => blocks.clone(),
        other => vec![other.clone()],
    };
    blocks(document.get("terraform")?).iter().find_map(|block| {
        let backend = block.get("backend").and_then(|backend| blocks(backend).into_iter().next());
        let kind = backend.as_ref().and_then(Value::as_object).and_then(|kinds| kinds.keys().next().cloned());
        kind.or_else(|| block.get("cloud").map(|_| String::from("cloud")))
    })
}

/// The kind in a configuration, and its line.
fn in_blocks(text: &str) -> Option<(String, usize)> {
    let mut scanner = Scanner { rest: text, line: 1 };
    // What opened each brace that is open; the header of the block that may come.
    let mut open: Vec<String> = Vec::new();
    let mut header: Vec<(String, usize)> = Vec::new();
    while let Some((token, line)) = scanner.next() {
        match token {
            Token::Word(word) => header.push((word, line)),
            Token::Line => header.clear(),
            Token::Open => {
                let in_terraform = open.len() == 1 && open.first().is_some_and(|block| block == "terraform");
                match header.as_slice() {
                    [(name, line), (kind, _)] if in_terraform && name == "backend" && !kind.is_empty() => {
                        return Some((kind.clone(), *line));
                    }
                    [(name, line)] if in_terraform && name == "cloud" => return Some((name.clone(), *line)),
                    _ => {}
                }
                open.push(header.first().map(|(word, _)| word.clone()).unwrap_or_default());
                header.clear();
            }
            Token::Close => {
                open.pop();
                header.clear();
            }
            // What follows is an expression and no block.
            Token::Other => header.push((String::new(), line)),
        }
    }
    None
}

enum Token {
    /// A name or a quoted text.
    Word(String),
    Open,
    Close,
    Line,
    Other,
}

/// Walks over the text, past comments, quoted texts with templates in them, and heredocs.
struct Scanner<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Scanner<'a> {
    fn next(&mut self) -> Option<(Token, usize)> {
        loop {
            let c = self.rest.chars().next()?;
            let line = self.line;
            let token = match c {
                '\n' => {
                    self.skip(1);
                    Token::Line
                }
                '{' => {
                    self.skip(1);
                    Token::Open
                }
                '}' => {
                    self.skip(1);
                    Token::Close
                }
                '"' => Token::Word(self.quoted()),
                '#' => {
                    self.skip_to("\n");
                    continue;
                }
                _ if self.rest.starts_with("//") => {
                    self.skip_to("\n");
                    continue;
                }
                _ if self.rest.starts_with("/*") => {
                    self.skip(2);
                    self.skip_to("*/");
                    self.skip(2);
                    continue;
                }
                _ if self.rest.starts_with("<<") => {
                    self.heredoc();
                    Token::Other
                }
                c if c.is_whitespace() => {
                    self.skip(c.len_utf8());
                    continue;
                }
                c if c.is_alphanumeric() || c == '_' => {
                    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
                    let length = self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len());
                    Token::Word(self.skip(length).to_owned())
                }
                c => {
                    self.skip(c.len_utf8());
                    Token::Other
                }
            };
            return Some((token, line));
        }
    }

    /// Passes so many bytes, and gives them.
    fn skip(&mut self, length: usize) -> &'a str {
        let (passed, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.line += passed.matches('\n').count();
        self.rest = rest;
        passed
    }

    fn skip_to(&mut self, text: &str) {
        self.skip(self.rest.find(text).unwrap_or(self.rest.len()));
    }

    /// A quoted text. What stands in a template, further quoted texts among it, belongs to it.
    fn quoted(&mut self) -> String {
        self.skip(1);
        let mut text = String::new();
        // How many braces are open in templates; a quote closes the text only where none is.
        let mut depth = 0_usize;
        while let Some(c) = self.rest.chars().next() {
            if self.rest.starts_with("$${") || self.rest.starts_with("%%{") {
                text.push_str(self.skip(3));
            } else if self.rest.starts_with("${") || self.rest.starts_with("%{") {
                depth += 1;
                text.push_str(self.skip(2));
            } else if c == '\\' && depth == 0 {
                let length = 1 + self.rest.chars().nth(1).map_or(0, char::len_utf8);
                text.push_str(self.skip(length));
            } else if c == '"' && depth == 0 {
                self.skip(1);
                break;
            } else if c == '"' {
                text.push_str(&self.quoted());
            } else {
                match c {
                    '{' if depth > 0 => depth += 1,
                    '}' if depth > 0 => depth -= 1,
                    _ => {}
                }
                text.push_str(self.skip(c.len_utf8()));
            }
        }
        text
    }

    /// A text that ends with a line of its own.
    fn heredoc(&mut self) {
        self.skip(2);
        if self.rest.starts_with('-') {
            self.skip(1);
        }
        let length = self.rest.find('\n').unwrap_or(self.rest.len());
        let end = self.skip(length).trim();
        if end.is_empty() {
            return;
        }
        while !self.rest.is_empty() {
            self.skip(1);
            let length = self.rest.find('\n').unwrap_or(self.rest.len());
            if self.skip(length).trim() == end {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_block_of_terraforms_own_counts() {
        for (text, found) in [
            ("terraform {\n  backend \"s3\" {\n    bucket = \"b\"\n  }\n}", Some(("s3", 2))),
            ("terraform {\n  required_providers {\n    a = { source = \"b\" }\n  }\n  cloud {}\n}", Some(("cloud", 5))),
            ("terraform { backend \"gcs\" {} }", Some(("gcs", 1))),
            ("// terraform { backend \"s3\" {} }\n/* terraform {\nbackend \"s3\" {}\n} */", None),
            ("locals {\n  a = \"terraform { backend \\\"s3\\\" {} }\"\n}", None),
            ("locals {\n  a = \"${\"}\"} terraform { backend s3 {\"\n}", None),
            ("locals {\n  a = <<-EOT\n  terraform {\n  backend \"s3\" {}\n  }\n  EOT\n}", None),
            ("resource \"x\" \"terraform\" {\n  backend \"s3\" {}\n}", None),
            ("terraform {\n  provider_meta \"x\" {\n    backend \"s3\" {}\n  }\n}", None),
            ("terraform {\n  backend = { a = 1 }\n}", None),
            ("terraform {", None),
            ("a = \"", None),
            ("a = <<EOT", None),
        ] {
            let (kind, line) = in_blocks(text).unzip();
            assert_eq!(kind.as_deref().zip(line), found, "{text}");
        }
    }
}
