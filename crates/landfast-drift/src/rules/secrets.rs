//! Marking what rules know to be a secret and a document does not mark.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use landfast_state::json::{NameFilter, last_part, plain_name};
use landfast_state::{AttributePath, Attributes, Candidate, PathStep, ResourceObject, SecretTexts, Snapshot};

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

    /// As [`RuleSet::mark_secrets`], of a snapshot that others hold: only objects that get marks are copied.
    pub(crate) fn marked<'s>(&self, snapshot: &'s Snapshot) -> Marked<'s> {
        let finder = Finder::new(self);
        let mut marked = Marked { snapshot, copies: Vec::new(), secrets: SecretTexts::default() };
        for (at, object) in snapshot.objects().iter().enumerate() {
            let paths = finder.find(object);
            if !paths.is_empty() {
                let mut copy = object.clone();
                copy.sensitive.extend(paths);
                marked.secrets.add_object(&copy);
                marked.copies.push((at, copy));
            }
        }
        marked
    }
}

/// A snapshot with marks that were added to it.
pub(crate) struct Marked<'s> {
    snapshot: &'s Snapshot,
    /// The objects with more marks than the snapshot has, and their places in it, in order.
    copies: Vec<(usize, ResourceObject)>,
    /// What the added marks hide.
    secrets: SecretTexts,
}

impl Marked<'_> {
    /// All objects, sorted by address.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &ResourceObject> {
        let mut copies = self.copies.iter().peekable();
        self.snapshot
            .objects()
            .iter()
            .enumerate()
            .map(move |(at, object)| copies.next_if(|(place, _)| *place == at).map_or(object, |(_, copy)| copy))
    }

    /// The texts of its sensitive values.
    pub(crate) fn secrets(&self) -> [&SecretTexts; 2] {
        [self.snapshot.secrets(), &self.secrets]
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
    patterns: HashMap<&'r str, Vec<Place<'r>>>,
    /// Those that do not end in a name.
    others: Vec<Place<'r>>,
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
        let fitting = all.filter(|rule| rule.named.types.iter().any(|glob| glob.matches(type_name)));
        let (mut patterns, mut others) = (HashMap::<&str, Vec<Place<'r>>>::new(), Vec::new());
        for SecretRule { named, last_names, named_by } in fitting {
            for (pattern, last_name) in named.attributes.iter().zip(last_names) {
                let place = Place { pattern, named_by };
                match last_name {
                    Some(name) => patterns.entry(name).or_default().push(place),
                    None => others.push(place),
                }
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
            _ if !self.others.is_empty() => true,
            Attributes::Nested(raw) => {
                let mut named_elsewhere = false;
                let by_its_name = self.names.any_key(raw.as_raw(), |name| {
                    let places = self.patterns.get(&*plain_name(name));
                    named_elsewhere |= places.is_some();
                    places.into_iter().flatten().any(|place| place.named_by.is_empty())
                });
                let named = || self.names.any_text(raw.as_raw(), |name| self.means_a_secret(name));
                by_its_name || (named_elsewhere && named())
            }
            Attributes::Flat(_) => true,
        }
    }

    /// Whether the name means a secret wherever it stands.
    fn means_a_secret(&self, name: &str) -> bool {
        let places = self.patterns.get(&*plain_name(name));
        let is_general = |place: &Place<'_>| place.named_by.is_empty() && place.pattern.general_name().is_some();
        places.into_iter().flatten().any(is_general)
    }

    fn names(&self, candidate: &Candidate<'_>) -> bool {
        let path = candidate.path();
        let named = match path.last() {
            // Nearly no name passes.
            Some(PathStep::Key(name)) if !self.names.has(name) => None,
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
        let mut naming = place.named_by.iter().filter_map(|name| candidate.text_beside(name));
        place.named_by.is_empty() || naming.any(|name| self.means_a_secret(last_part(&name)))
    }
}
