//! Finding the sensitive values again of which a plan knows the fingerprints.

use landfast_state::address::ObjectAddress;
use landfast_state::json::JsonError;
use landfast_state::{AttributePath, FingerprintKey, ResourceObject, Sensitive, Snapshot, Value};

use crate::renewed::place;

/// Snapshots that hold sensitive values in clear, such as the state that a plan was made on, and the key of the fingerprints.
///
/// A value is taken from where it has the same fingerprint: first at the same address and path, then at the same path of any
/// object of the type. Nothing is taken by its place alone.
#[derive(Debug, Clone)]
pub struct Values {
    key: FingerprintKey,
    sources: Vec<Snapshot>,
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
    /// Values from these snapshots, the first one first.
    #[must_use]
    pub fn new(key: FingerprintKey, sources: Vec<Snapshot>) -> Self {
        Self { key, sources }
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
            let found = self.candidates(object).find_map(|value| {
                let value = value.get(path)?;
                let inner = match value {
                    Value::Sensitive(sensitive) => sensitive.expose()?,
                    other => other,
                };
                let sensitive = Sensitive::new(inner.clone());
                (sensitive.fingerprint(&self.key) == *fingerprint).then_some(Value::Sensitive(sensitive))
            });
            if found.and_then(|value| place(&mut members, path).map(|place| *place = value)).is_none() {
                lacking.push(path.clone());
            }
        }
        if !lacking.is_empty() {
            return Err(missing(lacking));
        }
        object.clone().with_value(&members).map_err(|_: JsonError| missing(Vec::new()))
    }

    fn candidates<'a>(&'a self, object: &'a ResourceObject) -> impl Iterator<Item = Value> + 'a {
        let same = self.sources.iter().filter_map(|source| source.get(&object.address));
        let type_name = &object.address.instance.resource.type_name;
        let alike = self
            .sources
            .iter()
            .flat_map(Snapshot::objects)
            .filter(move |other| other.address.instance.resource.type_name == *type_name);
        same.chain(alike).map(ResourceObject::value)
    }
}
