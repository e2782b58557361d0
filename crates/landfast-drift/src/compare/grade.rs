//! Grading: severity, impacts and class, each with the rules that gave it.

use std::collections::{BTreeMap, BTreeSet};

use landfast_state::{AttributePath, PathStep, Value};

use super::walk::Change;
use crate::classification::{Class, DriftStatus, Severity};
use crate::report::{AppliedRule, AttributeChange, ResourceDrift, RuleId};

use crate::rules::{AttributeRule, MISSING_RESOURCE, SEVERITY_BY_COUNT, TypeRules, UNMANAGED_RESOURCE, Verdict};

/// Grades a resource by its changes.
pub(super) fn changes(mut resource: ResourceDrift, found: Vec<Change>, rules: &TypeRules<'_>) -> ResourceDrift {
    if found.is_empty() {
        return resource;
    }
    let count = found.len();
    let mut applied = Applied::default();
    resource.changes = found.into_iter().map(|change| classify(change, rules, &mut applied)).collect();
    // What went comes before what came in its place.
    resource.changes.sort_by(|a, b| a.path.cmp(&b.path).then_with(|| b.kind.cmp(&a.kind)));
    let plural = if count == 1 { "" } else { "s" };
    applied.built_in(SEVERITY_BY_COUNT, format!("{count} changed attribute{plural}"), by_count(count));
    let class = resource.changes.iter().map(|change| change.class).max();
    finish(resource, applied, class)
}

/// Grades a resource that is missing or unmanaged.
pub(super) fn presence(resource: ResourceDrift, rules: &TypeRules<'_>) -> ResourceDrift {
    let mut applied = Applied::default();
    if resource.status == DriftStatus::Missing {
        applied.built_in(MISSING_RESOURCE, "recorded but not there".to_owned(), Severity::Major);
    } else {
        applied.built_in(UNMANAGED_RESOURCE, "there but not recorded".to_owned(), Severity::Minor);
    }
    let mut class = None;
    for rule in rules.presences.iter().filter(|rule| rule.status == resource.status) {
        applied.verdict(&rule.verdict);
        class = class.max(Some(rule.verdict.class));
    }
    finish(resource, applied, class.or(Some(Class::Unclassified)))
}

/// The severity of this many changed attributes.
fn by_count(count: usize) -> Severity {
    match count {
        0 => Severity::None,
        1..=2 => Severity::Minor,
        3..=5 => Severity::Moderate,
        6..=10 => Severity::Major,
        _ => Severity::Critical,
    }
}

fn finish(mut resource: ResourceDrift, applied: Applied, class: Option<Class>) -> ResourceDrift {
    resource.rules = applied.0.into_values().collect();
    resource.severity = resource.rules.iter().filter_map(|rule| rule.severity).max().unwrap_or_default();
    resource.impacts = resource.rules.iter().flat_map(|rule| rule.impacts.iter().copied()).collect();
    resource.class = class;
    resource
}

/// The rules that took part, by their ids.
#[derive(Default)]
struct Applied(BTreeMap<RuleId, AppliedRule>);

impl Applied {
    fn built_in(&mut self, id: &str, why: String, severity: Severity) {
        let id = RuleId::new(id);
        let rule = AppliedRule { id: id.clone(), why, severity: Some(severity), impacts: BTreeSet::new(), class: None };
        self.0.insert(id, rule);
    }

    fn verdict(&mut self, verdict: &Verdict) {
        self.0.entry(verdict.id.clone()).or_insert_with(|| AppliedRule {
            id: verdict.id.clone(),
            why: verdict.description.clone(),
            severity: verdict.min_severity,
            impacts: verdict.impacts.clone(),
            class: Some(verdict.class),
        });
    }
}

/// Classifies one change: by the rules about its place, and, where a whole block, element or entry changed, about what it
/// holds. What no rule speaks of makes it unclassified at least.
fn classify(change: Change, rules: &TypeRules<'_>, applied: &mut Applied) -> AttributeChange {
    let mut leaves = BTreeSet::new();
    for value in [&change.before, &change.after].into_iter().flatten() {
        telling_leaves(value, &mut change.path.clone(), &mut leaves);
    }
    if leaves.is_empty() {
        leaves.insert(change.path.clone());
    }
    let mut spoken_of = BTreeSet::new();
    let mut verdicts = Vec::new();
    for rule in &rules.attributes {
        let known = spoken_of.len();
        let about: Vec<&AttributePath> = leaves.iter().filter(|leaf| covers(rule, leaf)).collect();
        if !about.is_empty() {
            verdicts.push(&rule.verdict);
        }
        if known < leaves.len() {
            spoken_of.extend(about);
        }
    }
    let unspoken = (spoken_of.len() < leaves.len()).then_some(Class::Unclassified);
    let class = verdicts.iter().map(|verdict| verdict.class).chain(unspoken).max();
    verdicts.iter().for_each(|verdict| applied.verdict(verdict));
    let mut ids: Vec<RuleId> = verdicts.iter().map(|verdict| verdict.id.clone()).collect();
    ids.sort();
    AttributeChange {
        setting: rules.shape.as_ref().and_then(|shape| shape.setting(&change.path.steps)),
        path: change.path,
        kind: change.kind,
        before: change.before,
        after: change.after,
        sensitive: change.sensitive,
        impacts: verdicts.iter().flat_map(|verdict| verdict.impacts.iter().copied()).collect(),
        class: class.unwrap_or(Class::Unclassified),
        rules: ids,
    }
}

fn covers(rule: &AttributeRule, path: &AttributePath) -> bool {
    rule.attributes.iter().any(|pattern| pattern.covers(&path.steps))
}

/// The paths of the leaves in `value` that are not null. A sensitive value is a leaf.
fn telling_leaves(value: &Value, path: &mut AttributePath, out: &mut BTreeSet<AttributePath>) {
    let mut below = |step: PathStep, value: &Value| {
        path.steps.push(step);
        telling_leaves(value, path, out);
        path.steps.pop();
    };
    match value {
        Value::Null => {}
        Value::Object(members) if !members.is_empty() => {
            members.iter().for_each(|(name, member)| below(PathStep::Key(name.as_str().into()), member));
        }
        Value::List(elements) if !elements.is_empty() => {
            elements.iter().enumerate().for_each(|(at, element)| below(PathStep::Index(at), element));
        }
        _ => {
            out.insert(path.clone());
        }
    }
}
