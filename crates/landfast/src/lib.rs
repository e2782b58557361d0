//! Landfast finds where infrastructure has drifted from what was declared, and says how bad each drift is and why.
//!
//! This crate is the facade: it re-exports the libraries under short names and adds the few operations that most
//! programs want. It holds no logic of its own, reads files only where it says so, and changes something
//! only in the operation `apply`.
//!
//! | module | what for |
//! |---|---|
//! | [`state`] | addresses, values, state files of formats 1 to 4, plan and show JSON, snapshots, the dependency graph |
//! | [`drift`] | the comparison: status, severity, impact and class, by rules that are data |
//! | `observe` | reading what is there through terraform or tofu, or object by object; with the feature `observe` |
//! | `tfplugin` | a client for provider plugins; with the feature `tfplugin` |
//! | `discover` | what configurations say: backends, providers and their configuration, lifecycles; with the feature `discover` |
//! | `backends` | where states live: reading, locking, changing and taking back; with the feature `backends` |
//! | `safety` | the gate: checks, policies, clearances; with the features `safety` and `policy` |
//! | `rollback`, `fix` | plans and operations, actuators; with the feature `fix` |
//! | [`report`] | the machine format and the renderers |
//!
//! # A tour
//! ```no_run
//! use landfast::drift::{CompareOptions, Severity};
//! use landfast::report::{ReportKind, TextOptions, render_text};
//! use landfast::state::Limits;
//! use landfast::{ExitCode, FailOn};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // What a file is (state, plan, show JSON, snapshot, observation) is detected.
//! let recorded = landfast::open("recorded.tfstate".as_ref(), &Limits::default())?;
//! let observed = landfast::open("observed.tfstate".as_ref(), &Limits::default())?;
//!
//! let report = landfast::check([recorded], observed, &CompareOptions::default())?;
//! for resource in report.resources.iter().filter(|resource| resource.severity >= Severity::Major) {
//!     println!("{}: {} ({} changes)", resource.address, resource.severity, resource.changes.len());
//!     for rule in &resource.rules {
//!         println!("    because of {}: {}", rule.id, rule.why);
//!     }
//! }
//! print!("{}", render_text(&report, ReportKind::Drift, &TextOptions::default()));
//! std::process::exit(ExitCode::of_report(&report, &FailOn::default()).code());
//! # }
//! ```

#[cfg(feature = "live")]
mod configured;
#[cfg(all(feature = "fix", unix))]
mod execution;
mod exit;
mod held;
#[cfg(feature = "live")]
mod live;
#[cfg(feature = "live")]
mod live_scan;
mod operations;
mod source;

/// The examples of the README, tested with the others.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// The example of the page about reading live, tested with the others.
#[cfg(all(doctest, feature = "live"))]
#[doc = include_str!("../../../docs/how-to/read-live-infrastructure.md")]
struct ReadingLive;

#[cfg(feature = "backends")]
pub use landfast_backends as backends;
#[cfg(feature = "discover")]
pub use landfast_discover as discover;
pub use landfast_drift as drift;
#[cfg(feature = "fix")]
pub use landfast_fix as fix;
#[cfg(feature = "observe")]
pub use landfast_observe as observe;
pub use landfast_report as report;
#[cfg(feature = "fix")]
pub use landfast_rollback as rollback;
#[cfg(feature = "safety")]
pub use landfast_safety as safety;
pub use landfast_state as state;
#[cfg(feature = "tfplugin")]
pub use landfast_tfplugin as tfplugin;

#[cfg(feature = "live")]
pub use configured::ConfiguredProviders;
#[cfg(all(feature = "fix", unix))]
pub use execution::{AlreadyExecuted, Execution, GateJudge, StalePlan, apply, plan_rollback};
pub use exit::{ExitCode, FailOn, GapPolicy};
pub use held::Held;
#[cfg(feature = "live")]
pub use live::LiveComparison;
pub use operations::{OpenError, check, check_streams, diff, open, open_stream};
pub use source::{Source, check_sources};
