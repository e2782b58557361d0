//! The states of an operation and the ways between them.

mod options;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use options::{Mode, OnFailure, OperationOptions};

/// In which state an operation is.
///
/// ```text
/// Pending ──▶ ValidatingSafety ──▶ Applying ──▶ Applied
///                   │                  │
///                   ▼                  ▼
///                 Failed ◀─────────────┘
///                   │
///                   ▼
///              RollingBack ──▶ RolledBack
///                   │
///                   ▼
///             RollbackFailed
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// It exists, and nothing has been asked or done.
    Pending,
    /// The world is read again and the checks are asked.
    ValidatingSafety,
    /// Steps are being executed, verified and probed.
    Applying,
    /// Every step is applied, and verification, probes and the settle time found nothing against it. The end.
    Applied,
    /// It was refused, something went wrong, or somebody cancelled it. What was refused stays here.
    Failed,
    /// What was applied is being taken back.
    RollingBack,
    /// What was applied is taken back, and verified to be. The end.
    RolledBack,
    /// Something could not be taken back: somebody has to look at it. The end of this operation; another try is an operation
    /// of its own, which starts from what is there then.
    RollbackFailed,
}

/// The way from one state to another is none of the ways there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an operation does not go from {from} to {to}")]
pub struct IllegalTransition {
    /// The state it is in.
    pub from: OperationState,
    /// The state it was to go to.
    pub to: OperationState,
}

impl OperationState {
    /// Every state, in the order of declaration.
    pub const ALL: &'static [Self] = &[
        Self::Pending,
        Self::ValidatingSafety,
        Self::Applying,
        Self::Applied,
        Self::Failed,
        Self::RollingBack,
        Self::RolledBack,
        Self::RollbackFailed,
    ];

    /// The states to which there is a way from here.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Pending => &[Self::ValidatingSafety],
            Self::ValidatingSafety => &[Self::Applying, Self::Failed],
            Self::Applying => &[Self::Applied, Self::Failed],
            Self::Failed => &[Self::RollingBack],
            Self::RollingBack => &[Self::RolledBack, Self::RollbackFailed],
            Self::Applied | Self::RolledBack | Self::RollbackFailed => &[],
        }
    }

    /// The state afterwards, where there is a way to it.
    ///
    /// # Errors
    /// When there is no such way.
    pub fn to(self, to: Self) -> Result<Self, IllegalTransition> {
        if self.next().contains(&to) { Ok(to) } else { Err(IllegalTransition { from: self, to }) }
    }

    /// The name that machine formats use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::ValidatingSafety => "validating_safety",
            Self::Applying => "applying",
            Self::Applied => "applied",
            Self::Failed => "failed",
            Self::RollingBack => "rolling_back",
            Self::RolledBack => "rolled_back",
            Self::RollbackFailed => "rollback_failed",
        }
    }
}

impl fmt::Display for OperationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
