//! Reading one resource of format 4, with what OpenTofu adds to it: its head, and its instances one by one.
//!
//! What is read here are parts: values that every reader needs, and spans of the text for the rest. A reader of a whole file
//! in memory and one of a stream make different things of them.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::sensitive::read_paths;
use crate::address::{
    AddressError, InstanceKey, ModuleAddress, ProviderConfigAddress, ResourceAddress, ResourceMode, is_name,
    is_plainly_a_resource, is_resource_type,
};
use crate::attribute_path::AttributePath;
use crate::json::{JsonError, JsonErrorKind, Kind, Raw, Reader};

/// The deposed key that terraform takes for none.
const NOT_DEPOSED: &str = "00000000";

/// Members of a resource that mean something.
pub(super) const RESOURCE_MEMBERS: &[&str] = &["module", "mode", "type", "name", "each", "provider", "instances"];

/// Members of an instance that mean something; some to OpenTofu only.
const INSTANCE_MEMBERS: &[&str] = &[
    "index_key",
    "status",
    "deposed",
    "schema_version",
    "attributes",
    "attributes_flat",
    "sensitive_attributes",
    "private",
    "dependencies",
    "create_before_destroy",
    "identity",
    "identity_schema_version",
    "provider",
    "skip_destroy",
];

/// A part of the text that the reader stands in, checked.
pub(super) type Span = Range<usize>;

/// What a resource says before and after its instances, as it comes.
#[derive(Debug, Default, Clone)]
pub(super) struct Head {
    /// Offset of the resource in the document.
    at: usize,
    module: Option<ModuleAddress>,
    mode: Option<ResourceMode>,
    type_name: Option<Box<str>>,
    name: Option<Box<str>>,
    provider: Option<KnownProvider>,
    /// A provider that was read before.
    known: Option<KnownProvider>,
}

/// A provider as it is written, and what that is.
#[derive(Debug, Clone)]
pub(super) struct KnownProvider {
    text: Arc<str>,
    parsed: Arc<Result<ProviderConfigAddress, AddressError>>,
}

/// A resource without its instances. The provider is an error where it is none, so that terraform passes the resource over.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) address: Arc<ResourceAddress>,
    pub(super) provider: Arc<Result<ProviderConfigAddress, AddressError>>,
}

impl Head {
    /// The head of the resource that the reader is about to enter.
    pub(super) fn of(reader: &mut Reader<'_>) -> Self {
        let at = reader.offset();
        Self { at: reader.absolute(at), ..Self::default() }
    }

    /// Offset of the resource in the document.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// Whether a member with this key belongs to the head.
    pub(super) fn has(key: &str) -> bool {
        matches!(key, "module" | "mode" | "type" | "name" | "provider")
    }

    /// The head, which need not parse this provider again.
    pub(super) fn knowing(self, known: Option<KnownProvider>) -> Self {
        Self { known, ..self }
    }

    /// The provider, where it has come.
    pub(super) fn provider(self) -> Option<KnownProvider> {
        self.provider
    }

    /// The resource, where everything that names it has come and is right. A module may still come: a resource of the root
    /// has none.
    pub(super) fn named_already(&mut self) -> Option<Named> {
        let (mode, type_name, name) = (self.mode?, self.type_name.as_ref()?, self.name.as_ref()?);
        let provider = Arc::clone(&self.provider.as_ref()?.parsed);
        if !is_resource_type(mode, type_name) || !is_name(name) {
            return None;
        }
        let (type_name, name) = (self.type_name.take()?, self.name.take()?);
        let module = self.module.take().unwrap_or(ModuleAddress::ROOT);
        Some(Named { address: Arc::new(ResourceAddress { module, mode, type_name, name }), provider })
    }

    /// Whether terraform does not look into the resource, as far as is known.
    pub(super) fn is_passed_over(&self) -> bool {
        self.provider.as_ref().is_some_and(|provider| provider.parsed.is_err())
    }

