//! The state model of Landfast: what Terraform and OpenTofu have written down, read exactly and checked.
//!
//! - [`address`]: addresses of modules, resources, instances and objects, parsed and printed as terraform does.
//! - [`Value`], [`Number`], [`Sensitive`], [`AttributePath`]: attributes, with exact numbers and values that must not be
//!   shown as a type.
//! - [`StateFile`]: state files of formats 1 to 4, written back byte for byte, edited by splicing.
//! - [`schema`]: the shape of objects, as providers tell it.
//! - [`plan`]: plan and show JSON, and the `-json` log stream.
//! - [`Snapshot`], [`Observation`]: immutable sets of objects with origin, coverage and content digest, and the files that
//!   hold them.
//! - [`DependencyGraph`]: order, cycles, blast radius.
//! - [`json`]: the one checking reader under all of this.
//! - [`Document`]: any of these files, its kind detected.
//! - [`AuditSink`]: the port that takes records of actions before they happen.
//!
//! This crate does no I/O: it reads bytes that it is given. It knows no provider's name, decides nothing about drift, and
//! prints nothing. Every reader is bounded by [`Limits`] and gives errors with file, line, column and JSON path, and never
//! with a value.
//!
//! ```
//! use landfast_state::{DependencyGraph, Document, Limits};
//!
//! let text = r#"{"version": 4, "serial": 1, "lineage": "l", "outputs": {}, "resources": [
//!   {"mode": "managed", "type": "aws_vpc", "name": "a", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
//!    "instances": [{"attributes": {"id": "vpc-1"}}]},
//!   {"mode": "managed", "type": "aws_subnet", "name": "b", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
//!    "instances": [{"attributes": {"id": "subnet-1"}, "dependencies": ["aws_vpc.a"]}]}]}"#;
//! let snapshot = Document::read(text.into(), "prod.tfstate", &Limits::default())?.recorded();
//! let order: Vec<String> =
//!     DependencyGraph::of(&snapshot).topological_order().unwrap().iter().map(ToString::to_string).collect();
//! assert_eq!(order, ["aws_vpc.a", "aws_subnet.b"]);
//! # Ok::<(), landfast_state::ReadError>(())
//! ```

pub mod address;
mod attribute_path;
mod audit;
mod bytes_digest;
mod document;
mod fingerprint;
mod flatmap;
mod glob;
mod graph;
pub mod json;
mod marking;
mod moves;
mod number;
mod object_value;
mod origin;
mod origin_doubt;
pub mod plan;
mod read_error;
mod redact;
pub mod schema;
mod snapshot;
mod snapshot_file;
mod state_file;
mod text;
mod text_search;
mod value;
mod written_value;

pub use attribute_path::{AttributePath, AttributePathError, PathStep};
pub use audit::{AuditError, AuditEvent, AuditSink};
pub use bytes_digest::{BytesDigest, BytesHasher};
pub use document::Document;
pub use fingerprint::{Fingerprint, FingerprintError, FingerprintKey};
pub use glob::fits_glob;
pub use graph::{CycleError, DependencyGraph, MissingDependency};
pub use json::Limits;
pub use marking::{Asked, Candidate};
pub use moves::Move;
pub use number::{Number, NumberError, canonical_number};
pub use origin::{Origin, SourceKind};
pub use origin_doubt::OriginDoubt;
pub use read_error::{ReadError, VersionAge};
pub use redact::{MIN_SECRET_CHARS, Redactor, SecretTexts};
pub use snapshot::{Attributes, ContentDigest, DuplicateObject, Gap, GapKind, Observation, ResourceObject, Snapshot};
pub use snapshot_file::{
    read_object, read_observation, read_snapshot, write_object, write_observation, write_snapshot,
};
pub use state_file::{
    EditError, ExtractedObjects, IgnoredResource, Located, RefactorError, StateEdit, StateFile, StateInstance,
    StateOutput, StateRefactoring, StateResource, StateSelector, StateStream, StateTarget, StateTargetError,
    StreamError, StreamedObject,
};
pub use text::is_printable;
pub use value::{Members, SENSITIVE_TEXT, Sensitive, SensitiveComparison, UNKNOWN_TEXT, Value};
pub use written_value::WrittenValue;
