//! The comparison of one resource.

use std::collections::BTreeSet;

use landfast_state::address::InstanceAddress;
use landfast_state::{AttributePath, Attributes, Gap, GapKind, ResourceObject, Value};

use super::CompareOptions;
use super::grade;
use super::sameness::{Normalisations, Sameness};
use super::walk::{Flat, Found, Walk};
use crate::classification::{DriftStatus, Severity};
use crate::normalise::{Normaliser, mirror};
use crate::report::ResourceDrift;
use crate::rules::TypeRules;

pub(super) fn compare_resource(
    address: &InstanceAddress,
    before: Option<&ResourceObject>,
    after: Option<&ResourceObject>,
    gap: Option<&Gap>,
    rules: &TypeRules<'_>,
    options: &CompareOptions,
    sameness: &mut Sameness,
) -> ResourceDrift {
    let named = |object: &&ResourceObject| !object.provider.is_empty();
    let provider = before.filter(named).or(after).map(|object| &*object.provider).unwrap_or_default();
    let mut resource = match (before, after, gap) {
        (Some(before), Some(after), _) => {
            // Beside a gap it is reported, whatever is found.
            let normalisations = if gap.is_none() { Normalisations::Untold } else { Normalisations::Listed };
            // Most resources of most runs end here, without being taken apart.
            if sameness.same_attributes(before, after, rules, normalisations) {
                blank(address, DriftStatus::InSync)
            } else {
                compare_objects(address, before, after, rules, options)
            }
        }
        (_, _, Some(gap)) => unknown_resource(address, provider, gap),
        (Some(_), None, None) => grade::presence(blank(address, DriftStatus::Missing), rules),
        (None, _, None) => grade::presence(blank(address, DriftStatus::Unmanaged), rules),
    };
    // A gap beside an object means that there is more than was read: then nobody can say that it is in sync.
    if let Some(gap) = gap.filter(|_| resource.reason.is_none()) {
        if resource.status == DriftStatus::InSync {
            resource.status = gap_status(gap);
        }
        resource.reason = Some(gap.reason.clone());
    }
    resource.provider = provider.into();
    resource
}

fn gap_status(gap: &Gap) -> DriftStatus {
    match gap.kind {
        GapKind::Unreadable | GapKind::Interrupted | GapKind::NotSampled | GapKind::LeftOut => DriftStatus::Unreadable,
        GapKind::Unsupported => DriftStatus::Unsupported,
    }
}

pub(super) fn unknown_resource(address: &InstanceAddress, provider: &str, gap: &Gap) -> ResourceDrift {
    let reason = Some(gap.reason.clone());
    ResourceDrift { reason, provider: provider.into(), ..blank(address, gap_status(gap)) }
}

pub(super) fn blank(address: &InstanceAddress, status: DriftStatus) -> ResourceDrift {
    ResourceDrift {
        address: address.clone(),
        previous_address: None,
        provider: Box::default(),
        status,
        severity: Severity::None,
        impacts: BTreeSet::new(),
        class: None,
        rules: Vec::new(),
        changes: Vec::new(),
        normalised: Vec::new(),
        unreadable: Vec::new(),
        reason: None,
    }
}

fn compare_objects(
    address: &InstanceAddress,
    before: &ResourceObject,
    after: &ResourceObject,
    rules: &TypeRules<'_>,
    options: &CompareOptions,
) -> ResourceDrift {
    let is_flat = |object: &ResourceObject| matches!(object.attributes, Attributes::Flat(_));
    let flat = match (is_flat(before), is_flat(after)) {
        (true, false) => Flat::Before,
        (false, true) => Flat::After,
        _ => Flat::Neither,
    };
    compare_values(address, &before.value(), &after.value(), flat, rules, options)
}

pub(super) fn compare_values(
    address: &InstanceAddress,
    before: &Value,
    after: &Value,
    flat: Flat,
    rules: &TypeRules<'_>,
    options: &CompareOptions,
) -> ResourceDrift {
    let written = options.written.of(&address.resource);
    let mut found = Walk::new(rules, options, flat, written).attributes(before, after);
    drop_volatile(&mut found, rules, options);
    drop_mirrors(before, after, &mut found, rules, options);
    found.normalised.sort_by(|a, b| a.path.cmp(&b.path));
    found.unreadable.sort();
    let status = match (found.changes.is_empty(), found.unreadable.is_empty()) {
        (true, true) => DriftStatus::InSync,
        (true, false) => DriftStatus::Unreadable,
        (false, _) => DriftStatus::Drifted,
    };
    let reason = unreadable_reason(&found.unreadable);
    let resource =
        ResourceDrift { normalised: found.normalised, unreadable: found.unreadable, reason, ..blank(address, status) };
    grade::changes(resource, found.changes, rules)
}

fn unreadable_reason(paths: &[AttributePath]) -> Option<String> {
    let (first, more) = paths.split_first()?;
    let more = match more.len() {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    Some(format!(
        "{first}{more}: only the fingerprint of the sensitive value is known, and it was made under a key that is not at hand"
    ))
}

/// Takes changes of attributes that change by themselves out of the changes.
fn drop_volatile(found: &mut Found, rules: &TypeRules<'_>, options: &CompareOptions) {
    if options.disabled_normalisers.contains(&Normaliser::Volatile) {
        return;
    }
    for change in std::mem::take(&mut found.changes) {
        match rules.volatile(&change.path.steps) {
            None => found.changes.push(change),
            Some(rule) => found.normalised.push(change.normalised(Normaliser::Volatile, rule)),
        }
    }
}

/// Takes changes that only repeat another one out of the changes.
fn drop_mirrors(before: &Value, after: &Value, found: &mut Found, rules: &TypeRules<'_>, options: &CompareOptions) {
    if rules.mirrors.is_empty() || options.disabled_normalisers.contains(&Normaliser::Mirror) {
        return;
    }
    let changed: BTreeSet<AttributePath> = found.changes.iter().filter_map(|change| attribute(&change.path)).collect();
    for change in std::mem::take(&mut found.changes) {
        let repeats = rules.mirrors.iter().find(|rule| {
            change.path.starts_with(&AttributePath::ROOT.key(&rule.attribute))
                && (mirror::repeats(before, after, &change.path, &rule.attribute, &rule.of)
                    || (changed.contains(&AttributePath::ROOT.key(&rule.of))
                        && mirror::is_computed(before, after, &change.path, &rule.of)))
        });
        match repeats {
            None => found.changes.push(change),
            Some(rule) => found.normalised.push(change.normalised(Normaliser::Mirror, &rule.id)),
        }
    }
}

/// The attribute of the resource that a path leads into.
fn attribute(path: &AttributePath) -> Option<AttributePath> {
    path.steps.first().map(|step| AttributePath::ROOT.with(step.clone()))
}
