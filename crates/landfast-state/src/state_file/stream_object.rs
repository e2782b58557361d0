//! One object of a stream.

use std::sync::Arc;

use bytes::Bytes;

use super::resource::{AttributeSpan, InstanceParts, Named, Span, dependencies_in};
use crate::address::{InstanceAddress, InstanceKey, ObjectAddress, ProviderConfigAddress, ResourceAddress};
use crate::attribute_path::AttributePath;
use crate::json::{Beginning, NameFilter, Raw, RawJson};
use crate::marking::{Asked, Candidate, unmarked_paths};
use crate::snapshot::{Attributes, ResourceObject};

/// An object of a [`StateStream`](super::StateStream): borrowed from the window that the stream holds, until it advances.
///
/// `Debug` shows the address only: the rest may hold a secret.
#[derive(Clone)]
pub struct StreamedObject<'s> {
    named: &'s Named,
    parts: &'s InstanceParts,
    text: &'s str,
    base: usize,
    pub(super) noticed: &'s [usize],
    /// How its resource begins.
    pub(super) beginning: Option<&'s Beginning>,
    /// The names that are watched for in its resource.
    pub(super) names: Option<&'s Arc<NameFilter>>,
}

/// Where an object stands in a stream, and what is not written there: enough to read it again.
#[derive(Debug, Clone)]
pub struct Located {
    pub(super) named: Named,
    pub(super) offset: usize,
    pub(super) len: usize,
}

impl<'s> StreamedObject<'s> {
    pub(super) fn new(named: &'s Named, parts: &'s InstanceParts, text: &'s str, base: usize) -> Self {
        Self { named, parts, text, base, noticed: &[], beginning: None, names: None }
    }

    pub(super) fn named(&self) -> &'s Named {
        self.named
    }

    /// The resource that it is an object of.
    #[must_use]
    pub fn resource(&self) -> &'s Arc<ResourceAddress> {
        &self.named.address
    }

    /// Which instance of the resource.
    #[must_use]
    pub fn key(&self) -> &'s InstanceKey {
        &self.parts.key
    }

    /// Key of the deposed object; `None` for the current one.
    #[must_use]
    pub fn deposed(&self) -> Option<&'s str> {
        self.parts.deposed.as_deref()
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> ObjectAddress {
        ObjectAddress { instance: self.instance(), deposed: self.parts.deposed.clone() }
    }

    /// The address of its instance.
    #[must_use]
    pub fn instance(&self) -> InstanceAddress {
        self.named.address.instance(self.parts.key.clone())
    }

    /// The source address of its provider.
    #[must_use]
    pub fn provider(&self) -> &'s str {
        let own = self.parts.provider.as_ref().or((*self.named.provider).as_ref().ok());
        own.map(|provider| &*provider.source).unwrap_or_default()
    }

    /// The whole object, as it is written.
    #[must_use]
    pub fn text(&self) -> &'s str {
        self.slice(&self.parts.span)
    }

    /// Its attributes; nested ones and flat ones alike.
    #[must_use]
    pub fn attributes(&self) -> Option<Raw<'s>> {
        self.parts.attributes.span().map(|span| Raw::checked(self.slice(&span)))
    }

    /// Whether its attributes are a flat map.
    #[must_use]
    pub fn is_flat(&self) -> bool {
        matches!(self.parts.attributes, AttributeSpan::Flat(_))
    }

    /// Paths to sensitive values.
    #[must_use]
    pub fn sensitive(&self) -> &'s [AttributePath] {
        &self.parts.sensitive
    }

    /// Where members stand that [`StateStream::watch`](super::StateStream::watch) named: the offsets of their keys in the text of
    /// the attributes.
    #[must_use]
    pub fn noticed(&self) -> &'s [usize] {
        self.noticed
    }

    /// As [`ResourceObject::unmarked_paths`]; `None` where attributes are flat, so that only a copy of the object can tell.
    #[must_use]
    pub fn unmarked_paths(
        &self,
        asked: Asked<'_>,
        wanted: impl Fn(&Candidate<'_>) -> bool,
    ) -> Option<Vec<AttributePath>> {
        match (self.attributes(), self.is_flat()) {
            (_, true) => None,
            (Some(attributes), _) => Some(unmarked_paths(attributes, self.sensitive(), asked, wanted)),
            (None, _) => Some(Vec::new()),
        }
    }

    /// Where it stands.
    #[must_use]
    pub fn located(&self) -> Located {
        let span = &self.parts.span;
        Located { named: self.named.clone(), offset: self.base + span.start, len: span.len() }
    }

    /// The provider configuration that it belongs to; `None` where the state names none that is valid.
    #[must_use]
    pub fn provider_config(&self) -> Option<&'s ProviderConfigAddress> {
        self.parts.provider.as_ref().or((*self.named.provider).as_ref().ok())
    }

    /// What the provider keeps for itself, a JSON string in base64.
    #[must_use]
    pub fn private(&self) -> Option<Raw<'s>> {
        self.parts.private.as_ref().map(|span| Raw::checked(self.slice(span)))
    }

    /// The identity that the provider gave it, with the version of its schema.
    #[must_use]
    pub fn identity(&self) -> Option<(u64, Raw<'s>)> {
        let span = self.parts.identity.as_ref()?;
        Some((self.parts.identity_schema_version.unwrap_or_default(), Raw::checked(self.slice(span))))
    }

    /// A copy that does not borrow from the stream.
    #[must_use]
    pub fn to_object(&self) -> ResourceObject {
        let raw = |span: &Span| RawJson::from_raw(&Bytes::new(), Raw::checked(self.slice(span)));
        ResourceObject {
            address: self.address(),
            provider: self.provider().into(),
            schema_version: self.parts.schema_version,
            tainted: self.parts.tainted,
            attributes: match &self.parts.attributes {
                AttributeSpan::None => Attributes::None,
                AttributeSpan::Nested(span) => Attributes::Nested(raw(span)),
                AttributeSpan::Flat(span) => Attributes::Flat(raw(span)),
            },
            sensitive: self.parts.sensitive.clone(),
            unknown: Vec::new(),
            fingerprints: Vec::new(),
            dependencies: self.dependencies(),
        }
    }

    fn dependencies(&self) -> Arc<[ResourceAddress]> {
        let span = self.parts.dependencies.as_ref();
        span.map(|span| dependencies_in(Raw::checked(self.slice(span)))).unwrap_or_default()
    }

    fn slice(&self, span: &Span) -> &'s str {
        self.text.get(span.clone()).unwrap_or("null")
    }
}

impl std::fmt::Debug for StreamedObject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StreamedObject({})", self.address())
    }
}
