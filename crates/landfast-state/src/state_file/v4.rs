//! Reading a whole file of format 4.

use std::sync::Arc;

use bytes::Bytes;

use super::legacy::is_terraform_version;
use super::resource::{
    AttributeSpan, Head, InstanceParts, Named, RESOURCE_MEMBERS, Span, count_instance, dependencies_in,
    optional_boolean, optional_string, optional_unsigned, read_instance, span,
};
use super::{Header, IgnoredResource, Places, StateInstance, StateOutput, StateResource};
use crate::json::{JsonError, JsonErrorKind, Limits, Place, RawJson, Reader};
use crate::snapshot::Attributes;

/// Members of a state that mean something.
pub(super) const STATE_MEMBERS: &[&str] = &[
    "version",
    "terraform_version",
    "serial",
    "lineage",
    "outputs",
    "resources",
    "check_results",
    "encrypted_data",
    "encryption_version",
];

/// What the top level says about the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    Four,
    /// Another version, and where it stands.
    Other(u64, Place),
    /// None, since the state is encrypted, and where the encrypted data stands.
    Encrypted(Place),
}

/// The parts of a document whose version is 4; for other versions only `version` means something.
#[derive(Debug)]
pub(super) struct Top {
    pub(super) version: Version,
    pub(super) header: Header,
    pub(super) outputs: Vec<StateOutput>,
    pub(super) resources: Vec<StateResource>,
    pub(super) ignored: Vec<IgnoredResource>,
    pub(super) places: Places,
}

/// Reads a state's top level; its resources too where the version is 4. Everything is checked, whatever the version.
pub(super) fn read(source: &Bytes, limits: &Limits) -> Result<Top, JsonError> {
    let (top, deferred) = read_top(source, limits, None)?;
    if deferred && top.version == Version::Four {
        // The version stood behind what depends on it: read again, knowing it.
        return Ok(read_top(source, limits, Some(4))?.0);
    }
    Ok(top)
}

/// `known` is the version where an earlier pass found it; without it, members before `version` are only checked.
fn read_top(source: &Bytes, limits: &Limits, known: Option<u64>) -> Result<(Top, bool), JsonError> {
    let mut reader = Reader::new(source, limits)?;
    reader.enter_object()?;
    let mut version = known;
    let mut version_at = 0;
    let mut encrypted = None;
    let mut deferred = false;
    let mut header = Header::default();
    let mut outputs = Vec::new();
    let (mut resources, mut ignored) = (Vec::new(), Vec::new());
    let mut places = Places::default();
    while let Some(key) = reader.next_known_member(STATE_MEMBERS)? {
        match (&*key, version) {
            ("version", _) => {
                version_at = reader.offset();
                version = Some(reader.unsigned()?);
            }
            ("encrypted_data", _) => {
                encrypted = Some(reader.offset());
                reader.raw()?;
            }
            ("serial", Some(4)) => {
                let start = reader.offset();
                header.read(&mut reader, "serial")?;
                places.serial = Some(start..reader.passed());
            }
            (key @ ("terraform_version" | "lineage"), Some(4)) => header.read(&mut reader, key)?,
            ("check_results", Some(4)) => header.check_results = Some(raw(&mut reader, source)?),
            ("outputs", Some(4)) => {
                let parts = read_outputs(&mut reader)?;
                outputs = parts.into_iter().map(|parts| StateOutput::new(parts, source)).collect();
            }
            ("resources", Some(4)) => {
                let start = reader.offset();
                (resources, ignored, places.ignored) = read_resources(&mut reader, source)?;
                places.resources = Some(start..reader.passed());
            }
            (key, version) => {
                deferred |= version.is_none() && !matches!(key, "meta" | "encryption_version");
                reader.raw()?;
            }
        }
    }
    let version = match version {
        Some(4) => Version::Four,
        Some(version) => Version::Other(version, Place::of(source, version_at)),
        None if encrypted.is_some() => Version::Encrypted(Place::of(source, encrypted.unwrap_or_default())),
        None => {
            let kind = JsonErrorKind::Invalid(String::from("no `version`, which every state has"));
            return Err(reader.error(kind));
        }
    };
    reader.finish()?;
    Ok((Top { version, header, outputs, resources, ignored, places }, deferred))
}

impl Header {
    /// Reads the value of the member with this key.
    pub(super) fn read(&mut self, reader: &mut Reader<'_>, key: &str) -> Result<(), JsonError> {
        match key {
            "terraform_version" => self.terraform_version = read_terraform_version(reader)?,
            "serial" => self.serial = optional_unsigned(reader)?.unwrap_or_default(),
            "lineage" => self.lineage = optional_string(reader)?.unwrap_or_default(),
            _ => drop(reader.raw()?),
        }
        Ok(())
    }
}

