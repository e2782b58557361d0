//! Copies of secrets in places that nobody marked: what a report holds is masked before anybody can show it.

use landfast_state::{Redactor, SecretTexts, Sensitive, Value};

use crate::report::ResourceDrift;

/// The secrets of both sides, and those that only the comparison shows to be some: what one side marks is a secret on the
/// other side too, where nobody marked it.
pub(super) fn secrets<'s>(
    known: impl IntoIterator<Item = &'s SecretTexts>,
    resources: &[ResourceDrift],
) -> SecretTexts {
    let mut secrets = SecretTexts::default();
    known.into_iter().for_each(|known| secrets.extend(known));
    add_secrets(&mut secrets, resources);
    secrets
}

/// Adds the secrets that only the comparison shows to be some.
pub(super) fn add_secrets(secrets: &mut SecretTexts, resources: &[ResourceDrift]) {
    for resource in resources {
        let changed = resource.changes.iter().flat_map(|change| [&change.before, &change.after]);
        let normalised = resource.normalised.iter().flat_map(|normalised| [&normalised.before, &normalised.after]);
        changed.chain(normalised).flatten().for_each(|value| secrets.add(value));
    }
}

/// Marks every value of the resource that holds a copy of a known secret as sensitive.
pub(super) fn mask_copies(resource: &mut ResourceDrift, redactor: &Redactor) {
    let mask = |value: &mut Option<Value>| *value = value.take().map(|value| redactor.mark(value));
    for change in &mut resource.changes {
        mask(&mut change.before);
        mask(&mut change.after);
        // What stands in the place of a secret is one.
        match (&mut change.before, &mut change.after) {
            (Some(Value::Sensitive(_)), Some(other)) | (Some(other), Some(Value::Sensitive(_))) => hide(other),
            _ => {}
        }
        let shown = [&change.before, &change.after].into_iter().flatten();
        change.sensitive |= shown.into_iter().any(Value::has_sensitive);
    }
    for normalised in &mut resource.normalised {
        mask(&mut normalised.before);
        mask(&mut normalised.after);
    }
}

fn hide(value: &mut Value) {
    if !matches!(value, Value::Sensitive(_) | Value::Null) {
        *value = Value::Sensitive(Sensitive::new(std::mem::replace(value, Value::Null)));
    }
}
