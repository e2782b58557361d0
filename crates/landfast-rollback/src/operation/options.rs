//! How an operation is executed.

use serde::{Deserialize, Serialize};

/// How an operation is executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct OperationOptions {
    /// Strict or lenient. By default strict.
    pub mode: Mode,
    /// What happens after a failure. By default what was applied is taken back.
    pub on_failure: OnFailure,
    /// How long taking back may take, in seconds. By default 180 in strict mode and 300 in lenient mode.
    pub rollback_seconds: Option<u64>,
    /// How many steps may fail before no further batch begins, in lenient mode. By default none: the first failure stops. In
    /// strict mode it always does.
    pub stop_threshold: u32,
    /// How many steps run at a time, at most. By default 10. At least 1.
    pub parallel: usize,
    /// How long everything must stay as it is to be before the operation counts as applied, in seconds. By default 0.
    pub settle_seconds: u64,
    /// How often a read that fails for a moment is tried again. By default 3.
    pub read_retries: u32,
}

/// Strict or lenient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The first failure stops; a probe that cannot be asked is one; taking back has less time.
    #[default]
    Strict,
    /// Failures up to the threshold are tolerated while others go on; a probe that cannot be asked is noted.
    Lenient,
}

/// What happens after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// What was applied is taken back.
    #[default]
    RollBack,
    /// Everything stays as it is, and somebody looks at it.
    HandOver,
}

impl Default for OperationOptions {
    fn default() -> Self {
        Self {
            mode: Mode::Strict,
            on_failure: OnFailure::RollBack,
            rollback_seconds: None,
            stop_threshold: 0,
            parallel: 10,
            settle_seconds: 0,
            read_retries: 3,
        }
    }
}

impl OperationOptions {
    /// How long taking back may take, in seconds.
    #[must_use]
    pub fn rollback_timeout(&self) -> u64 {
        self.rollback_seconds.unwrap_or(match self.mode {
            Mode::Strict => 180,
            Mode::Lenient => 300,
        })
    }

    /// How many steps may fail before nothing further begins.
    #[must_use]
    pub fn tolerated(&self) -> u32 {
        match self.mode {
            Mode::Strict => 0,
            Mode::Lenient => self.stop_threshold,
        }
    }
}
