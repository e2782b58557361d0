//! Copies of secrets in places that nobody marked: what a report holds is masked before anybody can show it.

use landfast_state::{Redactor, Value};

use crate::report::ResourceDrift;

/// Marks every value of the resource that holds a copy of a known secret as sensitive.
pub(super) fn mask_copies(resource: &mut ResourceDrift, redactor: &Redactor) {
    let mask = |value: &mut Option<Value>| *value = value.take().map(|value| redactor.mark(value));
    for change in &mut resource.changes {
        mask(&mut change.before);
        mask(&mut change.after);
        let shown = [&change.before, &change.after].into_iter().flatten();
        change.sensitive |= shown.into_iter().any(Value::has_sensitive);
    }
    for normalised in &mut resource.normalised {
        mask(&mut normalised.before);
        mask(&mut normalised.after);
    }
}
