//! Where snapshots come from.

/// What kind of document a snapshot was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceKind {
    /// A state file.
    State,
    /// The JSON of `terraform show -json` for a state.
    ShowJson,
    /// The JSON of `terraform show -json` for a plan.
    PlanJson,
    /// A snapshot file of Landfast.
    Snapshot,
    /// An observation file of Landfast.
    Observation,
}

impl SourceKind {
    /// A short name for messages and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::ShowJson => "show-json",
            Self::PlanJson => "plan-json",
            Self::Snapshot => "snapshot",
            Self::Observation => "observation",
        }
    }
}

impl SourceKind {
    /// The kind with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::State, Self::ShowJson, Self::PlanJson, Self::Snapshot, Self::Observation]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// Where a snapshot comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The kind of document.
    pub kind: SourceKind,
    /// The name by which the reader was given it, such as a path.
    pub source: String,
    /// Lineage of the state, where the document has one.
    pub lineage: Option<String>,
    /// Serial of the state, where the document has one.
    pub serial: Option<u64>,
    /// Version of terraform that wrote the document, where it says.
    pub terraform_version: Option<String>,
    /// When it was made (RFC 3339), where the document says.
    pub timestamp: Option<String>,
}

impl Origin {
    /// An origin of which only the kind and the name are known.
    #[must_use]
    pub fn new(kind: SourceKind, source: impl Into<String>) -> Self {
        Self { kind, source: source.into(), lineage: None, serial: None, terraform_version: None, timestamp: None }
    }

    /// What origins are sorted by.
    pub(crate) fn order(&self) -> impl Ord + '_ {
        (&self.source, self.kind.as_str(), &self.lineage, self.serial, &self.terraform_version, &self.timestamp)
    }
}
