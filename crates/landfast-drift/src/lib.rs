//! The comparison of Landfast: what was recorded against what was observed.
//!
//! [`compare`] takes a recorded [`Snapshot`](landfast_state::Snapshot) and an [`Observation`](landfast_state::Observation)
//! and says for every resource instance what its [`DriftStatus`] is, which attributes changed, how severe that is, what it
//! touches, and by which rules. What attributes mean is data, in [`rules`]; by which rules two values are equal though they
//! differ is named, in [`normalise`]; the exact and reversible difference of any two values is in [`diff`]. What objects cost is
//! in [`cost`].
//!
//! What it deliberately does not do: read anything live, know a resource type, print, decide what to do about a drift, or
//! hide one. A difference that is none by a named rule is listed as normalised; what could not be read is never in sync.
//!
//! ```
//! use landfast_drift::{CompareOptions, Class, DriftStatus, compare};
//! use landfast_state::json::{Limits, RawJson};
//! use landfast_state::{Attributes, Observation, Origin, ResourceObject, SecretTexts, Snapshot, SourceKind};
//!
//! let snapshot = |json: &'static str| {
//!     let attributes = Attributes::Nested(RawJson::check(json.into(), &Limits::default())?);
//!     let object = ResourceObject {
//!         address: "aws_instance.web".parse()?,
//!         provider: "registry.terraform.io/hashicorp/aws".into(),
//!         schema_version: 1,
//!         tainted: false,
//!         attributes,
//!         sensitive: Vec::new(),
//!         unknown: Vec::new(),
//!         fingerprints: Vec::new(),
//!         dependencies: Default::default(),
//!     };
//!     let origin = Origin::new(SourceKind::State, "example");
//!     Ok::<_, Box<dyn std::error::Error>>(Snapshot::new(origin, vec![object], SecretTexts::default())?)
//! };
//! let recorded = snapshot(r#"{"instance_type": "t3.micro", "tags": {"team": "a"}}"#)?;
//! let observed = snapshot(r#"{"instance_type": "m5.large", "tags": {"team": "a"}}"#)?;
//!
//! let report = compare(&recorded, &Observation::complete(observed), &CompareOptions::default());
//! let web = &report.resources[0];
//! assert_eq!(web.status, DriftStatus::Drifted);
//! assert_eq!(web.class, Some(Class::PerformanceImpacting));
//! assert_eq!(web.changes[0].path.to_string(), "instance_type");
//! assert!(report.coverage().is_complete());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod classification;
mod compare;
pub mod cost;
pub mod diff;
pub mod normalise;
mod report;
pub mod rules;
mod scan;
mod shapes;
mod state_change;

pub use classification::{Class, DriftStatus, Impact, Severity};
pub use compare::{Buffered, CompareOptions, Comparison, InSync, compare, compare_streams};
pub use normalise::Normaliser;
pub use report::{
    AppliedRule, AttributeChange, ChangeKind, Coverage, DriftReport, Normalised, NotCompared, NotComparedReason,
    ResourceDrift, RuleId, StatusCounts,
};
pub use rules::RuleSet;
pub use scan::{
    LeftOut, ProviderTrouble, SampleBound, ScanCounts, ScanEnding, ScanReport, ScanWarning, Trouble, UnreadableCause,
};
pub use shapes::{Shapes, Written};
pub use state_change::{ObjectChange, StateChange};
