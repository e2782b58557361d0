//! The order in which terraform writes objects.

use std::cmp::Ordering;
use std::hash::BuildHasher as _;
use std::sync::Arc;

use foldhash::quality::RandomState;

use crate::address::{InstanceKey, ModuleStep, ResourceAddress};

/// Whether objects come in terraform's order: then no address stands twice. From where they do not, a hash of each address
/// is kept.
#[derive(Debug, Default)]
pub(super) struct Order {
    last: Option<(Arc<ResourceAddress>, InstanceKey, Option<Box<str>>)>,
    /// How many objects came in order, up to the first that did not.
    ordered: usize,
    hashes: Hashes,
}

/// Hashes of addresses, 8 bytes each, under a random key.
#[derive(Debug, Default)]
struct Hashes {
    state: RandomState,
    taken: Vec<u64>,
}

impl Order {
    /// Whether each object came behind the one before it.
    pub(super) fn is_kept(&self) -> bool {
        self.hashes.taken.is_empty()
    }

    /// How many objects came before the order broke.
    pub(super) fn ordered(&self) -> usize {
        self.ordered
    }

    /// Notes the next object.
    pub(super) fn see(&mut self, resource: &Arc<ResourceAddress>, key: &InstanceKey, deposed: Option<&str>) {
        if !self.is_kept() {
            return self.hashes.take(resource, key, deposed);
        }
        if let Some((last, last_key, last_deposed)) = &mut self.last {
            let resources = if Arc::ptr_eq(last, resource) { Ordering::Equal } else { compare(last, resource) };
            let order = resources.then_with(|| (&*last_key, last_deposed.as_deref()).cmp(&(key, deposed)));
            if order != Ordering::Less {
                return self.hashes.take(resource, key, deposed);
            }
            last.clone_from(resource);
            last_key.clone_from(key);
            *last_deposed = deposed.map(Into::into);
        } else {
            self.last = Some((Arc::clone(resource), key.clone(), deposed.map(Into::into)));
        }
        self.ordered += 1;
    }

    /// Takes in an object that came before the order broke, when it is read again.
    pub(super) fn see_again(&mut self, resource: &ResourceAddress, key: &InstanceKey, deposed: Option<&str>) {
        self.hashes.take(resource, key, deposed);
    }

    /// Whether two of the addresses that were taken have one hash: equal ones do.
    pub(super) fn may_repeat(&mut self) -> bool {
        self.hashes.taken.sort_unstable();
        self.hashes.taken.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
    }
}

impl Hashes {
    fn take(&mut self, resource: &ResourceAddress, key: &InstanceKey, deposed: Option<&str>) {
        self.taken.push(self.state.hash_one((resource, key, deposed)));
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
