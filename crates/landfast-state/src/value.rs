//! Values of attributes, taken apart.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::attribute_path::{AttributePath, PathStep};
use crate::fingerprint::{Fingerprint, FingerprintKey};
use crate::json::{Raw, RawKind, quote_safe, write_canonical_string, write_go};
use crate::number::Number;

/// What stands in the place of a sensitive value, in terraform's words.
pub const SENSITIVE_TEXT: &str = "(sensitive value)";

/// What stands in the place of a value that is not known yet, in terraform's words.
pub const UNKNOWN_TEXT: &str = "(known after apply)";

/// The members of an object, sorted by key.
pub type Members = BTreeMap<String, Value>;

/// One value. An absent attribute is no value at all, which is not [`Value::Null`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `null`: the attribute is there and has no value.
    Null,
    /// A boolean.
    Bool(bool),
    /// An exact number.
    Number(Number),
    /// A string.
    String(String),
    /// A list, set or tuple: the state does not tell which.
    List(Vec<Value>),
    /// An object, block or map.
    Object(Members),
    /// A value that will be known only after an apply.
    Unknown,
    /// A value that must not be shown.
    Sensitive(Sensitive),
}

impl Value {
    /// Takes a checked value apart. What `sensitive` leads to becomes [`Value::Sensitive`]; a path may also lead through
    /// the wrapper `{"value": …, "type": …}` that states put around attributes of dynamic type.
    #[must_use]
    pub fn from_raw(raw: Raw<'_>, sensitive: &[AttributePath]) -> Self {
        let paths: Vec<&[PathStep]> = sensitive.iter().map(|path| path.steps.as_slice()).collect();
        build(raw, &paths)
    }

    /// The value at `path`, or `None` where there is none or a sensitive value stands on the way.
    #[must_use]
    pub fn get(&self, path: &AttributePath) -> Option<&Self> {
        path.steps.iter().try_fold(self, |value, step| match (value, step) {
            (Self::Object(members), PathStep::Key(key)) => members.get(&**key),
            (Self::List(elements), PathStep::Index(index)) => elements.get(*index),
            _ => None,
        })
    }

    /// The value's kind with its article, for messages.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
            Self::Unknown => "unknown",
            Self::Sensitive(_) => "a sensitive value",
        }
    }

    /// Whether a sensitive value stands anywhere in this one.
    #[must_use]
    pub fn has_sensitive(&self) -> bool {
        match self {
            Self::Sensitive(_) => true,
            Self::List(elements) => elements.iter().any(Self::has_sensitive),
            Self::Object(members) => members.values().any(Self::has_sensitive),
            _ => false,
        }
    }

    /// Appends the value as JSON text the way terraform writes it on one line. Sensitive and unknown values become
    /// their texts in parentheses.
    pub fn write_json(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => out.push_str(number.as_str()),
            Self::String(text) => write_go(text, out),
            Self::List(elements) => {
                out.push('[');
                for (at, element) in elements.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    element.write_json(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (at, (key, value)) in members.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    write_go(key, out);
                    out.push(':');
                    value.write_json(out);
                }
                out.push('}');
            }
            Self::Unknown => write_go(UNKNOWN_TEXT, out),
            Self::Sensitive(_) => write_go(SENSITIVE_TEXT, out),
        }
    }

    /// Appends the canonical JSON form (see [`write_canonical`](crate::json::write_canonical)). A sensitive value becomes
    /// the object `{"landfast:fingerprint": …}` of its fingerprint under `key`, an unknown one `{"landfast:unknown": true}`.
    pub fn write_canonical(&self, key: &FingerprintKey, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => out.push_str(&number.canonical()),
            Self::String(text) => write_canonical_string(text, out),
            Self::List(elements) => {
                out.push('[');
                for (at, element) in elements.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    element.write_canonical(key, out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                let mut sorted: Vec<_> = members.iter().collect();
                sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
                out.push('{');
                for (at, (name, value)) in sorted.into_iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    write_canonical_string(name, out);
                    out.push(':');
                    value.write_canonical(key, out);
                }
                out.push('}');
            }
            Self::Unknown => out.push_str("{\"landfast:unknown\":true}"),
            Self::Sensitive(sensitive) => {
                let fingerprint = sensitive.fingerprint(key);
                out.push_str("{\"landfast:fingerprint\":");
                write_canonical_string(&fingerprint.to_string(), out);
                out.push('}');
            }
        }
    }
}

