//! The comparison of Landfast: what was recorded against what was observed.

mod classification;
mod compare;
pub mod diff;
pub mod normalise;
mod report;
pub mod rules;

pub use classification::{Class, DriftStatus, Impact, Severity};
pub use compare::{CompareOptions, compare};
pub use normalise::Normaliser;
pub use report::{
    AppliedRule, AttributeChange, ChangeKind, Coverage, DriftReport, Normalised, NotCompared, NotComparedReason,
    ResourceDrift, RuleId, StatusCounts,
};
pub use rules::RuleSet;
