//! Sensitive values that a document does not mark: marks that are added from outside.

use std::borrow::Cow;

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

/// Where a search looks: what it asks about, see [`ResourceObject::unmarked_paths`].
#[derive(Debug, Clone, Copy)]
pub enum Asked<'a> {
    /// At every value.
    Everything,
    /// At the values of the members whose keys stand at these offsets in the text of the attributes, in their order: what
    /// [`NameFilter::offsets`](crate::json::NameFilter::offsets) and
    /// [`StreamedObject::noticed`](crate::StreamedObject::noticed) give. Parts of the attributes without such a key are passed.
    /// Of flat attributes, whose text is not that of the values, every value is asked about.
    Keys(&'a [usize]),
}

impl ResourceObject {
    /// The paths to the values that `wanted` names, by their own path or by what stands beside them, and that hold text:
    /// strings, numbers, lists, maps; of those that are `asked` about.
    /// Null and booleans hold none, and a block, that is a list of objects, is only what stands in it; `wanted` is asked
    /// about that in its turn. What is marked already is left out, and so is everything below a path that was found.
    ///
    /// Only names are looked at, so this costs less than [`ResourceObject::value`] where attributes are nested.
    #[must_use]
    pub fn unmarked_paths(&self, asked: Asked<'_>, wanted: impl Fn(&Candidate<'_>) -> bool) -> Vec<AttributePath> {
        let unknown = self.unknown.iter();
        let apart = unknown.chain(self.fingerprints.iter().map(|(path, _)| path)).collect();
        match &self.attributes {
            Attributes::None => Vec::new(),
            Attributes::Nested(raw) => {
                let raw = raw.as_raw();
                Search::new(raw.as_str(), &self.sensitive, apart, wanted).whole(raw, asked)
            }
            Attributes::Flat(_) => {
                Search::new("", &self.sensitive, apart, wanted).whole(&self.value(), Asked::Everything)
            }
        }
    }
}

/// As [`ResourceObject::unmarked_paths`], of attributes that are nested, of which nothing is held apart.
pub(crate) fn unmarked_paths(
    attributes: Raw<'_>,
    sensitive: &[AttributePath],
    asked: Asked<'_>,
    wanted: impl Fn(&Candidate<'_>) -> bool,
) -> Vec<AttributePath> {
    Search::new(attributes.as_str(), sensitive, Vec::new(), wanted).whole(attributes, asked)
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
    /// The text that values are parts of.
    text: &'o str,
    sensitive: &'o [AttributePath],
    /// What is held beside the attributes.
    apart: Vec<&'o AttributePath>,
    wanted: F,
    path: Vec<PathStep>,
    found: Vec<AttributePath>,
}

/// What a search needs to know about a value.
trait Searched<'v>: Copy {
    fn shape(self) -> Shape<Self>;

    /// The text, where it is a string that is not sensitive.
    fn text(self) -> Option<Cow<'v, str>>;

    fn is_object(self) -> bool;

    /// Whether it is a list of which an element is an object.
    fn is_block(self) -> bool {
        self.elements().any(Self::is_object)
    }

    /// None, where it is no list.
    fn elements(self) -> impl Iterator<Item = Self>;

    /// None, where it is no object.
    fn members(self) -> impl Iterator<Item = (Name<'v>, Self)>;

    /// Where it ends in the text that it is a part of.
    fn end_in(self, text: &str) -> Option<usize>;
}

enum Shape<V> {
    /// Null, a boolean, what is not known or is sensitive already: nothing to mark.
    Bare,
    /// A string or a number.
    Text,
    List,
    Object,
    /// The value in the wrapper of dynamic types, which is no step of a path.
    Wrapped(V),
}

#[derive(Clone, Copy)]
enum Name<'v> {
    Plain(&'v str),
    /// As it is written.
    Quoted(Raw<'v>),
}

impl<'v> Name<'v> {
    fn text(self) -> Cow<'v, str> {
        match self {
            Self::Plain(name) => Cow::Borrowed(name),
            Self::Quoted(name) => name.as_string().unwrap_or_default(),
        }
    }

    fn offset_in(self, text: &str) -> Option<usize> {
        match self {
            Self::Plain(_) => None,
            Self::Quoted(name) => name.offset_in(text),
        }
    }
}

impl<'v> Searched<'v> for Raw<'v> {
    fn shape(self) -> Shape<Self> {
        match self.kind() {
            RawKind::Null | RawKind::Bool(_) => Shape::Bare,
            RawKind::Number(_) | RawKind::String(_) => Shape::Text,
            RawKind::Array(_) => Shape::List,
            RawKind::Object(_) => dynamic_inner(self).map_or(Shape::Object, Shape::Wrapped),
        }
    }

    fn text(self) -> Option<Cow<'v, str>> {
        self.as_string()
    }

    fn is_object(self) -> bool {
        self.as_str().starts_with('{')
    }

    fn is_block(self) -> bool {
        // The first element tells, nearly always.
        let inside = self.as_str().get(1..).unwrap_or_default().trim_ascii_start();
        inside.starts_with('{') || Searched::elements(self).any(Searched::is_object)
    }

    fn elements(self) -> impl Iterator<Item = Self> {
        Raw::elements(self).into_iter().flatten()
    }

    fn members(self) -> impl Iterator<Item = (Name<'v>, Self)> {
        self.quoted_members().map(|(name, value)| (Name::Quoted(name), value))
    }

    fn end_in(self, text: &str) -> Option<usize> {
        self.offset_in(text).map(|start| start + self.as_str().len())
    }
}

