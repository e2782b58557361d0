//! Small worlds to compare: snapshots and observations from a few words.

use landfast_drift::diff::diff;
use landfast_drift::rules::{Hint, HintKind, RuleSet};
use landfast_drift::{AttributeChange, CompareOptions, DriftReport, ResourceDrift, compare};
use landfast_state::json::{Limits, RawJson};
use landfast_state::{
    AttributePath, Attributes, Observation, Origin, ResourceObject, SecretTexts, Snapshot, SourceKind, Value,
};

/// An object of a resource at `address` with these attributes, as JSON.
pub(crate) fn object(address: &str, attributes: &str) -> ResourceObject {
    ResourceObject {
        address: address.parse().unwrap(),
        provider: "registry.terraform.io/hashicorp/test".into(),
        schema_version: 0,
        tainted: false,
        attributes: Attributes::Nested(raw(attributes)),
        sensitive: Vec::new(),
        unknown: Vec::new(),
        fingerprints: Vec::new(),
        dependencies: Default::default(),
    }
}

pub(crate) fn raw(json: &str) -> RawJson {
    RawJson::check(json.to_owned().into(), &Limits::default()).unwrap()
}

pub(crate) fn value(json: &str) -> Value {
    Value::from_raw(raw(json).as_raw(), &[])
}

pub(crate) fn json(value: &Value) -> String {
    let mut text = String::new();
    value.write_json(&mut text);
    text
}

pub(crate) fn paths(paths: &[&str]) -> Vec<AttributePath> {
    paths.iter().map(|path| path.parse().unwrap()).collect()
}

pub(crate) fn snapshot(objects: Vec<ResourceObject>) -> Snapshot {
    Snapshot::new(Origin::new(SourceKind::State, "test"), objects, SecretTexts::default()).unwrap()
}

/// Options with these packs instead of the embedded ones.
pub(crate) fn with_rules(rules: &str) -> CompareOptions {
    let pack = format!("[pack]\nid = \"test\"\nversion = 1\ndescription = \"x\"\n{rules}");
    let mut options = CompareOptions::default();
    options.rules = std::sync::Arc::new(RuleSet::from_toml(&[("test.toml", &pack)]).unwrap());
    options
}

/// Options without any rules.
pub(crate) fn bare() -> CompareOptions {
    let mut options = CompareOptions::default();
    options.rules = std::sync::Arc::new(RuleSet::empty());
    options
}

pub(crate) fn hint(attribute: &str, kind: HintKind) -> CompareOptions {
    let mut options = bare();
    options.hints.push(Hint::new("test-hint", "*", attribute, kind).unwrap());
    options
}

pub(crate) fn report(before: Vec<ResourceObject>, after: Vec<ResourceObject>, options: &CompareOptions) -> DriftReport {
    compare(&snapshot(before), &Observation::complete(snapshot(after)), options)
}

/// The one entry of a comparison of two objects.
pub(crate) fn compared(before: ResourceObject, after: ResourceObject, options: &CompareOptions) -> ResourceDrift {
    let mut report = report(vec![before], vec![after], options);
    assert_eq!(report.resources.len(), 1);
    report.resources.remove(0)
}

/// The comparison of the attributes of one resource of type `test_thing`.
pub(crate) fn drift(before: &str, after: &str, options: &CompareOptions) -> ResourceDrift {
    compared(object("test_thing.x", before), object("test_thing.x", after), options)
}

/// A change in one line: `path kind before -> after`.
pub(crate) fn line(change: &AttributeChange) -> String {
    let side = |value: &Option<Value>| value.as_ref().map_or_else(|| "-".to_owned(), json);
    format!("{} {} {} -> {}", change.path, change.kind.as_str(), side(&change.before), side(&change.after))
}

pub(crate) fn changes(resource: &ResourceDrift) -> Vec<String> {
    resource.changes.iter().map(line).collect()
}

/// What was normalised in one line each: `path normaliser`, with the rule where there is one.
pub(crate) fn normalised(resource: &ResourceDrift) -> Vec<String> {
    let line = |normalised: &landfast_drift::Normalised| {
        let rule = normalised.rule.as_ref().map(|rule| format!(" by {rule}")).unwrap_or_default();
        format!("{} {}{rule}", normalised.path, normalised.normaliser)
    };
    resource.normalised.iter().map(line).collect()
}

/// `a` with the exported difference to `b` applied by the json-patch crate.
pub(crate) fn patched(a: &Value, b: &Value) -> Value {
    let patch = serde_json::to_string(&diff(a, b).to_json_patch()).unwrap();
    let patch: json_patch::Patch = serde_json::from_str(&patch).unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&json(a)).unwrap();
    json_patch::patch(&mut document, &patch).unwrap();
    value(&document.to_string())
}
