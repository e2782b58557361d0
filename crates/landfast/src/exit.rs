//! Exit codes: one type for the command and for programs that stand in for it.

use landfast_drift::{DriftReport, Severity};

/// How a run of the command ends. The numbers are part of the interface, see `docs/stability.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExitCode {
    /// 0: everything was done, and nothing was found.
    Clean,
    /// 1: it could not be done.
    Error,
    /// 2: drift at or above the severity that was asked for; for a diff, a difference.
    Drift,
    /// 3: a safety check refused.
    Refused,
    /// 4: done in part: interrupted, or with gaps where none were allowed.
    Incomplete,
    /// 5: it failed, and was rolled back.
    RolledBack,
    /// 6: it failed, and was not rolled back: somebody must look.
    NotRolledBack,
    /// 64: the command line makes no sense.
    Usage,
}

impl ExitCode {
    /// Every code, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Clean,
        Self::Error,
        Self::Drift,
        Self::Refused,
        Self::Incomplete,
        Self::RolledBack,
        Self::NotRolledBack,
        Self::Usage,
    ];

    /// The number.
    #[must_use]
    pub fn code(self) -> i32 {
        match self {
            Self::Clean => 0,
            Self::Error => 1,
            Self::Drift => 2,
            Self::Refused => 3,
            Self::Incomplete => 4,
            Self::RolledBack => 5,
            Self::NotRolledBack => 6,
            Self::Usage => 64,
        }
    }

    /// What the code says, in one line.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Clean => "done, and nothing was found",
            Self::Error => "it could not be done",
            Self::Drift => "drift at or above `--fail-on`; for `diff`, a difference",
            Self::Refused => "refused by a safety check",
            Self::Incomplete => "done in part: interrupted, or gaps with `--strict`",
            Self::RolledBack => "failed, and rolled back",
            Self::NotRolledBack => "failed, and not rolled back: manual intervention",
            Self::Usage => "the command line makes no sense",
        }
    }

    /// The code that counts when both apply: 64 before 6 before 5 before 3 before 1 before 4 before 2 before 0.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let rank = |code: Self| match code {
            Self::Clean => 0,
            Self::Drift => 1,
            Self::Incomplete => 2,
            Self::Error => 3,
            Self::Refused => 4,
            Self::RolledBack => 5,
            Self::NotRolledBack => 6,
            Self::Usage => 7,
        };
        if rank(self) >= rank(other) { self } else { other }
    }

    /// The code of an operation: [`ExitCode::Clean`] when it is applied, [`ExitCode::Refused`] when it was not allowed to begin,
    /// [`ExitCode::RolledBack`] when it failed and was taken back, [`ExitCode::Incomplete`] when it was cancelled or has not
    /// ended, and [`ExitCode::NotRolledBack`] when somebody must look.
    #[cfg(feature = "fix")]
    #[must_use]
    pub fn of_operation(view: &landfast_rollback::journal::View) -> Self {
        use landfast_rollback::OperationState as State;
        match view.state {
            State::Applied => Self::Clean,
            State::RolledBack => Self::RolledBack,
            State::RollbackFailed => Self::NotRolledBack,
            State::Failed if view.cancelled => Self::Incomplete,
            State::Failed if !view.reached_applying => Self::Refused,
            State::Failed => Self::NotRolledBack,
            State::Pending | State::ValidatingSafety | State::Applying | State::RollingBack => Self::Incomplete,
        }
    }

    /// The code of a report: [`ExitCode::Drift`] when the worst drift is at least as severe as asked for,
    /// [`ExitCode::Incomplete`] when there are gaps and they are to fail. What was left out by choice is no gap.
    #[must_use]
    pub fn of_report(report: &DriftReport, fail_on: &FailOn) -> Self {
        let drift =
            if report.has_drift() && report.worst_severity() >= fail_on.severity { Self::Drift } else { Self::Clean };
        let gaps = match fail_on.gaps {
            GapPolicy::Fail if report.coverage().gaps() > 0 => Self::Incomplete,
            GapPolicy::Fail | GapPolicy::Tolerate => Self::Clean,
        };
        drift.and(gaps)
    }
}

/// What makes a report fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailOn {
    /// Drift of this severity or a higher one. Default minor: any drift.
    pub severity: Severity,
    /// What gaps do. Default: they are shown, and do not fail.
    pub gaps: GapPolicy,
}

impl FailOn {
    /// Drift of this severity or a higher one, and gaps as the policy says.
    #[must_use]
    pub fn new(severity: Severity, gaps: GapPolicy) -> Self {
        Self { severity, gaps }
    }
}

impl Default for FailOn {
    fn default() -> Self {
        Self { severity: Severity::Minor, gaps: GapPolicy::default() }
    }
}

/// What resources that could not be read do to the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GapPolicy {
    /// They are shown.
    #[default]
    Tolerate,
    /// They fail the run.
    Fail,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_serious_code_counts() {
        let order = [6, 5, 3, 1, 4, 2, 0];
        let by_number = |number: i32| ExitCode::ALL.into_iter().find(|code| code.code() == number).unwrap();
        for (at, number) in order.into_iter().enumerate() {
            for lower in &order[at..] {
                assert_eq!(by_number(number).and(by_number(*lower)).code(), number);
                assert_eq!(by_number(*lower).and(by_number(number)).code(), number);
            }
        }
    }
}
