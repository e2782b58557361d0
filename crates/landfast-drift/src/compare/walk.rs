//! Walking two values side by side: what differs, and what differs only by a named rule.

use std::collections::BTreeSet;

use landfast_state::{AttributePath, Members, PathStep, Value};

use super::CompareOptions;
use super::distance::{LEAF_BUDGET, leaves};
use crate::diff::hash::{Looseness, ValueHasher};
use crate::normalise::{
    Normaliser, dynamic_wrapper, flatmap_scalar, json_document, null_absent, sdk_null_zero, unknown_value,
};
use crate::report::{ChangeKind, Normalised, RuleId};
use crate::rules::{HintKind, TypeRules};

/// Which side comes from a flat attribute map, if just one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flat {
    Neither,
    Before,
    After,
}

/// A change that has not been classified yet.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) path: AttributePath,
    pub(super) kind: ChangeKind,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
    pub(super) sensitive: bool,
}

impl Change {
    /// The change as a difference that is none by this rule.
    pub(super) fn normalised(self, normaliser: Normaliser, rule: &RuleId) -> Normalised {
        let Self { path, before, after, .. } = self;
        Normalised { path, normaliser, rule: Some(rule.clone()), before, after }
    }
}

/// What a walk has found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) changes: Vec<Change>,
    pub(super) normalised: Vec<Normalised>,
    /// Sensitive values that could not be compared.
    pub(super) unreadable: Vec<AttributePath>,
    /// The number of changes, whether they are listed or not.
    pub(super) count: usize,
    /// The number of leaves in the changes.
    pub(super) weight: usize,
}

impl Found {
    /// Whether both sides are equal, by named rules at least.
    pub(super) fn is_equal(&self) -> bool {
        self.weight == 0 && self.unreadable.is_empty()
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.changes.extend(other.changes);
        self.normalised.extend(other.normalised);
        self.unreadable.extend(other.unreadable);
        self.count += other.count;
        self.weight = self.weight.saturating_add(other.weight);
    }
}

/// What a value is to the one that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// An attribute of the resource or of a block.
    Attribute,
    /// A member of an object that stands in an attribute: a map entry, or an attribute of a nested object. States do not
    /// tell which.
    Member,
    /// An entry of what is known to be a map, or a member in a JSON document.
    Entry,
    /// An element of a list.
    Element,
}

impl Place {
    /// Whether null means the same as nothing here.
    fn null_is_nothing(self) -> bool {
        matches!(self, Self::Attribute | Self::Member)
    }
}

