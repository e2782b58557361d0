//! Texts of sensitive values that no resource object holds marked: outputs, variables, and the other side of a change.

use super::change::{Change, OutputChange, ResourceChange};
use super::values::OutputValue;
use crate::json::{Limits, Raw, RawJson};
use crate::redact::SecretTexts;
use crate::value::Value;

pub(super) fn add_raw(secrets: &mut SecretTexts, raw: Raw<'_>) {
    secrets.add_all(&Value::from_raw(raw, &[]));
}

pub(super) fn add_outputs(secrets: &mut SecretTexts, outputs: &[OutputValue]) {
    for value in outputs.iter().filter(|output| output.sensitive).filter_map(|output| output.value.as_ref()) {
        add_raw(secrets, value.as_raw());
    }
}

pub(super) fn add_resource_changes(secrets: &mut SecretTexts, changes: &[ResourceChange]) {
    changes.iter().for_each(|resource| add_change(secrets, &resource.change));
}

pub(super) fn add_output_changes(secrets: &mut SecretTexts, changes: &[OutputChange]) {
    changes.iter().for_each(|output| add_change(secrets, &output.change));
}

fn add_change(secrets: &mut SecretTexts, change: &Change) {
    for (value, sensitive) in [(&change.before, &change.before_sensitive), (&change.after, &change.after_sensitive)] {
        if let (Some(value), false) = (value, sensitive.is_empty()) {
            secrets.add(&Value::from_raw(value.as_raw(), sensitive));
        }
    }
}

/// Adds the values of variables that the configuration marks as sensitive: given ones, defaults, and constants that a
/// module is called with.
pub(super) fn add_variables(secrets: &mut SecretTexts, given: Option<&RawJson>, configuration: Option<&RawJson>) {
    let Some(root) = configuration.and_then(|configuration| configuration.as_raw().get("root_module")) else {
        return;
    };
    add_module(secrets, root, Limits::DEPTH_CEILING, &|name| given?.as_raw().get(name)?.get("value"));
}

fn add_module<'a>(secrets: &mut SecretTexts, module: Raw<'a>, depth: usize, given: &dyn Fn(&str) -> Option<Raw<'a>>) {
    for (name, variable) in module.get("variables").and_then(Raw::members).into_iter().flatten() {
        if variable.get("sensitive").is_some_and(|sensitive| sensitive.as_str() == "true") {
            let values = [given(&name), variable.get("default")];
            values.into_iter().flatten().for_each(|value| add_raw(secrets, value));
        }
    }
    let Some(depth) = depth.checked_sub(1) else { return };
    for (_, call) in module.get("module_calls").and_then(Raw::members).into_iter().flatten() {
        if let Some(inner) = call.get("module") {
            let expressions = call.get("expressions");
            add_module(secrets, inner, depth, &|name| expressions?.get(name)?.get("constant_value"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_sensitive_variables_of_every_module() {
        let raw = |text: &'static str| RawJson::check(bytes::Bytes::from_static(text.as_bytes()), &Limits::default());
        let given = raw(r#"{"pw":{"value":{"k":["given-secret"]}},"open":{"value":"open-value"}}"#).unwrap();
        let configuration = raw(
            r#"{"root_module":{"variables":{"pw":{"sensitive":true,"default":"default-secret"},"open":{}},
                "module_calls":{"m":{"expressions":{"key":{"constant_value":"constant-secret"}},
                  "module":{"variables":{"key":{"sensitive":true},"n":{"sensitive":false,"default":"open-default"}}}}}}}"#,
        );
        let mut secrets = SecretTexts::default();
        add_variables(&mut secrets, Some(&given), Some(&configuration.unwrap()));
        let masked = secrets.redactor();
        for secret in ["given-secret", "default-secret", "constant-secret"] {
            assert_eq!(masked.redact(secret), crate::SENSITIVE_TEXT);
        }
        for open in ["open-value", "open-default"] {
            assert_eq!(masked.redact(open), open);
        }
    }

    #[test]
    fn takes_a_configuration_of_any_shape() {
        for text in
            ["null", "[]", r#"{"root_module":[1]}"#, r#"{"root_module":{"variables":[],"module_calls":{"m":1}}}"#]
        {
            let configuration = RawJson::check(bytes::Bytes::from_static(text.as_bytes()), &Limits::default()).unwrap();
            add_variables(&mut SecretTexts::default(), None, Some(&configuration));
        }
    }
}
