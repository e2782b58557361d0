//! One object of a state, set out.

use std::fmt::Write as _;

use landfast_state::{Redactor, ResourceObject, Value};
use serde::Serialize;

use crate::escape::escape_line;
use crate::text::lines_of;

/// One object with its attributes, for a terminal; sensitive values, and copies of those that `redactor` knows, masked.
#[must_use]
pub fn show_object(object: &ResourceObject, redactor: &Redactor) -> String {
    let mut out = format!("# {}", escape_line(&object.address.to_string()));
    out.push_str(if object.tainted { " (tainted)\n" } else { "\n" });
    if !object.provider.is_empty() {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "provider: {}", escape_line(&object.provider));
    }
    for dependency in object.dependencies.iter() {
        let _ = writeln!(out, "depends on: {}", escape_line(&dependency.to_string()));
    }
    if let Value::Object(members) = redactor.mark(object.value()) {
        for (name, value) in &members {
            let mut lines = lines_of(value).into_iter();
            let _ = writeln!(out, "{}: {}", escape_line(name), lines.next().unwrap_or_default());
            for line in lines {
                let _ = writeln!(out, "{line}");
            }
        }
    }
    out
}

/// One object in the machine format.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ObjectEntry {
    /// Its address.
    pub address: String,
    /// The provider's source address; empty where the document has none.
    pub provider: String,
    /// Version of the schema of the attributes.
    pub schema_version: u64,
    /// Whether terraform will replace it.
    pub tainted: bool,
    /// Addresses of the resources that it depends on.
    pub dependencies: Vec<String>,
    /// The attributes; sensitive values are `(sensitive value)`.
    pub attributes: Value,
}

/// One object in the machine format; sensitive values, and copies of those that `redactor` knows, masked.
#[must_use]
pub fn object_entry(object: &ResourceObject, redactor: &Redactor) -> ObjectEntry {
    let masked = |text: String| redactor.redact(&text).into_owned();
    ObjectEntry {
        address: masked(object.address.to_string()),
        provider: masked(object.provider.to_string()),
        schema_version: object.schema_version,
        tainted: object.tainted,
        dependencies: object.dependencies.iter().map(|resource| masked(resource.to_string())).collect(),
        attributes: redactor.redact_keys(redactor.mark(object.value())),
    }
}