/// A walk through the attributes of one resource.
pub(super) struct Walk<'a> {
    pub(super) rules: &'a TypeRules<'a>,
    pub(super) options: &'a CompareOptions,
    flat: Flat,
    /// The attributes and blocks that the configuration writes, where that is known.
    written: Option<&'a BTreeSet<Box<str>>>,
    pub(super) exact: ValueHasher,
    pub(super) loose: ValueHasher,
    path: Vec<PathStep>,
    inside_document: bool,
    /// Whether only the weight of what is found counts.
    pub(super) weighing: bool,
    /// How many more leaves the search for elements that belong together may look at.
    pub(super) leaves_left: usize,
    pub(super) found: Found,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        rules: &'a TypeRules<'a>,
        options: &'a CompareOptions,
        flat: Flat,
        written: Option<&'a BTreeSet<Box<str>>>,
    ) -> Self {
        let zeros = rules.asks_for(Normaliser::SdkNullZero);
        let loose = ValueHasher::loose(Looseness { nulls: true, zeros, scalar_kinds: flat != Flat::Neither });
        Self {
            rules,
            options,
            flat,
            written,
            exact: ValueHasher::default(),
            loose,
            path: Vec::new(),
            inside_document: false,
            weighing: false,
            leaves_left: LEAF_BUDGET,
            found: Found::default(),
        }
    }

    /// Compares the attributes of a resource.
    pub(super) fn attributes(mut self, before: &Value, after: &Value) -> Found {
        self.pair(Some(before), Some(after), Place::Attribute);
        self.found
    }

    /// Compares what stands at the present path. Equal values add nothing.
    pub(super) fn pair(&mut self, before: Option<&Value>, after: Option<&Value>, place: Place) {
        if before == after {
            return;
        }
        if self.enabled(Normaliser::UnknownValue) && unknown_value::equal(before, after) {
            return self.normalise(Normaliser::UnknownValue, None, before, after);
        }
        let is_sensitive = |side| matches!(side, Some(&Value::Sensitive(_)));
        if is_sensitive(before) || is_sensitive(after) {
            return self.sensitive(before, after, place);
        }
        if place.null_is_nothing() && self.enabled(Normaliser::NullAbsent) && null_absent::equal(before, after) {
            return self.normalise(Normaliser::NullAbsent, None, before, after);
        }
        if let Some(rule) = self.null_zero_rule(place)
            && sdk_null_zero::equal(before, after)
        {
            return self.normalise(Normaliser::SdkNullZero, Some(rule), before, after);
        }
        if self.null_zero_rule(place).is_some() && self.piece_by_piece(before, after, place) {
            return;
        }
        match (before, after) {
            (Some(before), Some(after)) => self.values(before, after, place),
            _ => self.one_sided(before, after, place),
        }
    }

    /// Compares null, or nothing, with a collection as if it were the empty one, which it is as good as here: so that a
    /// drift counts the same whichever of the two it starts from. `false` when it is not that case.
    fn piece_by_piece(&mut self, before: Option<&Value>, after: Option<&Value>, place: Place) -> bool {
        let Some(empty) = sdk_null_zero::empty_in_place_of_null(before, after) else { return false };
        let is_null = |side| matches!(side, None | Some(&Value::Null));
        let side = |side| if is_null(side) { &empty } else { side.unwrap_or(&empty) };
        let found = self.aside(|walk| walk.values(side(before), side(after), place));
        // What is in it may be nothing by itself, and is still there.
        let tells = found.weight > 0;
        if tells {
            self.found.extend(found);
        }
        tells
    }

    /// The rule by which null and zero are equal at the present path.
    pub(super) fn null_zero_rule(&self, place: Place) -> Option<&'a RuleId> {
        let applies = place == Place::Attribute && self.enabled(Normaliser::SdkNullZero);
        let rule = || self.rules.normaliser(Normaliser::SdkNullZero, &self.path);
        let may_be_left_out = || self.rules.shape.as_ref().is_none_or(|shape| shape.is_optional(&self.path));
        applies.then(rule).flatten().filter(|_| may_be_left_out() && !self.is_written())
    }

    fn one_sided(&mut self, before: Option<&Value>, after: Option<&Value>, place: Place) {
        let wraps_null = before.or(after).and_then(dynamic_wrapper::inner) == Some(&Value::Null);
        if wraps_null && place.null_is_nothing() && self.enabled(Normaliser::DynamicWrapper) {
            return self.normalise(Normaliser::DynamicWrapper, None, before, after);
        }
        self.change(before, after, place);
    }

    fn values(&mut self, before: &Value, after: &Value, place: Place) {
        if self.enabled(Normaliser::DynamicWrapper) && self.wrapped(before, after, place) {
            return;
        }
        match (before, after) {
            (Value::Object(before), Value::Object(after)) => self.members(before, after),
            (Value::List(before), Value::List(after)) => self.lists(before, after),
            (Value::String(before), Value::String(after)) => self.strings(before, after, place),
            _ if self.stands_for(before, after) => {
                self.normalise(Normaliser::FlatmapScalar, None, Some(before), Some(after));
            }
            _ => self.change(Some(before), Some(after), place),
        }
    }

    /// Compares a value in the wrapper of dynamic types with a bare one; `false` when it is not that case.
    fn wrapped(&mut self, before: &Value, after: &Value, place: Place) -> bool {
        // An object with the same members is a wrapper too, only of another type.
        let bare = |value: &Value| match value {
            Value::Object(members) => !(members.contains_key("value") && members.contains_key("type")),
            _ => true,
        };
        let (inner_before, inner_after) = match (dynamic_wrapper::inner(before), dynamic_wrapper::inner(after)) {
            (Some(inner), None) if bare(after) => (inner, after),
            (None, Some(inner)) if bare(before) => (before, inner),
            _ => return false,
        };
        let found = self.aside(|walk| walk.pair(Some(inner_before), Some(inner_after), place));
        if found.is_equal() {
            self.normalise(Normaliser::DynamicWrapper, None, Some(before), Some(after));
        }
        self.found.extend(found);
        true
    }

    pub(super) fn stands_for(&self, before: &Value, after: &Value) -> bool {
        let (flat, nested) = match self.flat {
            Flat::Before => (before, after),
            Flat::After => (after, before),
            Flat::Neither => return false,
        };
        let Value::String(flat) = flat else { return false };
        self.enabled(Normaliser::FlatmapScalar) && flatmap_scalar::stands_for(flat, nested)
    }

    fn members(&mut self, before: &Members, after: &Members) {
        let place = match self.path.last() {
            _ if self.inside_document || self.hinted(HintKind::Map).is_some() => Place::Entry,
            // An object that stands in an attribute directly is a map, or a nested object of the newer SDK; a block is
            // an element of a list.
            Some(PathStep::Key(_)) if !self.is_object() => Place::Member,
            _ => Place::Attribute,
        };
        for (name, value) in before {
            let other = after.get(name);
            if other != Some(value) {
                self.below(PathStep::Key(name.as_str().into()), |walk| walk.pair(Some(value), other, place));
            }
        }
        for (name, value) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
            self.below(PathStep::Key(name.as_str().into()), |walk| walk.pair(None, Some(value), place));
        }
    }

    fn strings(&mut self, before: &str, after: &str, place: Place) {
        let sides = [before, after].map(|text| Value::String(text.to_owned()));
        let [before_value, after_value] = &sides;
        if let Some(hint) = self.hinted(HintKind::JsonString)
            && let (Some(a), Some(b)) = (json_document::parse(before), json_document::parse(after))
        {
            let found = self.inside_document(|walk| walk.pair(Some(&a), Some(&b), Place::Entry));
            if found.is_equal() && self.enabled(Normaliser::JsonDocument) {
                return self.normalise(Normaliser::JsonDocument, Some(hint), Some(before_value), Some(after_value));
            } else if !found.is_equal() {
                return self.found.extend(found);
            }
        } else if self.enabled(Normaliser::JsonDocument)
            && let Some(rule) = self.rules.normaliser(Normaliser::JsonDocument, &self.path)
            && json_document::equal(before, after)
        {
            return self.normalise(Normaliser::JsonDocument, Some(rule), Some(before_value), Some(after_value));
        }
        self.change(Some(before_value), Some(after_value), place);
    }

    /// Whether the configuration writes the attribute or block of the resource that the present path leads into.
    fn is_written(&self) -> bool {
        match (self.written, self.path.first()) {
            (Some(written), Some(PathStep::Key(name))) => written.contains(name),
            _ => false,
        }
    }

    /// Whether a schema says that what stands here is an object and no map.
    fn is_object(&self) -> bool {
        self.rules.shape.as_ref().is_some_and(|shape| shape.is_object(&self.path))
    }

    /// The hint of this kind for the present path.
    pub(super) fn hinted(&self, kind: HintKind) -> Option<&'a RuleId> {
        self.hint().filter(|(found, _)| *found == kind).map(|(_, id)| id)
    }

    /// How the value at the present path compares.
    pub(super) fn hint(&self) -> Option<(HintKind, &'a RuleId)> {
        if self.inside_document { None } else { self.rules.hint(&self.path) }
    }

    /// Whether a normaliser may apply at all. In a JSON document none does.
    pub(super) fn enabled(&self, normaliser: Normaliser) -> bool {
        !self.inside_document && !self.options.disabled_normalisers.contains(&normaliser)
    }

    /// The hasher that finds equal elements of lists.
    pub(super) fn hasher(&self) -> &ValueHasher {
        if self.inside_document { &self.exact } else { &self.loose }
    }

    /// Goes on one step further down.
    pub(super) fn below(&mut self, step: PathStep, walk: impl FnOnce(&mut Self)) {
        self.path.push(step);
        walk(self);
        self.path.pop();
    }

    /// What `walk` finds, set apart from what was found before.
    pub(super) fn aside(&mut self, walk: impl FnOnce(&mut Self)) -> Found {
        let before = std::mem::take(&mut self.found);
        walk(self);
        std::mem::replace(&mut self.found, before)
    }

    fn inside_document(&mut self, walk: impl FnOnce(&mut Self)) -> Found {
        self.inside_document = true;
        let found = self.aside(walk);
        self.inside_document = false;
        found
    }

    pub(super) fn here(&self) -> AttributePath {
        AttributePath { steps: self.path.clone() }
    }

    pub(super) fn normalise(
        &mut self,
        normaliser: Normaliser,
        rule: Option<&RuleId>,
        before: Option<&Value>,
        after: Option<&Value>,
    ) {
        if self.weighing {
            return;
        }
        let (before, after) = (before.cloned(), after.cloned());
        let normalised = Normalised { path: self.here(), normaliser, rule: rule.cloned(), before, after };
        self.found.normalised.push(normalised);
    }

    pub(super) fn change(&mut self, before: Option<&Value>, after: Option<&Value>, place: Place) {
        let weight = before.map_or(0, leaves).max(after.map_or(0, leaves));
        self.found.weight = self.found.weight.saturating_add(weight);
        self.found.count += 1;
        if self.weighing {
            return;
        }
        let nothing = |side: Option<&Value>| match side {
            None => true,
            Some(Value::Null) => place.null_is_nothing(),
            Some(Value::Sensitive(held)) => place.null_is_nothing() && held.expose() == Some(&Value::Null),
            Some(_) => false,
        };
        let kind = match (nothing(before), nothing(after)) {
            (false, false) => ChangeKind::Changed,
            (true, false) => ChangeKind::Added,
            (false, true) => ChangeKind::Removed,
            // Null against absent, where that counts.
            (true, true) if before.is_none() => ChangeKind::Added,
            (true, true) => ChangeKind::Removed,
        };
        let sensitive = before.is_some_and(Value::has_sensitive) || after.is_some_and(Value::has_sensitive);
        let (before, after) = (before.cloned(), after.cloned());
        self.found.changes.push(Change { path: self.here(), kind, before, after, sensitive });
    }
}
