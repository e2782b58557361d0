//! Masking secrets by value, wherever they turn up.

use std::borrow::Cow;
use std::sync::Arc;

use crate::attribute_path::{AttributePath, PathStep};
use crate::json::{Raw, quote_go};
use crate::snapshot::{Attributes, ResourceObject};
use crate::text_search::{TextSearch, Texts};
use crate::value::{Members, SENSITIVE_TEXT, Sensitive, Value, each_sensitive};

/// Secrets shorter than this are masked by path only: shorter texts turn up by chance.
pub const MIN_SECRET_CHARS: usize = TextSearch::SHORTEST;

/// Single lines of a secret are masked from this length on, white space around them not counted: the lines of a key in a text
/// that indents them, or ends them in another way.
const MIN_SECRET_LINE_CHARS: usize = 16;

/// Knows the sensitive values of some snapshots and masks their texts in any other text.
///
/// Masking by path is what [`Sensitive`](crate::Sensitive) does; this is the second line, for copies of a secret in places
/// that nobody marked. `Debug` shows only how many secrets it knows.
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Option<Arc<TextSearch>>,
}

/// Gathers the texts of sensitive values for a [`Redactor`].
#[derive(Clone, Default)]
pub struct SecretTexts(Texts);

impl SecretTexts {
    /// Adds every string and number of at least [`MIN_SECRET_CHARS`] characters that stands in a sensitive value, also
    /// without white space around it, and the long ones of its lines.
    pub fn add(&mut self, value: &Value) {
        match value {
            Value::Sensitive(sensitive) => {
                if let Some(inner) = sensitive.expose() {
                    self.add_all(inner);
                }
            }
            Value::List(elements) => elements.iter().for_each(|element| self.add(element)),
            Value::Object(members) => members.values().for_each(|member| self.add(member)),
            _ => {}
        }
    }

    /// Adds every string and number in `value`, marked or not.
    pub fn add_all(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.add_text(text),
            Value::Number(number) => self.add_text(number.as_str()),
            Value::List(elements) => elements.iter().for_each(|element| self.add_all(element)),
            Value::Object(members) => members.values().for_each(|member| self.add_all(member)),
            Value::Sensitive(sensitive) => sensitive.expose().into_iter().for_each(|inner| self.add_all(inner)),
            Value::Null | Value::Bool(_) | Value::Unknown => {}
        }
    }

    /// Adds what [`SecretTexts::add`] would add of these attributes, were the paths marked in them.
    pub fn add_marked<'p>(&mut self, attributes: Raw<'_>, paths: impl IntoIterator<Item = &'p AttributePath>) {
        let paths: Vec<&[PathStep]> = paths.into_iter().map(|path| path.steps.as_slice()).collect();
        each_sensitive(attributes, &paths, &mut |value| self.add_all(value));
    }

    /// Adds the sensitive values of an object.
    pub fn add_object(&mut self, object: &ResourceObject) {
        match &object.attributes {
            _ if object.sensitive.is_empty() => {}
            Attributes::Nested(raw) => self.add_marked(raw.as_raw(), &object.sensitive),
            Attributes::None | Attributes::Flat(_) => self.add(&object.value()),
        }
    }

    /// Adds the texts that `other` has gathered.
    pub fn extend(&mut self, other: &Self) {
        self.0.extend(&other.0);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add_text(&mut self, text: &str) {
        self.add_form(text);
        // Copies may differ in white space: in the line break at the end, in those within, in indentation.
        let trimmed = text.trim();
        if trimmed.len() < text.len() {
            self.add_form(trimmed);
        }
        if trimmed.contains(['\n', '\r']) {
            let lines = trimmed.split(['\n', '\r']).map(str::trim);
            let long = lines.filter(|line| line.chars().count() >= MIN_SECRET_LINE_CHARS);
            // The frames of PEM are the same in every key.
            long.filter(|line| !line.starts_with("-----")).for_each(|line| self.add_form(line));
        }
    }

    /// Adds the text as it is, and as it stands in a JSON document that is itself a string.
    fn add_form(&mut self, text: &str) {
        if text.chars().nth(MIN_SECRET_CHARS - 1).is_none() {
            return;
        }
        // What `quote_go` writes as it is, which most secrets are made of.
        let plain = |byte: u8| byte > 0x1f && !matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&' | 0x80..);
        if !text.bytes().all(plain) {
            let quoted = quote_go(text);
            let escaped = quoted.get(1..quoted.len() - 1).unwrap_or_default();
            if escaped != text {
                self.0.push(escaped);
            }
        }
        self.0.push(text);
    }

    /// The redactor for what was gathered.
    #[must_use]
    pub fn redactor(self) -> Redactor {
        Redactor { secrets: (!self.0.is_empty()).then(|| Arc::new(TextSearch::new(self.0))) }
    }
}