/// On one line, sensitive and unknown values as their texts, invisible characters escaped: safe to show.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::String(text) => f.write_str(&quote_safe(text)),
            Self::List(elements) => {
                f.write_str("[")?;
                for (at, element) in elements.iter().enumerate() {
                    f.write_str(if at > 0 { ", " } else { "" })?;
                    element.fmt(f)?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (at, (key, value)) in members.iter().enumerate() {
                    f.write_str(if at > 0 { ", " } else { "" })?;
                    write!(f, "{}: {value}", quote_safe(key))?;
                }
                f.write_str("}")
            }
            Self::Unknown => f.write_str(UNKNOWN_TEXT),
            Self::Sensitive(_) => f.write_str(SENSITIVE_TEXT),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::List(elements) => serializer.collect_seq(elements),
            Self::Object(members) => serializer.collect_map(members),
            Self::Unknown => serializer.serialize_str(UNKNOWN_TEXT),
            Self::Sensitive(sensitive) => sensitive.serialize(serializer),
        }
    }
}

/// A value that must not be shown: `Debug`, `Display` and serialisation give [`SENSITIVE_TEXT`], whatever it holds.
#[derive(Clone, PartialEq, Eq)]
pub struct Sensitive(Held);

#[derive(Clone, PartialEq, Eq)]
enum Held {
    Value(Box<Value>),
    Fingerprint(Fingerprint),
}

/// What comparing two sensitive values can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SensitiveComparison {
    /// They are equal.
    Same,
    /// They differ.
    Different,
    /// One is held as a fingerprint under a key that is not at hand.
    Unreadable,
}

impl Sensitive {
    /// Marks a value as sensitive.
    #[must_use]
    pub fn new(value: Value) -> Self {
        Self(Held::Value(Box::new(value)))
    }

    /// A sensitive value of which only the fingerprint is known.
    #[must_use]
    pub fn from_fingerprint(fingerprint: Fingerprint) -> Self {
        Self(Held::Fingerprint(fingerprint))
    }

    /// The value itself, unless only its fingerprint is known. What takes it must not show it.
    #[must_use]
    pub fn expose(&self) -> Option<&Value> {
        match &self.0 {
            Held::Value(value) => Some(value),
            Held::Fingerprint(_) => None,
        }
    }

    /// The fingerprint, where only that is known.
    pub(crate) fn held_fingerprint(&self) -> Option<&Fingerprint> {
        match &self.0 {
            Held::Value(_) => None,
            Held::Fingerprint(fingerprint) => Some(fingerprint),
        }
    }

    /// The fingerprint of the value under `key`, or the one that is held.
    #[must_use]
    pub fn fingerprint(&self, key: &FingerprintKey) -> Fingerprint {
        match &self.0 {
            Held::Fingerprint(fingerprint) => fingerprint.clone(),
            Held::Value(value) => {
                let mut canonical = String::new();
                value.write_canonical(key, &mut canonical);
                key.fingerprint(canonical.as_bytes())
            }
        }
    }

    /// Compares two sensitive values; `key` is needed when one of them is a fingerprint.
    #[must_use]
    pub fn compare(&self, other: &Self, key: Option<&FingerprintKey>) -> SensitiveComparison {
        let same = match (&self.0, &other.0) {
            (Held::Value(a), Held::Value(b)) => a == b,
            (Held::Fingerprint(a), Held::Fingerprint(b)) if a.key_id == b.key_id => a == b,
            (Held::Fingerprint(held), Held::Value(_)) | (Held::Value(_), Held::Fingerprint(held)) => {
                let Some(key) = key.filter(|key| key.id() == held.key_id) else {
                    return SensitiveComparison::Unreadable;
                };
                self.fingerprint(key) == other.fingerprint(key)
            }
            _ => return SensitiveComparison::Unreadable,
        };
        if same { SensitiveComparison::Same } else { SensitiveComparison::Different }
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SENSITIVE_TEXT)
    }
}

impl fmt::Display for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SENSITIVE_TEXT)
    }
}

impl Serialize for Sensitive {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(SENSITIVE_TEXT)
    }
}

