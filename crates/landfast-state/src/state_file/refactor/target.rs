//! What a person means by an address of a state: an instance, a resource or a module.

use std::fmt;
use std::str::FromStr;

use crate::address::{AddressError, InstanceAddress, InstanceKey, ModuleAddress, ObjectAddress, ResourceAddress};

use super::RefactorError;

/// What an address of a state names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateTarget {
    /// A module instance, with everything in it. Without a key, all instances of the module.
    Module(ModuleAddress),
    /// An instance of a resource. Without a key, all its instances.
    Instance(InstanceAddress),
}

/// Why a text is no address of a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no address of a module, a resource or an instance")]
pub struct StateTargetError {
    /// The text.
    pub text: String,
    /// What is wrong with it as the address of an instance.
    #[source]
    pub source: AddressError,
}

impl FromStr for StateTarget {
    type Err = StateTargetError;

    fn from_str(text: &str) -> Result<Self, StateTargetError> {
        match text.parse() {
            Ok(instance) => Ok(Self::Instance(instance)),
            Err(source) => match text.parse() {
                Ok(module) if !text.is_empty() => Ok(Self::Module(module)),
                _ => Err(StateTargetError { text: text.to_owned(), source }),
            },
        }
    }
}

impl fmt::Display for StateTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Module(module) => module.fmt(f),
            Self::Instance(instance) => instance.fmt(f),
        }
    }
}

impl StateTarget {
    /// Whether the object is meant.
    #[must_use]
    pub fn holds(&self, object: &ObjectAddress) -> bool {
        self.holds_instance(&object.instance)
    }

    /// Whether the objects of the instance are meant.
    #[must_use]
    pub fn holds_instance(&self, address: &InstanceAddress) -> bool {
        match self {
            Self::Module(module) => is_in(&address.resource.module, module),
            Self::Instance(wanted) if wanted.key == InstanceKey::None => wanted.resource == address.resource,
            Self::Instance(wanted) => wanted == address,
        }
    }
}

/// Whether `inner` is `outer` or in it, where the last step of `outer` without a key stands for every key.
fn is_in(inner: &ModuleAddress, outer: &ModuleAddress) -> bool {
    let Some((last, way)) = outer.steps.split_last() else { return true };
    inner.steps.starts_with(way)
        && inner
            .steps
            .get(way.len())
            .is_some_and(|step| step.name == last.name && (last.key == InstanceKey::None || step.key == last.key))
}

/// The address of `resource` after what is at `from` went to `to`.
pub(super) fn renamed(
    resource: &ResourceAddress,
    from: &StateTarget,
    to: &StateTarget,
) -> Result<ResourceAddress, RefactorError> {
    let unlike = |reason| RefactorError::Unlike { from: from.to_string(), to: to.to_string(), reason };
    match (from, to) {
        (StateTarget::Module(from_module), StateTarget::Module(to_module)) => {
            let below = resource.module.steps.get(from_module.steps.len()..).unwrap_or_default();
            let mut steps = to_module.steps.clone();
            // A module without a key stands for all its instances: they keep theirs.
            let own = resource.module.steps.get(from_module.steps.len().saturating_sub(1));
            if let (Some(last), Some(own)) = (steps.last_mut(), own)
                && last.key == InstanceKey::None
                && from_module.steps.last().is_some_and(|step| step.key == InstanceKey::None)
            {
                last.key = own.key.clone();
            }
            steps.extend(below.iter().cloned());
            Ok(ResourceAddress { module: ModuleAddress { steps }, ..resource.clone() })
        }
        (StateTarget::Instance(_), StateTarget::Instance(to_instance)) => {
            let to_resource = &to_instance.resource;
            if to_resource.mode != resource.mode {
                return Err(unlike("one is managed and the other is data"));
            }
            if to_resource.type_name != resource.type_name {
                return Err(unlike("they are of different types"));
            }
            Ok((**to_resource).clone())
        }
        _ => Err(unlike("a module can only become a module, and a resource only a resource")),
    }
}

/// The key of an instance after what is at `from` went to `to`.
pub(super) fn new_key(key: &InstanceKey, from: &StateTarget, to: &StateTarget) -> Result<InstanceKey, RefactorError> {
    match (from, to) {
        (StateTarget::Instance(from_instance), StateTarget::Instance(to_instance)) => {
            let is_whole = from_instance.key == InstanceKey::None;
            match (is_whole && *key != InstanceKey::None, &to_instance.key) {
                // All instances of a resource keep their keys.
                (true, InstanceKey::None) => Ok(key.clone()),
                (true, _) => Err(RefactorError::Unlike {
                    from: from.to_string(),
                    to: to.to_string(),
                    reason: "it has several instances, and the other is one",
                }),
                (false, to_key) => Ok(to_key.clone()),
            }
        }
        _ => Ok(key.clone()),
    }
}
