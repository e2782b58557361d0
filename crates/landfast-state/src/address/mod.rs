//! Addresses of modules, resources, instances and objects: parsed and printed as terraform does.
//!
//! | type | example |
//! |---|---|
//! | [`ModuleAddress`] | `module.network["eu"].module.subnet[0]` |
//! | [`ResourceAddress`] | `module.network["eu"].aws_subnet.private`, `data.aws_ami.base` |
//! | [`InstanceAddress`] | `aws_instance.web["blue"]` |
//! | [`ObjectAddress`] | `aws_instance.web["blue"] (deposed object 0a1b2c3d)` |
//!
//! All of them are ordered as `terraform state list` orders its output: shorter module paths first, data before managed,
//! then type, name and key (no key before integers before strings).

mod parse;
mod pattern;
mod print;
mod provider;

use std::cmp::Ordering;
use std::sync::Arc;

pub use parse::AddressError;
pub(crate) use parse::{is_name, is_plainly_a_resource, is_resource_type};
pub use pattern::AddressPattern;
pub use print::quote_hcl;
pub use provider::{ProviderConfigAddress, provider_source};

/// The key that tells instances of one resource or module apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum InstanceKey {
    /// No `count` and no `for_each`.
    #[default]
    None,
    /// From `count`.
    Int(i64),
    /// From `for_each`.
    String(Box<str>),
}

/// How a resource came to be in the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResourceMode {
    /// A `resource` block: terraform manages the object.
    Managed,
    /// A `data` block: terraform only reads the object.
    Data,
    /// An `ephemeral` block: opened for one run, never stored in a state.
    Ephemeral,
}

impl ResourceMode {
    /// The name that state files and plan JSON use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Managed => "managed",
            Self::Data => "data",
            Self::Ephemeral => "ephemeral",
        }
    }

    /// The mode with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "managed" => Some(Self::Managed),
            "data" => Some(Self::Data),
            "ephemeral" => Some(Self::Ephemeral),
            _ => None,
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Data => 0,
            Self::Ephemeral => 1,
            Self::Managed => 2,
        }
    }
}

/// One step of a module path: `module.name` with the key of the instance.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModuleStep {
    /// Name of the `module` block.
    pub name: Box<str>,
    /// Which instance of it.
    pub key: InstanceKey,
}

/// A module instance; without steps, the root module.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ModuleAddress {
    /// From the outermost module to the innermost.
    pub steps: Vec<ModuleStep>,
}

impl ModuleAddress {
    /// The root module.
    pub const ROOT: Self = Self { steps: Vec::new() };

    /// Whether this is the root module.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.steps.is_empty()
    }
}

/// A resource in one module instance: all its instances together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ResourceAddress {
    /// The module instance that holds it.
    pub module: ModuleAddress,
    /// Managed, data or ephemeral.
    pub mode: ResourceMode,
    /// Resource type, such as `aws_instance`.
    pub type_name: Box<str>,
    /// Name of the block.
    pub name: Box<str>,
}

impl ResourceAddress {
    /// The address of the instance with this key.
    #[must_use]
    pub fn instance(self: &Arc<Self>, key: InstanceKey) -> InstanceAddress {
        InstanceAddress { resource: Arc::clone(self), key }
    }

    /// The address without the keys of the modules on its way, as `dependencies` in a state name it.
    #[must_use]
    pub fn without_keys(&self) -> Self {
        let mut bare = self.clone();
        for step in &mut bare.module.steps {
            step.key = InstanceKey::None;
        }
        bare
    }
}

/// One instance of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InstanceAddress {
    /// The resource; shared between its instances.
    pub resource: Arc<ResourceAddress>,
    /// Which instance of it.
    pub key: InstanceKey,
}

/// One object of an instance: the current one, or a deposed one that waits to be destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectAddress {
    /// The instance.
    pub instance: InstanceAddress,
    /// Key of the deposed object, 8 hexadecimal digits; `None` for the current object.
    pub deposed: Option<Box<str>>,
}

impl From<InstanceAddress> for ObjectAddress {
    fn from(instance: InstanceAddress) -> Self {
        Self { instance, deposed: None }
    }
}

impl Ord for InstanceKey {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::None, Self::None) => Ordering::Equal,
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::String(a), Self::String(b)) => a.cmp(b),
            (Self::None, _) | (Self::Int(_), Self::String(_)) => Ordering::Less,
            (_, Self::None) | (Self::String(_), Self::Int(_)) => Ordering::Greater,
        }
    }
}

impl Ord for ModuleAddress {
    fn cmp(&self, other: &Self) -> Ordering {
        let steps = |a: &ModuleStep, b: &ModuleStep| a.name.cmp(&b.name).then_with(|| a.key.cmp(&b.key));
        self.steps.len().cmp(&other.steps.len()).then_with(|| {
            let pairs = self.steps.iter().zip(&other.steps);
            pairs.fold(Ordering::Equal, |order, (a, b)| order.then_with(|| steps(a, b)))
        })
    }
}

impl Ord for ResourceAddress {
    fn cmp(&self, other: &Self) -> Ordering {
        self.module
            .cmp(&other.module)
            .then_with(|| self.mode.rank().cmp(&other.mode.rank()))
            .then_with(|| self.type_name.cmp(&other.type_name))
            .then_with(|| self.name.cmp(&other.name))
    }
}

impl Ord for InstanceAddress {
    fn cmp(&self, other: &Self) -> Ordering {
        self.resource.cmp(&other.resource).then_with(|| self.key.cmp(&other.key))
    }
}

impl Ord for ObjectAddress {
    fn cmp(&self, other: &Self) -> Ordering {
        self.instance.cmp(&other.instance).then_with(|| self.deposed.cmp(&other.deposed))
    }
}

macro_rules! partial_ord {
    ($($type:ty),+) => {$(
        impl PartialOrd for $type {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }
    )+};
}

partial_ord!(InstanceKey, ModuleAddress, ResourceAddress, InstanceAddress, ObjectAddress);