/// Whether an object is the wrapper that states put around a value of dynamic type: exactly `value` and `type`, the
/// latter a type name or a type constructor.
pub(crate) fn dynamic_inner<'a>(raw: Raw<'a>) -> Option<Raw<'a>> {
    // Most objects begin with a member of another name.
    let first = raw.as_str().strip_prefix('{')?.trim_ascii_start().strip_prefix('"')?;
    if !first.starts_with(['v', 't', '\\']) {
        return None;
    }
    let mut inner = None;
    let mut typed = false;
    for (key, value) in raw.members()? {
        match &*key {
            "value" => inner = Some(value),
            "type" => typed = is_type_expression(value),
            _ => return None,
        }
    }
    inner.filter(|_| typed)
}

fn is_type_expression(raw: Raw<'_>) -> bool {
    const PRIMITIVES: [&str; 4] = ["string", "number", "bool", "dynamic"];
    const CONSTRUCTORS: [&str; 5] = ["list", "set", "map", "object", "tuple"];
    match raw.kind() {
        RawKind::String(name) => PRIMITIVES.contains(&&*name),
        RawKind::Array(mut elements) => {
            let first = elements.next().and_then(Raw::as_string);
            first.is_some_and(|name| CONSTRUCTORS.contains(&&*name)) && elements.count() == 1
        }
        _ => false,
    }
}

fn build(raw: Raw<'_>, sensitive: &[&[PathStep]]) -> Value {
    if sensitive.iter().any(|path| path.is_empty()) {
        return Value::Sensitive(Sensitive::new(build(raw, &[])));
    }
    match raw.kind() {
        RawKind::Null => Value::Null,
        RawKind::Bool(value) => Value::Bool(value),
        RawKind::Number(text) => Value::Number(Number::checked(text)),
        RawKind::String(text) => Value::String(text.into_owned()),
        RawKind::Array(elements) => Value::List(
            elements
                .enumerate()
                .map(|(at, element)| build(element, &below(sensitive, |step| *step == PathStep::Index(at))))
                .collect(),
        ),
        RawKind::Object(members) => {
            let dynamic = !sensitive.is_empty() && dynamic_inner(raw).is_some();
            Value::Object(
                members
                    .map(|(key, value)| {
                        let paths = if dynamic && key == "value" {
                            sensitive.to_vec()
                        } else if dynamic {
                            Vec::new()
                        } else {
                            below(sensitive, |step| matches!(step, PathStep::Key(name) if **name == *key))
                        };
                        let value = build(value, &paths);
                        (key.into_owned(), value)
                    })
                    .collect(),
            )
        }
    }
}

/// Gives every value that one of the paths leads to, as [`Value::from_raw`] would mark it, and takes nothing else apart.
pub(crate) fn each_sensitive(raw: Raw<'_>, sensitive: &[&[PathStep]], take: &mut impl FnMut(&Value)) {
    if sensitive.is_empty() {
        return;
    }
    if sensitive.iter().any(|path| path.is_empty()) {
        return take(&build(raw, &[]));
    }
    match raw.kind() {
        RawKind::Array(elements) => {
            for (at, element) in elements.enumerate() {
                each_sensitive(element, &below(sensitive, |step| *step == PathStep::Index(at)), take);
            }
        }
        RawKind::Object(members) => match dynamic_inner(raw) {
            Some(inner) => each_sensitive(inner, sensitive, take),
            None => {
                // Each path leads into one member, and nearly none does into the last ones.
                let mut left = sensitive.len();
                for (key, value) in members {
                    let fits = |step: &PathStep| matches!(step, PathStep::Key(name) if **name == *key);
                    if sensitive.iter().any(|path| path.first().is_some_and(fits)) {
                        let below = below(sensitive, fits);
                        each_sensitive(value, &below, take);
                        left = left.saturating_sub(below.len());
                        if left == 0 {
                            return;
                        }
                    }
                }
            }
        },
        _ => {}
    }
}

/// The paths that start with a step that `fits`, without that step.
fn below<'p>(paths: &[&'p [PathStep]], fits: impl Fn(&PathStep) -> bool) -> Vec<&'p [PathStep]> {
    let inside = |path: &&'p [PathStep]| path.split_first().filter(|(first, _)| fits(first)).map(|(_, rest)| rest);
    paths.iter().filter_map(inside).collect()
}
