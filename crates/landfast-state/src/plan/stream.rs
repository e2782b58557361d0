//! The log stream of `terraform plan -json` and `terraform apply -json`: a JSON object on each line.

use std::collections::BTreeMap;

use super::stream_message::{ChangeSummary, Diagnostic, Message, StreamChange, StreamOutput};
use super::version::{FormatVersion, WrittenVersion};
use crate::json::{JsonError, JsonErrorKind, Limits, Place, Reader};
use crate::read_error::ReadError;

/// What a log stream says. Values of resources do not stand in such a stream; those of outputs are not read.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PlanStream {
    /// Version of the stream's format, which terraform calls `ui`.
    pub ui_version: FormatVersion,
    /// Version of terraform (or OpenTofu) that wrote the stream.
    pub terraform_version: Option<Box<str>>,
    /// What terraform found changed since the state was written, in the order of the stream. A plan lists here only what
    /// matters to it, unless it only refreshes.
    pub drift: Vec<StreamChange>,
    /// What terraform means to do, in the order of the stream.
    pub planned_changes: Vec<StreamChange>,
    /// The summaries of the operations that came to their end: without one for `plan`, the plan did not finish and the
    /// stream does not tell everything.
    pub summaries: Vec<ChangeSummary>,
    /// Errors and warnings, in the order of the stream.
    pub diagnostics: Vec<Diagnostic>,
    /// Outputs of the root module, as the last message about them has them.
    pub outputs: Vec<StreamOutput>,
    /// How many messages of other types there are, by type; messages without a type are counted under the empty one.
    pub other_messages: BTreeMap<Box<str>, usize>,
}

/// What is gathered from the lines.
#[derive(Debug, Default)]
struct Gathered {
    version: Option<FormatVersion>,
    terraform_version: Option<Box<str>>,
    drift: Vec<StreamChange>,
    planned_changes: Vec<StreamChange>,
    summaries: Vec<ChangeSummary>,
    diagnostics: Vec<Diagnostic>,
    outputs: Vec<StreamOutput>,
    other_messages: BTreeMap<Box<str>, usize>,
}

impl PlanStream {
    const FORMAT: &'static str = "log stream";

    /// Reads the stream in `source`, which `file` names in messages. Empty lines are passed over. A line that is not one
    /// JSON object is an error, the last one too: a stream that was cut off does not tell everything.
    ///
    /// # Errors
    /// On everything that [`Reader`] refuses in a line, a stream without a `version` message, and an unknown major version
    /// of the stream's format. Places count lines from the start of the stream.
    pub fn read(source: &[u8], file: &str, limits: &Limits) -> Result<Self, ReadError> {
        if source.len() > limits.max_bytes {
            let kind = JsonErrorKind::TooLarge { limit: limits.max_bytes, actual: source.len() };
            return Err(ReadError::json(file, JsonError { kind, place: Place::of(&[], 0), path: String::new() }));
        }
        if source.iter().all(u8::is_ascii_whitespace) {
            return Err(ReadError::Empty { file: file.to_owned() });
        }
        let mut gathered = Gathered::default();
        let mut start = 0;
        for (above, line) in source.split(|byte| *byte == b'\n').enumerate() {
            if !line.iter().all(u8::is_ascii_whitespace) {
                let message = read_line(line, limits);
                let message = message.map_err(|error| ReadError::json(file, shifted(error, above, start)))?;
                gathered.take(message, file, limits, Place { line: above + 1, column: 1, offset: start })?;
            }
            start += line.len() + 1;
        }
        gathered.finish(file)
    }

    /// The summary of the plan, `None` when the plan did not finish.
    #[must_use]
    pub fn plan_summary(&self) -> Option<&ChangeSummary> {
        self.summaries.iter().rfind(|summary| &*summary.operation == "plan")
    }
}

fn read_line(line: &[u8], limits: &Limits) -> Result<Message, JsonError> {
    let mut reader = Reader::new(line, limits)?;
    let message = Message::read(&mut reader)?;
    reader.finish()?;
    Ok(message)
}