impl<'v> Searched<'v> for &'v Value {
    fn shape(self) -> Shape<Self> {
        match self {
            Value::Null | Value::Bool(_) | Value::Unknown | Value::Sensitive(_) => Shape::Bare,
            Value::Number(_) | Value::String(_) => Shape::Text,
            Value::List(_) => Shape::List,
            Value::Object(_) => Shape::Object,
        }
    }

    fn text(self) -> Option<Cow<'v, str>> {
        match self {
            Value::String(text) => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }

    fn is_object(self) -> bool {
        matches!(self, Value::Object(_))
    }

    fn elements(self) -> impl Iterator<Item = Self> {
        let elements = if let Value::List(elements) = self { Some(elements) } else { None };
        elements.into_iter().flatten()
    }

    fn members(self) -> impl Iterator<Item = (Name<'v>, Self)> {
        let members = if let Value::Object(members) = self { Some(members) } else { None };
        members.into_iter().flatten().map(|(name, value)| (Name::Plain(name), value))
    }

    fn end_in(self, _text: &str) -> Option<usize> {
        None
    }
}

impl<'a> Asked<'a> {
    /// What is asked about the member with its key at `key`, and inside of its value, which ends at `end`; what stands before
    /// is left behind.
    fn of_member(&mut self, key: Option<usize>, end: Option<usize>) -> (bool, Self) {
        let (Self::Keys(keys), Some(key), Some(end)) = (&mut *self, key, end) else { return (true, Self::Everything) };
        let from = keys.partition_point(|at| *at < key);
        let to = keys.partition_point(|at| *at < end);
        let (inside, rest) = (keys.get(from..to).unwrap_or_default(), keys.get(to..).unwrap_or_default());
        *keys = rest;
        match inside.split_first() {
            Some((first, inside)) if *first == key => (true, Self::Keys(inside)),
            _ => (false, Self::Keys(inside)),
        }
    }

    /// What is asked inside of an element, which ends at `end`.
    fn of_element(&mut self, end: Option<usize>) -> (bool, Self) {
        let (Self::Keys(keys), Some(end)) = (&mut *self, end) else { return (true, Self::Everything) };
        let (inside, rest) = keys.split_at(keys.partition_point(|at| *at < end));
        *keys = rest;
        (false, Self::Keys(inside))
    }

    fn is_nothing(self) -> bool {
        matches!(self, Self::Keys([]))
    }
}

