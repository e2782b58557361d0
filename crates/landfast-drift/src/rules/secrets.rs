//! Marking what rules know to be a secret and a document does not mark.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use landfast_state::json::NameFilter;
use landfast_state::{AttributePath, Attributes, PathStep, ResourceObject, Snapshot};

use super::RuleSet;
use super::pattern::PathPattern;

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

/// The names that the places of secrets in objects of one type end in, by these rules and those that come with the program:
/// where no such name stands, there is no secret.
pub(crate) fn names_of_secrets(rules: &RuleSet, type_name: &str) -> NameFilter {
    TypeSecrets::new(rules, type_name).names
}

/// Finds secrets in objects. What concerns a type is gathered once.
pub(crate) struct Finder<'r> {
    rules: &'r RuleSet,
    types: RefCell<HashMap<Box<str>, TypeSecrets<'r>>>,
}

/// The places of secrets in the objects of one type.
struct TypeSecrets<'r> {
    /// By the names that they end in.
    patterns: HashMap<&'r str, Vec<&'r PathPattern>>,
    /// Those that do not end in a name.
    others: Vec<&'r PathPattern>,
    names: NameFilter,
}

impl<'r> Finder<'r> {
    pub(crate) fn new(rules: &'r RuleSet) -> Self {
        Self { rules, types: RefCell::default() }
    }

    /// The paths to the secrets in `object` that nothing marks yet.
    pub(crate) fn find(&self, object: &ResourceObject) -> Vec<AttributePath> {
        let type_name = &*object.address.instance.resource.type_name;
        let mut types = self.types.borrow_mut();
        if !types.contains_key(type_name) {
            types.insert(type_name.into(), TypeSecrets::new(self.rules, type_name));
        }
        match types.get(type_name) {
            Some(secrets) if secrets.may_be_in(object) => object.unmarked_paths(|path| secrets.names(path)),
            _ => Vec::new(),
        }
    }
}

impl<'r> TypeSecrets<'r> {
    fn new(rules: &'r RuleSet, type_name: &str) -> Self {
        let embedded: &'static Arc<RuleSet> = super::embedded::embedded();
        let own = (!std::ptr::eq(rules, &**embedded)).then_some(rules);
        let all = std::iter::once(&**embedded).chain(own).flat_map(|rules| &rules.sensitive);
        let fitting = all.filter(|rule| rule.types.iter().any(|glob| glob.matches(type_name)));
        let (mut patterns, mut others) = (HashMap::<&str, Vec<&PathPattern>>::new(), Vec::new());
        for pattern in fitting.flat_map(|rule| &rule.attributes) {
            match pattern.last_name() {
                Some(name) => patterns.entry(name).or_default().push(pattern),
                None => others.push(pattern),
            }
        }
        let names = if others.is_empty() { NameFilter::new(patterns.keys().copied()) } else { NameFilter::any() };
        Self { patterns, others, names }
    }

    /// Whether the object may hold a secret, by a look at its names.
    fn may_be_in(&self, object: &ResourceObject) -> bool {
        match &object.attributes {
            Attributes::None => false,
            _ if self.names.is_empty() => false,
            Attributes::Nested(raw) => self.names.occurs_in(raw.as_raw()),
            Attributes::Flat(_) => true,
        }
    }

    fn names(&self, path: &[PathStep]) -> bool {
        let named = match path.last() {
            Some(PathStep::Key(name)) => self.patterns.get(&**name),
            Some(PathStep::Index(index)) => self.patterns.get(&*index.to_string()),
            None => None,
        };
        named.into_iter().flatten().chain(&self.others).any(|pattern| pattern.matches(path))
    }
}
