//! x
#![allow(missing_docs, reason = "wip")]
pub mod address;
mod attribute_path;
mod fingerprint;
mod flatmap;
pub mod json;
mod number;
mod read_error;
mod redact;
mod snapshot;
mod state_file;
mod text;
mod value;
pub use attribute_path::{AttributePath, AttributePathError, PathStep};
pub use fingerprint::{Fingerprint, FingerprintError, FingerprintKey};
pub use number::{Number, NumberError, canonical_number};
pub use read_error::ReadError;
pub use redact::{MIN_SECRET_CHARS, Redactor, SecretTexts};
pub use snapshot::{
    Attributes, ContentDigest, DuplicateObject, Gap, GapKind, Observation, Origin, ResourceObject, Snapshot, SourceKind,
};
pub use text::is_printable;
pub use value::{Members, SENSITIVE_TEXT, Sensitive, SensitiveComparison, UNKNOWN_TEXT, Value};
