//! Whether two names are of one person.

/// Whether the names may be of the same person: what stands before the first `@` is equal, whatever its case. This is for
/// keeping people from something: `alice@laptop`, who plans, may be `Alice@example.com`, who approves.
pub(crate) fn may_be_same(a: &str, b: &str) -> bool {
    local(a).to_lowercase() == local(b).to_lowercase()
}

/// What stands before the `@`, or all of it.
pub(crate) fn local(name: &str) -> &str {
    name.split_once('@').map_or(name, |(local, _)| local).trim()
}