impl Redactor {
    /// `text` with every known secret in it replaced by [`SENSITIVE_TEXT`].
    #[must_use]
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some(secrets) = &self.secrets else { return Cow::Borrowed(text) };
        let Some(mut found) = secrets.find(text, 0) else { return Cow::Borrowed(text) };
        let (mut masked, mut at) = (String::with_capacity(text.len()), 0);
        loop {
            let (start, end) = found;
            masked.push_str(text.get(at..start).unwrap_or_default());
            masked.push_str(SENSITIVE_TEXT);
            at = end;
            match secrets.find(text, at) {
                Some(next) => found = next,
                None => break,
            }
        }
        masked.push_str(text.get(at..).unwrap_or_default());
        Cow::Owned(masked)
    }

    /// `value` with every string and number that holds a known secret marked as sensitive.
    #[must_use]
    pub fn mark(&self, value: Value) -> Value {
        let holds = match &value {
            Value::String(text) => matches!(self.redact(text), Cow::Owned(_)),
            Value::Number(number) => matches!(self.redact(number.as_str()), Cow::Owned(_)),
            _ => false,
        };
        match value {
            value if holds => Value::Sensitive(Sensitive::new(value)),
            Value::List(elements) => Value::List(elements.into_iter().map(|element| self.mark(element)).collect()),
            Value::Object(members) => {
                Value::Object(members.into_iter().map(|(key, member)| (key, self.mark(member))).collect())
            }
            value => value,
        }
    }

    /// Whether a key in `value` holds a known secret.
    #[must_use]
    pub fn is_in_keys(&self, value: &Value) -> bool {
        if self.secrets.is_none() {
            return false;
        }
        match value {
            Value::List(elements) => elements.iter().any(|element| self.is_in_keys(element)),
            Value::Object(members) => {
                members.iter().any(|(key, member)| matches!(self.redact(key), Cow::Owned(_)) || self.is_in_keys(member))
            }
            _ => false,
        }
    }

    /// `value` with every known secret in its keys masked. Keys that become the same are told apart by a number.
    #[must_use]
    pub fn redact_keys(&self, value: Value) -> Value {
        if self.secrets.is_none() {
            return value;
        }
        match value {
            Value::List(elements) => {
                Value::List(elements.into_iter().map(|element| self.redact_keys(element)).collect())
            }
            Value::Object(members) => {
                let mut masked = Members::new();
                for (key, member) in members {
                    let text = self.redact(&key);
                    let mut name = text.to_string();
                    for copy in 2.. {
                        if !masked.contains_key(&name) {
                            break;
                        }
                        name = format!("{text} ({copy})");
                    }
                    masked.insert(name, self.redact_keys(member));
                }
                Value::Object(masked)
            }
            value => value,
        }
    }

    /// `value` with every known secret in its strings, numbers and keys masked.
    #[must_use]
    pub fn redact_value(&self, value: &Value) -> Value {
        if self.secrets.is_none() {
            return value.clone();
        }
        self.redact_keys(self.redact_texts(value))
    }

    fn redact_texts(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.redact(text).into_owned()),
            Value::Number(number) => match self.redact(number.as_str()) {
                Cow::Owned(masked) => Value::String(masked),
                Cow::Borrowed(_) => value.clone(),
            },
            Value::List(elements) => Value::List(elements.iter().map(|element| self.redact_texts(element)).collect()),
            Value::Object(members) => {
                Value::Object(members.iter().map(|(key, member)| (key.clone(), self.redact_texts(member))).collect())
            }
            Value::Null | Value::Bool(_) | Value::Unknown | Value::Sensitive(_) => value.clone(),
        }
    }
}

impl std::fmt::Debug for SecretTexts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretTexts({})", self.0.len())
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} secrets)", self.secrets.as_ref().map_or(0, |secrets| secrets.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(secrets: &[&str]) -> Redactor {
        let mut texts = SecretTexts::default();
        secrets.iter().for_each(|secret| texts.add_all(&Value::String((*secret).to_owned())));
        texts.redactor()
    }

    #[test]
    fn copies_that_differ_in_white_space_are_masked() {
        assert_eq!(redactor(&["hunter2-hunter2\n"]).redact("p=hunter2-hunter2;"), "p=(sensitive value);");
        assert_eq!(redactor(&["  short \n"]).redact("short"), "short");
        let key = "-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA0\nq8dK7Ffs1Zl9aaBBcc\nAQAB\n-----END KEY-----\n";
        let redactor = redactor(&[key]);
        for copy in [
            key.to_owned(),
            key.trim_end().to_owned(),
            key.replace('\n', "\r\n"),
            key.replace('\n', "\n      "),
            format!("{{\"key\":{}}}", quote_go(&key.replace('\n', "\r\n"))),
        ] {
            let masked = redactor.redact(&copy);
            assert!(!masked.contains("MIIE") && !masked.contains("q8dK"), "{masked}");
        }
        // What every key has is no secret.
        assert_eq!(redactor.redact("-----BEGIN KEY----- AQAB"), "-----BEGIN KEY----- AQAB");
    }

    #[test]
    fn keys_are_masked_and_told_apart() {
        let redactor = redactor(&["hunter2-a", "hunter2-b"]);
        let number = |n: u64| Value::Number(n.into());
        let inner =
            [("hunter2-a".to_owned(), number(1)), ("hunter2-b".to_owned(), number(2)), ("c".to_owned(), number(3))];
        let value = Value::List(vec![Value::Object(inner.into())]);
        assert!(redactor.is_in_keys(&value));
        let masked = redactor.redact_keys(value.clone());
        assert_eq!(masked.to_string(), r#"[{"(sensitive value)": 1, "(sensitive value) (2)": 2, "c": 3}]"#);
        assert_eq!(redactor.redact_value(&value), masked);
        assert!(!redactor.is_in_keys(&masked));
    }
}
