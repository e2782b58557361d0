//! The order in which terraform writes objects.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::address::{InstanceKey, ModuleStep, ResourceAddress};

/// The last object that came, and whether all came in terraform's order: then no address stood twice.
#[derive(Debug, Default)]
pub(super) struct Order {
    last: Option<(Arc<ResourceAddress>, InstanceKey, Option<Box<str>>)>,
    broken: bool,
}

impl Order {
    /// Whether each object came behind the one before it.
    pub(super) fn is_kept(&self) -> bool {
        !self.broken
    }

    /// Notes the next object.
    pub(super) fn see(&mut self, resource: &Arc<ResourceAddress>, key: &InstanceKey, deposed: Option<&str>) {
        if self.broken {
            return;
        }
        if let Some((last, last_key, last_deposed)) = &mut self.last {
            let resources = if Arc::ptr_eq(last, resource) { Ordering::Equal } else { compare(last, resource) };
            let order = resources.then_with(|| (&*last_key, last_deposed.as_deref()).cmp(&(key, deposed)));
            self.broken = order != Ordering::Less;
            last.clone_from(resource);
            last_key.clone_from(key);
            *last_deposed = deposed.map(Into::into);
            return;
        }
        self.last = Some((Arc::clone(resource), key.clone(), deposed.map(Into::into)));
    }
}

/// Modules by their text, which is not quite the order of addresses, then mode, type and name. That it is terraform's order
/// matters for speed alone; that it is one matters.
fn compare(a: &ResourceAddress, b: &ResourceAddress) -> Ordering {
    let steps = a.module.steps.iter().zip(&b.module.steps);
    let modules = steps.map(|(a, b)| step(a, b)).find(|order| *order != Ordering::Equal);
    modules
        .unwrap_or_else(|| a.module.steps.len().cmp(&b.module.steps.len()))
        .then_with(|| a.mode.as_str().cmp(b.mode.as_str()))
        .then_with(|| a.type_name.cmp(&b.type_name))
        .then_with(|| a.name.cmp(&b.name))
}

fn step(a: &ModuleStep, b: &ModuleStep) -> Ordering {
    a.name.cmp(&b.name).then_with(|| match (&a.key, &b.key) {
        // As text, 10 comes before 2.
        (InstanceKey::Int(a), InstanceKey::Int(b)) => a.to_string().cmp(&b.to_string()),
        (a, b) => a.cmp(b),
    })
}