    /// Reads the value of the member with this key, which is not `instances`.
    pub(super) fn read(&mut self, reader: &mut Reader<'_>, key: &str) -> Result<(), JsonError> {
        match key {
            "module" => {
                let text = parsed::<Option<ModuleAddress>>(reader, |text| {
                    if text.is_empty() { Ok(None) } else { text.parse().map(Some) }
                })?;
                self.module = text.flatten();
            }
            "mode" => {
                let at = reader.offset();
                self.mode = match optional_string(reader)?.as_deref().and_then(ResourceMode::from_name) {
                    Some(mode @ (ResourceMode::Managed | ResourceMode::Data)) => Some(mode),
                    _ => return Err(reader.invalid_at(at, "neither `managed` nor `data`")),
                };
            }
            "type" => self.type_name = optional_string(reader)?.map(Into::into),
            "name" => self.name = optional_string(reader)?.map(Into::into),
            "provider" => {
                let text = if reader.null()? { Cow::Borrowed("") } else { reader.string()? };
                self.provider = Some(match &self.known {
                    Some(known) if *known.text == *text => known.clone(),
                    _ => KnownProvider { text: Arc::from(&*text), parsed: Arc::new(text.parse()) },
                });
            }
            _ => drop(reader.raw()?),
        }
        Ok(())
    }

    /// The resource that is named so.
    pub(super) fn finish(&mut self, reader: &Reader<'_>) -> Result<Named, JsonError> {
        let missing = |what: &str| reader.invalid_at_absolute(self.at, format!("a resource without `{what}`"));
        let mode = self.mode.ok_or_else(|| missing("mode"))?;
        let type_name = self.type_name.clone().ok_or_else(|| missing("type"))?;
        let name = self.name.clone().ok_or_else(|| missing("name"))?;
        // terraform takes any text there, and prints addresses that nothing can parse.
        if !is_resource_type(mode, &type_name) || !is_name(&name) {
            return Err(reader.invalid_at_absolute(self.at, "a resource whose type or name is not a name"));
        }
        let module = self.module.clone().unwrap_or(ModuleAddress::ROOT);
        let provider = self.provider.as_ref().map(|provider| Arc::clone(&provider.parsed));
        Ok(Named {
            address: Arc::new(ResourceAddress { module, mode, type_name, name }),
            provider: provider.unwrap_or_else(|| Arc::new("".parse())),
        })
    }
}

/// One object of a resource.
#[derive(Debug, Default)]
pub(super) struct InstanceParts {
    pub(super) key: InstanceKey,
    pub(super) deposed: Option<Box<str>>,
    pub(super) tainted: bool,
    pub(super) schema_version: u64,
    pub(super) attributes: AttributeSpan,
    pub(super) sensitive: Vec<AttributePath>,
    pub(super) private: Option<Span>,
    /// Checked: [`dependencies_in`] parses them.
    pub(super) dependencies: Option<Span>,
    pub(super) create_before_destroy: bool,
    pub(super) identity: Option<Span>,
    pub(super) identity_schema_version: Option<u64>,
    pub(super) provider: Option<ProviderConfigAddress>,
    pub(super) skip_destroy: bool,
    /// The whole object.
    pub(super) span: Span,
}

/// Where the attributes stand.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) enum AttributeSpan {
    #[default]
    None,
    Nested(Span),
    Flat(Span),
}

impl AttributeSpan {
    pub(super) fn span(&self) -> Option<Span> {
        match self {
            Self::None => None,
            Self::Nested(span) | Self::Flat(span) => Some(span.clone()),
        }
    }
}

/// Counts one more instance, against the limit.
pub(super) fn count_instance(reader: &Reader<'_>, count: &mut usize) -> Result<(), JsonError> {
    *count += 1;
    let limit = reader.limits().max_instances;
    if *count > limit {
        return Err(reader.error(JsonErrorKind::TooMany { what: "resource instances", limit }));
    }
    Ok(())
}

