//! The catalogue of rules, and those that are built in.

use std::fmt;

use crate::report::RuleId;
use crate::shapes::PROVIDER_SCHEMA;

/// Severity by the number of changed attributes.
pub(crate) const SEVERITY_BY_COUNT: &str = "severity-by-count";
/// The severity of a missing resource.
pub(crate) const MISSING_RESOURCE: &str = "missing-resource";
/// The severity of an unmanaged resource.
pub(crate) const UNMANAGED_RESOURCE: &str = "unmanaged-resource";

/// The rules that no pack holds and none can take away: id and description.
pub(crate) const BUILT_IN: &[(&str, &str)] = &[
    (MISSING_RESOURCE, "A resource that is recorded but not there is at least major."),
    (
        PROVIDER_SCHEMA,
        "What the provider's schema calls a set compares without order and repeats, and what it calls a map by its entries.",
    ),
    (
        SEVERITY_BY_COUNT,
        "One or two changed attributes are minor, three to five moderate, six to ten major, more than ten critical.",
    ),
    (UNMANAGED_RESOURCE, "A resource that is there but not recorded is minor unless a rule raises it."),
];

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RuleKind {
    /// Built in: gives a severity, or says how attributes compare.
    BuiltIn,
    /// Says what changes of attributes mean.
    Attribute,
    /// Says what it means that a resource is missing or unmanaged.
    Presence,
    /// Says how attributes compare.
    Hint,
    /// Says that an attribute repeats another one.
    Mirror,
    /// Says where a normaliser applies.
    Normalise,
    /// Says that attributes change by themselves.
    Volatile,
    /// Says that attributes are secrets, whether or not a document marks them.
    Sensitive,
}

impl RuleKind {
    /// A short name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BuiltIn => "built-in",
            Self::Attribute => "attribute",
            Self::Presence => "presence",
            Self::Hint => "hint",
            Self::Mirror => "mirror",
            Self::Normalise => "normalise",
            Self::Volatile => "volatile",
            Self::Sensitive => "sensitive",
        }
    }
}

impl fmt::Display for RuleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One rule of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInfo {
    /// Its id.
    pub id: RuleId,
    /// The id of its pack; `None` for a built-in rule.
    pub pack: Option<String>,
    /// What it does.
    pub kind: RuleKind,
    /// What it is for, in words for people; empty where a pack says nothing.
    pub description: String,
}

pub(super) fn catalogue(of_packs: &[RuleInfo]) -> Vec<RuleInfo> {
    let built_in = BUILT_IN.iter().map(|(id, description)| RuleInfo {
        id: RuleId::new(id),
        pack: None,
        kind: RuleKind::BuiltIn,
        description: (*description).to_owned(),
    });
    let mut all: Vec<RuleInfo> = built_in.chain(of_packs.iter().cloned()).collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}
