//! What is to be read: objects as a state has them, with what a provider needs besides the attributes.

use std::borrow::Cow;
use std::fmt;
use std::io::{Read, Seek};
use std::sync::Arc;

use bytes::Bytes;
use landfast_state::address::{ObjectAddress, ProviderConfigAddress, ResourceMode};
use landfast_state::json::RawJson;
use landfast_state::{Attributes, ResourceObject, Snapshot, StateFile, StateStream, StreamError, StreamedObject};

/// A provider with one configuration: what objects are read through, as one process.
///
/// They are ordered and printed by the configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderKey {
    /// The address of the configuration, such as `provider["registry.terraform.io/hashicorp/aws"].west`; the source address
    /// where the document names no configuration.
    pub configuration: Arc<str>,
    /// The source address of the provider, such as `registry.terraform.io/hashicorp/aws`; empty where the document has none.
    pub source: Arc<str>,
}

impl fmt::Display for ProviderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.configuration)
    }
}

/// A recorded object, with all that a state has of it.
///
/// `Debug` shows the address only.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecordedObject {
    /// The object.
    pub object: ResourceObject,
    /// The provider configuration that it belongs to, where the document names one.
    pub provider: Option<ProviderConfigAddress>,
    /// What the provider keeps for itself, a JSON string in base64.
    pub private: Option<RawJson>,
    /// The identity that the provider gave it, with the version of the identity's schema.
    pub identity: Option<(u64, RawJson)>,
}

impl RecordedObject {
    /// An object of which nothing else is known.
    #[must_use]
    pub fn new(object: ResourceObject) -> Self {
        Self { object, provider: None, private: None, identity: None }
    }

    /// The objects of a snapshot, sorted by address. Snapshots do not hold what a provider keeps for itself.
    pub fn of_snapshot(snapshot: &Snapshot) -> impl Iterator<Item = Self> + '_ {
        snapshot.objects().iter().cloned().map(Self::new)
    }

    /// The objects of a state that is in memory, sorted by address.
    #[must_use]
    pub fn of_state(state: &StateFile) -> Vec<Self> {
        let resources = state.resources().iter();
        let mut objects: Vec<Self> = resources
            .flat_map(|resource| resource.instances.iter().map(move |instance| (resource, instance)))
            .map(|(resource, instance)| {
                let provider = instance.provider.as_ref().unwrap_or(&resource.provider);
                let address = ObjectAddress {
                    instance: resource.address.instance(instance.key.clone()),
                    deposed: instance.deposed.clone(),
                };
                let mut object = ResourceObject::bare(address, &provider.source);
                object.schema_version = instance.schema_version;
                object.tainted = instance.tainted;
                object.attributes = instance.attributes.clone();
                object.sensitive.clone_from(&instance.sensitive);
                object.dependencies = Arc::clone(&instance.dependencies);
                let version = instance.identity_schema_version.unwrap_or_default();
                Self {
                    object,
                    provider: Some(provider.clone()),
                    private: instance.private.clone(),
                    identity: instance.identity.clone().map(|identity| (version, identity)),
                }
            })
            .collect();
        objects.sort_by(|a, b| a.object.address.cmp(&b.object.address));
        objects
    }

    /// The objects of a state that is not held in memory, in the order of the state, copied one by one. It ends after an error.
    pub fn of_stream<'t, R: Read + Seek + 't>(
        mut stream: StateStream<R>,
    ) -> impl Iterator<Item = Result<Self, StreamError>> + 't {
        let mut over = false;
        std::iter::from_fn(move || {
            if over {
                return None;
            }
            match stream.advance() {
                Ok(Some(streamed)) => Some(Ok(Self::of_streamed(&streamed))),
                Ok(None) => {
                    over = true;
                    None
                }
                Err(error) => {
                    over = true;
                    Some(Err(error))
                }
            }
        })
    }

    /// An object of a state that is not held in memory, copied.
    #[must_use]
    pub fn of_streamed(streamed: &StreamedObject<'_>) -> Self {
        let owned = |raw| RawJson::from_raw(&Bytes::new(), raw);
        Self {
            object: streamed.to_object(),
            provider: streamed.provider_config().cloned(),
            private: streamed.private().map(owned),
            identity: streamed.identity().map(|(version, raw)| (version, owned(raw))),
        }
    }

    /// Through what it is read. The namespace `-`, which states have of providers from before there were source addresses, is
    /// `hashicorp`, as for terraform where it finds nothing else.
    #[must_use]
    pub fn provider_key(&self) -> ProviderKey {
        match &self.provider {
            Some(provider) => {
                let source: Arc<str> = Arc::from(&*of_today(&provider.source));
                let configuration = if *source == *provider.source {
                    provider.to_string()
                } else {
                    provider.to_string().replacen(&*provider.source, &source, 1)
                };
                ProviderKey { configuration: configuration.into(), source }
            }
            None => {
                let source: Arc<str> = Arc::from(&*of_today(&self.object.provider));
                ProviderKey { configuration: Arc::clone(&source), source }
            }
        }
    }

    /// The type of the resource.
    #[must_use]
    pub fn type_name(&self) -> &str {
        &self.object.address.instance.resource.type_name
    }

    /// Whether it is the current object of a managed resource: others are not read.
    pub(super) fn is_current(&self) -> bool {
        let address = &self.object.address;
        address.instance.resource.mode == ResourceMode::Managed && address.deposed.is_none()
    }
}

/// A source address with the namespace that providers without one have today.
fn of_today(source: &str) -> Cow<'_, str> {
    match source.strip_prefix("registry.terraform.io/-/") {
        Some(type_name) => Cow::Owned(format!("registry.terraform.io/hashicorp/{type_name}")),
        None => Cow::Borrowed(source),
    }
}

impl fmt::Debug for RecordedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordedObject({})", self.object.address)
    }
}

/// About how many bytes an object takes.
pub(super) fn bytes_of(object: &ResourceObject) -> usize {
    let attributes = match &object.attributes {
        Attributes::None => 0,
        Attributes::Nested(raw) | Attributes::Flat(raw) => raw.as_raw().as_str().len(),
    };
    attributes + std::mem::size_of::<ResourceObject>()
}
