//! Sensitive values that a document does not mark: marks that are added from outside.

use crate::attribute_path::{AttributePath, PathStep};
use crate::json::{Raw, RawKind};
use crate::redact::SecretTexts;
use crate::snapshot::{Attributes, ResourceObject, Snapshot};
use crate::value::{Value, dynamic_inner};

/// A value that a search asks about, see [`ResourceObject::unmarked_paths`].
pub struct Candidate<'c> {
    path: &'c [PathStep],
    beside: &'c dyn Fn(&str) -> Option<Box<str>>,
}

impl Candidate<'_> {
    /// Where it stands.
    #[must_use]
    pub fn path(&self) -> &[PathStep] {
        self.path
    }

    /// The text of the member `name` of the object that it is a member of, where that is a string that nothing marks.
    #[must_use]
    pub fn text_beside(&self, name: &str) -> Option<Box<str>> {
        (self.beside)(name)
    }
}

impl std::fmt::Debug for Candidate<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Candidate").field(&self.path).finish()
    }
}

impl ResourceObject {
    /// The paths to the values that `wanted` names, by their own path or by what stands beside them, and that hold text: strings, numbers, lists, maps.
    /// Null and booleans hold none, and a block, that is a list of objects, is only what stands in it; `wanted` is asked
    /// about that in its turn. What is marked already is left out, and so is everything below a path that was found.
    ///
    /// Only names are looked at, so this costs less than [`ResourceObject::value`] where attributes are nested.
    #[must_use]
    pub fn unmarked_paths(&self, wanted: impl Fn(&Candidate<'_>) -> bool) -> Vec<AttributePath> {
        let mut search = Search { object: self, wanted, path: Vec::new(), found: Vec::new() };
        match &self.attributes {
            Attributes::None => {}
            Attributes::Nested(raw) => search.inside(raw.as_raw(), Named::No),
            Attributes::Flat(_) => search.inside(&self.value(), Named::No),
        }
        search.found
    }
}

impl Snapshot {
    /// The snapshot with more values marked as sensitive: those at the paths that `find` gives for an object. Their texts are
    /// then known as secrets, so that copies of them are masked. A path that leads nowhere adds nothing.
    ///
    /// Objects without such paths stay as they are and are not taken apart.
    #[must_use]
    pub fn with_sensitive(mut self, find: impl Fn(&ResourceObject) -> Vec<AttributePath>) -> Self {
        let mut more = SecretTexts::default();
        for object in self.objects_mut() {
            let paths = find(object);
            if !paths.is_empty() {
                object.sensitive.extend(paths);
                more.add_object(object);
            }
        }
        self.add_secrets(more);
        self
    }
}

/// Whether a value is wanted because of what it stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    Yes,
    No,
}

struct Search<'o, F> {
    object: &'o ResourceObject,
    wanted: F,
    path: Vec<PathStep>,
    found: Vec<AttributePath>,
}

/// What a search needs to know about a value.
trait Searched: Copy {
    fn parts(self) -> Parts<Self>;

    /// The text, where it is a string that is not sensitive.
    fn text(self) -> Option<Box<str>>;

    fn is_object(self) -> bool;
}

enum Parts<V> {
    /// Null, a boolean, what is not known or is sensitive already: nothing to mark.
    Bare,
    /// A string or a number.
    Text,
    List(Vec<V>),
    Object(Vec<(Box<str>, V)>),
    /// The value in the wrapper of dynamic types, which is no step of a path.
    Wrapped(V),
}

impl Searched for Raw<'_> {
    fn text(self) -> Option<Box<str>> {
        self.as_string().map(Into::into)
    }

    fn is_object(self) -> bool {
        self.as_str().starts_with('{')
    }

    fn parts(self) -> Parts<Self> {
        match self.kind() {
            RawKind::Null | RawKind::Bool(_) => Parts::Bare,
            RawKind::Number(_) | RawKind::String(_) => Parts::Text,
            RawKind::Array(elements) => Parts::List(elements.collect()),
            RawKind::Object(members) => match dynamic_inner(self) {
                Some(inner) => Parts::Wrapped(inner),
                None => Parts::Object(members.map(|(name, member)| (name.into(), member)).collect()),
            },
        }
    }
}

impl Searched for &Value {
    fn text(self) -> Option<Box<str>> {
        match self {
            Value::String(text) => Some(text.as_str().into()),
            _ => None,
        }
    }

