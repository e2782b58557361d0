//! The reports of Landfast: what a comparison found, computed once, rendered many ways.
//!
//! [`ReportDocument`] is the versioned machine format, [`render_text`] the screen, [`render_graph`] the dependency graph as
//! text, Graphviz or Mermaid, [`show_object`] one object of a state, [`render_state_change`] and [`StateChangeDocument`] what becomes of a state,
//! [`render_versions`] the versions of one; with the feature `operations` plans and operations too. Text from data is escaped for where it goes; nothing
//! here prints.
//!
//! This crate does not decide anything: severities, classes and statuses come from `landfast-drift` as they are.
//!
//! ```
//! use landfast_drift::{CompareOptions, compare};
//! use landfast_report::{ReportKind, TextOptions, render_text};
//! use landfast_state::{Limits, Observation, StateFile};
//!
//! let state = |size: &str| {
//!     let text = format!(r#"{{"version": 4, "resources": [{{"mode": "managed", "type": "aws_instance", "name": "web",
//!         "provider": "provider.aws", "instances": [{{"attributes": {{"instance_type": "{size}"}}}}]}}]}}"#);
//!     StateFile::read(text.into(), "web.tfstate", &Limits::default()).map(|state| state.snapshot())
//! };
//! let report = compare(&state("t3.micro")?, &Observation::complete(state("t3.large")?), &CompareOptions::default());
//! let text = render_text(&report, ReportKind::Drift, &TextOptions::default());
//! assert!(text.contains(r#"instance_type  "t3.micro" -> "t3.large""#), "{text}");
//! # Ok::<(), landfast_state::ReadError>(())
//! ```

mod document;
mod escape;
mod graph;
mod import_block;
mod object;
#[cfg(feature = "operations")]
mod operation;
#[cfg(feature = "operations")]
mod plan;
mod scan_entry;
mod state_change;
mod state_change_document;
mod text;
mod versions;

#[cfg(feature = "schema")]
pub use document::report_schema;
pub use document::{
    ChangeEntry, CoverageEntry, FORMAT_VERSION, NormalisedEntry, NotComparedEntry, OriginEntry, ReportDocument,
    ReportKind, ResourceEntry, RuleEntry, Summary,
};
pub use escape::{escape_json, escape_line};
pub use graph::{GraphFormat, render_graph};
pub use import_block::import_block;
pub use object::{ObjectEntry, object_entry, show_object};
#[cfg(feature = "operations")]
pub use operation::{
    CheckEntry, HandOver, LogEntry, OperationEntry, OperationStepEntry, render_checks, render_hand_over, render_log,
    render_operation, render_operations,
};
#[cfg(feature = "operations")]
pub use plan::{PlanEntry, PlanStepEntry, render_plan};
pub use scan_entry::{
    ExceptEntry, LeftOutEntry, ProviderTroubleEntry, SampleEntry, ScanCountsEntry, ScanEntry, ScanWarningEntry,
    TroubleEntry, TypeTroubleEntry, UnreadableCauseEntry,
};
pub use state_change::render_state_change;
#[cfg(feature = "schema")]
pub use state_change_document::state_change_schema;
pub use state_change_document::{BeforeAfter, ChangedObjectEntry, MovedEntry, StateChangeDocument};
pub use text::{ColorChoice, Detail, TextOptions, render_text};
pub use versions::{VersionEntry, render_versions};
