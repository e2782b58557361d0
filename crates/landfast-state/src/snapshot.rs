//! Snapshots: immutable sets of resource objects, and observations, which are snapshots that know what they miss.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::address::{InstanceAddress, ModuleAddress, ObjectAddress, ResourceAddress};
use crate::attribute_path::{AttributePath, PathStep};
use crate::fingerprint::{Fingerprint, FingerprintKey};
use crate::json::{Place, RawJson, write_canonical_string};
use crate::moves::Move;
use crate::origin::Origin;
use crate::redact::{Redactor, SecretTexts};
use crate::value::{Sensitive, Value};

/// The attributes of an object, not taken apart yet.
#[derive(Debug, Clone)]
pub enum Attributes {
    /// The object has none (a state may hold an instance without attributes).
    None,
    /// Nested, as JSON.
    Nested(RawJson),
    /// A flat map of strings with keys such as `tags.%` and `ingress.0.from_port`, as formats 1 to 3 had it and as format 4
    /// keeps it until a provider upgrades the object.
    Flat(RawJson),
}

/// One object of a resource instance, as a document holds it.
#[derive(Debug, Clone)]
pub struct ResourceObject {
    /// Its address.
    pub address: ObjectAddress,
    /// The provider's source address, such as `registry.terraform.io/hashicorp/aws`; empty where the document has none.
    pub provider: Box<str>,
    /// Version of the schema that the attributes were written with.
    pub schema_version: u64,
    /// Whether terraform will replace the object at the next apply because a step of its creation failed.
    pub tainted: bool,
    /// The attributes as text, checked.
    pub attributes: Attributes,
    /// Paths to sensitive values.
    pub sensitive: Vec<AttributePath>,
    /// Paths to values that are not known yet.
    pub unknown: Vec<AttributePath>,
    /// Sensitive values of which only the fingerprint is known; the attributes have `null` in their places.
    pub fingerprints: Vec<(AttributePath, Fingerprint)>,
    /// Resources that this one depends on, without keys.
    pub dependencies: Arc<[ResourceAddress]>,
}

impl ResourceObject {
    /// An object of which nothing but its address and its provider is known.
    #[must_use]
    pub fn bare(address: ObjectAddress, provider: &str) -> Self {
        Self {
            address,
            provider: provider.into(),
            schema_version: 0,
            tainted: false,
            attributes: Attributes::None,
            sensitive: Vec::new(),
            unknown: Vec::new(),
            fingerprints: Vec::new(),
            dependencies: Arc::default(),
        }
    }

    /// The attributes taken apart, sensitive and unknown values marked. Flat attributes are unfolded.
    #[must_use]
    pub fn value(&self) -> Value {
        let mut value = match &self.attributes {
            Attributes::None => Value::Object(Default::default()),
            Attributes::Nested(raw) => Value::from_raw(raw.as_raw(), &self.sensitive),
            Attributes::Flat(raw) => crate::flatmap::unfold(raw.as_raw(), &self.sensitive),
        };
        for path in &self.unknown {
            put(&mut value, path, Value::Unknown);
        }
        for (path, fingerprint) in &self.fingerprints {
            put(&mut value, path, Value::Sensitive(Sensitive::from_fingerprint(fingerprint.clone())));
        }
        value
    }
}

/// Puts `new` at `path`, adding the last step where an object or list lacks it. A path that leads nowhere changes nothing.
pub(crate) fn put(value: &mut Value, path: &AttributePath, new: Value) {
    let Some((last, way)) = path.steps.split_last() else {
        *value = new;
        return;
    };
    let parent = way.iter().try_fold(value, |value, step| match (value, step) {
        (Value::Object(members), PathStep::Key(key)) => members.get_mut(&**key),
        (Value::List(elements), PathStep::Index(index)) => elements.get_mut(*index),
        _ => None,
    });
    match (parent, last) {
        (Some(Value::Object(members)), PathStep::Key(key)) => {
            members.insert(key.to_string(), new);
        }
        (Some(Value::List(elements)), PathStep::Index(index)) if *index == elements.len() => elements.push(new),
        (Some(Value::List(elements)), PathStep::Index(index)) => {
            if let Some(element) = elements.get_mut(*index) {
                *element = new;
            }
        }
        _ => {}
    }
}

