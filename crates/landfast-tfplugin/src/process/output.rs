//! What a provider prints, as events of `tracing`, and the end of it for messages.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use landfast_state::Limits;
use landfast_state::json::{Raw, RawKind};
use tracing::Level;

use super::secrets::Secrets;

/// How many of the last lines are kept for messages, and how much of each.
const KEPT_LINES: usize = 12;
const KEPT_LINE: usize = 400;

/// Takes the lines that one provider prints. Known secrets are masked before anything else is done with them.
#[derive(Debug)]
pub(crate) struct OutputLog {
    provider: String,
    secrets: Arc<Secrets>,
    /// The last lines that say something, for messages.
    tail: Mutex<VecDeque<String>>,
}

/// A line, understood as far as it tells its level.
#[derive(Debug, PartialEq, Eq)]
struct Entry<'a> {
    level: Level,
    module: Option<String>,
    message: std::borrow::Cow<'a, str>,
}

impl OutputLog {
    pub(crate) fn new(provider: &str, secrets: Arc<Secrets>) -> Self {
        Self { provider: provider.to_owned(), secrets, tail: Mutex::default() }
    }

    /// Takes a line.
    pub(crate) fn line(&self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        if line.trim().is_empty() {
            return;
        }
        let entry = Entry::of(&line);
        let message = self.secrets.redact(&entry.message);
        let provider = self.provider.as_str();
        let module = self.secrets.redact(entry.module.as_deref().unwrap_or_default());
        match entry.level {
            Level::ERROR => tracing::error!(target: TARGET, provider, module, "{message}"),
            Level::WARN => tracing::warn!(target: TARGET, provider, module, "{message}"),
            Level::INFO => tracing::info!(target: TARGET, provider, module, "{message}"),
            Level::DEBUG => tracing::debug!(target: TARGET, provider, module, "{message}"),
            Level::TRACE => tracing::trace!(target: TARGET, provider, module, "{message}"),
        }
        if entry.level != Level::TRACE {
            let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
            if tail.len() == KEPT_LINES {
                tail.pop_front();
            }
            tail.push_back(cut(&message, KEPT_LINE).to_owned());
        }
    }

    /// The last lines, secrets masked; empty when there were none.
    pub(crate) fn tail(&self) -> String {
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

/// The target of events that repeat what providers print.
const TARGET: &str = "landfast_tfplugin::provider";

impl<'a> Entry<'a> {
    fn of(line: &'a str) -> Self {
        Self::structured(line).unwrap_or_else(|| Self::plain(line))
    }

    /// A line of hclog: an object whose members beginning with `@` are the log's own. Other members are the provider's data, among
    /// them whole requests; they are left out.
    fn structured(line: &'a str) -> Option<Self> {
        let line = line.trim();
        if !line.starts_with('{') {
            return None;
        }
        let RawKind::Object(members) = Raw::check(line.as_bytes(), &Limits::default()).ok()?.kind() else {
            return None;
        };
        let (mut level, mut module, mut message) = (Level::DEBUG, None, None);
        for (name, value) in members {
            let RawKind::String(text) = value.kind() else { continue };
            match &*name {
                "@level" => level = level_of(&text).unwrap_or(Level::DEBUG),
                "@module" => module = Some(text.into_owned()),
                "@message" => message = Some(text),
                _ => {}
            }
        }
        let message = message?;
        // Loggers inside of others leave their levels in the text.
        let inner = bracketed_level(&message).map_or(level, |(inner, _)| inner);
        Some(Self { level: inner, module, message })
    }

    fn plain(line: &'a str) -> Self {
        let trimmed = line.trim_end();
        let level = match bracketed_level(trimmed) {
            Some((level, _)) => level,
            // How programs in Go begin their last words.
            None if trimmed.starts_with("panic:") || trimmed.starts_with("fatal error:") => Level::ERROR,
            None => Level::DEBUG,
        };
        Self { level, module: None, message: trimmed.into() }
    }
}

/// The level that stands in brackets at the beginning of a text, or behind a date and a time.
fn bracketed_level(text: &str) -> Option<(Level, usize)> {
    let start = text.find('[').filter(|at| *at <= 32)?;
    let before = text.get(..start)?;
    if !before.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '/' | ':' | '-' | '.' | 'T' | 'Z' | '+')) {
        return None;
    }
    let (name, _) = text.get(start + 1..)?.split_once(']')?;
    level_of(name).map(|level| (level, start))
}

fn level_of(name: &str) -> Option<Level> {
    match name.trim().to_ascii_lowercase().as_str() {
        "trace" => Some(Level::TRACE),
        "debug" => Some(Level::DEBUG),
        "info" => Some(Level::INFO),
        "warn" | "warning" => Some(Level::WARN),
        "error" | "err" => Some(Level::ERROR),
        _ => None,
    }
}

/// The first `chars` characters of a text.
pub(crate) fn cut(text: &str, chars: usize) -> &str {
    text.char_indices().nth(chars).and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use landfast_state::{SecretTexts, Value};

    use super::*;

    fn level(line: &str) -> (Level, String) {
        let entry = Entry::of(line);
        (entry.level, entry.message.into_owned())
    }

    #[test]
    fn levels_are_read_of_structured_and_plain_lines() {
        let structured = r#"{"@level":"warn","@message":"be careful","@module":"aws","body":"secret"}"#;
        assert_eq!(level(structured), (Level::WARN, "be careful".to_owned()));
        assert_eq!(
            level("2026/11/21 10:00:00 [ERROR] no"),
            (Level::ERROR, "2026/11/21 10:00:00 [ERROR] no".to_owned())
        );
        assert_eq!(level("[INFO] so").0, Level::INFO);
        assert_eq!(level("panic: runtime error").0, Level::ERROR);
        assert_eq!(level("something [ERROR] else").0, Level::DEBUG);
        assert_eq!(level(r#"{"not": "hclog"}"#).0, Level::DEBUG);
        assert_eq!(level("{broken").0, Level::DEBUG);
        assert_eq!(level(r#"{"@level":"debug","@message":"2026-11-21T10:00:00.123Z [WARN] inner"}"#).0, Level::WARN);
    }

    #[test]
    fn the_tail_keeps_the_last_lines_without_secrets() {
        let mut texts = SecretTexts::default();
        texts.add_all(&Value::String("hunter2-hunter2".to_owned()));
        let log = OutputLog::new("p", Arc::new(Secrets::new(texts.redactor())));
        for at in 0..20 {
            log.line(format!("line {at} hunter2-hunter2").as_bytes());
        }
        log.line(b"  ");
        log.line("x".repeat(1000).as_bytes());
        let tail = log.tail();
        assert!(tail.starts_with("line 9 (sensitive value)\n"), "{tail}");
        assert_eq!(tail.lines().last().unwrap().len(), KEPT_LINE);
        assert!(!tail.contains("hunter2"));
    }
}
