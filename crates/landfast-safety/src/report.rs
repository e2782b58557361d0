//! What the gate says about a proposal.

use std::time::{Duration, SystemTime};

use landfast_state::BytesDigest;

use crate::check::{CheckId, Evidence};
use crate::clearance::Clearance;
use crate::force::Override;
use crate::outcome::{Level, Outcome};
use crate::proposal::Target;

/// What one check came to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckResult {
    /// The check.
    pub id: CheckId,
    /// What it asks.
    pub question: String,
    /// What configuration makes of its failure.
    pub level: Level,
    /// What it came to.
    pub outcome: Outcome,
    /// What it found; sensitive values are masked.
    pub evidence: Vec<Evidence>,
    /// What to do about it; empty where it passes.
    pub advice: String,
    /// Whether it refuses and somebody overrode it with a reason.
    pub overridden: bool,
    /// How long it took.
    pub took: Duration,
}

impl CheckResult {
    /// Whether it stops the proposal.
    #[must_use]
    pub fn refuses(&self) -> bool {
        self.outcome.refuses() && !self.overridden
    }
}

/// What the gate says about one proposal at one moment. Only a gate makes it.
#[derive(Debug)]
pub struct SafetyReport {
    pub(crate) plan: BytesDigest,
    pub(crate) state: BytesDigest,
    pub(crate) policy: BytesDigest,
    pub(crate) target: Target,
    pub(crate) judged: SystemTime,
    pub(crate) expires: SystemTime,
    pub(crate) results: Vec<CheckResult>,
    pub(crate) forced: Option<Override>,
}

impl SafetyReport {
    /// Digest of the plan that was judged.
    #[must_use]
    pub fn plan(&self) -> BytesDigest {
        self.plan
    }

    /// Digest of the state that it was judged on.
    #[must_use]
    pub fn state(&self) -> BytesDigest {
        self.state
    }

    /// Digest of the checks with their levels and settings.
    #[must_use]
    pub fn policy(&self) -> BytesDigest {
        self.policy
    }

    /// Where the plan is to be executed.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// When it was judged.
    #[must_use]
    pub fn judged(&self) -> SystemTime {
        self.judged
    }

    /// Every check, sorted by id.
    #[must_use]
    pub fn results(&self) -> &[CheckResult] {
        &self.results
    }

    /// What was overridden, and why.
    #[must_use]
    pub fn forced(&self) -> Option<&Override> {
        self.forced.as_ref()
    }

    /// Whether nothing stops the plan.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        !self.results.iter().any(CheckResult::refuses)
    }

    /// The worst outcome of any check; [`Outcome::Pass`] without any.
    #[must_use]
    pub fn worst(&self) -> Outcome {
        self.results.iter().map(|result| result.outcome).max().unwrap_or(Outcome::Pass)
    }

    /// The clearance to execute this plan, and no other, once.
    ///
    /// # Errors
    /// When a check refuses.
    pub fn into_clearance(self) -> Result<(Clearance, Vec<CheckResult>), Refused> {
        if self.is_clear() { Ok((Clearance::of(&self), self.results)) } else { Err(Refused { report: Box::new(self) }) }
    }
}

/// The plan is refused.
#[derive(Debug, thiserror::Error)]
#[error("refused by {}", names(.report))]
pub struct Refused {
    /// What the gate says.
    pub report: Box<SafetyReport>,
}

fn names(report: &SafetyReport) -> String {
    let refusing = report.results.iter().filter(|result| result.refuses());
    refusing.map(|result| result.id.as_str()).collect::<Vec<_>>().join(", ")
}
