//! The other ports of an operation: the lock, the clock, the judge, probes, values.

use std::fmt;
use std::time::{Duration, SystemTime};

use landfast_safety::{Proposal, SafetyReport, Target};
use landfast_state::{BytesDigest, Observation};

use crate::actuator::PortFuture;

/// The held lock of the state that an operation works on. Releasing it is the business of whoever took it.
pub trait Hold: fmt::Debug + Send + Sync + 'static {
    /// Where the state is, as it is now: its serial is that of the state that is there.
    fn target(&self) -> Target;

    /// Digest of the recorded state as it is now.
    fn state<'a>(&'a self) -> PortFuture<'a, Result<BytesDigest, HoldError>>;

    /// Makes sure that the lock is still ours. It is asked before every single change.
    fn check<'a>(&'a self) -> PortFuture<'a, Result<(), HoldError>>;
}

/// Why a lock is not, or not surely, held.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HoldError {
    /// Somebody else has it, or nobody.
    #[error("the lock of the state was lost: {how}")]
    Lost {
        /// How, in words for people.
        how: String,
    },
    /// The store does not say.
    #[error("the store of the state does not answer")]
    Unknown(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Time. Programs use [`SystemClock`]; simulations have their own.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The time of day.
    fn now(&self) -> SystemTime;

    /// Returns when this much time has passed.
    fn sleep<'a>(&'a self, duration: Duration) -> PortFuture<'a, ()>;
}

/// The clock of the machine, with the timers of tokio.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep<'a>(&'a self, duration: Duration) -> PortFuture<'a, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Judges a plan on what is observed now: most programs ask a [`Gate`](landfast_safety::Gate) with the facts that they know.
pub trait Judge: fmt::Debug + Send + Sync + 'static {
    /// Digest of the policy by which it judges.
    fn policy(&self) -> BytesDigest;

    /// Judges what is left to be done of a plan, which is all of it unless an operation is taken up again. `observed` was
    /// read for this, under the lock.
    fn judge<'a>(
        &'a self,
        proposal: Proposal,
        observed: Observation,
    ) -> PortFuture<'a, Result<SafetyReport, JudgeFailed>>;
}

/// The judge could not judge. The plan is refused.
#[derive(Debug, thiserror::Error)]
#[error("the plan could not be judged")]
pub struct JudgeFailed(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Asks from outside whether what was changed still works, such as by a request to a service.
pub trait Probe: fmt::Debug + Send + Sync + 'static {
    /// A name for messages.
    fn name(&self) -> &str;

    /// Asks. An error is no answer, and not a good one.
    fn ask<'a>(&'a self) -> PortFuture<'a, Result<Health, ProbeError>>;
}

/// What a probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// It works.
    Healthy,
    /// It does not, for this reason; no sensitive values.
    Unhealthy(String),
}

/// A probe could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ProbeError {
    /// What happened.
    pub message: String,
}