impl<'o, F: Fn(&Candidate<'_>) -> bool> Search<'o, F> {
    fn new(text: &'o str, sensitive: &'o [AttributePath], apart: Vec<&'o AttributePath>, wanted: F) -> Self {
        Self { text, sensitive, apart, wanted, path: Vec::new(), found: Vec::new() }
    }

    fn whole<'v, V: Searched<'v>>(mut self, attributes: V, asked: Asked<'_>) -> Vec<AttributePath> {
        self.inside(attributes, attributes.shape(), Named::No, asked);
        self.found
    }

    /// Looks at the value at the present path, about which `this` says whether it is asked about; `object` is the one that it
    /// is a member of.
    fn at<'v, V: Searched<'v>>(&mut self, value: V, above: Named, asked: (bool, Asked<'_>), object: Option<V>) {
        if self.sensitive.iter().any(|marked| marked.steps == self.path) {
            return;
        }
        let (this, asked) = asked;
        let named = if above == Named::Yes || (this && self.is_wanted(object)) { Named::Yes } else { Named::No };
        let shape = value.shape();
        match shape {
            Shape::Bare => {}
            // What stands in a block has names of its own.
            Shape::List if value.is_block() => self.elements(value, above, asked),
            _ if named == Named::Yes && self.is_whole() => self.found.push(AttributePath { steps: self.path.clone() }),
            // Of a value that is known in part, the rest is marked bit by bit.
            shape => self.inside(value, shape, named, asked),
        }
    }

    fn is_wanted<'v, V: Searched<'v>>(&self, object: Option<V>) -> bool {
        let text = |name: &str| {
            let mut members = object.into_iter().flat_map(Searched::members);
            members.find(|(key, _)| key.text() == name).and_then(|(_, member)| member.text())
        };
        (self.wanted)(&Candidate { path: &self.path, beside: &|name| text(name).map(Into::into) })
    }

    fn inside<'v, V: Searched<'v>>(&mut self, value: V, shape: Shape<V>, named: Named, asked: Asked<'_>) {
        match shape {
            Shape::Bare | Shape::Text => {}
            Shape::Wrapped(inner) => self.inside(inner, inner.shape(), named, asked),
            Shape::List => self.elements(value, named, asked),
            Shape::Object => self.members(value, named, asked),
        }
    }

    fn members<'v, V: Searched<'v>>(&mut self, object: V, named: Named, mut asked: Asked<'_>) {
        for (name, member) in object.members() {
            if named == Named::No && asked.is_nothing() {
                return;
            }
            let of_member = asked.of_member(name.offset_in(self.text), member.end_in(self.text));
            if named == Named::Yes || of_member.0 || !of_member.1.is_nothing() {
                self.path.push(PathStep::Key(name.text().into()));
                self.at(member, named, of_member, Some(object));
                self.path.pop();
            }
        }
    }

    fn elements<'v, V: Searched<'v>>(&mut self, list: V, named: Named, mut asked: Asked<'_>) {
        for (at, element) in list.elements().enumerate() {
            if named == Named::No && asked.is_nothing() {
                return;
            }
            let of_element = asked.of_element(element.end_in(self.text));
            if named == Named::Yes || of_element.0 || !of_element.1.is_nothing() {
                self.path.push(PathStep::Index(at));
                self.at(element, named, of_element, None);
                self.path.pop();
            }
        }
    }

    /// Whether the value, which is no block, can be marked as one: nothing in it is held beside the attributes, which a mark
    /// above would cut off.
    fn is_whole(&self) -> bool {
        !self.apart.iter().any(|path| path.steps.starts_with(&self.path))
    }
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
        object.unmarked_paths(Asked::Everything, ends_in_key).iter().map(ToString::to_string).collect()
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
            object.unmarked_paths(Asked::Everything, wanted).iter().map(ToString::to_string).collect::<Vec<_>>()
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
            .with_sensitive(|object| object.unmarked_paths(Asked::Everything, ends_in_key));
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
        let marked = snapshot.with_sensitive(|object| object.unmarked_paths(Asked::Everything, ends_in_key));
        assert_eq!(Snapshot::redactor(&[&marked]).redact("long-secret"), crate::SENSITIVE_TEXT);
        assert_eq!(marked.objects()[0].value().to_string(), r#"{"copy": "see long-secret", "key": (sensitive value)}"#);
        // Marking twice is marking once, and nothing that leads nowhere is added.
        let again = marked.clone().with_sensitive(|object| object.unmarked_paths(Asked::Everything, ends_in_key));
        assert_eq!(again.objects()[0].sensitive, marked.objects()[0].sensitive);
        let astray = copy.with_sensitive(|_| vec!["no.such".parse().unwrap()]);
        assert!(!astray.objects()[0].value().has_sensitive());
        assert_eq!(Snapshot::redactor(&[&astray]).redact("long-secret"), "long-secret");
    }
}
