//! Defects that are put in on purpose, so that tests can show that they would be found. With the feature `mutants` only.

/// A defect of this crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "mutants"), expect(unreachable_pub, reason = "only tests put them in"))]
#[non_exhaustive]
pub enum Defect {
    /// A clearance serves for any plan.
    PlanUnbound,
    /// A clearance serves for any state.
    StateUnbound,
    /// A clearance serves under any policy.
    PolicyUnbound,
    /// A clearance serves for any target.
    TargetUnbound,
    /// A clearance serves for ever.
    NeverExpires,
    /// A check that could not answer passes.
    ErrorPasses,
}

#[cfg(feature = "mutants")]
mod active {
    use std::cell::Cell;

    use super::Defect;

    thread_local! {
        static ACTIVE: Cell<Option<Defect>> = const { Cell::new(None) };
    }

    /// Puts one defect in for what this thread does while `body` runs; `None` puts none in.
    pub fn during<T>(defect: Option<Defect>, body: impl FnOnce() -> T) -> T {
        let before = ACTIVE.replace(defect);
        let ended = body();
        ACTIVE.set(before);
        ended
    }

    pub(crate) fn is(defect: Defect) -> bool {
        ACTIVE.get() == Some(defect)
    }
}

#[cfg(feature = "mutants")]
pub use active::during;
#[cfg(feature = "mutants")]
pub(crate) use active::is;

/// Whether this defect is put in: never.
#[cfg(not(feature = "mutants"))]
pub(crate) const fn is(_defect: Defect) -> bool {
    false
}
