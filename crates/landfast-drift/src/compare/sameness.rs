//! Knowing that two objects are the same to a report, without taking them apart.

use std::collections::HashMap;

use landfast_state::json::{Loose, LooseHasher, Raw, StructuralHasher};
use landfast_state::{AttributePath, Attributes, PathStep, ResourceObject};

use super::{CompareOptions, InSync};
use crate::normalise::Normaliser;
use crate::rules::TypeRules;

/// What a report says of objects with differences that are none by a named rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Normalisations {
    /// It names them.
    Listed,
    /// That they are in sync, and no more.
    Untold,
}

/// A hash of attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hashed {
    hash: u64,
    /// Whether in attributes of the same hash everything stands at the same path.
    pub(super) in_order: bool,
}

impl Hashed {
    fn exactly(hash: u64) -> Self {
        Self { hash, in_order: true }
    }
}

/// Hashes attributes: equal hashes say that a comparison finds nothing to report.
#[derive(Debug)]
pub(super) struct Sameness {
    hasher: StructuralHasher,
    types: HashMap<Box<str>, LooseHasher>,
    normalisations: Normalisations,
    order: bool,
    documents: bool,
}

impl Sameness {
    pub(super) fn new(options: &CompareOptions) -> Self {
        let enabled = |normaliser| !options.disabled_normalisers.contains(&normaliser);
        Self {
            hasher: StructuralHasher::new(),
            types: HashMap::new(),
            normalisations: match options.in_sync {
                InSync::Count => Normalisations::Untold,
                InSync::List => Normalisations::Listed,
            },
            order: enabled(Normaliser::CollectionKind),
            documents: enabled(Normaliser::JsonDocument),
        }
    }

    /// The hash of nested attributes of an object of this type with these marks, for comparison with that of another one
    /// with the same normalisations.
    pub(super) fn hash(
        &mut self,
        attributes: Raw<'_>,
        marked: &[AttributePath],
        type_name: &str,
        rules: &TypeRules<'_>,
        normalisations: Normalisations,
    ) -> Hashed {
        let loose = (self.order || self.documents)
            && (normalisations, self.normalisations) == (Normalisations::Untold, Normalisations::Untold)
            // A mark of the whole is no place.
            && !marked.iter().any(|path| path.steps.is_empty());
        if !loose {
            return Hashed::exactly(self.hasher.hash(attributes));
        }
        if !self.types.contains_key(type_name) {
            self.types.insert(type_name.into(), LooseHasher::new(&self.hasher));
        }
        let Some(hasher) = self.types.get_mut(type_name) else {
            return Hashed::exactly(self.hasher.hash(attributes));
        };
        // What is marked on one side only is for a closer look.
        let is_marked = |name: &str| {
            marked.iter().any(|path| matches!(path.steps.first(), Some(PathStep::Key(key)) if **key == *name))
        };
        let (order, documents) = (self.order, self.documents);
        let hash = hasher.hash(attributes, is_marked, |path| {
            let loose = rules.loose(path);
            Loose { order: loose.order && order, document: loose.document && documents, ..loose }
        });
        Hashed { hash, in_order: !hasher.has_overlooked_order() }
    }

    /// Whether two objects have the same attributes, as far as their texts show: written alike, or else of the same hash.
    pub(super) fn same_attributes(
        &mut self,
        before: &ResourceObject,
        after: &ResourceObject,
        rules: &TypeRules<'_>,
        normalisations: Normalisations,
    ) -> bool {
        // What is known by its fingerprint only does not show in the text.
        if before.unknown != after.unknown || !before.fingerprints.is_empty() || !after.fingerprints.is_empty() {
            return false;
        }
        match (&before.attributes, &after.attributes) {
            (Attributes::None, Attributes::None) => true,
            (Attributes::Nested(a), Attributes::Nested(b)) => {
                let (a, b) = (a.as_raw(), b.as_raw());
                let type_name = &*before.address.instance.resource.type_name;
                // What nobody knows yet is beside the text.
                let marked = |object: &ResourceObject| [&*object.sensitive, &*object.unknown].concat();
                let (marked_before, marked_after) = (marked(before), marked(after));
                let mut equal = |how| {
                    let before = self.hash(a, &marked_before, type_name, rules, how);
                    before == self.hash(b, &marked_after, type_name, rules, how)
                };
                // Under the same marks the one says all that the other does.
                a == b || equal(normalisations) || (marked_before != marked_after && equal(Normalisations::Listed))
            }
            (Attributes::Flat(a), Attributes::Flat(b)) => {
                let (a, b) = (a.as_raw(), b.as_raw());
                a == b || self.hasher.hash(a) == self.hasher.hash(b)
            }
            _ => false,
        }
    }
}
