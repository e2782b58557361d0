//! Which state of a store is meant.

use std::fmt;

/// Name of the workspace that every working directory begins with.
pub const DEFAULT_WORKSPACE: &str = "default";

/// Names one state of a store, as terraform's backends do: a key and a workspace.
///
/// What a key is depends on the store: the name of an object (S3, Azure), a prefix (Google Cloud Storage), a path (local). It
/// is empty where the store holds one state for each workspace and nothing else (HTTP, PostgreSQL).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StateKey {
    /// The key, as the configuration of the backend has it.
    pub key: String,
    /// The workspace; [`DEFAULT_WORKSPACE`] where none was chosen.
    pub workspace: String,
}

impl StateKey {
    /// The key in the default workspace.
    #[must_use]
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into(), workspace: DEFAULT_WORKSPACE.to_owned() }
    }

    /// The same key in another workspace.
    #[must_use]
    pub fn in_workspace(mut self, workspace: impl Into<String>) -> Self {
        self.workspace = workspace.into();
        self
    }

    /// Whether it is in the default workspace.
    #[must_use]
    pub fn is_default_workspace(&self) -> bool {
        self.workspace == DEFAULT_WORKSPACE
    }
}

impl fmt::Display for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.key.is_empty(), self.is_default_workspace()) {
            (true, _) => write!(f, "workspace {}", self.workspace),
            (false, true) => f.write_str(&self.key),
            (false, false) => write!(f, "{} (workspace {})", self.key, self.workspace),
        }
    }
}
