//! The gate of Landfast: may this change happen, here, now?
//!
//! A [`Proposal`] says what is about to change. A [`Gate`] asks its [`Check`]s about it, side by side, each with a time-out,
//! and makes a [`SafetyReport`] of the answers; a report in which nothing refuses yields the [`Clearance`] without which
//! nothing executes, once, for that plan on that state.
//!
//! Only pass passes: an error, a time-out, a panic, or something that is not known is a refusal. What configuration does not
//! want to be asked, or wants as a warning only, is said in the report.
//!
//! This crate changes nothing, and reads nothing but what it is given.

pub mod approval;
mod builtin;
mod check;
pub mod checks;
mod clearance;
mod context;
mod force;
mod gate;
#[cfg(feature = "mutants")]
pub mod mutants;
#[cfg(not(feature = "mutants"))]
mod mutants;
mod outcome;
mod proposal;
mod report;
mod settings;

pub use builtin::{CatalogueEntry, Overriding, SettingsError};
pub use check::{Check, CheckError, CheckFuture, CheckId, CheckIdError, Evidence, Verdict};
pub use checks::catalogue;
pub use clearance::{Bound, Clearance, ClearanceError};
pub use context::{Actor, BackupFact, Context, Facts, Health, LockFact, Need, OperationFact, SchemaFacts};
pub use force::{Override, OverrideError};
pub use gate::{DEFAULT_CHECK_TIMEOUT, DEFAULT_CLEARANCE_LIFE, DuplicateCheck, Gate, JudgeError};
pub use outcome::{Level, Outcome};
pub use proposal::{ActionKind, Flag, InverseClass, Promise, Proposal, ProposalKind, ProposedChange, Target};
pub use report::{CheckResult, Refused, SafetyReport};
pub use settings::{GateError, SafetySettings};