    fn is_object(self) -> bool {
        matches!(self, Value::Object(_))
    }

    fn parts(self) -> Parts<Self> {
        match self {
            Value::Null | Value::Bool(_) | Value::Unknown | Value::Sensitive(_) => Parts::Bare,
            Value::Number(_) | Value::String(_) => Parts::Text,
            Value::List(elements) => Parts::List(elements.iter().collect()),
            Value::Object(members) => {
                Parts::Object(members.iter().map(|(name, member)| (name.as_str().into(), member)).collect())
            }
        }
    }
}

impl<F: Fn(&Candidate<'_>) -> bool> Search<'_, F> {
    /// Looks at the value at the present path; `object` are the members of the object that it stands in.
    fn at<V: Searched>(&mut self, value: V, above: Named, object: &[(Box<str>, V)]) {
        if self.object.sensitive.iter().any(|marked| marked.steps == self.path) {
            return;
        }
        let named = if above == Named::Yes || self.is_wanted(object) { Named::Yes } else { Named::No };
        match value.parts() {
            Parts::Bare => {}
            parts if named == Named::Yes && self.is_whole(&parts) => {
                self.found.push(AttributePath { steps: self.path.clone() });
            }
            // What stands in a block has names of its own.
            Parts::List(elements) if is_block(&elements) => self.elements(elements, above),
            // Of a value that is known in part, the rest is marked bit by bit.
            parts => self.parts(parts, named),
        }
    }

    fn is_wanted<V: Searched>(&self, object: &[(Box<str>, V)]) -> bool {
        let beside = |name: &str| object.iter().find(|(key, _)| **key == *name).and_then(|(_, member)| member.text());
        (self.wanted)(&Candidate { path: &self.path, beside: &beside })
    }

    fn inside<V: Searched>(&mut self, value: V, named: Named) {
        self.parts(value.parts(), named);
    }

    fn parts<V: Searched>(&mut self, parts: Parts<V>, named: Named) {
        match parts {
            Parts::Bare | Parts::Text => {}
            Parts::Wrapped(inner) => self.inside(inner, named),
            Parts::List(elements) => self.elements(elements, named),
            Parts::Object(members) => {
                for (name, member) in &members {
                    self.path.push(PathStep::Key(name.clone()));
                    self.at(*member, named, &members);
                    self.path.pop();
                }
            }
        }
    }

    fn elements<V: Searched>(&mut self, elements: Vec<V>, named: Named) {
        for (at, element) in elements.into_iter().enumerate() {
            self.path.push(PathStep::Index(at));
            self.at(element, named, &[]);
            self.path.pop();
        }
    }

    /// Whether the value can be marked as one: it is no block, and nothing in it is held beside the attributes, which a mark
    /// above would cut off.
    fn is_whole<V: Searched>(&self, parts: &Parts<V>) -> bool {
        let below = |path: &AttributePath| path.steps.starts_with(&self.path);
        let apart =
            self.object.fingerprints.iter().any(|(path, _)| below(path)) || self.object.unknown.iter().any(below);
        let block = matches!(parts, Parts::List(elements) if is_block(elements));
        !apart && !block
    }
}

fn is_block<V: Searched>(elements: &[V]) -> bool {
    elements.iter().any(|element| element.is_object())
}

#[cfg(test)]
mod tests {
    use crate::json::{Limits, RawJson};
    use crate::origin::{Origin, SourceKind};

    use super::*;

    fn raw(text: &str) -> RawJson {
        RawJson::check(text.to_owned().into(), &Limits::default()).unwrap()
    }

    fn object(attributes: Attributes) -> ResourceObject {
        ResourceObject {
            address: "test_thing.a".parse().unwrap(),
            provider: "".into(),
            schema_version: 0,
            tainted: false,
            attributes,
            sensitive: Vec::new(),
            unknown: Vec::new(),
            fingerprints: Vec::new(),
            dependencies: Default::default(),
        }
    }

    fn nested(text: &str) -> ResourceObject {
        object(Attributes::Nested(raw(text)))
    }

    fn ends_in_key(candidate: &Candidate<'_>) -> bool {
        matches!(candidate.path().last(), Some(PathStep::Key(name)) if &**name == "key")
    }

    fn found(object: &ResourceObject) -> Vec<String> {
        object.unmarked_paths(ends_in_key).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn finds_text_and_what_holds_it() {
        let all = nested(
            r#"{"key":"a","b":[{"key":1},{"key":null}],"c":{"key":{"x":"y"}},"d":{"key":["x"]},"e":{"key":true},"keys":"x"}"#,
        );
        assert_eq!(found(&all), ["key", "b[0].key", "c.key", "d.key"]);
        assert_eq!(found(&object(Attributes::None)), [""; 0]);
        assert_eq!(found(&nested("[]")), [""; 0]);
    }

    #[test]
    fn a_block_is_what_stands_in_it() {
        assert_eq!(found(&nested(r#"{"key":[{"key":"a","name":"b"}]}"#)), ["key[0].key"]);
        assert_eq!(found(&nested(r#"{"key":[]}"#)), ["key"]);
    }

    #[test]
    fn what_stands_beside_a_value_can_name_it() {
        let named = |object: &ResourceObject| {
            let wanted = |candidate: &Candidate<'_>| candidate.text_beside("name").as_deref() == Some("key");
            object.unmarked_paths(wanted).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let text = r#"{"name":"key2","a":"x","env":[{"v":"a","name":"k\u0065y"},{"v":"b","name":"other"},{"v":"c","name":1}]}"#;
        assert_eq!(named(&nested(text)), ["env[0].v", "env[0].name"]);
        let flat = object(Attributes::Flat(raw(r#"{"env.#":"1","env.0.name":"key","env.0.v":"d"}"#)));
        assert_eq!(named(&flat), ["env[0].name", "env[0].v"]);
    }

    #[test]
    fn goes_through_the_wrapper_of_dynamic_types() {
        let wrapped = nested(r#"{"manifest":{"value":{"key":"a"},"type":["object",{"key":"string"}]}}"#);
        assert_eq!(found(&wrapped), ["manifest.key"]);
        let marked = Snapshot::new(Origin::new(SourceKind::State, "s"), vec![wrapped], SecretTexts::default())
            .unwrap()
            .with_sensitive(|object| object.unmarked_paths(ends_in_key));
        assert!(marked.objects()[0].value().has_sensitive());
    }

    #[test]
    fn flat_attributes_are_looked_into_as_well() {
        let flat = object(Attributes::Flat(raw(r#"{"key":"a","b.#":"1","b.0.key":"c","b.0.n":"d"}"#)));
        assert_eq!(found(&flat), ["b[0].key", "key"]);
    }

    #[test]
    fn what_is_marked_or_held_apart_stays_as_it_is() {
        let mut held = nested(r#"{"key":{"a":null,"b":"x","c":{"d":"y"}},"m":{"key":"z"}}"#);
        held.sensitive = vec!["m".parse().unwrap()];
        held.unknown = vec!["key.a".parse().unwrap()];
        assert_eq!(found(&held), ["key.b", "key.c"]);
        let mut held = nested(r#"{"key":{"a":null,"b":[{"n":"x"}]}}"#);
        held.unknown = vec!["key.a".parse().unwrap()];
        assert_eq!(found(&held), ["key.b[0]"]);
    }

    #[test]
    fn a_marked_snapshot_knows_the_secrets() {
        let objects = vec![nested(r#"{"key":"long-secret","copy":"see long-secret"}"#)];
        let snapshot = Snapshot::new(Origin::new(SourceKind::State, "s"), objects, SecretTexts::default()).unwrap();
        assert_eq!(Snapshot::redactor(&[&snapshot]).redact("long-secret"), "long-secret");
        let copy = snapshot.clone();
        let marked = snapshot.with_sensitive(|object| object.unmarked_paths(ends_in_key));
        assert_eq!(Snapshot::redactor(&[&marked]).redact("long-secret"), crate::SENSITIVE_TEXT);
        assert_eq!(marked.objects()[0].value().to_string(), r#"{"copy": "see long-secret", "key": (sensitive value)}"#);
        // Marking twice is marking once, and nothing that leads nowhere is added.
        let again = marked.clone().with_sensitive(|object| object.unmarked_paths(ends_in_key));
        assert_eq!(again.objects()[0].sensitive, marked.objects()[0].sensitive);
        let astray = copy.with_sensitive(|_| vec!["no.such".parse().unwrap()]);
        assert!(!astray.objects()[0].value().has_sensitive());
        assert_eq!(Snapshot::redactor(&[&astray]).redact("long-secret"), "long-secret");
    }
}
