//! The show JSON of a state.

use bytes::Bytes;

use super::checks::Check;
use super::kind::TopMembers;
use super::optional::{Read, each_element, pass, text};
use super::secrets;
use super::snapshots::snapshot;
use super::values::{OutputValue, Values};
use super::version::{FormatVersion, WrittenVersion};
use crate::json::{JsonError, Limits, Place, Reader};
use crate::origin::{Origin, SourceKind};
use crate::read_error::ReadError;
use crate::redact::SecretTexts;
use crate::snapshot::Snapshot;

/// A state as `terraform show -json` writes it, format versions 0.1 to 1.x.
///
/// It lacks what a state file needs to be written again (serial, lineage, private data): it is for reading only.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ShownState {
    /// Version of the document's format.
    pub format_version: FormatVersion,
    /// Version of terraform that wrote the state; an empty state does not say.
    pub terraform_version: Option<Box<str>>,
    /// Outputs of the root module, sorted by name.
    pub outputs: Vec<OutputValue>,
    /// Results of checks at the last apply.
    pub checks: Vec<Check>,
    snapshot: Snapshot,
}

/// The members of a state, at the top of its own document or as `prior_state` of a plan.
#[derive(Debug, Default)]
pub(super) struct StateMembers {
    pub(super) format_version: Option<WrittenVersion>,
    pub(super) terraform_version: Option<Box<str>>,
    pub(super) values: Values,
    pub(super) checks: Vec<Check>,
}

impl StateMembers {
    /// Reads the value of `key`, whatever it is.
    pub(super) fn read(&mut self, source: &Bytes, reader: &mut Reader<'_>, key: &str) -> Read<()> {
        match key {
            "format_version" => self.format_version = WrittenVersion::read(reader)?,
            "terraform_version" => self.terraform_version = text(reader)?,
            "values" => self.values = Values::read(source, reader)?,
            "checks" => each_element(reader, |reader| {
                self.checks.push(Check::read(reader)?);
                Ok(())
            })?,
            _ => pass(reader)?,
        }
        Ok(())
    }
}

impl ShownState {
    /// What is read here, for messages.
    const FORMAT: &'static str = "show JSON";

    /// Reads the document in `source`, which `file` names in messages. An empty state is one without `values`.
    ///
    /// # Errors
    /// On everything that [`Reader`] refuses, another kind of document, an unknown major version, addresses that
    /// contradict themselves or stand twice.
    pub fn read(source: Bytes, file: &str, limits: &Limits) -> Result<Self, ReadError> {
        let json = |error: JsonError| ReadError::json(file, error);
        let mut reader = Reader::new(&source, limits).map_err(json)?;
        let mut top = TopMembers::default();
        let mut members = StateMembers::default();
        let mut version = None;
        let start = reader.offset();
        reader.enter_object().map_err(json)?;
        while let Some(key) = reader.next_member().map_err(json)? {
            top.see(&key);
            members.read(&source, &mut reader, &key).map_err(json)?;
            if let Some(found) = members.format_version.take() {
                version = Some(FormatVersion::check(&found, Self::FORMAT, file)?);
            }
        }
        reader.finish().map_err(json)?;
        let (Some(format_version), true) = (version, top.is_shown_state()) else {
            let wanted = "a state as `terraform show -json` writes it";
            let (place, found) = (Place::of(&source, start), top.found(version.is_some()));
            return Err(ReadError::Unrecognised { file: file.into(), place, wanted, found });
        };
        let StateMembers { terraform_version, values, checks, .. } = members;
        let mut hidden = SecretTexts::default();
        secrets::add_outputs(&mut hidden, &values.outputs);
        let mut origin = Origin::new(SourceKind::ShowJson, file);
        origin.terraform_version = terraform_version.as_deref().map(str::to_owned);
        let snapshot = snapshot(&source, origin, values.objects, hidden)?;
        Ok(Self { format_version, terraform_version, outputs: values.outputs, checks, snapshot })
    }

    /// The resource objects of the state.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ShownState, String> {
        let source = Bytes::copy_from_slice(text.as_bytes());
        ShownState::read(source, "s.json", &Limits::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_an_empty_state() {
        let state = read(r#"{"format_version":"1.0"}"#).unwrap();
        assert!(state.snapshot().objects().is_empty());
        assert_eq!(state.snapshot().origins().first().unwrap().kind, SourceKind::ShowJson);
    }

    #[test]
    fn masks_sensitive_outputs_everywhere() {
        let state = read(
            r#"{"format_version":"1.0","terraform_version":"1.5.0","values":{"outputs":{"s":{"sensitive":true,
                "value":{"deep":"CANARY-output"}}},"root_module":{"resources":[{"address":"t.a","values":{}}]}}}"#,
        )
        .unwrap();
        assert_eq!(Snapshot::redactor(&[state.snapshot()]).redact("x CANARY-output"), "x (sensitive value)");
        assert!(!format!("{state:?}").contains("CANARY"));
        assert_eq!(state.snapshot().origins().first().unwrap().terraform_version.as_deref(), Some("1.5.0"));
    }

    #[test]
    fn says_why_a_document_is_none() {
        insta::assert_snapshot!(read("").unwrap_err(), @"s.json: the file is empty; an empty file is not an empty infrastructure");
        insta::assert_snapshot!(read("[]").unwrap_err(), @"s.json:1:1: expected an object, found an array");
        insta::assert_snapshot!(read("{}").unwrap_err(), @"s.json:1:1: a document without `format_version` is not a state as `terraform show -json` writes it");
        insta::assert_snapshot!(read(r#"{"format_version":2}"#).unwrap_err(), @"s.json:1:19: at format_version: expected a string, found a number");
        insta::assert_snapshot!(read(r#"{"format_version":"2.0","values":3}"#).unwrap_err(), @r#"s.json:1:19: show JSON of version "2.0" is not supported (supported: 0.x and 1.x)"#);
        insta::assert_snapshot!(read(r#"{"format_version":"1.2","planned_values":{}}"#).unwrap_err(), @"s.json:1:1: a plan as `terraform show -json` writes it is not a state as `terraform show -json` writes it");
        insta::assert_snapshot!(read(r#"{"version":4,"serial":1,"lineage":""}"#).unwrap_err(), @"s.json:1:1: a state file is not a state as `terraform show -json` writes it");
        insta::assert_snapshot!(read(r#"{"format_version":"1.0","format_version":"1.1"}"#).unwrap_err(), @r#"s.json:1:25: duplicate key "format_version" (first at 1:2)"#);
        let twice = "{\"format_version\":\"1.0\",\"values\":{\"root_module\":{\"resources\":[{\"address\":\"t.a\"},\n{\"address\":\"t.a\"}]}}}";
        insta::assert_snapshot!(read(twice).unwrap_err(), @"s.json: t.a stands twice, in line 1, column 63 and in line 2, column 1");
    }
}