/// Two objects of one snapshot, or of snapshots to be joined, have the same address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{address} stands twice, in {first} and in {second}")]
pub struct DuplicateObject {
    /// The address of both.
    pub address: String,
    /// Source of the first, with its line and column where they are known.
    pub first: String,
    /// Source of the second, likewise.
    pub second: String,
}

/// What a snapshot was read from, for naming places.
#[derive(Clone, Default)]
struct Read {
    /// The name that the reader was given; empty when there is no single document.
    file: Box<str>,
    /// The text that the attributes are slices of; empty when nobody can look places up in it.
    text: Bytes,
}

/// An immutable set of resource objects, sorted by address, with its origin. Copies share the objects.
#[derive(Clone)]
pub struct Snapshot {
    origins: Vec<Origin>,
    objects: Arc<Vec<ResourceObject>>,
    moves: Vec<Move>,
    secrets: Arc<SecretTexts>,
    document: Read,
}

impl Snapshot {
    /// A snapshot of these objects, in any order. `secrets` are texts of sensitive values that no object holds marked,
    /// such as outputs; those of the objects are added here.
    ///
    /// # Errors
    /// When two objects have the same address.
    pub fn new(
        origin: Origin,
        objects: Vec<ResourceObject>,
        mut secrets: SecretTexts,
    ) -> Result<Self, DuplicateObject> {
        objects.iter().for_each(|object| secrets.add_object(object));
        Self::with_origins(vec![origin], objects, secrets)
    }

    /// A snapshot of nothing.
    #[must_use]
    pub fn empty(origin: Origin) -> Self {
        Self::of_unique(origin, Vec::new(), SecretTexts::default())
    }

    /// A snapshot of objects from one document that may itself have several origins.
    pub(crate) fn with_origins(
        origins: Vec<Origin>,
        objects: Vec<ResourceObject>,
        secrets: SecretTexts,
    ) -> Result<Self, DuplicateObject> {
        let source = origins.first().map(|origin| origin.source.clone()).unwrap_or_default();
        Self::build(origins, objects, secrets, |_| (source.clone(), source.clone()))
    }

    /// A snapshot of objects that are known to have different addresses.
    pub(crate) fn of_unique(origin: Origin, mut objects: Vec<ResourceObject>, mut secrets: SecretTexts) -> Self {
        objects.iter().for_each(|object| secrets.add_object(object));
        objects.sort_by(|a, b| a.address.cmp(&b.address));
        Self {
            origins: vec![origin],
            objects: Arc::new(objects),
            moves: Vec::new(),
            secrets: Arc::new(secrets),
            document: Read::default(),
        }
    }

    /// The same, knowing what its objects' attributes are slices of.
    pub(crate) fn read_from(self, file: &str, text: &Bytes) -> Self {
        Self { document: Read { file: file.into(), text: text.clone() }, ..self }
    }

    /// Where the attributes of an object stand in the document that it was read from. `None` for objects that are not there
    /// or have no attributes, in snapshots that were joined, and for states of the formats that are upgraded when read.
    #[must_use]
    pub fn place(&self, address: &ObjectAddress) -> Option<Place> {
        let (Attributes::Nested(raw) | Attributes::Flat(raw)) = &self.get(address)?.attributes else { return None };
        let offset = raw.as_raw().offset_in(std::str::from_utf8(&self.document.text).ok()?)?;
        Some(Place::of(&self.document.text, offset))
    }

    /// The snapshot without the objects that do not pass.
    #[must_use]
    pub fn filtered(&self, passes: impl Fn(&ResourceObject) -> bool) -> Self {
        self.with_objects(self.objects.iter().filter(|object| passes(object)).cloned().collect())
    }

    /// The snapshot with these objects in the place of its own; of several with the same address, the last one.
    #[must_use]
    pub fn with_only(&self, objects: impl IntoIterator<Item = ResourceObject>) -> Self {
        let mut secrets = SecretTexts::default();
        secrets.extend(&self.secrets);
        let by_address: std::collections::BTreeMap<ObjectAddress, ResourceObject> =
            objects.into_iter().map(|object| (object.address.clone(), object)).collect();
        by_address.values().for_each(|object| secrets.add_object(object));
        let objects = by_address.into_values().collect();
        Self { secrets: Arc::new(secrets), document: Read::default(), ..self.with_objects(objects) }
    }

