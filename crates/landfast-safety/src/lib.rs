//! The gate of Landfast: may this change happen, here, now?
//!
//! A [`Proposal`] says what is about to change. A [`Gate`] asks its [`Check`]s about it, side by side, each with a time-out,
//! and makes a [`SafetyReport`] of the answers; a report in which nothing refuses yields the [`Clearance`] without which
//! nothing executes, once, for that plan on that state.
//!
//! Only pass passes: an error, a time-out, a panic, or something that is not known is a refusal. What configuration does not
//! want to be asked, or wants as a warning only, is said in the report.
//!
//! This crate changes nothing, and reads nothing but what it is given. It starts no process but those of the checks by command
//! ([`CommandCheck`]) that configuration names.
//!
//! ```
//! use std::sync::Arc;
//!
//! use landfast_safety::{Check, CheckFuture, CheckId, Context, Evidence, Gate, Level, SafetySettings, Verdict};
//!
//! /// Nothing is destroyed, whatever a plan says.
//! #[derive(Debug)]
//! struct NothingDestroyed;
//!
//! impl Check for NothingDestroyed {
//!     fn id(&self) -> CheckId {
//!         CheckId::new("nothing-destroyed").expect("kebab-case")
//!     }
//!     fn question(&self) -> &str {
//!         "Does everything stay?"
//!     }
//!     fn advice(&self) -> &str {
//!         "take what destroys something out of the plan"
//!     }
//!     fn settings(&self) -> String {
//!         String::new()
//!     }
//!     fn judge<'a>(&'a self, context: &'a Context) -> CheckFuture<'a> {
//!         let destroyed = context.proposal().destructive().map(|change| Evidence::about(&change.address, "is destroyed"));
//!         let verdict = Verdict::fail_on(destroyed.collect());
//!         Box::pin(async move { Ok(verdict) })
//!     }
//! }
//!
//! let mut gate = Gate::builtin(&SafetySettings::default())?;
//! gate.add(Arc::new(NothingDestroyed), Level::Deny)?;
//! assert!(gate.checks().any(|(check, level)| check.id().as_str() == "nothing-destroyed" && level == Level::Deny));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod approval;
mod authority;
mod builtin;
mod check;
pub mod checks;
mod clearance;
mod command;
mod command_input;
mod context;
mod environments;
mod force;
mod gate;
#[cfg(feature = "mutants")]
pub mod mutants;
#[cfg(not(feature = "mutants"))]
mod mutants;
mod outcome;
mod people;
#[cfg(feature = "policy")]
pub mod policy;
mod proposal;
mod report;
mod settings;
mod window;

pub use authority::{Authority, Right, Ruling};
pub use builtin::{CatalogueEntry, Overriding, SettingsError};
pub use check::{Check, CheckError, CheckFuture, CheckId, CheckIdError, Evidence, Verdict};
pub use checks::catalogue;
pub use clearance::{Bound, Clearance, ClearanceError};
pub use command::{Applies, CommandCheck, CommandError, CommandSettings, Direction};
pub use context::{
    Actor, BackupFact, Context, Facts, Health, LockFact, Need, OperationFact, PolicyFacts, PolicyViolation,
    SchemaFacts, Sight,
};
pub use force::{Override, OverrideError};
pub use gate::{DEFAULT_CHECK_TIMEOUT, DEFAULT_CLEARANCE_LIFE, DuplicateCheck, Gate, JudgeError};
pub use outcome::{Level, Outcome};
pub use proposal::{ActionKind, Flag, InverseClass, Promise, Proposal, ProposalKind, ProposedChange, Target};
pub use report::{CheckResult, Refused, SafetyReport};
pub use settings::{GateError, SafetySettings};
