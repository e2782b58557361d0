//! Marking what rules know to be a secret and a document does not mark.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use landfast_state::json::{NameFilter, plain_name};
use landfast_state::{AttributePath, Attributes, Candidate, PathStep, ResourceObject, Snapshot};

use super::pattern::PathPattern;
use super::{RuleSet, SecretRule};

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
    /// By the names that they end in, in their plain form.
    patterns: HashMap<Cow<'r, str>, Vec<Place<'r>>>,
    /// Those that do not end in a name.
    others: Vec<Place<'r>>,
    /// Names that mean a secret wherever they stand, in their plain form.
    general: HashSet<Cow<'r, str>>,
    names: NameFilter,
}

#[derive(Clone, Copy)]
struct Place<'r> {
    pattern: &'r PathPattern,
    /// Members beside the value of which one must name a secret; empty where the place alone says enough.
    named_by: &'r [Box<str>],
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
            Some(secrets) if secrets.may_be_in(object) => object.unmarked_paths(|candidate| secrets.names(candidate)),
            _ => Vec::new(),
        }
    }
}

impl<'r> TypeSecrets<'r> {
    fn new(rules: &'r RuleSet, type_name: &str) -> Self {
        let embedded: &'static Arc<RuleSet> = super::embedded::embedded();
        let own = (!std::ptr::eq(rules, &**embedded)).then_some(rules);
        let all = std::iter::once(&**embedded).chain(own).flat_map(|rules| &rules.sensitive);
        let fitting: Vec<&SecretRule> =
            all.filter(|rule| rule.named.types.iter().any(|glob| glob.matches(type_name))).collect();
        let (mut patterns, mut others) = (HashMap::<Cow<'r, str>, Vec<Place<'r>>>::new(), Vec::new());
        let mut general = HashSet::new();
        for rule in fitting {
            for pattern in &rule.named.attributes {
                let place = Place { pattern, named_by: &rule.named_by };
                match pattern.last_name() {
                    Some(name) => patterns.entry(plain_name(name)).or_default().push(place),
                    None => others.push(place),
                }
                general.extend(pattern.general_name().filter(|_| rule.named_by.is_empty()).map(plain_name));
            }
        }
        let names =
            if others.is_empty() { NameFilter::new(patterns.keys().map(|name| &**name)) } else { NameFilter::any() };
        Self { patterns, others, general, names }
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

    fn names(&self, candidate: &Candidate<'_>) -> bool {
        let path = candidate.path();
        let named = match path.last() {
            Some(PathStep::Key(name)) => self.patterns.get(&*plain_name(name)),
            Some(PathStep::Index(index)) => self.patterns.get(&*index.to_string()),
            None => None,
        };
        let mut named = named.into_iter().flatten().filter(|place| place.pattern.matches_before_last(path));
        let mut others = self.others.iter().filter(|place| place.pattern.matches(path));
        named.any(|place| self.is_named(place, candidate)) || others.any(|place| self.is_named(place, candidate))
    }

    /// Whether a member beside the value names a secret, where the place asks for one.
    fn is_named(&self, place: &Place<'_>, candidate: &Candidate<'_>) -> bool {
        let means_a_secret = |name: &str| {
            // Names of settings have what they belong to before them: `auth.password`, `/prod/db/password`.
            let last = name.rsplit(['.', '/', ':']).next().unwrap_or_default();
            self.general.contains(&*plain_name(last))
        };
        let mut naming = place.named_by.iter().filter_map(|name| candidate.text_beside(name));
        place.named_by.is_empty() || naming.any(|name| means_a_secret(&name))
    }
}
