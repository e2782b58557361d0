//! Rules: what attributes and resources mean, as data.
//!
//! A rule pack is a TOML document. The packs that come with the program lie in the crate's folder `rules`; they can be
//! replaced as a whole by [`RuleSet::from_toml`]:
//!
//! | table | says | members |
//! |---|---|---|
//! | `[pack]` | what the pack is | `id`, `version`, `description` |
//! | `[[rule]]` | what changes of attributes mean | `id`, `description`, `resource_types`, `attributes`, `impacts`, `class`, `min_severity`? |
//! | `[[presence]]` | what it means that a resource is missing or unmanaged | `id`, `description`, `resource_types`, `status`, `impacts`, `class`, `min_severity`? |
//! | `[[hint]]` | how attributes compare | `id`, `description`?, `resource_types`, `attributes`, `compare` |
//! | `[[mirror]]` | that an attribute repeats another one, or is computed from it | `id`, `description`?, `resource_types`, `attribute`, `of` |
//! | `[[normalise]]` | where a normaliser applies | `id`, `description`?, `resource_types`, `attributes`?, `normaliser` |
//! | `[[volatile]]` | that attributes change by themselves: a difference there is none | `id`, `description`, `resource_types`, `attributes` |
//! | `[[sensitive]]` | that attributes are secrets, whether or not a document marks them | `id`, `description`, `resource_types`, `attributes`, `named_by`? |
//!
//! `resource_types` are globs (`*` for any text, `?` for one character). `attributes` are paths of segments with dots
//! between them: a name (globs allowed) for a member, `*` for any one step, which is what matches list indexes, elements
//! of sets and map keys, and `**` for any number of steps. In a `[[rule]]`, a `[[normalise]]` and a `[[volatile]]` a pattern
//! also matches everything below; in a `[[hint]]` it names exact places. In a `[[sensitive]]` it names a value that is hidden as
//! a whole; of a block, that is a list of objects, only what a pattern names in it. A name at the end of such a pattern fits
//! whatever the case and however words are joined: `**.db_password` is `DB_PASSWORD`, `db-password` and `dbPassword` too. With
//! `named_by` the value is a secret only where one of these members beside it has a text that ends in such a name, by any
//! pattern `**.name`: so `value` in `{name = "DB_PASSWORD", value = …}`.
//!
//! The sensitive rules that come with the program are always in force: packs of others add theirs, and none can make a
//! secret visible.

mod by_type;
mod catalogue;
mod compact;
mod embedded;
mod error;
mod file;
mod load;
mod pattern;
mod secrets;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::classification::{Class, DriftStatus, Impact, Severity};
use crate::normalise::Normaliser;
use crate::report::RuleId;

pub(crate) use by_type::TypeRules;
pub(crate) use catalogue::{MISSING_RESOURCE, SEVERITY_BY_COUNT, UNMANAGED_RESOURCE};
pub use catalogue::{RuleInfo, RuleKind};
pub use error::{PatternError, RuleError, RuleProblem};
pub(crate) use pattern::Glob;
pub(crate) use pattern::PathPattern;
pub(crate) use secrets::{Finder, Marked, NamesOfSecrets};

/// How an attribute compares, where its value does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HintKind {
    /// A list whose order and whose repetitions mean nothing.
    Set,
    /// A list whose order means nothing.
    Unordered,
    /// A string that holds a JSON document; what changed is reported by its place in the document.
    JsonString,
    /// An object whose members are entries and not attributes: an entry that is null or empty is not the same as none.
    Map,
}

impl HintKind {
    /// The name that rule packs use, in kebab case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Unordered => "unordered",
            Self::JsonString => "json-string",
            Self::Map => "map",
        }
    }
}

/// Says how some attributes compare. A caller that knows a provider's schema makes hints of it.
#[derive(Debug, Clone)]
pub struct Hint {
    pub(crate) id: RuleId,
    types: Vec<Glob>,
    attributes: Vec<PathPattern>,
    compare: HintKind,
}

impl Hint {
    /// A hint for the attributes at the places that `attribute` matches, in the resource types that `resource_type`
    /// matches; both as rule packs have them.
    ///
    /// # Errors
    /// When `attribute` has an empty segment.
    pub fn new(id: &str, resource_type: &str, attribute: &str, compare: HintKind) -> Result<Self, PatternError> {
        let attribute = PathPattern::new(attribute).ok_or(PatternError)?;
        Ok(Self { id: RuleId::new(id), types: vec![Glob::new(resource_type)], attributes: vec![attribute], compare })
    }