    /// The snapshot with other objects, which are known to have different addresses.
    pub(crate) fn with_objects(&self, mut objects: Vec<ResourceObject>) -> Self {
        objects.sort_by(|a, b| a.address.cmp(&b.address));
        Self {
            origins: self.origins.clone(),
            objects: Arc::new(objects),
            moves: self.moves.clone(),
            secrets: Arc::clone(&self.secrets),
            document: self.document.clone(),
        }
    }

    /// The snapshot with these moves, which brought its objects to where they stand.
    #[must_use]
    pub fn with_moves(mut self, mut moves: Vec<Move>) -> Self {
        moves.sort();
        moves.dedup();
        self.moves = moves;
        self
    }

    /// One snapshot of several, such as all states of an environment.
    ///
    /// # Errors
    /// When an address stands in two of them: those must be compared one at a time.
    pub fn join(parts: impl IntoIterator<Item = Self>) -> Result<Self, DuplicateObject> {
        let mut parts: Vec<Self> = parts.into_iter().collect();
        if parts.len() == 1
            && let Some(only) = parts.pop()
        {
            return Ok(only);
        }
        let mut secrets = SecretTexts::default();
        let mut origins = Vec::new();
        let mut objects = Vec::new();
        let moves = parts.iter().flat_map(|part| part.moves.iter().cloned()).collect();
        for part in &parts {
            secrets.extend(&part.secrets);
            origins.extend_from_slice(&part.origins);
            objects.extend_from_slice(&part.objects);
        }
        // The order in which they were given says nothing.
        origins.sort_by(|a, b| Origin::order(a).cmp(&Origin::order(b)));
        Self::build(origins, objects, secrets, |address| {
            let mut holders = parts.iter().filter(|part| part.get(address).is_some());
            let mut name = || {
                let Some(part) = holders.next() else { return String::new() };
                match (part.place(address), part.origins.first()) {
                    (Some(place), _) => format!("{}:{place}", part.document.file),
                    (None, Some(origin)) if part.document.file.is_empty() => origin.source.clone(),
                    (None, _) => part.document.file.to_string(),
                }
            };
            (name(), name())
        })
        .map(|snapshot| snapshot.with_moves(moves))
    }

    fn build(
        origins: Vec<Origin>,
        mut objects: Vec<ResourceObject>,
        secrets: SecretTexts,
        sources: impl Fn(&ObjectAddress) -> (String, String),
    ) -> Result<Self, DuplicateObject> {
        objects.sort_by(|a, b| a.address.cmp(&b.address));
        let twice = objects.windows(2).find_map(|pair| match pair {
            [a, b] if a.address == b.address => Some(&a.address),
            _ => None,
        });
        if let Some(address) = twice {
            let (first, second) = sources(address);
            return Err(DuplicateObject { address: address.to_string(), first, second });
        }
        Ok(Self {
            origins,
            objects: Arc::new(objects),
            moves: Vec::new(),
            secrets: Arc::new(secrets),
            document: Read::default(),
        })
    }

    /// Where it comes from: one origin, or several, sorted, when snapshots were joined.
    #[must_use]
    pub fn origins(&self) -> &[Origin] {
        &self.origins
    }

    /// All objects, sorted by address.
    #[must_use]
    pub fn objects(&self) -> &[ResourceObject] {
        &self.objects
    }

    /// The moves that brought objects to where they stand, sorted: another document may still have them at their old
    /// addresses. Empty unless the snapshot comes from a plan with moves.
    #[must_use]
    pub fn moves(&self) -> &[Move] {
        &self.moves
    }

    /// The object with this address.
    #[must_use]
    pub fn get(&self, address: &ObjectAddress) -> Option<&ResourceObject> {
        let at = self.objects.binary_search_by(|object| object.address.cmp(address)).ok()?;
        self.objects.get(at)
    }

    /// The addresses of all instances, each once, sorted: what `terraform state list` prints.
    pub fn instances(&self) -> impl Iterator<Item = &InstanceAddress> {
        let mut last = None;
        self.objects.iter().map(|object| &object.address.instance).filter(move |instance| {
            let new = last != Some(*instance);
            last = Some(*instance);
            new
        })
    }

