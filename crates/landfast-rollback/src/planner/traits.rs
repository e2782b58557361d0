//! What is known of resource types that decides how well a change can be taken back. Data, never code.

use std::sync::OnceLock;

use landfast_state::{AttributePath, fits_glob};
use serde::Deserialize;

/// The traits that come with this crate.
const BUILTIN: &str = include_str!("../../rules/traits.toml");

/// What is known of resource types: which hold data, which attributes go one way only, which an object has of its own.
///
/// Every entry whose pattern matches a type counts; a type that no entry matches is unknown, and changes to it that are not
/// plain creations count as irreversible.
///
/// ```
/// use landfast_rollback::planner::TraitSet;
///
/// let traits = TraitSet::builtin().with(r#"
///     [[type]]
///     pattern = "acme_ledger"
///     stateful = true
///     computed = ["id"]
/// "#, "landfast.toml")?;
/// assert!(traits.of("acme_ledger").is_known());
/// assert!(!traits.of("acme_ticket").is_known());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct TraitSet {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "type")]
    types: Vec<Entry>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Entry {
    pattern: String,
    stateful: bool,
    key: bool,
    computed: Vec<String>,
    forces_replacement: Vec<String>,
    storage: Vec<String>,
    engine_version: Vec<String>,
    one_way: Vec<String>,
    write_only: Vec<String>,
}

/// A file of traits cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the traits of resource types in {file} cannot be read")]
pub struct TraitsError {
    /// The file.
    pub file: String,
    /// Why, with the line.
    #[source]
    pub source: Box<toml::de::Error>,
}

impl TraitSet {
    /// The traits that come with this crate: types of the large providers.
    #[must_use]
    pub fn builtin() -> Self {
        static SET: OnceLock<TraitSet> = OnceLock::new();
        // A test reads the file.
        SET.get_or_init(|| Self::default().with(BUILTIN, "rules/traits.toml").unwrap_or_default()).clone()
    }

    /// The same with more entries, in TOML. `file` is its name for messages.
    ///
    /// # Errors
    /// When the text is no file of traits.
    pub fn with(mut self, text: &str, file: &str) -> Result<Self, TraitsError> {
        let read: File =
            toml::from_str(text).map_err(|source| TraitsError { file: file.to_owned(), source: Box::new(source) })?;
        self.entries.extend(read.types);
        Ok(self)
    }

    /// What is known of a type.
    #[must_use]
    pub fn of(&self, type_name: &str) -> Traits<'_> {
        Traits { entries: self.entries.iter().filter(|entry| fits_glob(&entry.pattern, type_name)).collect() }
    }
}

/// What is known of one type.
#[derive(Debug, Clone)]
pub struct Traits<'s> {
    entries: Vec<&'s Entry>,
}

impl Traits<'_> {
    /// Whether anything is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.entries.is_empty()
    }

    /// Whether objects hold data that goes with them.
    #[must_use]
    pub fn is_stateful(&self) -> bool {
        self.entries.iter().any(|entry| entry.stateful)
    }

    /// Whether objects are keys that encrypt other things.
    #[must_use]
    pub fn is_key(&self) -> bool {
        self.entries.iter().any(|entry| entry.key)
    }

    /// Whether an object that takes the place of another has this attribute of its own, such as an id.
    #[must_use]
    pub fn is_computed(&self, path: &AttributePath) -> bool {
        self.has(path, |entry| &entry.computed)
    }

    /// Whether a change of this attribute makes the provider replace the object.
    #[must_use]
    pub fn forces_replacement(&self, path: &AttributePath) -> bool {
        self.has(path, |entry| &entry.forces_replacement)
    }

    /// Whether this attribute is the size of storage, which grows and does not shrink.
    #[must_use]
    pub fn is_storage(&self, path: &AttributePath) -> bool {
        self.has(path, |entry| &entry.storage)
    }

    /// Whether this attribute is the version of an engine, which goes up and not down.
    #[must_use]
    pub fn is_engine_version(&self, path: &AttributePath) -> bool {
        self.has(path, |entry| &entry.engine_version)
    }

    /// Whether a change of this attribute cannot be taken back for another reason.
    #[must_use]
    pub fn is_one_way(&self, path: &AttributePath) -> bool {
        self.has(path, |entry| &entry.one_way)
    }

    /// Whether this attribute can be written and not read.
    #[must_use]
    pub fn is_write_only(&self, path: &AttributePath) -> bool {
        self.has(path, |entry| &entry.write_only)
    }

    /// Names of write-only attributes.
    pub(crate) fn write_only(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().flat_map(|entry| entry.write_only.iter().map(String::as_str))
    }

    fn has(&self, path: &AttributePath, list: impl Fn(&Entry) -> &Vec<String>) -> bool {
        let text = plain(path);
        self.entries.iter().flat_map(|entry| list(entry)).any(|pattern| {
            // A pattern names an attribute and everything in it.
            fits_glob(pattern, &text)
                || text
                    .match_indices('.')
                    .any(|(dot, _)| text.get(..dot).is_some_and(|outer| fits_glob(pattern, outer)))
        })
    }
}

/// The path without indexes, its steps joined by points.
fn plain(path: &AttributePath) -> String {
    let keys = path.steps.iter().filter_map(|step| match step {
        landfast_state::PathStep::Key(key) => Some(&**key),
        landfast_state::PathStep::Index(_) => None,
    });
    keys.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builtin_traits_can_be_read() {
        let set = TraitSet::default().with(BUILTIN, "rules/traits.toml").unwrap();
        assert!(set.entries.len() > 50);
        assert!(set.entries.iter().all(|entry| !entry.pattern.is_empty()));
    }

    #[test]
    fn patterns_name_attributes_and_what_is_in_them() {
        let set = TraitSet::default().with("[[type]]\npattern = \"a_*\"\nstorage = [\"disk.size\"]", "t").unwrap();
        let traits = set.of("a_b");
        let path = |text: &str| text.parse::<AttributePath>().unwrap();
        assert!(traits.is_storage(&path("disk[0].size")) && !traits.is_storage(&path("disk[0].name")));
        assert!(!set.of("b_a").is_known());
    }
}
