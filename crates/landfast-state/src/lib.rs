//! x
#![allow(missing_docs, reason = "wip")]
pub mod address;
mod attribute_path;
mod document;
mod fingerprint;
mod flatmap;
mod graph;
pub mod json;
mod number;
pub mod plan;
mod read_error;
mod redact;
mod snapshot;
mod snapshot_file;
mod state_file;
mod text;
mod value;
pub use attribute_path::{AttributePath, AttributePathError, PathStep};
pub use document::Document;
pub use fingerprint::{Fingerprint, FingerprintError, FingerprintKey};
pub use graph::{CycleError, DependencyGraph, MissingDependency};
pub use json::Limits;
pub use number::{Number, NumberError, canonical_number};
pub use read_error::ReadError;
pub use redact::{MIN_SECRET_CHARS, Redactor, SecretTexts};
pub use snapshot::{
    Attributes, ContentDigest, DuplicateObject, Gap, GapKind, Observation, Origin, ResourceObject, Snapshot, SourceKind,
};
pub use snapshot_file::{read_observation, read_snapshot, write_observation, write_snapshot};
pub use state_file::{EditError, IgnoredResource, StateEdit, StateFile, StateInstance, StateOutput, StateResource};
pub use text::is_printable;
pub use value::{Members, SENSITIVE_TEXT, Sensitive, SensitiveComparison, UNKNOWN_TEXT, Value};
