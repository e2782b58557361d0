//! Marking what rules know to be a secret and a document does not mark.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use landfast_state::json::{NameFilter, Raw, last_part, plain_name};
use landfast_state::{
    Asked, AttributePath, Attributes, Candidate, PathStep, ResourceObject, SecretTexts, Snapshot, StreamedObject,
};

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

    /// As [`RuleSet::mark_secrets`], of one object.
    #[must_use]
    pub fn mark_object(&self, mut object: ResourceObject) -> ResourceObject {
        let found = Finder::new(self).find(&object);
        object.sensitive.extend(found);
        object
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

/// The names that the places of secrets in objects of a type end in, by some rules and those that come with the program:
/// where no such name stands, there is no secret.
pub(crate) struct NamesOfSecrets {
    rules: Arc<RuleSet>,
    names: ByType<Arc<NameFilter>>,
}

impl NamesOfSecrets {
    pub(crate) fn new(rules: Arc<RuleSet>) -> Self {
        Self { rules, names: ByType::default() }
    }

    /// Those of a type.
    pub(crate) fn of_type(&mut self, type_name: &str) -> Arc<NameFilter> {
        let names = |fitting: &[&SecretRule]| Arc::new(TypeSecrets::new(fitting).names);
        Arc::clone(self.names.get(&self.rules, type_name, names))
    }
}

/// What is gathered once for all types that the same rules concern: most types have no rule of their own.
struct ByType<T> {
    /// Places in `sets`.
    types: HashMap<Box<str>, usize>,
    sets: Vec<T>,
    /// By the places of the rules.
    places: HashMap<Box<[usize]>, usize>,
}

impl<T> Default for ByType<T> {
    fn default() -> Self {
        Self { types: HashMap::new(), sets: Vec::new(), places: HashMap::new() }
    }
}

impl<T> ByType<T> {
    /// What `gather` makes of the rules that concern the type: of `rules`, and of those that come with the program.
    fn get<'r>(&mut self, rules: &'r RuleSet, type_name: &str, gather: impl Fn(&[&'r SecretRule]) -> T) -> &T {
        let known = self.types.get(type_name).copied();
        let at = known.unwrap_or_else(|| {
            let all = all_rules(rules).enumerate();
            let fits = |rule: &SecretRule| rule.named.types.iter().any(|glob| glob.matches(type_name));
            let (places, fitting): (Vec<usize>, Vec<&SecretRule>) = all.filter(|(_, rule)| fits(rule)).unzip();
            let at = *self.places.entry(places.into()).or_insert_with(|| {
                self.sets.push(gather(&fitting));
                self.sets.len() - 1
            });
            self.types.insert(type_name.into(), at);
            at
        });
        #[expect(clippy::indexing_slicing, reason = "places are those of what was pushed")]
        &self.sets[at]
    }
}

/// The rules that say what is a secret: those that come with the program, which are always in force, then `rules`.
fn all_rules(rules: &RuleSet) -> impl Iterator<Item = &SecretRule> {
    let embedded: &'static Arc<RuleSet> = super::embedded::embedded();
    let own = (!std::ptr::eq(rules, &**embedded)).then_some(rules);
    std::iter::once(&**embedded).chain(own).flat_map(|rules| &rules.sensitive)
}

/// Finds secrets in objects. What concerns a type is gathered once.
pub(crate) struct Finder<'r> {
    rules: &'r RuleSet,
    types: RefCell<ByType<TypeSecrets<'r>>>,
}

/// The places of secrets in the objects of one type.
struct TypeSecrets<'r> {
    /// By the names that they end in, in their plain form.
    patterns: HashMap<&'r str, Vec<Place<'r>>>,
    /// Those that do not end in a name.
    others: Vec<Place<'r>>,
    /// The names that these end in, and of the others the last name that they go through.
    names: NameFilter,
    /// The names that the others go through; `None` where one goes through none, so that it may be anywhere.
    gates: Option<NameFilter>,
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
        self.of_type(&object.address.instance.resource.type_name, |secrets| {
            let nested = match &object.attributes {
                Attributes::Nested(raw) => Some(raw.as_raw()),
                Attributes::None | Attributes::Flat(_) => None,
            };
            let offsets = nested.map(|raw| secrets.names.offsets(raw)).unwrap_or_default();
            if secrets.names.is_empty() || (nested.is_some() && offsets.is_empty()) {
                return Vec::new();
            }
            object.unmarked_paths(secrets.asked(nested, &offsets), |candidate| secrets.names(candidate))
        })
    }

    /// As [`Finder::find`], in an object of a stream that watches for [`NamesOfSecrets`]; `None` where a copy of it has to be
    /// looked at.
    pub(crate) fn find_streamed(&self, object: &StreamedObject<'_>) -> Option<Vec<AttributePath>> {
        self.of_type(&object.resource().type_name, |secrets| {
            let asked = secrets.asked(object.attributes(), object.noticed());
            object.unmarked_paths(asked, |candidate| secrets.names(candidate))
        })
    }

    fn of_type<T>(&self, type_name: &str, take: impl FnOnce(&TypeSecrets<'r>) -> T) -> T {
        take(self.types.borrow_mut().get(self.rules, type_name, TypeSecrets::new))
    }
}

impl<'r> TypeSecrets<'r> {
    fn new(fitting: &[&'r SecretRule]) -> Self {
        let (mut patterns, mut others) = (HashMap::<&str, Vec<Place<'r>>>::new(), Vec::new());
        for SecretRule { named, last_names, named_by } in fitting.iter().copied() {
            for (pattern, last_name) in named.attributes.iter().zip(last_names) {
                let place = Place { pattern, named_by };
                match last_name {
                    Some(name) => patterns.entry(name).or_default().push(place),
                    None => others.push(place),
                }
            }
        }
        let through: Option<Vec<&str>> = others.iter().map(|place: &Place<'r>| place.pattern.inner_name()).collect();
        let (names, gates) = match through {
            Some(through) => {
                let ends = patterns.keys().copied();
                (NameFilter::new(ends.chain(through.iter().copied())), Some(NameFilter::new(through)))
            }
            None => (NameFilter::any(), None),
        };
        Self { patterns, others, names, gates }
    }

    /// What there is to ask about in attributes that have the names of secrets at these offsets.
    fn asked<'a>(&self, attributes: Option<Raw<'_>>, offsets: &'a [usize]) -> Asked<'a> {
        let Some(gates) = &self.gates else { return Asked::Everything };
        let is_gate = |at: &usize| attributes.is_some_and(|raw| gates.has(&raw.key_at(*at)));
        if !gates.is_empty() && offsets.iter().any(is_gate) { Asked::Everything } else { Asked::Keys(offsets) }
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
            Some(PathStep::Index(_)) | None => None,
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
