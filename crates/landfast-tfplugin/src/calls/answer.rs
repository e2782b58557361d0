//! What calls take and give, without anything of the wire.

use std::fmt;

use std::collections::HashMap;

use bytes::Bytes;

use crate::cty::DynamicValue;

/// Attributes as formats 1 to 3 of states have them.
pub(crate) type Flatmap = HashMap<String, String>;

/// The attributes of an object as they were stored.
#[derive(Clone)]
pub(crate) enum Stored {
    Json(Bytes),
    Flat(Flatmap),
}

/// Why a provider does not answer now. It may later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeferredReason {
    /// It does not say.
    Unknown,
    /// Parts of the configuration of the resource are not known yet.
    ResourceConfigUnknown,
    /// Parts of the configuration of the provider are not known yet.
    ProviderConfigUnknown,
    /// Something that it needs is not there yet.
    AbsentPrerequisite,
}

impl fmt::Display for DeferredReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "the provider does not tell now, and not why",
            Self::ResourceConfigUnknown => "parts of the configuration of the resource are not known yet",
            Self::ProviderConfigUnknown => "parts of the configuration of the provider are not known yet",
            Self::AbsentPrerequisite => "something that it needs is not there yet",
        })
    }
}

/// What is there, or why it cannot be told now.
pub(crate) enum Objects<T> {
    There(T),
    Deferred(DeferredReason),
}

/// What a read gave.
pub(crate) struct Read {
    pub(crate) state: DynamicValue,
    pub(crate) private: Bytes,
    pub(crate) identity: Option<DynamicValue>,
    pub(crate) deferred: Option<DeferredReason>,
}

/// One object that an import gave.
pub(crate) struct Imported {
    pub(crate) type_name: String,
    pub(crate) state: DynamicValue,
    pub(crate) private: Bytes,
    pub(crate) identity: Option<DynamicValue>,
}
