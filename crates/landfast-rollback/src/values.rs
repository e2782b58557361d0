//! Finding the sensitive values again of which a plan knows the fingerprints.

use landfast_state::address::ObjectAddress;
use landfast_state::json::JsonError;
use landfast_state::{AttributePath, Fingerprint, FingerprintKey, ResourceObject, Sensitive, Snapshot, Value};

use crate::renewed::place;

/// Snapshots that hold sensitive values in clear, such as the state that a plan was made on, and the key of the fingerprints.
///
/// A value is taken from where it has the same fingerprint: first at the same address and path, then at the same path of any
/// object of the type. Nothing is taken by its place alone.
///
/// Some of them are kept, such as the versions in a history or a file of the user's, and others pass: an object that is read now
/// has its values only as long as it is there.
#[derive(Debug, Clone)]
pub struct Values {
    key: FingerprintKey,
    kept: Vec<Snapshot>,
    passing: Vec<Snapshot>,
}

/// Values that nobody has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{address} needs values that are nowhere to be found: {}", join(.paths))]
pub struct MissingValues {
    /// The object.
    pub address: ObjectAddress,
    /// Where they stand in it.
    pub paths: Vec<AttributePath>,
}

fn join(paths: &[AttributePath]) -> String {
    paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Values {
    /// Values from these snapshots, the first one first, which will still be there when a change is taken back.
    #[must_use]
    pub fn new(key: FingerprintKey, kept: Vec<Snapshot>) -> Self {
        Self { key, kept, passing: Vec::new() }
    }

    /// Also values from these snapshots, which may not be there any more when a change is taken back: what is executed may use
    /// them, and no plan promises to.
    #[must_use]
    pub fn with_passing(mut self, passing: Vec<Snapshot>) -> Self {
        self.passing.extend(passing);
        self
    }

    /// The key of the fingerprints.
    #[must_use]
    pub fn key(&self) -> &FingerprintKey {
        &self.key
    }

    /// The object with all its values in clear.
    ///
    /// # Errors
    /// When some are nowhere to be found.
    pub fn find(&self, object: &ResourceObject) -> Result<ResourceObject, MissingValues> {
        if object.fingerprints.is_empty() {
            return Ok(object.clone());
        }
        let missing = |paths| MissingValues { address: object.address.clone(), paths };
        let Value::Object(mut members) = object.value() else { return Err(missing(Vec::new())) };
        let mut lacking = Vec::new();
        for (path, fingerprint) in &object.fingerprints {
            let found = self.value(object, path, fingerprint, self.kept.iter().chain(&self.passing));
            if found.and_then(|value| place(&mut members, path).map(|place| *place = value)).is_none() {
                lacking.push(path.clone());
            }
        }
        if !lacking.is_empty() {
            return Err(missing(lacking));
        }
        object.clone().with_value(&members).map_err(|_: JsonError| missing(Vec::new()))
    }

    /// Whether all sensitive values of the object will still be had when it is not there any more.
    ///
    /// # Errors
    /// When some stand nowhere but in what may pass.
    pub fn keeps(&self, object: &ResourceObject) -> Result<(), MissingValues> {
        let mut known: Vec<(AttributePath, Fingerprint)> =
            object.fingerprints.iter().map(|(path, fingerprint)| (path.clone(), fingerprint.clone())).collect();
        self.fingerprints(&object.value(), &AttributePath::ROOT, &mut known);
        known.retain(|(path, fingerprint)| self.value(object, path, fingerprint, self.kept.iter()).is_none());
        let paths: Vec<AttributePath> = known.into_iter().map(|(path, _)| path).collect();
        if paths.is_empty() { Ok(()) } else { Err(MissingValues { address: object.address.clone(), paths }) }
    }

    /// The fingerprints of the sensitive values that stand in a value in clear. Null is no secret.
    fn fingerprints(&self, value: &Value, path: &AttributePath, into: &mut Vec<(AttributePath, Fingerprint)>) {
        match value {
            Value::Sensitive(sensitive) => {
                if sensitive.expose().is_some_and(|inner| *inner != Value::Null) {
                    into.push((path.clone(), sensitive.fingerprint(&self.key)));
                }
            }
            Value::List(elements) => {
                elements.iter().enumerate().for_each(|(at, value)| self.fingerprints(value, &path.index(at), into));
            }
            Value::Object(members) => {
                members.iter().for_each(|(name, value)| self.fingerprints(value, &path.key(name), into));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Unknown => {}
        }
    }

    /// The value with this fingerprint: at the same address and path, or else at the same path of any object of the type.
    fn value<'a>(
        &self,
        object: &ResourceObject,
        path: &AttributePath,
        fingerprint: &Fingerprint,
        sources: impl Iterator<Item = &'a Snapshot> + Clone,
    ) -> Option<Value> {
        let same = sources.clone().filter_map(|source| source.get(&object.address));
        let type_name = &object.address.instance.resource.type_name;
        let is_alike = |other: &&ResourceObject| other.address.instance.resource.type_name == *type_name;
        let alike = sources.flat_map(Snapshot::objects).filter(is_alike);
        same.chain(alike).find_map(|other| {
            let value = other.value();
            let inner = match value.get(path)? {
                Value::Sensitive(sensitive) => sensitive.expose()?,
                other => other,
            };
            let sensitive = Sensitive::new(inner.clone());
            (sensitive.fingerprint(&self.key) == *fingerprint).then_some(Value::Sensitive(sensitive))
        })
    }
}
