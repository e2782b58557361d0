//! Marking what rules know to be a secret and a document does not mark.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
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

/// The names that the places of secrets end in, of all types together: what no such name occurs in holds no secret.
#[derive(Debug, Clone, Default)]
pub(crate) struct SecretNames {
    /// The names as a document writes them, and the beginning of an escape, by which a name could be written as well.
    texts: Vec<Box<str>>,
    search: Option<AhoCorasick>,
}

impl SecretNames {
    fn new(rules: &[NamedRule]) -> Self {
        let names = rules.iter().flat_map(|rule| &rule.attributes).filter_map(PathPattern::last_name);
        let quoted = names.map(|name| format!("\"{name}\"").into());
        let mut texts: Vec<Box<str>> = quoted.chain([Box::from(ESCAPE)]).collect();
        texts.sort_unstable();
        texts.dedup();
        // The texts of all objects go through it, so it is made to be fast.
        let kind = Some(AhoCorasickKind::DFA);
        let search = AhoCorasick::builder().kind(kind).build(texts.iter().map(|text| text.as_bytes())).ok();
        Self { texts, search }
    }
}

const ESCAPE: &str = r"\u";

/// Finds secrets in objects. What concerns a type is gathered once.
struct Finder<'r> {
    sets: Vec<(&'r [NamedRule], &'r SecretNames)>,
    types: RefCell<BTreeMap<Box<str>, Vec<TypeSecrets<'r>>>>,
}

/// The places of secrets in the objects of one type, by one set of rules.
struct TypeSecrets<'r> {
    patterns: Vec<&'r PathPattern>,
    names: &'r SecretNames,
    /// The names that the patterns end in, and which of all names they are, by position; `None` where a pattern does not end
    /// in a name.
    last: Option<(BTreeSet<&'r str>, Vec<bool>)>,
}

impl<'r> Finder<'r> {
    fn new(rules: &'r RuleSet) -> Self {
        let embedded = super::embedded::embedded();
        let mut sets: Vec<&RuleSet> = vec![embedded];
        if !std::ptr::eq(rules, &**embedded) && !rules.sensitive.is_empty() {
            sets.push(rules);
        }
        let with_names = |rules: &'r RuleSet| {
            let names = rules.secret_names.get_or_init(|| SecretNames::new(&rules.sensitive));
            (rules.sensitive.as_slice(), names)
        };
        Self { sets: sets.into_iter().map(with_names).collect(), types: RefCell::default() }
    }

    /// The paths to the secrets in `object` that nothing marks yet.
    fn find(&self, object: &ResourceObject) -> Vec<AttributePath> {
        let type_name = &object.address.instance.resource.type_name;
        let mut types = self.types.borrow_mut();
        if !types.contains_key(&**type_name) {
            let secrets = self.sets.iter().map(|(rules, names)| TypeSecrets::new(rules, names, type_name));
            types.insert(type_name.clone(), secrets.collect());
        }
        let secrets = types.get(&**type_name).map(Vec::as_slice).unwrap_or_default();
        if !secrets.iter().any(|secrets| secrets.may_be_in(object)) {
            return Vec::new();
        }
        object.unmarked_paths(|path| secrets.iter().any(|secrets| secrets.names(path)))
    }
}

impl<'r> TypeSecrets<'r> {
    fn new(rules: &'r [NamedRule], names: &'r SecretNames, type_name: &str) -> Self {
        let fitting = rules.iter().filter(|rule| rule.types.iter().any(|glob| glob.matches(type_name)));
        let patterns: Vec<&PathPattern> = fitting.flat_map(|rule| &rule.attributes).collect();
        let last: Option<BTreeSet<&str>> = patterns.iter().map(|pattern| pattern.last_name()).collect();
        let last = last.map(|last| {
            let concerns = |text: &str| text == ESCAPE || last.contains(text.trim_matches('"'));
            let concerned = names.texts.iter().map(|text| concerns(text)).collect();
            (last, concerned)
        });
        Self { patterns, names, last }
    }

    /// Whether the object may hold a secret, by a look at its text.
    fn may_be_in(&self, object: &ResourceObject) -> bool {
        match (&object.attributes, &self.names.search, &self.last) {
            (Attributes::None, ..) => false,
            _ if self.patterns.is_empty() => false,
            (Attributes::Nested(raw), Some(search), Some((_, concerned))) => {
                let mut found = search.find_iter(raw.as_raw().as_str());
                found.any(|name| concerned.get(name.pattern().as_usize()) == Some(&true))
            }
            _ => true,
        }
    }

    fn names(&self, path: &[PathStep]) -> bool {
        // Most paths end in a step that no pattern ends in.
        let ends = |(last, _): &(BTreeSet<&str>, _)| match path.last() {
            Some(PathStep::Key(name)) => last.contains(&**name),
            Some(PathStep::Index(index)) => last.contains(&*index.to_string()),
            None => false,
        };
        if !self.last.as_ref().is_none_or(ends) {
            return false;
        }
        self.patterns.iter().any(|pattern| pattern.matches(path))
    }
}
