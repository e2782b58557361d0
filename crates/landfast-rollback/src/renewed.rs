//! Objects of which some attributes are not known yet.

use landfast_state::{AttributePath, Members, PathStep, ResourceObject, Value};

/// The object with these attributes unknown, where it has them.
pub(crate) fn renewed(object: ResourceObject, paths: &[AttributePath]) -> ResourceObject {
    if paths.is_empty() {
        return object;
    }
    let Value::Object(mut members) = object.value() else { return object };
    for path in paths {
        if let Some(place) = place(&mut members, path) {
            *place = Value::Unknown;
        }
    }
    let kept = object.clone();
    // It was deep and long enough before.
    object.with_value(&members).unwrap_or(kept)
}

/// The place of a value in the attributes of an object.
pub(crate) fn place<'m>(members: &'m mut Members, path: &AttributePath) -> Option<&'m mut Value> {
    let (PathStep::Key(first), rest) = path.steps.split_first()? else { return None };
    rest.iter().try_fold(members.get_mut(&**first)?, |value, step| match (value, step) {
        (Value::Object(members), PathStep::Key(key)) => members.get_mut(&**key),
        (Value::List(elements), PathStep::Index(index)) => elements.get_mut(*index),
        _ => None,
    })
}
