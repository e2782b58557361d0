//! How well each kind of step can be taken back.

use std::collections::BTreeSet;

use landfast_safety::{Flag, InverseClass};
use landfast_state::address::ObjectAddress;
use landfast_state::{AttributePath, Number, PathStep, ResourceObject, Value};

use super::Planner;
use super::traits::Traits;
use crate::plan::Inverse;
use crate::values::Values;

/// How a step is taken back, and what makes it dangerous.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub(super) inverse: Inverse,
    pub(super) flags: BTreeSet<Flag>,
}

impl Judged {
    pub(super) fn exact() -> Self {
        Self { inverse: Inverse::exact(), flags: BTreeSet::new() }
    }

    fn worsen(&mut self, class: InverseClass, reason: impl Into<String>) {
        self.inverse.class = self.inverse.class.max(class);
        self.inverse.reasons.push(reason.into());
    }
}

/// A creation is taken back by destroying what it made.
pub(super) fn of_create(planner: &Planner, address: &ObjectAddress) -> Judged {
    let mut judged = Judged::exact();
    let type_name = &address.instance.resource.type_name;
    let traits = planner.traits.of(type_name);
    if !traits.is_known() {
        judged.worsen(
            InverseClass::Lossy,
            format!(
                "nothing is known of {type_name}: were it to hold data, what is put into it meanwhile goes with it"
            ),
        );
    }
    if traits.is_stateful() {
        judged.worsen(
            InverseClass::Lossy,
            format!("{type_name} holds data, and what is put into it meanwhile goes with it"),
        );
    }
    judged
}

/// A creation that puts another object aside is taken back by destroying what it made and putting the other one back.
pub(super) fn of_put_aside(planner: &Planner, address: &ObjectAddress) -> Judged {
    of_create(planner, address)
}

/// An object is brought back by making another one like it.
pub(super) fn of_delete(planner: &Planner, before: &ResourceObject, values: &Values) -> Judged {
    let mut judged = Judged::exact();
    let type_name = &before.address.instance.resource.type_name;
    let traits = planner.traits.of(type_name);
    if !traits.is_known() {
        judged.worsen(InverseClass::Unknown, format!("nothing is known of {type_name}"));
    }
    if traits.is_key() {
        judged.flags.extend([Flag::KeyDeletion, Flag::DataLoss]);
        judged.worsen(InverseClass::Impossible, "what is encrypted with a destroyed key cannot be read any more");
    }
    if traits.is_stateful() {
        judged.flags.insert(Flag::DataLoss);
        judged.worsen(InverseClass::Lossy, format!("{type_name} holds data, which does not come back"));
    }
    let value = before.value();
    let own = computed(&traits, &value);
    if !own.is_empty() {
        judged.worsen(InverseClass::NewIdentity, format!("another object has another {}", join(&own)));
        judged.inverse.renewed = own;
    }
    missing(&mut judged, before, &value, &traits, values, |_| true);
    judged
}

/// A changed object is changed back.
pub(super) fn of_update(
    planner: &Planner,
    before: &ResourceObject,
    after: &ResourceObject,
    attributes: &[AttributePath],
    values: &Values,
) -> Judged {
    let mut judged = Judged::exact();
    let type_name = &before.address.instance.resource.type_name;
    let traits = planner.traits.of(type_name);
    if !traits.is_known() {
        judged.worsen(InverseClass::Unknown, format!("nothing is known of {type_name}"));
    }
    let (was, is) = (before.value(), after.value());
    for path in attributes {
        if traits.is_engine_version(path) {
            judged.flags.insert(Flag::EngineUpgrade);
            judged.worsen(
                InverseClass::Impossible,
                format!("{path} is the version of an engine, which does not go down"),
            );
        }
        if traits.is_one_way(path) {
            judged.worsen(InverseClass::Impossible, format!("a change of {path} cannot be taken back"));
        }
        if traits.is_storage(path) {
            storage(&mut judged, path, was.get(path), is.get(path));
        }
    }
    let concerns =
        |path: &AttributePath| attributes.iter().any(|changed| changed.starts_with(path) || path.starts_with(changed));
    missing(&mut judged, before, &was, &traits, values, concerns);
    judged
}

/// What is recorded is recorded again.
pub(super) fn of_record(before: &ResourceObject, values: &Values) -> Judged {
    let mut judged = Judged::exact();
    if let Err(missing) = values.keeps(before) {
        judged.worsen(InverseClass::Impossible, nowhere_else(&missing.paths));
    }
    judged
}

