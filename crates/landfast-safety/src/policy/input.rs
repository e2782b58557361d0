//! What policies find under `input`.

use std::collections::BTreeMap;
use std::sync::Arc;

use landfast_drift::{CompareOptions, DriftReport, RuleSet, compare};
use landfast_state::address::{InstanceKey, ObjectAddress};
use landfast_state::json::{JsonError, Limits, Raw};
use landfast_state::plan::{Actions, Plan};
use landfast_state::{
    DuplicateObject, Origin, Redactor, ResourceObject, SENSITIVE_TEXT, SecretTexts, Snapshot, SourceKind, UNKNOWN_TEXT,
    Value, canonical_number,
};
use serde_json::{Value as Json, json};

use crate::context::Context;
use crate::proposal::{ActionKind, ProposalKind};

/// The version of the input's shape. A minor version adds members, a major one changes them.
pub const INPUT_VERSION: &str = "1.0";

/// What policies judge: the document under `input`.
///
/// | member | what |
/// |---|---|
/// | `format_version` | [`INPUT_VERSION`] |
/// | `source` | `proposal` (the gate), `plan` (terraform's plan) or `configuration` (blocks of `*.tf`, unevaluated) |
/// | `plan` | what is about to change, or null: `kind`, `author`, `target`, `changes` |
/// | `drift` | what differs between recorded and observed, or null: `resources`, `not_compared` |
/// | `resources` | what will be there afterwards: `address`, `module`, `mode`, `type`, `name`, `provider`, `values`, `sensitive`, `unknown` |
/// | `configuration` | the blocks as they are written, by type and labels, or null |
///
/// A sensitive value is the text `(sensitive value)`, and one that is not known yet `(known after apply)`; their paths are
/// listed beside the values. A number that a machine number does not hold exactly is its text.
#[derive(Clone)]
pub struct PolicyInput(Arc<Json>);

impl std::fmt::Debug for PolicyInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PolicyInput")
    }
}

