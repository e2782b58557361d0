//! Policies in Rego, the language of the Open Policy Agent; with the feature `policy`.
//!
//! A [`PolicySet`] judges a [`PolicyInput`]: what is about to change, what has drifted, and what will be there. What its
//! rules say by their names is in [`RuleKind`]. Everything unclear refuses: a rule that decides and is undefined, an error
//! of a built-in function, an evaluation that takes too long, a panic of the engine.
//!
//! Policies compute from their input and their data alone. Functions that reach the network, files, the environment or a
//! clock, or that draw random numbers, are refused where they stand when policies are read.
//!
//! The engine limits the time, not the memory: policies are as trusted as the configuration beside them.
//!
//! ```
//! use landfast_safety::policy::{PolicyFile, PolicyInput, PolicyOptions, PolicySet};
//!
//! let text = "package ours\ndeny contains \"no\" if input.n > 9007199254740992\n";
//! let files = vec![PolicyFile { name: "ours.rego".to_owned(), text: text.to_owned() }];
//! let policies = PolicySet::load(files, &PolicyOptions::default())?;
//! let input = PolicyInput::from_json(br#"{"n": 9007199254740993}"#, &Default::default())?;
//! assert_eq!(policies.judge(&input)?.refusals[0].message, "no");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builtins;
mod check;
mod configuration;
mod error;
mod extensions;
mod fence;
mod input;
mod packs;
mod set;
mod survey;
mod verdict;

pub use check::PolicyCheck;
pub use configuration::ConfigurationError;
pub use error::{EvaluationError, PolicyError, PolicyPlace};
pub use input::{INPUT_VERSION, PlanInputError, PolicyInput};
pub use packs::{PolicyPack, pack_files, packs};
pub use set::{DEFAULT_POLICY_TIME, PolicyFile, PolicyOptions, PolicyRule, PolicySet, RegoVersion, RuleKind};
pub use verdict::{PolicyFinding, PolicyVerdict, TestOutcome, TestResult};