/// The error with its places counted from the start of the stream: the line stands under `above` others, at `start`.
fn shifted(mut error: JsonError, above: usize, start: usize) -> JsonError {
    let shift = |place: &mut Place| {
        place.line += above;
        place.offset += start;
    };
    shift(&mut error.place);
    if let JsonErrorKind::DuplicateKey { first, .. } = &mut error.kind {
        shift(first);
    }
    error
}

impl Gathered {
    fn take(&mut self, message: Message, file: &str, limits: &Limits, place: Place) -> Result<(), ReadError> {
        let Message { kind, terraform, ui, change, summary, diagnostic, outputs } = message;
        let kind = kind.unwrap_or_default();
        match (&*kind, change, summary, diagnostic) {
            ("version", ..) => {
                let written = ui.map(|ui| ui.below(place.line - 1, place.offset));
                let written = written.unwrap_or_else(|| WrittenVersion::missing(place));
                let version = FormatVersion::check(&written, PlanStream::FORMAT, file)?;
                self.version = Some(version);
                self.terraform_version = terraform;
            }
            ("resource_drift", Some(change), ..) => self.drift.push(change),
            ("planned_change", Some(change), ..) => self.planned_changes.push(change),
            ("change_summary", _, Some(summary), _) => self.summaries.push(summary),
            ("diagnostic", _, _, Some(diagnostic)) => self.diagnostics.push(diagnostic),
            ("outputs", ..) => self.outputs = outputs,
            ("resource_drift" | "planned_change" | "change_summary" | "diagnostic", ..) => {
                let kind = JsonErrorKind::Invalid("the message lacks what its type promises".to_owned());
                return Err(ReadError::json(file, JsonError { kind, place, path: String::new() }));
            }
            _ => *self.other_messages.entry(kind).or_default() += 1,
        }
        let limit = limits.max_instances;
        if self.drift.len() > limit || self.planned_changes.len() > limit {
            let kind = JsonErrorKind::TooMany { what: "resource instances", limit };
            return Err(ReadError::json(file, JsonError { kind, place, path: String::new() }));
        }
        Ok(())
    }