fn nowhere_else(paths: &[AttributePath]) -> String {
    format!("the value of {} is kept nowhere but in the object", join(paths))
}

/// Storage that grows does not shrink again, and storage that shrinks loses what was beyond its end.
fn storage(judged: &mut Judged, path: &AttributePath, was: Option<&Value>, is: Option<&Value>) {
    let order = match (was, is) {
        (Some(Value::Number(was)), Some(Value::Number(is))) => compare_numbers(was, is),
        _ => None,
    };
    match order {
        Some(std::cmp::Ordering::Less) => {
            judged.worsen(InverseClass::Impossible, format!("{path} grows, and storage does not shrink"));
        }
        Some(std::cmp::Ordering::Greater) => {
            judged.flags.extend([Flag::ShrinkingStorage, Flag::DataLoss]);
            judged
                .worsen(InverseClass::Lossy, format!("{path} shrinks, and what was beyond its end does not come back"));
        }
        Some(std::cmp::Ordering::Equal) => {}
        None => {
            judged.flags.insert(Flag::DataLoss);
            judged.worsen(
                InverseClass::Unknown,
                format!("{path} is the size of storage, and not known before and after"),
            );
        }
    }
}

/// How two sizes stand to each other. Sizes are far below 2^53; what is not finite is not known.
fn compare_numbers(a: &Number, b: &Number) -> Option<std::cmp::Ordering> {
    if a.canonical() == b.canonical() {
        return Some(std::cmp::Ordering::Equal);
    }
    let parse = |number: &Number| number.as_str().parse::<f64>().ok().filter(|number| number.is_finite());
    parse(a)?.partial_cmp(&parse(b)?)
}

/// Notes values that putting the object back needs and that nobody has.
fn missing(
    judged: &mut Judged,
    before: &ResourceObject,
    value: &Value,
    traits: &Traits<'_>,
    values: &Values,
    concerns: impl Fn(&AttributePath) -> bool,
) {
    let unknown: Vec<AttributePath> = before.unknown.iter().filter(|path| concerns(path)).cloned().collect();
    if !unknown.is_empty() {
        judged.worsen(InverseClass::Impossible, format!("nobody has the value of {}", join(&unknown)));
    }
    let not_kept = values.keeps(before).err().map(|missing| missing.paths).unwrap_or_default();
    let not_kept: Vec<AttributePath> = not_kept.into_iter().filter(|path| concerns(path)).collect();
    if !not_kept.is_empty() {
        judged.worsen(InverseClass::Impossible, nowhere_else(&not_kept));
    }
    // A write-only attribute is null in every state, set or not.
    let Value::Object(members) = value else { return };
    let silent = traits.write_only().filter_map(|name| {
        let path = AttributePath::ROOT.key(name.split('.').next().unwrap_or(name));
        let is_there = members.contains_key(name.split('.').next().unwrap_or(name));
        (is_there && concerns(&path)).then_some(path)
    });
    let silent: BTreeSet<AttributePath> = silent.collect();
    if !silent.is_empty() {
        let silent: Vec<AttributePath> = silent.into_iter().collect();
        judged.worsen(InverseClass::Impossible, format!("{} can be written and not read", join(&silent)));
    }
}

/// The attributes that another object in the place of this one has of its own.
pub(super) fn computed(traits: &Traits<'_>, value: &Value) -> Vec<AttributePath> {
    let mut found = Vec::new();
    walk(value, &AttributePath::ROOT, &mut |path| {
        let is_own = traits.is_computed(path);
        if is_own {
            found.push(path.clone());
        }
        !is_own
    });
    found
}

/// Calls `visit` with every path that holds a value other than null; goes deeper where it says so.
fn walk(value: &Value, path: &AttributePath, visit: &mut impl FnMut(&AttributePath) -> bool) {
    if matches!(value, Value::Null) || (!path.steps.is_empty() && !visit(path)) {
        return;
    }
    match value {
        Value::Object(members) => {
            members
                .iter()
                .for_each(|(name, value)| walk(value, &path.with(PathStep::Key(name.as_str().into())), visit));
        }
        Value::List(elements) => {
            elements.iter().enumerate().for_each(|(at, value)| walk(value, &path.index(at), visit));
        }
        _ => {}
    }
}

fn join(paths: &[AttributePath]) -> String {
    paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
