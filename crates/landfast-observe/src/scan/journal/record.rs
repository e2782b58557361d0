//! A record: what was found of one object, and when.

use std::path::Path;

use bytes::Bytes;
use landfast_state::json::{JsonError, Raw, RawJson, quote_go};
use landfast_state::{FingerprintKey, Limits, ReadError, Redactor, read_object, write_object};

use crate::observer::{Diagnostic, DiagnosticSeverity};
use crate::scan::remember::Remembered;

/// Why a record cannot be understood.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// It is not JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A member is missing, or is of another kind.
    #[error("no `{member}` that can be used")]
    Missing {
        /// Which one.
        member: &'static str,
    },
    /// An object in it is none.
    #[error(transparent)]
    Object(#[from] ReadError),
}

/// The text of a record, without a secret in clear.
pub(super) fn write_record(result: &Remembered, at: u64, key: &FingerprintKey, redactor: &Redactor) -> String {
    let recorded = write_object(&result.recorded, key, redactor);
    let observed = result.observed.as_ref().map(|object| write_object(object, key, redactor));
    let text = |text: &str| quote_go(&redactor.redact(text));
    let warning = |it: &Diagnostic| format!("{{\"summary\":{},\"detail\":{}}}", text(&it.summary), text(&it.detail));
    let warnings: Vec<String> = result.warnings.iter().map(warning).collect();
    format!(
        "{{\"at\":{at},\"recorded\":{recorded},\"observed\":{},\"warnings\":[{}]}}",
        observed.as_deref().unwrap_or("null"),
        warnings.join(",")
    )
}

/// The address in a record, and when it was written.
pub(super) fn read_age(content: &[u8]) -> Result<(String, u64), RecordError> {
    let document = Raw::check(content, &limits())?;
    let address = document.get("recorded").and_then(|raw| raw.get("address")).and_then(|raw| raw.as_string());
    let at = document.get("at").and_then(|raw| raw.as_str().parse().ok());
    let address = address.ok_or(RecordError::Missing { member: "recorded" })?.into_owned();
    Ok((address, at.ok_or(RecordError::Missing { member: "at" })?))
}

pub(super) fn read_record(content: Vec<u8>, path: &Path) -> Result<Remembered, RecordError> {
    let source = Bytes::from(content);
    let document = RawJson::check(source.clone(), &limits())?;
    let document = document.as_raw();
    let file = path.display().to_string();
    let part = |raw: Raw<'_>| read_object(source.slice_ref(raw.as_str().as_bytes()), &file, &limits());
    let recorded = part(document.get("recorded").ok_or(RecordError::Missing { member: "recorded" })?)?;
    let observed = document.get("observed").ok_or(RecordError::Missing { member: "observed" })?;
    let observed = if observed.is_null() { None } else { Some(part(observed)?) };
    let warnings = document.get("warnings").and_then(|raw| raw.elements());
    let warnings = warnings.ok_or(RecordError::Missing { member: "warnings" })?;
    let text = |raw: Raw<'_>, name| raw.get(name).and_then(|raw| raw.as_string()).unwrap_or_default().into_owned();
    let warning = |raw| Diagnostic {
        severity: DiagnosticSeverity::Warning,
        summary: text(raw, "summary"),
        detail: text(raw, "detail"),
        address: None,
    };
    Ok(Remembered { recorded, observed, warnings: warnings.map(warning).collect() })
}

/// What was written from values that had been checked is as large as these.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_depth = Limits::DEPTH_CEILING;
    limits
}
