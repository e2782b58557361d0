//! Defects that are put in on purpose, so that tests can show that they would be found.
//!
//! Without the feature `mutants` none of them is in the program: `is` is a constant there.

/// A defect of this crate, or of `landfast-safety`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(not(feature = "mutants"), expect(dead_code, unreachable_pub, reason = "only tests put them in"))]
#[non_exhaustive]
pub enum Mutant {
    /// A record that could not be written counts as written.
    JournalFailureIgnored,
    /// Nothing is announced before it is done.
    IntentSkipped,
    /// What is to be changed is not looked at just before.
    RecheckSkipped,
    /// What somebody else changed is changed nevertheless.
    ThirdPartyOverwritten,
    /// The first step is taken back first.
    UndoneInOrder,
    /// A step is taken back while others need it.
    DependantsIgnored,
    /// A step is done though one that it needs is not.
    NeedsIgnored,
    /// Batches go on after a failure.
    FailureDoesNotStop,
    /// Nobody asks whether the lock is still held.
    LockNotChecked,
    /// A time-out counts as done.
    TimeOutTakenForDone,
    /// What the actuator reports as done counts as done.
    SuccessBelieved,
    /// What the actuator reports as failed counts as having no effect.
    FailureBelieved,
    /// A step that was interrupted counts as done.
    DoubtTakenForDone,
    /// What takes a step back is not verified.
    InverseNotVerified,
    /// A step that nothing takes back is taken back all the same.
    IrreversibleUndone,
    /// Taking back may take forever.
    DeadlineIgnored,
    /// Probes are asked and not listened to.
    ProbeIgnored,
    /// What was there before the first step is not recorded.
    BeforeNotRecorded,
    /// What is left of an interrupted operation is done without being judged.
    ResumedUnjudged,
    /// An operation begins though the audit log has not taken it.
    AuditFailureIgnored,
    /// More steps run side by side than were allowed.
    ParallelLimitIgnored,
    /// A cancelled operation goes on.
    CancelIgnored,
    /// Nobody listens any more once all steps are done.
    CancelIgnoredAtTheEnd,
    /// A cancelled operation is taken back.
    CancelTakenBack,
    /// What is left of an address of which a step is done is not judged.
    HalfUnjudged,
    /// A clearance serves for any plan.
    ClearanceNotBoundToPlan,
    /// A clearance serves for any state.
    ClearanceNotBoundToState,
    /// A clearance serves under any policy.
    ClearanceNotBoundToPolicy,
    /// A clearance serves for any target.
    ClearanceNotBoundToTarget,
    /// A clearance serves for ever.
    ClearanceNeverExpires,
    /// A check that could not answer passes.
    ErrorTakenForPass,
}

#[cfg(feature = "mutants")]
mod active {
    use std::cell::Cell;

    use super::Mutant;

    thread_local! {
        static ACTIVE: Cell<Option<Mutant>> = const { Cell::new(None) };
    }

    impl Mutant {
        /// Every defect, in the order of declaration.
        pub const ALL: &'static [Self] = &[
            Self::JournalFailureIgnored,
            Self::IntentSkipped,
            Self::RecheckSkipped,
            Self::ThirdPartyOverwritten,
            Self::UndoneInOrder,
            Self::DependantsIgnored,
            Self::NeedsIgnored,
            Self::FailureDoesNotStop,
            Self::LockNotChecked,
            Self::TimeOutTakenForDone,
            Self::SuccessBelieved,
            Self::FailureBelieved,
            Self::DoubtTakenForDone,
            Self::InverseNotVerified,
            Self::IrreversibleUndone,
            Self::DeadlineIgnored,
            Self::ProbeIgnored,
            Self::BeforeNotRecorded,
            Self::ResumedUnjudged,
            Self::AuditFailureIgnored,
            Self::ParallelLimitIgnored,
            Self::CancelIgnored,
            Self::CancelIgnoredAtTheEnd,
            Self::CancelTakenBack,
            Self::HalfUnjudged,
            Self::ClearanceNotBoundToPlan,
            Self::ClearanceNotBoundToState,
            Self::ClearanceNotBoundToPolicy,
            Self::ClearanceNotBoundToTarget,
            Self::ClearanceNeverExpires,
            Self::ErrorTakenForPass,
        ];

        /// Puts one defect in for what this thread does while `body` runs; `None` puts none in.
        pub fn during<T>(mutant: Option<Self>, body: impl FnOnce() -> T) -> T {
            use landfast_safety::mutants::Defect;
            let there = match mutant {
                Some(Self::ClearanceNotBoundToPlan) => Some(Defect::PlanUnbound),
                Some(Self::ClearanceNotBoundToState) => Some(Defect::StateUnbound),
                Some(Self::ClearanceNotBoundToPolicy) => Some(Defect::PolicyUnbound),
                Some(Self::ClearanceNotBoundToTarget) => Some(Defect::TargetUnbound),
                Some(Self::ClearanceNeverExpires) => Some(Defect::NeverExpires),
                Some(Self::ErrorTakenForPass) => Some(Defect::ErrorPasses),
                _ => None,
            };
            let before = ACTIVE.replace(mutant);
            let ended = landfast_safety::mutants::during(there, body);
            ACTIVE.set(before);
            ended
        }
    }

    pub(crate) fn is(mutant: Mutant) -> bool {
        ACTIVE.get() == Some(mutant)
    }
}

#[cfg(feature = "mutants")]
pub(crate) use active::is;

/// Whether this defect is put in: never.
#[cfg(not(feature = "mutants"))]
pub(crate) const fn is(_mutant: Mutant) -> bool {
    false
}