    fn finish(self, file: &str) -> Result<PlanStream, ReadError> {
        let Some(ui_version) = self.version else {
            return Err(ReadError::Unrecognised {
                file: file.to_owned(),
                place: Place::of(&[], 0),
                wanted: "a log stream of `terraform plan -json`",
                found: "a text without a `version` message",
            });
        };
        Ok(PlanStream {
            ui_version,
            terraform_version: self.terraform_version,
            drift: self.drift,
            planned_changes: self.planned_changes,
            summaries: self.summaries,
            diagnostics: self.diagnostics,
            outputs: self.outputs,
            other_messages: self.other_messages,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::stream_message::{DiagnosticSeverity, StreamAction};
    use super::*;

    const VERSION: &str = r#"{"type":"version","terraform":"1.11.4","ui":"1.2"}"#;

    fn read(lines: &[&str]) -> Result<PlanStream, String> {
        let text = lines.join("\n");
        PlanStream::read(text.as_bytes(), "log.jsonl", &Limits::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_what_matters_and_counts_the_rest() {
        let stream = read(&[
            VERSION,
            r#"{"hook":{"resource":{"addr":"t.a"},"id_value":"CANARY-id"},"type":"refresh_start"}"#,
            r#"{"type":"resource_drift","change":{"resource":{"addr":"t.a"},"action":"delete"}}"#,
            r#"{"change":{"resource":{"addr":"t.b[\"k\"]"},"previous_resource":{"addr":"t.c"},"action":"move","reason":"r"},"type":"planned_change"}"#,
            "",
            r#"{"type":"planned_change","change":{"resource":{"addr":"t.d"},"action":"levitate"}}"#,
            r#"{"type":"change_summary","changes":{"add":1,"change":2,"import":0,"remove":3,"operation":"plan","forget":4}}"#,
            r#"{"type":"outputs","outputs":{"o":{"sensitive":true,"action":"update","value":"CANARY-output"}}}"#,
            r#"{"type":"diagnostic","diagnostic":{"severity":"warning","summary":"s","detail":"d","address":"t.a"}}"#,
            r#"{"@message":"no type"}"#,
            "",
        ])
        .unwrap();
        assert_eq!((stream.ui_version.major, stream.ui_version.minor), (1, 2));
        assert_eq!(stream.drift.first().unwrap().action, StreamAction::Delete);
        let [moved, other] = stream.planned_changes.as_slice() else { panic!("two changes") };
        assert_eq!(moved.address.to_string(), r#"t.b["k"]"#);
        assert_eq!(moved.previous_address.as_ref().unwrap().to_string(), "t.c");
        assert_eq!(other.action, StreamAction::Other("levitate".into()));
        let summary = stream.plan_summary().unwrap();
        assert_eq!((summary.add, summary.change, summary.remove), (1, 2, 3));
        assert!(stream.outputs.first().unwrap().sensitive);
        assert_eq!(stream.diagnostics.first().unwrap().severity, DiagnosticSeverity::Warning);
        assert_eq!(stream.other_messages.get("refresh_start"), Some(&1));
        assert_eq!(stream.other_messages.get(""), Some(&1));
        assert!(!format!("{stream:?}").contains("CANARY"));
    }

    #[test]
    fn names_the_line_that_is_broken() {
        insta::assert_snapshot!(read(&[VERSION, "", "oops"]).unwrap_err(), @"log.jsonl:3:1: expected a value, found a letter");
        insta::assert_snapshot!(read(&[VERSION, r#"{"type":"outputs","#]).unwrap_err(), @"log.jsonl:2:19: at type: the text ends where a key or the end of the object should follow");
        insta::assert_snapshot!(read(&[VERSION, r#"{"a":1,"a":"CANARY"}"#]).unwrap_err(), @r#"log.jsonl:2:8: duplicate key "a" (first at 2:2)"#);
        insta::assert_snapshot!(read(&[VERSION, r#"{"type":"planned_change"}"#]).unwrap_err(), @"log.jsonl:2:1: the message lacks what its type promises");
        insta::assert_snapshot!(read(&[VERSION, r#"{"change":{"resource":{"addr":"CANARY"}}}"#]).unwrap_err(), @"log.jsonl:2:31: at change.resource.addr: not a resource instance address: a dot and the resource's name are missing at column 7");
    }

    #[test]
    fn refuses_what_is_no_stream() {
        insta::assert_snapshot!(read(&["\n \r\n"]).unwrap_err(), @"log.jsonl: the file is empty; an empty file is not an empty infrastructure");
        insta::assert_snapshot!(read(&[r#"{"a":1}"#]).unwrap_err(), @"log.jsonl:1:1: a text without a `version` message is not a log stream of `terraform plan -json`");
        insta::assert_snapshot!(read(&[r#"{"type":"version","ui":"2.0"}"#]).unwrap_err(), @r#"log.jsonl:1:24: log stream of version "2.0" is not supported (supported: 0.x and 1.x)"#);
        insta::assert_snapshot!(read(&["", "", r#"{"type":"version","ui":"2.0"}"#]).unwrap_err(), @r#"log.jsonl:3:24: log stream of version "2.0" is not supported (supported: 0.x and 1.x)"#);
        insta::assert_snapshot!(read(&["", r#"{"type":"version"}"#]).unwrap_err(), @r#"log.jsonl:2:1: log stream of version "" is not supported (supported: 0.x and 1.x)"#);
        let limits = Limits { max_bytes: 10, ..Limits::default() };
        let error = PlanStream::read(VERSION.as_bytes(), "log.jsonl", &limits).unwrap_err();
        assert_eq!(error.to_string(), "log.jsonl:1:1: 50 bytes are more than the limit of 10");
    }
}
