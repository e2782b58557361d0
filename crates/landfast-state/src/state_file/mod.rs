//! State files of formats 1 to 4.
//!
//! Whatever the format, what is read becomes the model of format 4: formats 1 to 3 are upgraded as terraform upgrades
//! them. A file of format 4 is kept byte for byte, so that writing it back changes nothing, and an edit changes only what
//! it touches.

mod edit;
pub(crate) mod legacy;
mod order;
mod refactor;
mod resource;
mod sensitive;
mod stream;
mod stream_again;
mod stream_object;
mod stream_same;
mod v4;

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use foldhash::quality::RandomState;

use crate::address::{AddressError, InstanceKey, ObjectAddress, ProviderConfigAddress, ResourceAddress};
use crate::attribute_path::AttributePath;
use crate::json::{JsonError, JsonErrorKind, Limits, Place, RawJson};
use crate::origin::{Origin, SourceKind};
use crate::read_error::{ReadError, VersionAge};
use crate::redact::SecretTexts;
use crate::snapshot::{Attributes, ResourceObject, Snapshot};
use crate::value::Value;

pub use edit::{EditError, StateEdit};
pub use refactor::{ExtractedObjects, RefactorError, StateRefactoring, StateSelector, StateTarget, StateTargetError};
pub use stream::{StateStream, StreamError};
pub use stream_object::{Located, StreamedObject};

/// A state file, read and checked.
///
/// ```
/// use landfast_state::{Limits, StateFile};
///
/// let text = r#"{"version": 4, "serial": 3, "lineage": "a", "outputs": {}, "resources": [
///     {"mode": "managed", "type": "aws_vpc", "name": "main", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
///      "instances": [{"schema_version": 1, "attributes": {"id": "vpc-1"}}]}]}"#;
/// let state = StateFile::read(text.into(), "prod.tfstate", &Limits::default())?;
/// assert_eq!(state.serial(), 3);
/// assert_eq!(state.snapshot().instances().next().unwrap().to_string(), "aws_vpc.main");
/// assert_eq!(state.as_bytes(), text.as_bytes());
/// # Ok::<(), landfast_state::ReadError>(())
/// ```
#[derive(Debug, Clone)]
pub struct StateFile {
    file: String,
    source: Bytes,
    written_format: u64,
    header: Header,
    outputs: Vec<StateOutput>,
    resources: Vec<StateResource>,
    ignored: Vec<IgnoredResource>,
    places: Places,
}

/// Where parts of the source stand that an edit may touch. Without those, they are looked for.
#[derive(Debug, Clone, Default)]
struct Places {
    serial: Option<Range<usize>>,
    resources: Option<Range<usize>>,
    /// The blocks that terraform passes over.
    ignored: Vec<Range<usize>>,
}

/// A resource that terraform passes over without a word when it reads the state, because its provider's address is not
/// one. It is no part of the snapshot, as terraform would not see it either, but it must not be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IgnoredResource {
    /// The resource.
    pub address: ResourceAddress,
    /// Where it stands in the file.
    pub place: Place,
    /// What is wrong with its provider's address.
    pub reason: AddressError,
}

/// The members of a state's top level that are not lists.
#[derive(Debug, Clone, Default)]
struct Header {
    terraform_version: Option<String>,
    serial: u64,
    lineage: String,
    check_results: Option<RawJson>,
}

/// A root output value.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StateOutput {
    /// Its name.
    pub name: String,
    /// Its value, as text.
    pub value: RawJson,
    /// Whether it must not be shown.
    pub sensitive: bool,
}

/// A resource block with its instances.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StateResource {
    /// Its address.
    pub address: Arc<ResourceAddress>,
    /// The provider configuration that manages it.
    pub provider: ProviderConfigAddress,
    /// Its objects, in the order of the file.
    pub instances: Vec<StateInstance>,
    /// Where the block stands in [`StateFile::as_bytes`].
    span: Range<usize>,
}

/// One object of a resource, current or deposed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StateInstance {
    /// Which instance of the resource.
    pub key: InstanceKey,
    /// Key of the deposed object; `None` for the current one.
    pub deposed: Option<Box<str>>,
    /// Whether terraform will replace it.
    pub tainted: bool,
    /// Version of the schema of the attributes.
    pub schema_version: u64,
    /// The attributes, nested or flat.
    pub attributes: Attributes,
    /// Paths to sensitive values.
    pub sensitive: Vec<AttributePath>,
    /// What the provider keeps for itself, a JSON string in base64.
    pub private: Option<RawJson>,
    /// Resources that it depends on.
    pub dependencies: Arc<[ResourceAddress]>,
    /// Whether its replacement is created before it is destroyed.
    pub create_before_destroy: bool,
    /// The identity that the provider gave it.
    pub identity: Option<RawJson>,
    /// Version of the schema of the identity.
    pub identity_schema_version: Option<u64>,
    /// The provider configuration of this very instance, where OpenTofu wrote one.
    pub provider: Option<ProviderConfigAddress>,
    /// Whether OpenTofu is to forget it instead of destroying it.
    pub skip_destroy: bool,
    /// Offset in bytes of the object in [`StateFile::as_bytes`].
    pub offset: usize,
    /// Where it ends there.
    end: usize,
}

