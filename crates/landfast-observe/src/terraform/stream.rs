//! What `terraform plan -json` prints while it goes.

use std::collections::HashSet;
use std::io::{self, BufRead, Read as _};

use landfast_state::Limits;
use landfast_state::json::{JsonError, Kind, Reader};
use landfast_state::plan::{self, PlanStream};

use crate::observer::{Progress, ProgressSink};

/// The longest line. A diagnostic repeats a few lines of configuration at most.
const MAX_LINE: usize = 16 * 1024 * 1024;

/// How much of what is no stream is kept.
const MAX_TEXT: usize = 64 * 1024;

/// What a stream said.
#[derive(Debug, Default)]
pub(super) struct PlanOutput {
    /// The addresses that were refreshed, as the tool writes them.
    pub(super) refreshed: HashSet<String>,
    /// Whether the tool got to looking at resources, be it that there are none.
    pub(super) walked: bool,
    pub(super) diagnostics: Vec<plan::Diagnostic>,
    /// Lines that are no part of a stream: what versions print that do not know of one.
    pub(super) text: String,
    begun: usize,
    /// Lines to be read as a whole at the end.
    kept: Vec<u8>,
}

/// What one line says, as far as it is read here.
#[derive(Debug, Default)]
struct Line {
    kind: String,
    address: Option<String>,
}

impl PlanOutput {
    /// Reads a stream to its end, and tells how far it is.
    pub(super) fn read(mut from: impl BufRead, limits: &Limits, progress: &ProgressSink) -> io::Result<Self> {
        let mut output = Self::default();
        let mut line = Vec::new();
        loop {
            line.clear();
            let most = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
            if from.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            if line.len() == MAX_LINE && line.last() != Some(&b'\n') {
                return Err(too_long());
            }
            if !line.trim_ascii().is_empty() {
                output.take(&line, limits, progress)?;
            }
        }
        if let Ok(stream) = PlanStream::read(&output.kept, "plan", limits) {
            output.diagnostics = stream.diagnostics;
        }
        Ok(output)
    }

    fn take(&mut self, line: &[u8], limits: &Limits, progress: &ProgressSink) -> io::Result<()> {
        let Ok(Line { kind, address }) = read_line(line, limits) else {
            let room = MAX_TEXT.saturating_sub(self.text.len());
            let text = String::from_utf8_lossy(line);
            self.text.extend(text.chars().take(room));
            return Ok(());
        };
        match (&*kind, address) {
            ("refresh_start", _) => self.begun += 1,
            ("refresh_complete", Some(address)) => {
                self.refreshed.insert(address);
            }
            ("version" | "diagnostic", _) => {
                if self.kept.len() + line.len() > limits.max_bytes {
                    return Err(too_long());
                }
                self.kept.extend_from_slice(line);
                return Ok(());
            }
            ("change_summary", _) => {
                self.walked = true;
                return Ok(());
            }
            _ => return Ok(()),
        }
        self.walked = true;
        if self.refreshed.len() > limits.max_instances {
            return Err(too_long());
        }
        progress.tell(Progress::Reading { begun: self.begun.max(self.refreshed.len()), done: self.refreshed.len() });
        Ok(())
    }
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it prints more than the limit")
}

/// Reads the type of a message, and the address of the resource that it is about.
fn read_line(line: &[u8], limits: &Limits) -> Result<Line, JsonError> {
    let mut reader = Reader::new(line, limits)?;
    let mut read = Line::default();
    reader.enter_object()?;
    while let Some(key) = reader.next_member()? {
        match &*key {
            "type" if reader.peek()? == Kind::String => read.kind = reader.string()?.into_owned(),
            "hook" if reader.peek()? == Kind::Object => read.address = read_hook(&mut reader)?,
            _ => drop(reader.raw()?),
        }
    }
    reader.finish()?;
    Ok(read)
}

fn read_hook(reader: &mut Reader<'_>) -> Result<Option<String>, JsonError> {
    let mut address = None;
    reader.enter_object()?;
    while let Some(key) = reader.next_member()? {
        if &*key != "resource" || reader.peek()? != Kind::Object {
            reader.raw()?;
            continue;
        }
        reader.enter_object()?;
        while let Some(key) = reader.next_member()? {
            match &*key {
                "addr" if reader.peek()? == Kind::String => address = Some(reader.string()?.into_owned()),
                _ => drop(reader.raw()?),
            }
        }
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    const VERSION: &str = r#"{"type":"version","terraform":"1.11.4","ui":"1.2"}"#;

    fn read(lines: &[&str]) -> (PlanOutput, Vec<Progress>) {
        let told = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&told);
        let progress = ProgressSink::new(move |progress| sink.lock().unwrap().push(progress));
        let output = PlanOutput::read(lines.join("\n").as_bytes(), &Limits::default(), &progress).unwrap();
        let told = told.lock().unwrap().clone();
        (output, told)
    }

    #[test]
    fn refreshed_addresses_and_diagnostics_are_gathered() {
        let (output, told) = read(&[
            VERSION,
            r#"{"hook":{"resource":{"addr":"t.a[\"k\"]"},"id_value":"CANARY-id"},"type":"refresh_start"}"#,
            r#"{"hook":{"resource":{"addr":"t.b"}},"type":"refresh_start"}"#,
            r#"{"hook":{"resource":{"addr":"t.a[\"k\"]"}},"type":"refresh_complete"}"#,
            r#"{"type":"diagnostic","diagnostic":{"severity":"error","summary":"no","detail":"","address":"t.b"}}"#,
            r#"{"hook":7,"type":"refresh_complete"}"#,
            r#"{"type":"change_summary","changes":{}}"#,
        ]);
        assert_eq!(output.refreshed, HashSet::from([String::from("t.a[\"k\"]")]));
        assert_eq!(output.diagnostics.first().unwrap().address.as_deref(), Some("t.b"));
        assert!(output.walked && output.text.is_empty());
        assert_eq!(told.last(), Some(&Progress::Reading { begun: 2, done: 1 }));
        assert!(!format!("{output:?}").contains("CANARY"));
    }

    #[test]
    fn what_is_no_stream_is_kept_as_text() {
        let (output, _) = read(&["Usage: terraform plan", "{\"type\":"]);
        assert_eq!(output.text, "Usage: terraform plan\n{\"type\":");
        assert!(!output.walked);
    }

    #[test]
    fn no_line_makes_it_panic() {
        let whole = r#"{"hook":{"resource":{"addr":"t.a[\"k\"]"},"x":[1]},"type":"refresh_complete"}"#;
        for end in 0..whole.len() {
            let (output, _) = read(&[VERSION, &whole[..end]]);
            assert!(output.refreshed.is_empty());
        }
        let deep = "[".repeat(100_000);
        assert!(read(&[&format!("{{\"hook\":{deep}")]).0.text.starts_with("{\"hook\":["));
    }

    #[test]
    fn a_line_without_an_end_is_refused() {
        let endless = io::BufReader::new(io::repeat(b'a'));
        let error = PlanOutput::read(endless, &Limits::default(), &ProgressSink::default()).unwrap_err();
        assert_eq!(error.to_string(), "it prints more than the limit");
    }
}
