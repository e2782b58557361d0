//! The text of one object as terraform's states write it, with what a snapshot of it does not hold taken from another text.

use std::fmt;
use std::fmt::Write as _;

use landfast_state::address::{InstanceKey, ObjectAddress, ResourceMode};
use landfast_state::json::quote_go;
use landfast_state::{AttributePath, Attributes, PathStep, ResourceObject, StateFile, Value};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Why an object cannot be written down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InstanceTextError {
    #[error("a state cannot hold values that are not known, as those at {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    NotKnown(Vec<AttributePath>),
    #[error("{address} does not say to which provider it belongs")]
    NoProvider { address: ObjectAddress },
}

/// The text of an object that a state has.
pub(crate) fn text_in(state: &StateFile, address: &ObjectAddress) -> Option<String> {
    let mut instances =
        state.resources().iter().flat_map(|resource| resource.instances.iter().map(move |it| (resource, it)));
    let (_, instance) = instances.find(|(resource, instance)| instance.address(resource) == *address)?;
    let from = state.as_bytes().get(instance.offset..)?;
    let first = serde_json::Deserializer::from_slice(from).into_iter::<&RawValue>().next()?.ok()?;
    Some(first.get().to_owned())
}

/// The provider configuration of an object that a state has, or of another object of its resource.
pub(crate) fn provider_in(state: &StateFile, address: &ObjectAddress, source: &str) -> Option<String> {
    let resource = state.resources().iter().find(|resource| *resource.address == *address.instance.resource)?;
    (*resource.provider.source == *source || source.is_empty()).then(|| resource.provider.to_string())
}

/// A state of format 4 that holds this object alone. `template` is the text of the same object as a state had it: what no
/// snapshot holds, such as what the provider keeps for itself, comes from there, and all of it where the attributes are those.
pub(crate) fn state_with(
    object: &ResourceObject,
    template: Option<&str>,
    provider: Option<String>,
) -> Result<String, InstanceTextError> {
    let provider = match provider {
        Some(provider) => provider,
        None if object.provider.is_empty() => {
            return Err(InstanceTextError::NoProvider { address: object.address.clone() });
        }
        None => format!("provider[\"{}\"]", object.provider),
    };
    let resource = &object.address.instance.resource;
    let mut text =
        String::from("{\"version\": 4, \"serial\": 0, \"lineage\": \"\", \"outputs\": {}, \"resources\": [{");
    if !resource.module.is_root() {
        let _ = write!(text, "\"module\": {}, ", quote_go(&resource.module.to_string()));
    }
    let mode = if resource.mode == ResourceMode::Data { "data" } else { "managed" };
    let _ = write!(
        text,
        "\"mode\": \"{mode}\", \"type\": {}, \"name\": {}, \"provider\": {}, \"instances\": [{}]}}]}}",
        quote_go(&resource.type_name),
        quote_go(&resource.name),
        quote_go(&provider),
        instance(object, template)?
    );
    Ok(text)
}

fn instance(object: &ResourceObject, template: Option<&str>) -> Result<String, InstanceTextError> {
    let not_known: Vec<AttributePath> =
        object.unknown.iter().chain(object.fingerprints.iter().map(|(path, _)| path)).cloned().collect();
    if !not_known.is_empty() {
        return Err(InstanceTextError::NotKnown(not_known));
    }
    let mut members = template.and_then(|text| serde_json::from_str::<Ordered>(text).ok()).unwrap_or_default();
    let is_from_template = !members.0.is_empty();
    let key = match &object.address.instance.key {
        InstanceKey::None => None,
        InstanceKey::Int(index) => Some(index.to_string()),
        InstanceKey::String(name) => Some(quote_go(name)),
    };
    let had_key = members.get("index_key").map(str::to_owned);
    if had_key != key {
        members.set("index_key", key);
    }
    members.set("status", object.tainted.then(|| String::from("\"tainted\"")));
    members.set("deposed", object.address.deposed.as_deref().map(quote_go));
    members.set("schema_version", Some(object.schema_version.to_string()));
    let (name, other, attributes) = match &object.attributes {
        Attributes::None => ("attributes", "attributes_flat", None),
        Attributes::Nested(raw) => ("attributes", "attributes_flat", Some(raw.as_raw().as_str().to_owned())),
        Attributes::Flat(raw) => ("attributes_flat", "attributes", Some(raw.as_raw().as_str().to_owned())),
    };
    members.set(other, None);
    members.set(name, attributes);
    if !is_from_template {
        members.set("sensitive_attributes", Some(paths(&object.sensitive)));
        if !object.dependencies.is_empty() {
            let names: Vec<String> = object.dependencies.iter().map(|it| quote_go(&it.to_string())).collect();
            members.set("dependencies", Some(format!("[{}]", names.join(", "))));
        }
    }
    Ok(members.text())
}

/// Whether both hold the same values, whatever is marked in them.
pub(crate) fn is_same(a: &ResourceObject, b: &ResourceObject) -> bool {
    a.tainted == b.tainted && a.schema_version == b.schema_version && plain(a.value()) == plain(b.value())
}

fn plain(value: Value) -> Value {
    match value {
        Value::Sensitive(sensitive) => match sensitive.expose() {
            Some(inner) => plain(inner.clone()),
            None => Value::Sensitive(sensitive),
        },
        Value::List(elements) => Value::List(elements.into_iter().map(plain).collect()),
        Value::Object(members) => Value::Object(members.into_iter().map(|(key, value)| (key, plain(value))).collect()),
        other => other,
    }
}

/// Paths as terraform writes them.
fn paths(paths: &[AttributePath]) -> String {
    let step = |step: &PathStep| match step {
        PathStep::Key(key) => format!("{{\"type\": \"get_attr\", \"value\": {}}}", quote_go(key)),
        PathStep::Index(index) => {
            format!("{{\"type\": \"index\", \"value\": {{\"value\": {index}, \"type\": \"number\"}}}}")
        }
    };
    let path = |path: &AttributePath| {
        let steps: Vec<String> = path.steps.iter().map(step).collect();
        format!("[{}]", steps.join(", "))
    };
    let all: Vec<String> = paths.iter().map(path).collect();
    format!("[{}]", all.join(", "))
}

/// The members of a JSON object in their order, each value as it is written.
#[derive(Default)]
struct Ordered(Vec<(String, String)>);

impl Ordered {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn set(&mut self, name: &str, value: Option<String>) {
        let at = self.0.iter().position(|(key, _)| key == name);
        match (at.and_then(|at| self.0.get_mut(at)), value) {
            (Some(member), Some(value)) => member.1 = value,
            (None, Some(value)) => self.0.push((name.to_owned(), value)),
            (_, None) => self.0.retain(|(key, _)| key != name),
        }
    }

    fn text(&self) -> String {
        let members: Vec<String> =
            self.0.iter().map(|(key, value)| format!("\n          {}: {value}", quote_go(key))).collect();
        format!("{{{}\n        }}", members.join(","))
    }
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Ordered;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    members.push((key, value.get().to_owned()));
                }
                Ok(Ordered(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}