pub(super) fn read_instance(reader: &mut Reader<'_>) -> Result<InstanceParts, JsonError> {
    let start = reader.offset();
    let mut instance = InstanceParts::default();
    let mut flat = None;
    reader.enter_object()?;
    while let Some(key) = reader.next_known_member(INSTANCE_MEMBERS)? {
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
                instance.attributes = AttributeSpan::Nested(span(reader)?);
            }
            "attributes_flat" if !reader.null()? => flat = Some(read_flat(reader)?),
            "attributes" | "attributes_flat" => {}
            "sensitive_attributes" => instance.sensitive = read_paths(reader)?,
            "private" if !reader.null()? => {
                reader.expect(Kind::String)?;
                instance.private = Some(span(reader)?);
            }
            "private" => {}
            "dependencies" => instance.dependencies = read_dependencies(reader)?,
            "create_before_destroy" => instance.create_before_destroy = optional_boolean(reader)?,
            "identity" if !reader.null()? => instance.identity = Some(span(reader)?),
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
        instance.attributes = AttributeSpan::Flat(flat);
    }
    instance.span = start..reader.passed();
    Ok(instance)
}

/// A flat attribute map: all its values are strings.
fn read_flat(reader: &mut Reader<'_>) -> Result<Span, JsonError> {
    let at = reader.offset();
    reader.expect(Kind::Object)?;
    let flat = reader.raw()?;
    let strings = flat
        .members()
        .is_some_and(|mut members| members.all(|(_, value)| value.is_null() || value.as_string().is_some()));
    if strings {
        Ok(at..reader.passed())
    } else {
        Err(reader.invalid_at(at, "flat attributes hold something other than strings"))
    }
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

/// Checks dependencies and gives their span. Few are asked for.
fn read_dependencies(reader: &mut Reader<'_>) -> Result<Option<Span>, JsonError> {
    if reader.null()? {
        return Ok(None);
    }
    let start = reader.offset();
    reader.enter_array()?;
    while reader.next_element()? {
        if reader.null()? {
            continue;
        }
        let at = reader.offset();
        let text = reader.string()?;
        if !is_plainly_a_resource(&text) {
            text.parse::<ResourceAddress>().map_err(|error| reader.invalid_at(at, error.to_string()))?;
        }
    }
    Ok(Some(start..reader.passed()))
}

/// The dependencies in a text that [`read_instance`] gave the span of.
pub(super) fn dependencies_in(text: Raw<'_>) -> Arc<[ResourceAddress]> {
    let addresses = text.elements().into_iter().flatten().filter_map(Raw::as_string);
    addresses.filter_map(|address| address.parse().ok()).collect()
}

/// Reads a string and parses it; `null` gives nothing.
fn parsed<T>(reader: &mut Reader<'_>, parse: impl Fn(&str) -> Result<T, AddressError>) -> Result<Option<T>, JsonError> {
    let at = reader.offset();
    let Some(text) = optional_string(reader)? else { return Ok(None) };
    parse(&text).map(Some).map_err(|error| reader.invalid_at(at, error.to_string()))
}

/// Passes a value and gives its span.
pub(super) fn span(reader: &mut Reader<'_>) -> Result<Span, JsonError> {
    let start = reader.offset();
    reader.raw()?;
    Ok(start..reader.passed())
}

pub(super) fn optional_string(reader: &mut Reader<'_>) -> Result<Option<String>, JsonError> {
    if reader.null()? { Ok(None) } else { Ok(Some(reader.string()?.into_owned())) }
}

pub(super) fn optional_unsigned(reader: &mut Reader<'_>) -> Result<Option<u64>, JsonError> {
    if reader.null()? { Ok(None) } else { reader.unsigned().map(Some) }
}

pub(super) fn optional_boolean(reader: &mut Reader<'_>) -> Result<bool, JsonError> {
    if reader.null()? { Ok(false) } else { reader.boolean() }
}
