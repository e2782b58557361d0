//! Marking what rules know to be a secret and a document does not mark.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;
use landfast_state::{AttributePath, Attributes, PathStep, ResourceObject, Snapshot};

use super::pattern::PathPattern;
use super::{NamedRule, RuleSet};

impl RuleSet {
    /// The snapshot with everything marked as sensitive that these rules, or those that come with the program, know to be:
    /// documents do not always say. Terraform before 1.6 or so wrote no marks for what only a provider's schema calls
    /// sensitive.
    ///
    /// [`compare`](crate::compare) does this by itself. Who shows or stores attributes in another way has to.
    #[must_use]
    pub fn mark_secrets(&self, snapshot: Snapshot) -> Snapshot {
        let finder = Finder::new(self);
        snapshot.with_sensitive(|object| finder.find(object))
    }

    /// As [`RuleSet::mark_secrets`]; a snapshot with nothing to mark is not copied.
    pub(crate) fn marked<'s>(&self, snapshot: &'s Snapshot) -> Cow<'s, Snapshot> {
        let finder = Finder::new(self);
        if snapshot.objects().iter().all(|object| finder.find(object).is_empty()) {
            return Cow::Borrowed(snapshot);
        }
        Cow::Owned(snapshot.clone().with_sensitive(|object| finder.find(object)))
    }
}

/// Finds secrets in objects. What concerns a type is gathered once.
struct Finder<'r> {
    rules: Vec<&'r NamedRule>,
    types: RefCell<BTreeMap<Box<str>, Option<TypeSecrets<'r>>>>,
}

/// The places of secrets in the objects of one type.
struct TypeSecrets<'r> {
    patterns: Vec<&'r PathPattern>,
    /// The names that such a place ends in, as a document writes them: where none occurs, there is none. `None` where a
    /// pattern does not end in a name.
    names: Option<AhoCorasick>,
}

impl<'r> Finder<'r> {
    fn new(rules: &'r RuleSet) -> Self {
        let embedded = super::embedded::sensitive();
        let own = if std::ptr::eq(rules.sensitive.as_slice(), embedded) { &[] } else { rules.sensitive.as_slice() };
        Self { rules: own.iter().chain(embedded).collect(), types: RefCell::default() }
    }

    /// The paths to the secrets in `object` that nothing marks yet.
    fn find(&self, object: &ResourceObject) -> Vec<AttributePath> {
        let type_name = &object.address.instance.resource.type_name;
        let mut types = self.types.borrow_mut();
        if !types.contains_key(&**type_name) {
            types.insert(type_name.clone(), TypeSecrets::new(&self.rules, type_name));
        }
        match types.get(&**type_name) {
            Some(Some(secrets)) if secrets.may_be_in(object) => object.unmarked_paths(|path| secrets.names(path)),
            _ => Vec::new(),
        }
    }
}

impl<'r> TypeSecrets<'r> {
    fn new(rules: &[&'r NamedRule], type_name: &str) -> Option<Self> {
        let fitting = rules.iter().filter(|rule| rule.types.iter().any(|glob| glob.matches(type_name)));
        let patterns: Vec<&PathPattern> = fitting.flat_map(|rule| &rule.attributes).collect();
        let names: Option<Vec<&str>> = patterns.iter().map(|pattern| pattern.last_name()).collect();
        // A name may also be written with escapes.
        let written =
            names.map(|names| names.iter().map(|name| format!("\"{name}\"")).chain([r"\u".to_owned()]).collect());
        let names = written.and_then(|written: Vec<String>| AhoCorasick::new(written).ok());
        (!patterns.is_empty()).then_some(Self { patterns, names })
    }

    /// Whether the object may hold a secret, by a look at its text.
    fn may_be_in(&self, object: &ResourceObject) -> bool {
        match (&object.attributes, &self.names) {
            (Attributes::None, _) => false,
            (Attributes::Nested(raw), Some(names)) => names.is_match(raw.as_raw().as_str()),
            (Attributes::Flat(_), _) | (_, None) => true,
        }
    }

    fn names(&self, path: &[PathStep]) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(path))
    }
}
