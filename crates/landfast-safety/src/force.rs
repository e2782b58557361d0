//! Overriding checks, with a reason.

use std::collections::BTreeSet;

use crate::check::CheckId;

/// Somebody's decision to execute a plan though checks refuse it: which checks, and why. It never reaches further than the
/// checks that it names, and locks, the journal, the audit log and what a clearance is bound to are no checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    checks: BTreeSet<CheckId>,
    reason: String,
    who: String,
}

/// Why checks cannot be overridden like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OverrideError {
    /// No reason was given.
    #[error("checks are overridden with a reason only")]
    NoReason,
    /// No check was named.
    #[error("the checks that are overridden must be named one by one")]
    NoChecks,
}

impl Override {
    /// Overrides these checks.
    ///
    /// # Errors
    /// When the reason is empty, or no check is named.
    pub fn new(checks: impl IntoIterator<Item = CheckId>, reason: &str, who: &str) -> Result<Self, OverrideError> {
        let checks: BTreeSet<CheckId> = checks.into_iter().collect();
        if reason.trim().is_empty() {
            return Err(OverrideError::NoReason);
        }
        if checks.is_empty() {
            return Err(OverrideError::NoChecks);
        }
        Ok(Self { checks, reason: reason.trim().to_owned(), who: who.to_owned() })
    }

    /// The checks.
    #[must_use]
    pub fn checks(&self) -> &BTreeSet<CheckId> {
        &self.checks
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Who decided it.
    #[must_use]
    pub fn who(&self) -> &str {
        &self.who
    }
}
