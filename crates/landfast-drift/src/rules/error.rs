//! What can be wrong with rules.

use std::fmt;

/// The pattern of an attribute has an empty segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an attribute pattern has an empty segment")]
pub struct PatternError;

/// A rule pack that cannot be used, and where it is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// The name of the file, as the caller gave it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1; 1 where the whole file is meant.
    pub column: usize,
    /// The id of the rule, where the place is in one that has an id.
    pub rule: Option<String>,
    /// What is wrong.
    pub problem: RuleProblem,
}

/// What is wrong with a rule pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleProblem {
    /// Not TOML, or not the members that a pack has.
    #[error("{0}")]
    Syntax(String),
    /// An id that is not in kebab case.
    #[error("an id has lower-case letters, digits and single hyphens")]
    InvalidId,
    /// An id that another rule or pack has.
    #[error("the id is taken: {by}")]
    DuplicateId {
        /// What has it.
        by: String,
    },
    /// A list that must not be empty.
    #[error("`{member}` is empty")]
    EmptyList {
        /// The name of the list.
        member: &'static str,
    },
    /// An attribute pattern with an empty segment.
    #[error("an attribute pattern has an empty segment")]
    InvalidPattern,
    /// An attribute that mirrors itself, by way of others perhaps.
    #[error("mirrors in a circle would swallow each other's changes")]
    MirrorCycle,
    /// A text that must not be empty.
    #[error("`{member}` is empty")]
    EmptyText {
        /// The name of the member.
        member: &'static str,
    },
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        if let Some(rule) = &self.rule {
            write!(f, "rule {rule}: ")?;
        }
        self.problem.fmt(f)
    }
}

impl std::error::Error for RuleError {}