/// Why there is no input of a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the plan changes an object twice")]
pub struct PlanInputError(#[from] DuplicateObject);

impl PolicyInput {
    /// Any JSON document, as it is.
    ///
    /// # Errors
    /// When it is no JSON, or larger or deeper than the limits.
    pub fn from_json(text: &[u8], limits: &Limits) -> Result<Self, JsonError> {
        let raw = Raw::check(text, limits)?;
        Ok(Self::of(plain(&Value::from_raw(raw, &[]))))
    }

    /// What is about to change, as the gate sees it.
    #[must_use]
    pub fn of_context(context: &Context) -> Self {
        let rules = RuleSet::embedded();
        let proposal = context.proposal();
        let marked = |snapshot: &Snapshot| rules.mark_secrets(snapshot.clone());
        let (before, after) = (marked(&proposal.before), marked(&proposal.after));
        let recorded = marked(context.recorded());
        let redactor = Snapshot::redactor(&[&before, &after, &recorded, &marked(&context.observed().snapshot)]);
        let side = |snapshot: &Snapshot, address: &ObjectAddress| {
            snapshot.get(address).map_or(Json::Null, |object| values(object, &redactor))
        };
        let changes = proposal.changes.iter().map(|change| {
            let to = change.moves_to.as_ref().unwrap_or(&change.address);
            let mut entry = named(&change.address);
            put(&mut entry, "action", json!(change.action.as_str()));
            put(&mut entry, "actions", json!(terraform_actions(change.action)));
            put(&mut entry, "moves_to", json!(change.moves_to.as_ref().map(ToString::to_string)));
            put(&mut entry, "attributes", json!(texts(&change.attributes)));
            put(&mut entry, "inverse", json!(change.inverse.as_str()));
            put(&mut entry, "flags", json!(change.flags.iter().map(|flag| flag.as_str()).collect::<Vec<_>>()));
            put(&mut entry, "before", side(&before, &change.address));
            put(&mut entry, "after", side(&after, to));
            entry
        });
        let kind = match &proposal.kind {
            ProposalKind::Forward => "forward",
            ProposalKind::Rollback { .. } => "rollback",
        };
        let plan = json!({
            "kind": kind,
            "author": redactor.redact(&proposal.author),
            "target": {
                "environment": proposal.target.environment,
                "store": proposal.target.store,
                "workspace": proposal.target.workspace,
            },
            "changes": changes.collect::<Vec<_>>(),
        });
        let touched = |object: &&ResourceObject| before.get(&object.address).is_none();
        let will_be = recorded.objects().iter().filter(touched).chain(after.objects());
        Self::of(document("proposal", plan, drift(context.drift()), resources(will_be, &redactor), Json::Null))
    }

    /// A plan of terraform.
    ///
    /// # Errors
    /// When the plan changes an object twice.
    pub fn of_plan(plan: &Plan) -> Result<Self, PlanInputError> {
        let rules = RuleSet::embedded();
        let all = |objects: Vec<ResourceObject>| {
            let origin = Origin::new(SourceKind::PlanJson, "plan");
            Snapshot::new(origin, objects, SecretTexts::default()).map(|snapshot| rules.mark_secrets(snapshot))
        };
        let before = all(plan.resource_changes.iter().filter_map(|change| change.before_object()).collect())?;
        let after = all(plan.resource_changes.iter().filter_map(|change| change.after_object()).collect())?;
        let planned = rules.mark_secrets(plan.planned().clone());
        let mut secrets = SecretTexts::default();
        secrets.extend(plan.secrets());
        for snapshot in [&before, &after, &planned] {
            secrets.extend(snapshot.secrets());
        }
        let redactor = secrets.redactor();
        let side = |snapshot: &Snapshot, address: &ObjectAddress| {
            snapshot.get(address).map_or(Json::Null, |object| values(object, &redactor))
        };
        let changes = plan.resource_changes.iter().map(|change| {
            let actions = &change.change.actions;
            let moved = change.previous_address.as_ref();
            let mut entry = named(&change.address);
            put(&mut entry, "provider", json!(change.provider));
            put(&mut entry, "action", json!(action(actions, moved.is_some())));
            put(&mut entry, "actions", json!(actions.as_str().split(',').collect::<Vec<_>>()));
            put(&mut entry, "previous_address", json!(moved.map(ToString::to_string)));
            put(&mut entry, "reason", json!(change.action_reason));
            put(&mut entry, "attributes", json!(texts(&change.change.replace_paths)));
            put(&mut entry, "before", side(&before, &change.address));
            put(&mut entry, "after", side(&after, &change.address));
            entry
        });
        let header = json!({
            "kind": "forward",
            "author": "",
            "target": null,
            "terraform_version": plan.terraform_version,
            "changes": changes.collect::<Vec<_>>(),
        });
        let compared = compare(plan.recorded(), &plan.observed(), &CompareOptions::default());
        // Documents that were cut down have changes alone.
        let mut will_be: BTreeMap<&ObjectAddress, &ResourceObject> = BTreeMap::new();
        for object in planned.objects().iter().chain(after.objects()) {
            will_be.insert(&object.address, object);
        }
        let will_be = resources(will_be.into_values(), &redactor);
        Ok(Self::of(document("plan", header, drift(&compared), will_be, Json::Null)))
    }

    /// The document.
    #[must_use]
    pub fn as_json(&self) -> &Json {
        &self.0
    }

    pub(super) fn of(document: Json) -> Self {
        Self(Arc::new(document))
    }

    pub(super) fn shared(&self) -> Arc<Json> {
        Arc::clone(&self.0)
    }
}

pub(super) fn document(source: &str, plan: Json, drift: Json, resources: Json, configuration: Json) -> Json {
    json!({
        "format_version": INPUT_VERSION,
        "source": source,
        "plan": plan,
        "drift": drift,
        "resources": resources,
        "configuration": configuration,
    })
}

pub(super) fn resources<'a>(objects: impl Iterator<Item = &'a ResourceObject>, redactor: &Redactor) -> Json {
    objects.map(|object| resource(object, redactor)).collect::<Vec<_>>().into()
}

pub(super) fn resource(object: &ResourceObject, redactor: &Redactor) -> Json {
    let mut entry = named(&object.address);
    put(&mut entry, "provider", json!(object.provider));
    put(&mut entry, "values", values(object, redactor));
    put(&mut entry, "sensitive", json!(texts(&object.sensitive)));
    put(&mut entry, "unknown", json!(texts(&object.unknown)));
    entry
}