    /// How the attributes compare.
    #[must_use]
    pub fn compare(&self) -> HintKind {
        self.compare
    }
}

/// A set of rules, compiled from packs.
#[derive(Debug, Clone, Default)]
pub struct RuleSet {
    packs: Vec<String>,
    attributes: Vec<AttributeRule>,
    presences: Vec<PresenceRule>,
    hints: Vec<Hint>,
    mirrors: Vec<MirrorRule>,
    normalisers: Vec<NormaliseRule>,
    volatile: Vec<NamedRule>,
    sensitive: Vec<SecretRule>,
    infos: Vec<RuleInfo>,
}

/// What a rule gives to what it matches.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    pub(crate) id: RuleId,
    pub(crate) description: String,
    pub(crate) impacts: BTreeSet<Impact>,
    pub(crate) class: Class,
    pub(crate) min_severity: Option<Severity>,
}

#[derive(Debug, Clone)]
pub(crate) struct AttributeRule {
    types: Vec<Glob>,
    pub(crate) attributes: Vec<PathPattern>,
    pub(crate) verdict: Verdict,
}

#[derive(Debug, Clone)]
pub(crate) struct PresenceRule {
    types: Vec<Glob>,
    pub(crate) status: DriftStatus,
    pub(crate) verdict: Verdict,
}

#[derive(Debug, Clone)]
pub(crate) struct MirrorRule {
    pub(crate) id: RuleId,
    types: Vec<Glob>,
    pub(crate) attribute: Box<str>,
    pub(crate) of: Box<str>,
}

#[derive(Debug, Clone)]
pub(crate) struct NormaliseRule {
    pub(crate) id: RuleId,
    types: Vec<Glob>,
    pub(crate) normaliser: Normaliser,
    /// `None` for all of them.
    pub(crate) attributes: Option<Vec<PathPattern>>,
}

/// A rule that says what is a secret.
#[derive(Debug, Clone)]
pub(crate) struct SecretRule {
    named: NamedRule,
    /// For each attribute the name that it ends in, in its plain form, if it ends in one.
    last_names: Vec<Option<Box<str>>>,
    /// Members beside the value of which one must name a secret.
    named_by: Vec<Box<str>>,
}

/// A rule that only names attributes.
#[derive(Debug, Clone)]
pub(crate) struct NamedRule {
    pub(crate) id: RuleId,
    types: Vec<Glob>,
    attributes: Vec<PathPattern>,
}

impl RuleSet {
    /// No rules at all: everything is unclassified, and of the normalisers only those apply that always do. What the
    /// program knows to be a secret stays one.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// The packs that come with the program. They are compiled once.
    #[must_use]
    pub fn embedded() -> Arc<Self> {
        embedded::rules()
    }

    /// The rules of these packs, each with the name of its file. The order of the packs matters only to hints: where two fit,
    /// the first one is taken.
    ///
    /// # Errors
    /// On the first text that is not a rule pack, on an id that stands twice or that is taken by a built-in rule. The error
    /// names the file, the line, the column and the rule.
    ///
    /// ```
    /// use landfast_drift::RuleSet;
    /// let pack = r#"
    /// [pack]
    /// id = "ours"
    /// version = 1
    /// description = "What matters to us."
    /// [[rule]]
    /// id = "ours-cost-centre"
    /// description = "Invoices are split by this tag."
    /// resource_types = ["*"]
    /// attributes = ["tags.cost_centre"]
    /// impacts = ["cost"]
    /// class = "unmapped"
    /// "#;
    /// let error = RuleSet::from_toml(&[("ours.toml", pack)]).unwrap_err();
    /// assert_eq!(error.to_string().split(": ").next(), Some("ours.toml:12:9"));
    /// assert_eq!(error.rule.as_deref(), Some("ours-cost-centre"));
    /// assert!(RuleSet::from_toml(&[("ours.toml", &pack.replace("unmapped", "informational"))]).is_ok());
    /// ```
    pub fn from_toml(packs: &[(&str, &str)]) -> Result<Self, RuleError> {
        load::load(packs)
    }

    /// The ids of the packs, in their order.
    #[must_use]
    pub fn packs(&self) -> &[String] {
        &self.packs
    }

    /// Every rule of the set and every built-in one, sorted by id.
    #[must_use]
    pub fn catalogue(&self) -> Vec<RuleInfo> {
        catalogue::catalogue(&self.infos)
    }
}