impl Header {
    fn origin(&self, kind: SourceKind, file: &str) -> Origin {
        Origin {
            lineage: Some(self.lineage.clone()).filter(|lineage| !lineage.is_empty()),
            serial: Some(self.serial),
            terraform_version: self.terraform_version.clone(),
            ..Origin::new(kind, file)
        }
    }
}

impl StateFile {
    /// Reads a state of any format from 1 to 4. `file` is the name that errors and snapshots carry.
    ///
    /// # Errors
    /// On bad input, see [`ReadError`]; states that OpenTofu encrypted are refused as [`ReadError::Encrypted`].
    pub fn read(source: Bytes, file: &str, limits: &Limits) -> Result<Self, ReadError> {
        let json = |error| ReadError::json(file, error);
        let top = v4::read(&source, limits).map_err(json)?;
        match top.version {
            v4::Version::Encrypted(place) => Err(ReadError::Encrypted { file: file.to_owned(), place }),
            v4::Version::Other(version @ 1..=3, _) => {
                let upgraded = legacy::upgrade(&source, version, limits).map_err(json)?;
                let mut state = Self::read(upgraded.into(), file, limits)?;
                state.written_format = version;
                Ok(state)
            }
            v4::Version::Other(version, place) => Err(ReadError::UnsupportedVersion {
                file: file.to_owned(),
                place,
                format: "a state",
                version: version.to_string(),
                supported: "1 to 4",
                age: if version == 0 { VersionAge::Unheard } else { VersionAge::Later },
            }),
            v4::Version::Four => {
                let v4::Top { header, outputs, resources, ignored, places, .. } = top;
                let file_name = file.to_owned();
                let state =
                    Self { file: file_name, source, written_format: 4, header, outputs, resources, ignored, places };
                state.check_unique().map_err(json)?;
                tracing::debug!(file, resources = state.resources.len(), "read state");
                Ok(state)
            }
        }
    }

    /// A state of format 4 without anything in it, with the serial 0: what terraform begins with.
    #[must_use]
    pub fn empty(terraform_version: &str, lineage: &str) -> Self {
        let text = format!(
            "{{\n  \"version\": 4,\n  \"terraform_version\": {},\n  \"serial\": 0,\n  \"lineage\": {},\n  \"outputs\": {{}},\n  \
             \"resources\": [],\n  \"check_results\": null\n}}\n",
            crate::json::quote_go(terraform_version),
            crate::json::quote_go(lineage)
        );
        let header = Header {
            terraform_version: Some(terraform_version.to_owned()),
            serial: 0,
            lineage: lineage.to_owned(),
            check_results: None,
        };
        Self {
            file: String::from("(new)"),
            source: text.into(),
            written_format: 4,
            header,
            outputs: Vec::new(),
            resources: Vec::new(),
            ignored: Vec::new(),
            places: Places::default(),
        }
    }

    /// The name that the reader was given.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The format of the file as it was read, 1 to 4.
    #[must_use]
    pub fn written_format(&self) -> u64 {
        self.written_format
    }

