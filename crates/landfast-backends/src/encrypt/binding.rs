//! What an envelope holds, and what its reader expects it to hold.

use serde::{Deserialize, Serialize};

use super::OpenError;

/// What an envelope holds. It can be read without a key, and cannot be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Binding {
    /// What kind of thing it is, such as `snapshot` or `backup`.
    pub what: String,
    /// Where the state lies, without credentials.
    pub place: String,
    /// The workspace.
    pub workspace: String,
    /// Lineage of the state.
    pub lineage: String,
    /// Serial of the state; `None` where the content is no state.
    pub serial: Option<u64>,
}

impl Binding {
    /// Something of this kind that is of no state.
    #[must_use]
    pub fn new(what: &str) -> Self {
        Self {
            what: what.to_owned(),
            place: String::new(),
            workspace: String::new(),
            lineage: String::new(),
            serial: None,
        }
    }

    /// Of this state.
    #[must_use]
    pub fn of_state(mut self, place: &str, workspace: &str, lineage: &str, serial: u64) -> Self {
        self.serial = Some(serial);
        self.lineage = lineage.to_owned();
        self.at(place, workspace)
    }

    /// Of what lies there, whatever its lineage and serial.
    #[must_use]
    pub fn at(mut self, place: &str, workspace: &str) -> Self {
        self.place = place.to_owned();
        self.workspace = workspace.to_owned();
        self
    }
}

/// What the reader of an envelope expects to be in it. What it says nothing about may be anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Expectation {
    /// The kind of thing.
    pub what: Option<String>,
    /// Where the state lies.
    pub place: Option<String>,
    /// The workspace.
    pub workspace: Option<String>,
    /// Lineage of the state.
    pub lineage: Option<String>,
    /// Serial of the state.
    pub serial: Option<u64>,
}

impl Expectation {
    /// Nothing is expected: any envelope that the keys open.
    #[must_use]
    pub fn anything() -> Self {
        Self::default()
    }

    /// Something of this kind.
    #[must_use]
    pub fn of_kind(what: &str) -> Self {
        Self { what: Some(what.to_owned()), ..Self::default() }
    }

    /// Exactly this.
    #[must_use]
    pub fn exactly(binding: &Binding) -> Self {
        Self {
            what: Some(binding.what.clone()),
            place: Some(binding.place.clone()),
            workspace: Some(binding.workspace.clone()),
            lineage: Some(binding.lineage.clone()),
            serial: binding.serial,
        }
    }

    pub(super) fn check(&self, found: &Binding, envelope: &str) -> Result<(), OpenError> {
        let texts = [
            ("kind", &self.what, &found.what),
            ("place", &self.place, &found.place),
            ("workspace", &self.workspace, &found.workspace),
            ("lineage", &self.lineage, &found.lineage),
        ];
        for (member, expected, found) in texts {
            if let Some(expected) = expected.as_ref().filter(|expected| *expected != found) {
                return Err(OpenError::Other {
                    place: envelope.to_owned(),
                    member,
                    found: found.clone(),
                    expected: expected.clone(),
                });
            }
        }
        match (self.serial, found.serial) {
            (Some(expected), found) if found != Some(expected) => Err(OpenError::Other {
                place: envelope.to_owned(),
                member: "serial",
                found: found.map_or_else(|| "none".to_owned(), |serial| serial.to_string()),
                expected: expected.to_string(),
            }),
            _ => Ok(()),
        }
    }
}