/// An address, and its parts.
fn named(address: &ObjectAddress) -> Json {
    let resource = &address.instance.resource;
    let key = match &address.instance.key {
        InstanceKey::None => Json::Null,
        InstanceKey::Int(index) => json!(index),
        InstanceKey::String(key) => json!(key),
    };
    json!({
        "address": address.to_string(),
        "module": resource.module.to_string(),
        "mode": resource.mode.as_str(),
        "type": resource.type_name,
        "name": resource.name,
        "key": key,
        "deposed": address.deposed,
    })
}

fn put(entry: &mut Json, key: &str, value: Json) {
    if let Some(entry) = entry.as_object_mut() {
        entry.insert(key.to_owned(), value);
    }
}

fn texts<T: ToString>(all: &[T]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

fn values(object: &ResourceObject, redactor: &Redactor) -> Json {
    plain(&redactor.redact_keys(redactor.mark(object.value())))
}

fn drift(report: &DriftReport) -> Json {
    let resources = report.resources.iter().map(|resource| {
        let changes = resource.changes.iter().map(|change| {
            let side = |value: &Option<Value>| {
                value.as_ref().map_or(Json::Null, |value| plain(&report.redactor.mark(value.clone())))
            };
            json!({
                "path": change.path.to_string(),
                "kind": change.kind.as_str(),
                "before": side(&change.before),
                "after": side(&change.after),
                "sensitive": change.sensitive,
                "class": change.class.as_str(),
            })
        });
        json!({
            "address": resource.address.to_string(),
            "type": resource.type_name(),
            "status": resource.status.as_str(),
            "severity": resource.severity.as_str(),
            "class": resource.class.map(|class| class.as_str()),
            "impacts": resource.impacts.iter().map(|impact| impact.as_str()).collect::<Vec<_>>(),
            "rules": resource.rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(),
            "changes": changes.collect::<Vec<_>>(),
        })
    });
    let not_compared = report.not_compared.iter();
    json!({
        "resources": resources.collect::<Vec<_>>(),
        "not_compared": not_compared.map(|one| one.address.to_string()).collect::<Vec<_>>(),
    })
}

/// What terraform would call it.
fn terraform_actions(action: ActionKind) -> &'static [&'static str] {
    match action {
        ActionKind::Create => &["create"],
        ActionKind::Update => &["update"],
        ActionKind::Replace => &["delete", "create"],
        ActionKind::Delete => &["delete"],
        ActionKind::Forget => &["forget"],
        ActionKind::Adopt | ActionKind::Move => &["no-op"],
    }
}

fn action(actions: &Actions, is_moved: bool) -> &str {
    match actions {
        Actions::NoOp if is_moved => "move",
        other if other.is_replace() => "replace",
        other => other.as_str(),
    }
}

/// As JSON, what must not be shown as its placeholder, and numbers as numbers only where they stay exact.
pub(super) fn plain(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => json!(value),
        Value::String(text) => json!(text),
        Value::Number(number) => exact(number.as_str()),
        Value::List(elements) => elements.iter().map(plain).collect::<Vec<_>>().into(),
        Value::Object(members) => {
            Json::Object(members.iter().map(|(key, member)| (key.clone(), plain(member))).collect())
        }
        Value::Unknown => json!(UNKNOWN_TEXT),
        Value::Sensitive(_) => json!(SENSITIVE_TEXT),
    }
}

/// A number where a machine number holds exactly what is written, else its text.
fn exact(text: &str) -> Json {
    let canonical = canonical_number(text);
    if let Ok(whole) = text.parse::<i64>() {
        return json!(whole);
    }
    if let Ok(whole) = text.parse::<u64>() {
        return json!(whole);
    }
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() && canonical_number(&float.to_string()) == canonical => json!(float),
        _ => json!(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_exact() {
        assert_eq!(exact("9007199254740993"), json!(9_007_199_254_740_993_u64));
        assert_eq!(exact("18446744073709551615"), json!(u64::MAX));
        assert_eq!(exact("123456789012345678901234567890"), json!("123456789012345678901234567890"));
        assert_eq!(exact("0.1000000000000000055511151231257827"), json!("0.1000000000000000055511151231257827"));
        assert_eq!(exact("0.1"), json!(0.1));
        assert_eq!(exact("1.50"), json!(1.5));
        assert_eq!(exact("-7"), json!(-7));
        assert_eq!(exact("1e400"), json!("1e400"));
    }
}
