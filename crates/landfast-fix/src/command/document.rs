//! What commands are told, and what they answer.

use std::fmt::Write as _;

use bytes::Bytes;
use landfast_rollback::{ActuatorError, ActuatorFailure, Change};
use landfast_state::address::ObjectAddress;
use landfast_state::json::{Limits, RawJson, quote_go};
use landfast_state::{AttributePath, Attributes, Origin, ResourceObject, Snapshot, SourceKind, Value};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The version of the documents.
const FORMAT: &str = "1.0";

/// One request, as text.
pub(super) struct Request<'a> {
    action: &'static str,
    text: String,
    objects: [Option<&'a ResourceObject>; 2],
}

impl<'a> Request<'a> {
    pub(super) fn read(address: &ObjectAddress, known: Option<&'a ResourceObject>) -> Self {
        Self::of("read", address, known, None)
    }

    pub(super) fn change(change: &'a Change) -> Self {
        Self::of(change.action.as_str(), &change.address, change.before.as_ref(), change.after.as_ref())
    }

    fn of(
        action: &'static str,
        address: &ObjectAddress,
        before: Option<&'a ResourceObject>,
        after: Option<&'a ResourceObject>,
    ) -> Self {
        let objects = [before, after];
        let json = |object: Option<&ResourceObject>| {
            let mut text = String::new();
            match object {
                None => text.push_str("null"),
                Some(object) => write_clear(&object.value(), &mut text),
            }
            text
        };
        let list = |paths: Vec<&AttributePath>| {
            let mut texts: Vec<String> = paths.iter().map(|path| quote_go(&path.to_string())).collect();
            texts.sort();
            texts.dedup();
            format!("[{}]", texts.join(", "))
        };
        let sensitive = objects
            .iter()
            .flatten()
            .flat_map(|object| object.sensitive.iter().chain(object.fingerprints.iter().map(|(path, _)| path)));
        let unknown = after.iter().flat_map(|object| object.unknown.iter());
        let text = format!(
            "{{\"landfast\": \"command-request\", \"format_version\": \"{FORMAT}\", \"action\": \"{action}\", \"address\": {}, \
             \"type\": {}, \"before\": {}, \"after\": {}, \"sensitive\": {}, \"unknown\": {}}}\n",
            quote_go(&address.to_string()),
            quote_go(&address.instance.resource.type_name),
            json(before),
            json(after),
            list(sensitive.collect()),
            list(unknown.collect()),
        );
        Self { action, text, objects }
    }

    pub(super) fn action(&self) -> &'static str {
        self.action
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The objects, for masking their secrets.
    pub(super) fn objects(&self) -> Vec<Snapshot> {
        let alone = |object: &ResourceObject| {
            Snapshot::new(Origin::new(SourceKind::Snapshot, ""), vec![object.clone()], Default::default()).ok()
        };
        self.objects.iter().flatten().filter_map(|object| alone(object)).collect()
    }
}

/// Writes a value as JSON, sensitive ones in clear: that is what a command acts on. What is not known is `null`.
fn write_clear(value: &Value, out: &mut String) {
    match value {
        Value::Sensitive(sensitive) => match sensitive.expose() {
            Some(inner) => write_clear(inner, out),
            None => out.push_str("null"),
        },
        Value::Unknown => out.push_str("null"),
        Value::List(elements) => {
            out.push('[');
            for (at, element) in elements.iter().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                write_clear(element, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (at, (key, member)) in members.iter().enumerate() {
                // Writing to a string cannot fail.
                let _ = write!(out, "{}{}: ", if at > 0 { ", " } else { "" }, quote_go(key));
                write_clear(member, out);
            }
            out.push('}');
        }
        scalar => scalar.write_json(out),
    }
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    error: Option<SaidError>,
}

#[derive(Deserialize)]
struct SaidError {
    #[serde(default)]
    class: String,
    #[serde(default)]
    message: String,
}

/// The error that a command answers with, if it does.
pub(super) fn said_error(out: &[u8]) -> Option<ActuatorError> {
    let error = serde_json::from_slice::<Said>(out).ok()?.error?;
    let failure = match error.class.as_str() {
        "transient" => ActuatorFailure::Transient,
        "permission_denied" => ActuatorFailure::PermissionDenied,
        "rejected" => ActuatorFailure::Rejected,
        "unsupported" => ActuatorFailure::Unsupported,
        _ => ActuatorFailure::Other,
    };
    let message: String = error.message.chars().take(2000).collect();
    let message =
        if message.is_empty() { String::from("the command says that it failed, and not why") } else { message };
    Some(ActuatorError::new(failure, message))
}

#[derive(Deserialize)]
struct Answer<'a> {
    present: bool,
    #[serde(borrow, default)]
    attributes: Option<&'a RawValue>,
    #[serde(default)]
    sensitive: Vec<String>,
}

/// The object that a read answers. No message holds any of the answer.
pub(super) fn read_answer(
    out: &[u8],
    address: &ObjectAddress,
    known: Option<&ResourceObject>,
) -> Result<Option<ResourceObject>, ActuatorError> {
    let wrong = |why: String| {
        ActuatorError::new(ActuatorFailure::Other, format!("the answer of the command for read is none: {why}"))
    };
    let answer: Answer<'_> = serde_json::from_slice(out)
        .map_err(|error| wrong(format!("line {}, column {}, {:?}", error.line(), error.column(), error.classify())))?;
    let attributes = match (answer.present, answer.attributes) {
        (false, None) => return Ok(None),
        (false, Some(_)) => return Err(wrong("the object is not present and has attributes".to_owned())),
        (true, None) => return Err(wrong("the object is present and has no attributes".to_owned())),
        (true, Some(attributes)) => attributes.get(),
    };
    if !attributes.starts_with('{') {
        return Err(wrong("the attributes are no object".to_owned()));
    }
    let raw = RawJson::check(Bytes::copy_from_slice(attributes.as_bytes()), &Limits::default())
        .map_err(|error| wrong(format!("its attributes: {error}")))?;
    let mut object = ResourceObject::bare(address.clone(), known.map_or("", |known| &*known.provider));
    object.schema_version = known.map_or(0, |known| known.schema_version);
    object.attributes = Attributes::Nested(raw);
    for text in &answer.sensitive {
        let path = text.parse().map_err(|_| wrong("a path under `sensitive` is none".to_owned()))?;
        object.sensitive.push(path);
    }
    // What was a secret stays one, whatever the command says.
    let known =
        known.iter().flat_map(|known| known.sensitive.iter().chain(known.fingerprints.iter().map(|(path, _)| path)));
    let value = object.value();
    let known: Vec<AttributePath> = known.filter(|path| value.get(path).is_some()).cloned().collect();
    object.sensitive.extend(known);
    object.sensitive.sort();
    object.sensitive.dedup();
    Ok(Some(object))
}
