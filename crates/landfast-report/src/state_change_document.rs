//! What becomes of a state, in the versioned machine format.

use landfast_drift::{ObjectChange, StateChange};
use landfast_state::Redactor;
use serde::Serialize;

use crate::document::{ChangeEntry, FORMAT_VERSION};
use crate::escape::escape_json;

/// What becomes of a state, in the machine format.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct StateChangeDocument {
    /// The version of this format, `1.0`.
    pub format_version: &'static str,
    /// What the document is about: `state_change`.
    pub kind: &'static str,
    /// Where the state lies, without credentials.
    pub place: String,
    /// Whether anything would be written.
    pub writes: bool,
    /// Serial of what is there; null where there is no state.
    pub serial_before: Option<u64>,
    /// Serial of what would take its place; null where nothing would be written.
    pub serial_after: Option<u64>,
    /// Lineages, where they differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lineage: Option<BeforeAfter>,
    /// Addresses of objects that appear, sorted.
    pub added: Vec<String>,
    /// Addresses of objects that go, sorted.
    pub removed: Vec<String>,
    /// Objects that get another address, sorted by the new one.
    pub moved: Vec<MovedEntry>,
    /// Objects that stay and are not the same, sorted by their address afterwards.
    pub changed: Vec<ChangedObjectEntry>,
    /// Names of root outputs that are not the same, sorted.
    pub outputs: Vec<String>,
}

/// Two texts, of which the second takes the place of the first.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct BeforeAfter {
    /// What is there.
    pub before: String,
    /// What takes its place.
    pub after: String,
}

/// An object that gets another address.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct MovedEntry {
    /// The address that it has.
    pub from: String,
    /// The address that it gets.
    pub to: String,
}

/// An object that stays and is not the same.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ChangedObjectEntry {
    /// Its address afterwards.
    pub address: String,
    /// Source addresses of its provider, where they differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<BeforeAfter>,
    /// Its attributes that change, sorted by path. Of data and deposed objects none are listed.
    pub changes: Vec<ChangeEntry>,
}

impl StateChangeDocument {
    /// The document of a change to the state at `place`. Copies of secrets that the change knows of are masked in every text.
    #[must_use]
    pub fn new(place: &str, change: &StateChange) -> Self {
        let redactor = &change.redactor;
        let masked = |text: &str| redactor.redact(text).into_owned();
        let pair = |(before, after): &(String, String)| BeforeAfter { before: masked(before), after: masked(after) };
        Self {
            writes: true,
            serial_after: Some(change.serial_after),
            lineage: change.lineages.as_ref().map(pair),
            added: change.added.iter().map(|address| masked(&address.to_string())).collect(),
            removed: change.removed.iter().map(|address| masked(&address.to_string())).collect(),
            moved: change
                .moved
                .iter()
                .map(|(from, to)| MovedEntry { from: masked(&from.to_string()), to: masked(&to.to_string()) })
                .collect(),
            changed: change.changed.iter().map(|object| ChangedObjectEntry::new(object, redactor)).collect(),
            outputs: change.outputs.iter().map(|name| masked(name)).collect(),
            ..Self::nothing(&masked(place), change.serial_before)
        }
    }

    /// The document of a command that would write nothing; `serial` is that of what is there.
    #[must_use]
    pub fn nothing(place: &str, serial: Option<u64>) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            kind: "state_change",
            place: place.to_owned(),
            writes: false,
            serial_before: serial,
            serial_after: None,
            lineage: None,
            added: Vec::new(),
            removed: Vec::new(),
            moved: Vec::new(),
            changed: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// The document as JSON, indented by two spaces, with a line break at its end. Invisible characters are escaped.
    ///
    /// # Errors
    /// Never in practice; the serialiser's error type demands it.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut text = escape_json(&serde_json::to_string_pretty(self)?);
        text.push('\n');
        Ok(text)
    }
}

impl ChangedObjectEntry {
    fn new(object: &ObjectChange, redactor: &Redactor) -> Self {
        let masked = |text: &str| redactor.redact(text).into_owned();
        let provider = object.providers.as_ref();
        Self {
            address: masked(&object.address.to_string()),
            provider: provider.map(|(before, after)| BeforeAfter { before: masked(before), after: masked(after) }),
            changes: object.attributes.iter().map(|change| ChangeEntry::new(change, redactor)).collect(),
        }
    }
}

/// The JSON Schema (draft 2020-12) of [`StateChangeDocument`].
#[cfg(feature = "schema")]
#[must_use]
pub fn state_change_schema() -> serde_json::Value {
    schemars::schema_for!(StateChangeDocument).to_value()
}
