//! The proof that a plan passed its checks.

use std::time::SystemTime;

use landfast_state::BytesDigest;

use crate::mutants::{Defect, is};
use crate::proposal::Target;
use crate::report::SafetyReport;

/// The proof that one plan passed its checks on one state, under one policy, for one target and until a moment.
///
/// Nothing executes without it. It comes from a [`SafetyReport`] alone, it cannot be copied or written down, and
/// [`Clearance::redeem`] takes it away: it serves once.
///
/// ```compile_fail,E0382
/// fn twice(clearance: landfast_safety::Clearance, bound: &landfast_safety::Bound) {
///     let _ = clearance.redeem(bound, std::time::SystemTime::now());
///     let _ = clearance.redeem(bound, std::time::SystemTime::now()); // used already
/// }
/// ```
#[derive(Debug)]
#[must_use = "a clearance that is dropped is lost"]
pub struct Clearance {
    bound: Bound,
    expires: SystemTime,
}

/// What a clearance is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// Digest of the plan.
    pub plan: BytesDigest,
    /// Digest of the state.
    pub state: BytesDigest,
    /// Digest of the policy.
    pub policy: BytesDigest,
    /// Where it is to be executed.
    pub target: Target,
}

/// Why a clearance does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClearanceError {
    /// It was given for another plan.
    #[error("the clearance is for the plan {given}, and not for {asked}")]
    OtherPlan {
        /// The plan it was given for.
        given: BytesDigest,
        /// The plan that was to be executed.
        asked: BytesDigest,
    },
    /// The state is not the one that the plan was judged on.
    #[error("the clearance was given on the state {given}, and the state is {asked} now")]
    OtherState {
        /// The state it was given on.
        given: BytesDigest,
        /// The state that is there.
        asked: BytesDigest,
    },
    /// The policy is not the one that the plan was judged by.
    #[error("the clearance was given under the policy {given}, and the policy is {asked} now")]
    OtherPolicy {
        /// The policy it was given under.
        given: BytesDigest,
        /// The policy that holds.
        asked: BytesDigest,
    },
    /// It was given for another place.
    #[error("the clearance is for {given}, and not for {asked}")]
    OtherTarget {
        /// The place it was given for.
        given: String,
        /// The place where the plan was to be executed.
        asked: String,
    },
    /// It is too old.
    #[error("the clearance has expired")]
    Expired,
}

impl Clearance {
    pub(crate) fn of(report: &SafetyReport) -> Self {
        Self {
            bound: Bound {
                plan: report.plan,
                state: report.state,
                policy: report.policy,
                target: report.target.clone(),
            },
            expires: report.expires,
        }
    }

    /// What it is bound to.
    #[must_use]
    pub fn bound(&self) -> &Bound {
        &self.bound
    }

    /// When it expires.
    #[must_use]
    pub fn expires(&self) -> SystemTime {
        self.expires
    }

    /// Uses it up for exactly this, at this time.
    ///
    /// # Errors
    /// When it was given for something else, or has expired. It is used up nevertheless.
    pub fn redeem(self, asked: &Bound, now: SystemTime) -> Result<(), ClearanceError> {
        let given = self.bound;
        if given.plan != asked.plan && !is(Defect::PlanUnbound) {
            Err(ClearanceError::OtherPlan { given: given.plan, asked: asked.plan })
        } else if given.state != asked.state && !is(Defect::StateUnbound) {
            Err(ClearanceError::OtherState { given: given.state, asked: asked.state })
        } else if given.policy != asked.policy && !is(Defect::PolicyUnbound) {
            Err(ClearanceError::OtherPolicy { given: given.policy, asked: asked.policy })
        } else if given.target != asked.target && !is(Defect::TargetUnbound) {
            Err(ClearanceError::OtherTarget { given: given.target.to_string(), asked: asked.target.to_string() })
        } else if now >= self.expires && !is(Defect::NeverExpires) {
            Err(ClearanceError::Expired)
        } else {
            Ok(())
        }
    }
}
