//! Rules: what attributes and resources mean, as data.

use std::sync::Arc;

/// A set of rule packs, compiled.
#[derive(Debug, Clone, Default)]
pub struct RuleSet {}

impl RuleSet {
    /// No rules at all: everything is unclassified, and only the normalisers that always apply do.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// The packs that come with the program.
    #[must_use]
    pub fn embedded() -> Arc<Self> {
        Arc::default()
    }
}
