//! What configuration asks of a check, and what a check comes to.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What configuration makes of a check that does not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The check is not asked.
    Allow,
    /// A failure is shown as a warning and lets the proposal through. An error still refuses it.
    Warn,
    /// A failure refuses the proposal.
    Deny,
}

impl Level {
    /// The name that configuration and machine formats use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a check came to. Only [`Outcome::Pass`] passes; [`Outcome::Warn`] and [`Outcome::Skipped`] let a proposal through
/// because configuration, or the kind of the proposal, says that the check is not to stop it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The check was asked and found nothing against the proposal.
    Pass,
    /// The check was not asked: configuration allows what it would find, or it has nothing to ask about such a proposal.
    Skipped,
    /// The check found something against the proposal, and configuration makes that a warning.
    Warn,
    /// The check found something against the proposal.
    Fail,
    /// The check could not answer: what it needs is not known, it took too long, it failed or it panicked. A refusal.
    Error,
}

impl Outcome {
    /// Every outcome, in the order of declaration.
    pub const ALL: &'static [Self] = &[Self::Pass, Self::Skipped, Self::Warn, Self::Fail, Self::Error];

    /// Whether the proposal is refused.
    #[must_use]
    pub fn refuses(self) -> bool {
        match self {
            Self::Pass | Self::Skipped | Self::Warn => false,
            Self::Error => !crate::mutants::is(crate::mutants::Defect::ErrorPasses),
            Self::Fail => true,
        }
    }

    /// The name that machine formats use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Skipped => "skipped",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