    /// The module instances that hold resources, each once, sorted.
    #[must_use]
    pub fn modules(&self) -> Vec<&ModuleAddress> {
        let mut modules: Vec<_> = self.instances().map(|instance| &instance.resource.module).collect();
        modules.dedup();
        modules
    }

    /// The objects, for changes that leave their addresses alone.
    pub(crate) fn objects_mut(&mut self) -> impl Iterator<Item = &mut ResourceObject> {
        Arc::make_mut(&mut self.objects).iter_mut()
    }

    /// Adds texts of sensitive values.
    pub(crate) fn add_secrets(&mut self, more: SecretTexts) {
        if !more.is_empty() {
            let mut all = more;
            all.extend(&self.secrets);
            self.secrets = Arc::new(all);
        }
    }

    /// The texts of its sensitive values, for masking copies of them elsewhere.
    #[must_use]
    pub fn secrets(&self) -> &SecretTexts {
        &self.secrets
    }

    /// A redactor for the sensitive values of these snapshots together.
    #[must_use]
    pub fn redactor(snapshots: &[&Self]) -> Redactor {
        let mut all = SecretTexts::default();
        for snapshot in snapshots {
            all.extend(&snapshot.secrets);
        }
        all.redactor()
    }

    /// The content digest: BLAKE3 over the canonical form of the objects. Two snapshots with the same objects have the
    /// same digest, whatever their origin, formatting and order of keys. Sensitive values, and texts that hold a copy of
    /// one, enter as their fingerprints, so digests under different keys differ when there are any. The canonical form is
    /// written down in the project's `docs/formats.md`.
    #[must_use]
    pub fn digest(&self, key: &FingerprintKey) -> ContentDigest {
        let redactor = Self::redactor(&[self]);
        let mut hasher = blake3::Hasher::new();
        let mut text = String::new();
        hasher.update(b"[");
        for (at, object) in self.objects.iter().enumerate() {
            text.clear();
            if at > 0 {
                text.push(',');
            }
            write_object(object, &redactor.mark(object.value()), key, &mut text);
            hasher.update(text.as_bytes());
        }
        hasher.update(b"]");
        ContentDigest(hasher.finalize().to_hex().to_string())
    }
}

/// The canonical form of one object; its members are in the order of RFC 8785.
fn write_object(object: &ResourceObject, attributes: &Value, key: &FingerprintKey, out: &mut String) {
    out.push_str("{\"address\":");
    write_canonical_string(&object.address.to_string(), out);
    out.push_str(",\"attributes\":");
    attributes.write_canonical(key, out);
    out.push_str(",\"provider\":");
    write_canonical_string(&object.provider, out);
    out.push_str(",\"schema_version\":");
    out.push_str(&crate::number::canonical_number(&object.schema_version.to_string()));
    out.push_str(if object.tainted { ",\"tainted\":true}" } else { ",\"tainted\":false}" });
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("origins", &self.origins).field("objects", &self.objects.len()).finish()
    }
}

/// A content digest, printed as `blake3:` and 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ContentDigest(String);

impl ContentDigest {
    /// The 64 hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "blake3:{}", self.0)
    }
}

/// Why an observation says nothing about an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapKind {
    /// Reading it failed.
    Unreadable,
    /// Nothing here can read objects of this type.
    Unsupported,
    /// Reading ended before it was its turn.
    Interrupted,
    /// Only a sample was read, which it is not in.
    NotSampled,
    /// Whoever observed did not want to know about it.
    LeftOut,
}

/// One object that an observation says nothing about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Its address.
    pub address: InstanceAddress,
    /// Whether it could not be read or cannot be.
    pub kind: GapKind,
    /// Why, in words for people.
    pub reason: String,
}

/// A snapshot of what is really there, with its coverage: an address that is neither in the snapshot nor in a gap was
/// looked for and is not there.
#[derive(Debug, Clone)]
pub struct Observation {
    /// What was found.
    pub snapshot: Snapshot,
    /// What was not looked at, or not seen; sorted by address.
    pub gaps: Vec<Gap>,
}

impl Observation {
    /// An observation without gaps.
    #[must_use]
    pub fn complete(snapshot: Snapshot) -> Self {
        Self { snapshot, gaps: Vec::new() }
    }
}
