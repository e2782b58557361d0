//! State files.

#[cfg_attr(not(test), expect(dead_code, reason = "the reader of state files, which calls it, comes next"))]
pub(crate) mod legacy;
