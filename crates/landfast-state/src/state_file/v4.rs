//! Reading format 4, with what OpenTofu adds to it.

use std::sync::Arc;

use bytes::Bytes;

use super::legacy::is_terraform_version;
use super::sensitive::read_paths;
use super::{Header, IgnoredResource, StateInstance, StateOutput, StateResource};
use crate::address::{
    AddressError, InstanceKey, ModuleAddress, ProviderConfigAddress, ResourceAddress, ResourceMode, is_name,
    is_resource_type,
};
use crate::json::{JsonError, JsonErrorKind, Kind, Limits, Place, RawJson, Reader};
use crate::snapshot::Attributes;

/// The deposed key that terraform takes for none.
const NOT_DEPOSED: &str = "00000000";

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
    while let Some(key) = reader.next_member()? {
        match (&*key, version) {
            ("version", _) => {
                version_at = reader.offset();
                version = Some(reader.unsigned()?);
            }
            ("encrypted_data", _) => {
                encrypted = Some(reader.offset());
                reader.raw()?;
            }
            ("terraform_version", Some(4)) => header.terraform_version = read_terraform_version(&mut reader)?,
            ("serial", Some(4)) => header.serial = optional_unsigned(&mut reader)?.unwrap_or_default(),
            ("lineage", Some(4)) => header.lineage = optional_string(&mut reader)?.unwrap_or_default(),
            ("check_results", Some(4)) => header.check_results = Some(raw(&mut reader, source)?),
            ("outputs", Some(4)) => outputs = read_outputs(&mut reader, source)?,
            ("resources", Some(4)) => (resources, ignored) = read_resources(&mut reader, source)?,
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
    Ok((Top { version, header, outputs, resources, ignored }, deferred))
}

fn read_terraform_version(reader: &mut Reader<'_>) -> Result<Option<String>, JsonError> {
    let at = reader.offset();
    let version = optional_string(reader)?.filter(|version| !version.is_empty());
    match version {
        Some(version) if !is_terraform_version(&version) => Err(reader.invalid_at(at, "not a version number")),
        version => Ok(version),
    }
}

fn read_outputs(reader: &mut Reader<'_>, source: &Bytes) -> Result<Vec<StateOutput>, JsonError> {
    let mut outputs = Vec::new();
    if reader.null()? {
        return Ok(outputs);
    }
    reader.enter_object()?;
    while let Some(name) = reader.next_member()? {
        let mut output = StateOutput {
            name: name.into_owned(),
            value: RawJson::from_raw(source, crate::json::Raw::NULL),
            sensitive: false,
        };
        reader.enter_object()?;
        while let Some(key) = reader.next_member()? {
            match &*key {
                "value" => output.value = raw(reader, source)?,
                "sensitive" => output.sensitive = optional_boolean(reader)?,
                _ => drop(reader.raw()?),
            }
        }
        outputs.push(output);
    }
    Ok(outputs)
}

type Resources = (Vec<StateResource>, Vec<IgnoredResource>);

fn read_resources(reader: &mut Reader<'_>, source: &Bytes) -> Result<Resources, JsonError> {
    let (mut resources, mut ignored) = (Vec::new(), Vec::new());
    if reader.null()? {
        return Ok((resources, ignored));
    }
    let mut instances = 0;
    reader.enter_array()?;
    while reader.next_element()? {
        match read_resource(reader, source, &mut instances)? {
            Ok(resource) => resources.push(resource),
            Err(resource) => ignored.push(resource),
        }
    }
    Ok((resources, ignored))
}

/// The inner error is a resource that terraform passes over without a word, because its provider is not one.
fn read_resource(
    reader: &mut Reader<'_>,
    source: &Bytes,
    count: &mut usize,
) -> Result<Result<StateResource, IgnoredResource>, JsonError> {
    let at = reader.offset();
    let mut module = ModuleAddress::ROOT;
    let mut mode = None;
    let mut type_name = None;
    let mut name = None;
    let mut provider: Option<Result<ProviderConfigAddress, AddressError>> = None;
    let mut instances = Vec::new();
    reader.enter_object()?;
    while let Some(key) = reader.next_member()? {
        match &*key {
            "module" => {
                let text = parsed::<Option<ModuleAddress>>(reader, |text| {
                    if text.is_empty() { Ok(None) } else { text.parse().map(Some) }
                })?;
                module = text.flatten().unwrap_or(ModuleAddress::ROOT);
            }
            "mode" => {
                let mode_at = reader.offset();
                mode = match optional_string(reader)?.as_deref().and_then(ResourceMode::from_name) {
                    Some(mode @ (ResourceMode::Managed | ResourceMode::Data)) => Some(mode),
                    _ => return Err(reader.invalid_at(mode_at, "neither `managed` nor `data`")),
                };
            }
            "type" => type_name = optional_string(reader)?,
            "name" => name = optional_string(reader)?,
            "provider" => provider = Some(optional_string(reader)?.unwrap_or_default().parse()),
            // terraform does not look into a resource that it passes over, so what is wrong inside is no error.
            "instances" if matches!(provider, Some(Err(_))) => drop(reader.raw()?),
            "instances" if !reader.null()? => {
                reader.enter_array()?;
                while reader.next_element()? {
                    *count += 1;
                    let limit = reader.limits().max_instances;
                    if *count > limit {
                        return Err(reader.error(JsonErrorKind::TooMany { what: "resource instances", limit }));
                    }
                    instances.push(read_instance(reader, source)?);
                }
            }
            "instances" => {}
            _ => drop(reader.raw()?),
        }
    }
    let missing = |what: &str| reader.invalid_at(at, format!("a resource without `{what}`"));
    let mode = mode.ok_or_else(|| missing("mode"))?;
    let type_name = type_name.ok_or_else(|| missing("type"))?;
    let name = name.ok_or_else(|| missing("name"))?;
    // terraform takes any text there, and prints addresses that nothing can parse.
    if !is_resource_type(mode, &type_name) || !is_name(&name) {
        return Err(reader.invalid_at(at, "a resource whose type or name is not a name"));
    }
    let address = ResourceAddress { module, mode, type_name: type_name.into(), name: name.into() };
    match provider.unwrap_or_else(|| "".parse()) {
        Ok(provider) => Ok(Ok(StateResource { address: Arc::new(address), provider, instances })),
        Err(reason) => Ok(Err(IgnoredResource { address, place: Place::of(source, at), reason })),
    }
}

fn read_instance(reader: &mut Reader<'_>, source: &Bytes) -> Result<StateInstance, JsonError> {
    let mut instance = StateInstance {
        key: InstanceKey::None,
        deposed: None,
        tainted: false,
        schema_version: 0,
        attributes: Attributes::None,
        sensitive: Vec::new(),
        private: None,
        dependencies: Vec::new(),
        create_before_destroy: false,
        identity: None,
        identity_schema_version: None,
        provider: None,
        skip_destroy: false,
        offset: reader.offset(),
    };
    let mut flat = None;
    reader.enter_object()?;
    while let Some(key) = reader.next_member()? {
        match &*key {
            "index_key" => instance.key = read_key(reader)?,
            "status" => {
                let at = reader.offset();
                instance.tainted = match optional_string(reader)?.as_deref() {
                    None | Some("") => false,
                    Some("tainted") => true,
                    Some(_) => return Err(reader.invalid_at(at, "a status other than `tainted`")),
                };
            }
            "deposed" => {
                let at = reader.offset();
                let key = optional_string(reader)?.filter(|key| !key.is_empty() && *key != NOT_DEPOSED);
                if key.as_ref().is_some_and(|key| key.len() != 8 || !key.bytes().all(|byte| byte.is_ascii_hexdigit())) {
                    return Err(reader.invalid_at(at, "a deposed key that is not 8 hexadecimal digits"));
                }
                instance.deposed = key.map(Into::into);
            }
            "schema_version" => instance.schema_version = optional_unsigned(reader)?.unwrap_or_default(),
            "attributes" if !reader.null()? => {
                reader.expect(Kind::Object)?;
                instance.attributes = Attributes::Nested(raw(reader, source)?);
            }
            "attributes_flat" if !reader.null()? => flat = Some(read_flat(reader, source)?),
            "attributes" | "attributes_flat" => {}
            "sensitive_attributes" => instance.sensitive = read_paths(reader)?,
            "private" if !reader.null()? => {
                reader.expect(Kind::String)?;
                instance.private = Some(raw(reader, source)?);
            }
            "private" => {}
            "dependencies" => instance.dependencies = read_dependencies(reader)?,
            "create_before_destroy" => instance.create_before_destroy = optional_boolean(reader)?,
            "identity" if !reader.null()? => instance.identity = Some(raw(reader, source)?),
            "identity" => {}
            "identity_schema_version" => instance.identity_schema_version = optional_unsigned(reader)?,
            "provider" => {
                instance.provider = optional_string(reader)?.and_then(|text| text.parse().ok());
            }
            "skip_destroy" => instance.skip_destroy = optional_boolean(reader)?,
            _ => drop(reader.raw()?),
        }
    }
    // A file that has both means the flat ones: they are there until a provider has upgraded the object.
    if let Some(flat) = flat {
        instance.attributes = Attributes::Flat(flat);
    }
    Ok(instance)
}

/// A flat attribute map: all its values are strings.
fn read_flat(reader: &mut Reader<'_>, source: &Bytes) -> Result<RawJson, JsonError> {
    let at = reader.offset();
    reader.expect(Kind::Object)?;
    let flat = raw(reader, source)?;
    let strings = flat
        .as_raw()
        .members()
        .is_some_and(|mut members| members.all(|(_, value)| value.is_null() || value.as_string().is_some()));
    if strings { Ok(flat) } else { Err(reader.invalid_at(at, "flat attributes hold something other than strings")) }
}

fn read_key(reader: &mut Reader<'_>) -> Result<InstanceKey, JsonError> {
    match reader.peek()? {
        Kind::Null => reader.null().map(|_| InstanceKey::None),
        Kind::String => Ok(InstanceKey::String(reader.string()?.into())),
        Kind::Number => {
            let at = reader.offset();
            let number = reader.number()?;
            let index = integer(number);
            index.map(InstanceKey::Int).ok_or_else(|| reader.invalid_at(at, "an index key that is not an integer"))
        }
        _ => {
            let at = reader.offset();
            Err(reader.invalid_at(at, "an index key that is neither an integer nor a string"))
        }
    }
}

/// The integer that a number is, in whatever way it is written.
fn integer(number: &str) -> Option<i64> {
    let canonical = crate::number::canonical_number(number);
    let (digits, exponent) = canonical.split_once('e').unwrap_or((&canonical, "0"));
    let scale = 10_i64.checked_pow(exponent.parse().ok()?)?;
    digits.parse::<i64>().ok()?.checked_mul(scale)
}

fn read_dependencies(reader: &mut Reader<'_>) -> Result<Vec<ResourceAddress>, JsonError> {
    let mut dependencies = Vec::new();
    if reader.null()? {
        return Ok(dependencies);
    }
    reader.enter_array()?;
    while reader.next_element()? {
        dependencies.extend(parsed(reader, str::parse::<ResourceAddress>)?);
    }
    Ok(dependencies)
}

/// Reads a string and parses it; `null` gives nothing.
fn parsed<T>(reader: &mut Reader<'_>, parse: impl Fn(&str) -> Result<T, AddressError>) -> Result<Option<T>, JsonError> {
    let at = reader.offset();
    let Some(text) = optional_string(reader)? else { return Ok(None) };
    parse(&text).map(Some).map_err(|error| reader.invalid_at(at, error.to_string()))
}

fn raw(reader: &mut Reader<'_>, source: &Bytes) -> Result<RawJson, JsonError> {
    Ok(RawJson::from_raw(source, reader.raw()?))
}

fn optional_string(reader: &mut Reader<'_>) -> Result<Option<String>, JsonError> {
    if reader.null()? { Ok(None) } else { Ok(Some(reader.string()?.into_owned())) }
}

fn optional_unsigned(reader: &mut Reader<'_>) -> Result<Option<u64>, JsonError> {
    if reader.null()? { Ok(None) } else { reader.unsigned().map(Some) }
}

fn optional_boolean(reader: &mut Reader<'_>) -> Result<bool, JsonError> {
    if reader.null()? { Ok(false) } else { reader.boolean() }
}
