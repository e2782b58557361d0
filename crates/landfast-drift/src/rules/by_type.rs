//! The rules that concern one resource type.

use landfast_state::PathStep;
use landfast_state::json::Loose;
use landfast_state::schema::Schema;

use super::pattern::{Glob, PathPattern};
use super::{AttributeRule, Hint, HintKind, MirrorRule, NamedRule, NormaliseRule, PresenceRule, RuleSet};
use crate::normalise::Normaliser;
use crate::report::RuleId;
use crate::shapes::Shape;

/// The rules of a set that concern one resource type, in their order.
#[derive(Debug, Default)]
pub(crate) struct TypeRules<'r> {
    /// What the provider's schema says, where it is known.
    pub(crate) shape: Option<Shape<'r>>,
    pub(crate) attributes: Vec<&'r AttributeRule>,
    pub(crate) presences: Vec<&'r PresenceRule>,
    pub(crate) mirrors: Vec<&'r MirrorRule>,
    hints: Vec<&'r Hint>,
    normalisers: Vec<&'r NormaliseRule>,
    volatile: Vec<&'r NamedRule>,
}

impl<'r> TypeRules<'r> {
    /// Picks the rules for `type_name`; what the `schema` says comes before `extra` hints, and these before those of the set.
    pub(crate) fn new(rules: &'r RuleSet, extra: &'r [Hint], schema: Option<&'r Schema>, type_name: &str) -> Self {
        let fits = |types: &[Glob]| types.iter().any(|glob| glob.matches(type_name));
        Self {
            shape: schema.map(Shape::new),
            attributes: rules.attributes.iter().filter(|rule| fits(&rule.types)).collect(),
            presences: rules.presences.iter().filter(|rule| fits(&rule.types)).collect(),
            mirrors: rules.mirrors.iter().filter(|rule| fits(&rule.types)).collect(),
            hints: extra.iter().chain(&rules.hints).filter(|hint| fits(&hint.types)).collect(),
            normalisers: rules.normalisers.iter().filter(|rule| fits(&rule.types)).collect(),
            volatile: rules.volatile.iter().filter(|rule| fits(&rule.types)).collect(),
        }
    }

    /// How the attribute at `path` compares, by the first hint that says so.
    pub(crate) fn hint(&self, path: &[PathStep]) -> Option<(HintKind, &RuleId)> {
        let names = |hint: &&&Hint| hint.attributes.iter().any(|pattern| pattern.matches(path));
        let by_shape = self.shape.as_ref().and_then(|shape| shape.hint(path));
        by_shape.or_else(|| self.hints.iter().find(names).map(|hint| (hint.compare, &hint.id)))
    }

    /// The rule that asks for `normaliser` at `path`.
    pub(crate) fn normaliser(&self, normaliser: Normaliser, path: &[PathStep]) -> Option<&'r RuleId> {
        let covers = |patterns: &Vec<PathPattern>| patterns.iter().any(|pattern| pattern.covers(path));
        let asks =
            |rule: &&&NormaliseRule| rule.normaliser == normaliser && rule.attributes.as_ref().is_none_or(covers);
        self.normalisers.iter().find(asks).map(|rule| &rule.id)
    }

    /// The rule by which what stands at `path` changes by itself.
    pub(crate) fn volatile(&self, path: &[PathStep]) -> Option<&'r RuleId> {
        let names = |rule: &&&NamedRule| rule.attributes.iter().any(|pattern| pattern.covers(path));
        self.volatile.iter().find(names).map(|rule| &rule.id)
    }

    /// What differences mean nothing at `path`, by hints and normalisers.
    pub(crate) fn loose(&self, path: &[PathStep]) -> Loose {
        let hint = self.hint(path).map(|(kind, _)| kind);
        let documents = |rule: &&&NormaliseRule| rule.normaliser == Normaliser::JsonDocument;
        let loosens =
            |hint: &&&Hint| matches!(hint.compare, HintKind::Set | HintKind::Unordered | HintKind::JsonString);
        let mut hinted = self.hints.iter().filter(loosens).flat_map(|hint| &hint.attributes);
        let mut normalised = self.normalisers.iter().filter(documents).map(|rule| rule.attributes.as_ref());
        Loose {
            order: matches!(hint, Some(HintKind::Set | HintKind::Unordered)),
            document: hint == Some(HintKind::JsonString) || self.normaliser(Normaliser::JsonDocument, path).is_some(),
            below: self.shape.as_ref().is_some_and(|shape| shape.has_set_below(path))
                || hinted.any(|pattern| pattern.leads_below(path))
                || normalised.any(|all| {
                    // What covers the place covers everything below as well.
                    let reaches = |pattern: &PathPattern| pattern.covers(path) || pattern.leads_below(path);
                    all.is_none_or(|patterns| patterns.iter().any(reaches))
                }),
        }
    }

    /// Whether any rule asks for `normaliser` anywhere.
    pub(crate) fn asks_for(&self, normaliser: Normaliser) -> bool {
        self.normalisers.iter().any(|rule| rule.normaliser == normaliser)
    }
}
