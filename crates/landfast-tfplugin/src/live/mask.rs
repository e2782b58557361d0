//! Secrets of an object in what its provider says of it: a provider repeats values in its messages, and only its schema tells which
//! of them are secrets. The scan masks what the state marks.

use landfast_observe::scan::Unreadable;
use landfast_state::schema::Schema;
use landfast_state::{Members, Redactor, SecretTexts, Value};

use crate::diagnostic::Diagnostic;

/// A failure without the values that the schema calls sensitive.
pub(super) fn failure(mut failure: Unreadable, schema: &Schema, members: &[&Members]) -> Unreadable {
    failure.reason = redactor(schema, members).redact(&failure.reason).into_owned();
    failure
}

/// Warnings without the values that the schema calls sensitive.
pub(super) fn warnings(mut warnings: Vec<Diagnostic>, schema: &Schema, members: &[&Members]) -> Vec<Diagnostic> {
    if warnings.is_empty() {
        return warnings;
    }
    let redactor = redactor(schema, members);
    for warning in &mut warnings {
        warning.summary = redactor.redact(&warning.summary).into_owned();
        warning.detail = redactor.redact(&warning.detail).into_owned();
    }
    warnings
}

fn redactor(schema: &Schema, members: &[&Members]) -> Redactor {
    let mut secrets = SecretTexts::default();
    for members in members {
        secrets.add(&Value::Object(schema.block.mark_sensitive((*members).clone())));
    }
    secrets.redactor()
}