    /// The text in format 4: the very bytes that were read when they had that format already.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.source
    }

    /// As [`StateFile::as_bytes`], sharing the memory.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        self.source.clone()
    }

    /// Version of terraform that wrote the file.
    #[must_use]
    pub fn terraform_version(&self) -> Option<&str> {
        self.header.terraform_version.as_deref()
    }

    /// How often the state has been written.
    #[must_use]
    pub fn serial(&self) -> u64 {
        self.header.serial
    }

    /// The name that a state keeps for its whole life; empty in states that never got one.
    #[must_use]
    pub fn lineage(&self) -> &str {
        &self.header.lineage
    }

    /// The root outputs, in the order of the file.
    #[must_use]
    pub fn outputs(&self) -> &[StateOutput] {
        &self.outputs
    }

    /// The resources, in the order of the file.
    #[must_use]
    pub fn resources(&self) -> &[StateResource] {
        &self.resources
    }

    /// The resources that terraform passes over, in the order of the file.
    #[must_use]
    pub fn ignored(&self) -> &[IgnoredResource] {
        &self.ignored
    }

    /// The results of checks, as text.
    #[must_use]
    pub fn check_results(&self) -> Option<&RawJson> {
        self.header.check_results.as_ref()
    }

    /// Begins an edit of the file's text.
    #[must_use]
    pub fn edit(&self) -> StateEdit {
        StateEdit::new(self)
    }

    /// Where the state comes from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.header.origin(SourceKind::State, &self.file)
    }

    /// The resource objects as a snapshot. It shares the file's memory.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let objects = self.resources.iter().flat_map(|resource| {
            resource.instances.iter().map(|instance| ResourceObject {
                address: instance.address(resource),
                provider: instance.provider.as_ref().unwrap_or(&resource.provider).source.clone(),
                schema_version: instance.schema_version,
                tainted: instance.tainted,
                attributes: instance.attributes.clone(),
                sensitive: instance.sensitive.clone(),
                unknown: Vec::new(),
                fingerprints: Vec::new(),
                dependencies: Arc::clone(&instance.dependencies),
            })
        });
        self.snapshot_of(objects.collect())
    }

    /// As [`StateFile::snapshot`], in the place of the file.
    #[must_use]
    pub fn into_snapshot(mut self) -> Snapshot {
        let resources = std::mem::take(&mut self.resources);
        let mut objects = Vec::with_capacity(resources.iter().map(|resource| resource.instances.len()).sum());
        for StateResource { address, provider, instances, .. } in resources {
            objects.extend(instances.into_iter().map(|instance| ResourceObject {
                address: ObjectAddress { instance: address.instance(instance.key), deposed: instance.deposed },
                provider: instance.provider.map_or_else(|| provider.source.clone(), |provider| provider.source),
                schema_version: instance.schema_version,
                tainted: instance.tainted,
                attributes: instance.attributes,
                sensitive: instance.sensitive,
                unknown: Vec::new(),
                fingerprints: Vec::new(),
                dependencies: instance.dependencies,
            }));
        }
        self.snapshot_of(objects)
    }

    /// The snapshot of its objects.
    fn snapshot_of(&self, objects: Vec<ResourceObject>) -> Snapshot {
        let mut secrets = SecretTexts::default();
        for output in self.outputs.iter().filter(|output| output.sensitive) {
            secrets.add_all(&Value::from_raw(output.value.as_raw(), &[]));
        }
        // That addresses differ was checked when the file was read.
        let snapshot = Snapshot::of_unique(self.origin(), objects, secrets);
        // Nobody can look up a place in a text that the upgrade made.
        let text = if self.written_format == 4 { self.source.clone() } else { Bytes::new() };
        snapshot.read_from(&self.file, &text)
    }

    /// Refuses two objects with one address.
    fn check_unique(&self) -> Result<(), JsonError> {
        let mut blocks = HashSet::with_capacity_and_hasher(self.resources.len(), RandomState::default());
        let known_unique = self.resources.iter().all(|resource| {
            let ascends = resource
                .instances
                .windows(2)
                .all(|pair| matches!(pair, [a, b] if (&a.key, &a.deposed) < (&b.key, &b.deposed)));
            ascends && blocks.insert(&*resource.address)
        });
        // Terraform writes one block for each resource, with its objects in order. Everything else is sorted to be looked through.
        if known_unique { Ok(()) } else { self.find_repeated() }
    }

    fn find_repeated(&self) -> Result<(), JsonError> {
        let mut seen: Vec<(&ResourceAddress, &InstanceKey, Option<&str>, usize)> = self
            .resources
            .iter()
            .flat_map(|resource| {
                let address = &*resource.address;
                resource.instances.iter().map(move |it| (address, &it.key, it.deposed.as_deref(), it.offset))
            })
            .collect();
        seen.sort_unstable();
        let twice = seen.windows(2).find_map(|pair| match pair {
            [a, b] if (a.0, a.1, a.2) == (b.0, b.1, b.2) => Some((a, b)),
            _ => None,
        });
        let Some((first, second)) = twice else { return Ok(()) };
        let first_place = Place::of(&self.source, first.3);
        let address = ObjectAddress {
            instance: Arc::new(first.0.clone()).instance(first.1.clone()),
            deposed: first.2.map(Into::into),
        };
        Err(JsonError {
            kind: JsonErrorKind::Invalid(format!("{address} stands twice (first at {first_place})")),
            place: Place::of(&self.source, second.3),
            path: String::from("resources"),
        })
    }
}

impl StateInstance {
    /// The address of this object of `resource`.
    #[must_use]
    pub fn address(&self, resource: &StateResource) -> ObjectAddress {
        ObjectAddress { instance: resource.address.instance(self.key.clone()), deposed: self.deposed.clone() }
    }
}
