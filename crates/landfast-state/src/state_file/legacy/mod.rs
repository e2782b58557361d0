//! wip
use crate::json::{JsonError, Limits, Reader};
pub(crate) fn upgrade(source: &[u8], _version: u64, limits: &Limits) -> Result<String, JsonError> {
    Err(Reader::new(source, limits)?.invalid_at(0, "wip"))
}