fn read_terraform_version(reader: &mut Reader<'_>) -> Result<Option<String>, JsonError> {
    let at = reader.offset();
    let version = optional_string(reader)?.filter(|version| !version.is_empty());
    match version {
        Some(version) if !is_terraform_version(&version) => Err(reader.invalid_at(at, "not a version number")),
        version => Ok(version),
    }
}

/// A root output: its name, the span of its value, if it has one, and whether it is sensitive.
pub(super) type OutputParts = (String, Option<Span>, bool);

pub(super) fn read_outputs(reader: &mut Reader<'_>) -> Result<Vec<OutputParts>, JsonError> {
    let mut outputs = Vec::new();
    if reader.null()? {
        return Ok(outputs);
    }
    reader.enter_object()?;
    while let Some(name) = reader.next_member()? {
        let (mut value, mut sensitive) = (None, false);
        reader.enter_object()?;
        while let Some(key) = reader.next_known_member(&["value", "type", "sensitive"])? {
            match &*key {
                "value" => value = Some(span(reader)?),
                "sensitive" => sensitive = optional_boolean(reader)?,
                _ => drop(reader.raw()?),
            }
        }
        outputs.push((name.into_owned(), value, sensitive));
    }
    Ok(outputs)
}

impl StateOutput {
    fn new((name, value, sensitive): OutputParts, source: &Bytes) -> Self {
        let null = || RawJson::from_raw(source, crate::json::Raw::NULL);
        Self { name, value: value.map_or_else(null, |span| RawJson::checked_slice(source, span)), sensitive }
    }
}

/// The resources, those that terraform passes over, and where these stand.
type Resources = (Vec<StateResource>, Vec<IgnoredResource>, Vec<Span>);

fn read_resources(reader: &mut Reader<'_>, source: &Bytes) -> Result<Resources, JsonError> {
    let (mut resources, mut ignored, mut spans) = (Vec::new(), Vec::new(), Vec::new());
    if reader.null()? {
        return Ok((resources, ignored, spans));
    }
    let mut instances = 0;
    reader.enter_array()?;
    while reader.next_element()? {
        match read_resource(reader, source, &mut instances)? {
            Ok(resource) => resources.push(resource),
            Err((resource, span)) => {
                ignored.push(resource);
                spans.push(span);
            }
        }
    }
    Ok((resources, ignored, spans))
}

/// The inner error is a resource that terraform passes over without a word, because its provider is not one.
fn read_resource(
    reader: &mut Reader<'_>,
    source: &Bytes,
    count: &mut usize,
) -> Result<Result<StateResource, (IgnoredResource, Span)>, JsonError> {
    let mut head = Head::of(reader);
    let at = head.offset();
    let mut instances = Vec::new();
    reader.enter_part("resource")?;
    while let Some(key) = reader.next_known_member(RESOURCE_MEMBERS)? {
        match &*key {
            // terraform does not look into a resource that it passes over, so what is wrong inside is no error.
            "instances" if head.is_passed_over() => drop(reader.raw()?),
            "instances" if !reader.null()? => {
                reader.enter_array()?;
                while reader.next_element()? {
                    count_instance(reader, count)?;
                    instances.push(StateInstance::new(read_instance(reader)?, source));
                }
            }
            "instances" => {}
            key => head.read(reader, key)?,
        }
    }
    // Most resources have one instance, and a list makes room for four.
    instances.shrink_to_fit();
    let Named { address, provider } = head.finish(reader)?;
    let span = at..reader.passed();
    match Arc::unwrap_or_clone(provider) {
        Ok(provider) => Ok(Ok(StateResource { address, provider, instances, span })),
        Err(reason) => {
            let ignored = IgnoredResource { address: (*address).clone(), place: Place::of(source, at), reason };
            Ok(Err((ignored, span)))
        }
    }
}

impl StateInstance {
    /// The instance that was read from `source`.
    fn new(parts: InstanceParts, source: &Bytes) -> Self {
        let raw = |span| RawJson::checked_slice(source, span);
        Self {
            key: parts.key,
            deposed: parts.deposed,
            tainted: parts.tainted,
            schema_version: parts.schema_version,
            attributes: match parts.attributes {
                AttributeSpan::None => Attributes::None,
                AttributeSpan::Nested(span) => Attributes::Nested(raw(span)),
                AttributeSpan::Flat(span) => Attributes::Flat(raw(span)),
            },
            sensitive: parts.sensitive,
            private: parts.private.map(raw),
            dependencies: parts.dependencies.map(|span| dependencies_in(raw(span).as_raw())).unwrap_or_default(),
            create_before_destroy: parts.create_before_destroy,
            identity: parts.identity.map(raw),
            identity_schema_version: parts.identity_schema_version,
            provider: parts.provider,
            skip_destroy: parts.skip_destroy,
            offset: parts.span.start,
            end: parts.span.end,
        }
    }
}

fn raw(reader: &mut Reader<'_>, source: &Bytes) -> Result<RawJson, JsonError> {
    Ok(RawJson::from_raw(source, reader.raw()?))
}
