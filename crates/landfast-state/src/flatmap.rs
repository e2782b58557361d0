//! Flat attribute maps.
use crate::{AttributePath, Value, json::Raw};
/// wip
pub fn unfold(raw: Raw<'_>, sensitive: &[AttributePath]) -> Value {
    Value::from_raw(raw, sensitive)
}
