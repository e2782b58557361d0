//! Taking objects out of a state, putting them into one, and giving them other addresses or providers.
//!
//! What is not touched keeps its bytes: a resource block is written anew only where its members or its objects change, and an
//! object only where its key or its dependencies do.

mod block;
mod dependencies;
mod placing;
mod selector;
mod target;
mod writing;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;

use crate::address::{InstanceKey, ObjectAddress, ProviderConfigAddress, ResourceAddress};
use crate::json::Limits;

use super::{EditError, Places, StateFile};
use block::{Block, Object};
use placing::Destination;
pub use selector::StateSelector;
pub use target::{StateTarget, StateTargetError};

/// Why objects could not be moved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefactorError {
    /// Nothing has the address.
    #[error("the state has nothing at {address}")]
    NothingThere {
        /// The address.
        address: String,
    },
    /// Something has the address already.
    #[error("the state has an object at {address} already")]
    Occupied {
        /// The address.
        address: String,
    },
    /// A module cannot become a resource, nor a resource of one type one of another, nor data something managed.
    #[error("{from} cannot become {to}: {reason}")]
    Unlike {
        /// What is to be moved.
        from: String,
        /// What it is to become.
        to: String,
        /// Why it cannot.
        reason: &'static str,
    },
    /// The resource at the destination belongs to another provider configuration.
    #[error("{address} belongs to {there}, and what is to be moved to {here}")]
    OtherProvider {
        /// The resource at the destination.
        address: String,
        /// Its provider configuration.
        there: String,
        /// That of the objects.
        here: String,
    },
}

/// Objects that were taken out of a state, to be put into one.
///
/// It holds attributes in clear; `Debug` shows addresses only.
#[derive(Clone)]
pub struct ExtractedObjects {
    from: StateTarget,
    blocks: Vec<Block>,
}

impl std::fmt::Debug for ExtractedObjects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.addresses()).finish()
    }
}

impl ExtractedObjects {
    /// The addresses that the objects had, in the order of the file.
    pub fn addresses(&self) -> impl Iterator<Item = ObjectAddress> {
        self.blocks.iter().flat_map(Block::addresses)
    }
}

/// A change of which objects a state holds, in the making. Dropped without [`StateRefactoring::finish`], it changes nothing.
///
/// Formats 1 to 3 are changed in their format-4 form.
///
/// ```
/// use landfast_state::{Limits, StateFile};
///
/// let text = r#"{"version": 4, "serial": 3, "lineage": "a", "outputs": {}, "resources": [
///     {"mode": "managed", "type": "aws_vpc", "name": "main", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
///      "instances": [{"schema_version": 1, "attributes": {"id": "vpc-1"}}]}]}"#;
/// let state = StateFile::read(text.into(), "prod.tfstate", &Limits::default())?;
/// let mut change = state.refactor();
/// let moved = change.move_objects(&"aws_vpc.main".parse().unwrap(), &"module.net.aws_vpc.main".parse().unwrap()).unwrap();
/// assert_eq!(moved[0].1.to_string(), "module.net.aws_vpc.main");
/// let state = change.finish(4, &Limits::default()).unwrap();
/// assert_eq!(state.snapshot().instances().next().unwrap().to_string(), "module.net.aws_vpc.main");
/// # Ok::<(), landfast_state::ReadError>(())
/// ```
#[derive(Clone)]
pub struct StateRefactoring {
    file: String,
    source: Bytes,
    places: Places,
    blocks: Vec<Block>,
}

impl std::fmt::Debug for StateRefactoring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StateRefactoring({:?}, {} bytes)", self.file, self.source.len())
    }
}

impl StateFile {
    /// Begins a change of which objects the state holds.
    #[must_use]
    pub fn refactor(&self) -> StateRefactoring {
        StateRefactoring {
            file: self.file.clone(),
            source: self.source.clone(),
            places: self.places.clone(),
            blocks: block::blocks_of(self),
        }
    }
}

impl StateRefactoring {
    /// Takes out every object that `wanted` holds for, and says which these were, in the order of the file. What depends on
    /// them is left as it is.
    pub fn remove(&mut self, wanted: impl Fn(&ObjectAddress) -> bool) -> Vec<ObjectAddress> {
        let mut removed = Vec::new();
        for block in &mut self.blocks {
            block.take(&self.source, &wanted, |address, _| removed.push(address));
        }
        removed
    }

    /// Takes out what stands at `target`: an instance, all instances of a resource, or all of a module and what is in it.
    ///
    /// # Errors
    /// When nothing is there.
    pub fn extract(&mut self, target: &StateTarget) -> Result<ExtractedObjects, RefactorError> {
        self.take_out(target, |_, _| {})
    }

    /// As [`StateRefactoring::extract`]; tells of each block that it is about to change.
    fn take_out(
        &mut self,
        target: &StateTarget,
        mut touched: impl FnMut(usize, &Block),
    ) -> Result<ExtractedObjects, RefactorError> {
        let (source, wanted) = (&self.source, |address: &ObjectAddress| target.holds(address));
        let mut blocks = Vec::new();
        for (at, block) in self.blocks.iter_mut().enumerate().filter(|(_, block)| block.has(&wanted)) {
            touched(at, block);
            let mut objects = Vec::new();
            block.take(source, &wanted, |_, object| objects.push(object.owned(source)));
            blocks.push(block.with_objects(objects));
        }
        if blocks.is_empty() {
            return Err(RefactorError::NothingThere { address: target.to_string() });
        }
        Ok(ExtractedObjects { from: target.clone(), blocks })
    }

    /// Puts objects where `to` says, by the rules of `terraform state mv`, and gives each one's old address and new one. Which
    /// dependencies are named otherwise afterwards, [`StateRefactoring::move_objects`] changes and this does not.
    ///
    /// # Errors
    /// When something is there already, or the objects cannot be what `to` says. Nothing is changed then.
    pub fn insert(
        &mut self,
        objects: ExtractedObjects,
        to: &StateTarget,
    ) -> Result<Vec<(ObjectAddress, ObjectAddress)>, RefactorError> {
        let ExtractedObjects { from, blocks } = objects;
        let mut renamed = Vec::with_capacity(blocks.len());
        for block in &blocks {
            renamed.push(Arc::new(target::renamed(&block.resource, &from, to)?));
        }
        let destination = Destination::of(&self.blocks, &renamed);
        let mut taken = destination.occupied;
        let mut moved = Vec::new();
        let mut became = Vec::with_capacity(blocks.len());
        for (mut block, resource) in blocks.into_iter().zip(renamed) {
            let before = std::mem::replace(&mut block.resource, resource);
            for object in &mut block.objects {
                let old = object.address(&before);
                object.set_key(target::new_key(&object.key, &from, to)?);
                let new = object.address(&block.resource);
                if !taken.insert(new.clone()) {
                    return Err(RefactorError::Occupied { address: new.to_string() });
                }
                moved.push((old, new));
            }
            if let Some(there) = destination.first.get(&block.resource).and_then(|at| self.blocks.get(*at)) {
                there.check_provider(&block)?;
            }
            became.push(block);
        }
        placing::put_all(&mut self.blocks, became, &destination.first, &self.source);
        Ok(moved)
    }

    /// Moves what stands at `from` to `to`, as `terraform state mv` does, and gives each object's old address and new one.
    ///
    /// A resource without a key is all its instances, or its one instance where `to` has a key. Dependencies of other objects
    /// on what was moved follow it, where nothing stays behind under the old name.
    ///
    /// # Errors
    /// When nothing is there, something is at the destination, or the one cannot become the other. Nothing is changed then.
    pub fn move_objects(
        &mut self,
        from: &StateTarget,
        to: &StateTarget,
    ) -> Result<Vec<(ObjectAddress, ObjectAddress)>, RefactorError> {
        let mut before = Vec::new();
        let objects = self.take_out(from, |at, block| before.push((at, block.clone())))?;
        match self.insert(objects, to) {
            Ok(moved) => {
                self.follow(&moved);
                Ok(moved)
            }
            Err(error) => {
                // Nothing was put in, so the places are what they were.
                for (at, block) in before {
                    self.blocks.get_mut(at).into_iter().for_each(|there| *there = block.clone());
                }
                Err(error)
            }
        }
    }

    /// Gives every object whose provider configuration has the source address `from`, and that `wanted` holds for, the one
    /// with the address `to`; modules and aliases stay. Gives the resources that were changed.
    pub fn replace_provider(
        &mut self,
        from: &str,
        to: &str,
        wanted: impl Fn(&ResourceAddress) -> bool,
    ) -> Vec<Arc<ResourceAddress>> {
        let mut changed = Vec::new();
        for block in &mut self.blocks {
            let Some(provider) = block.provider.as_ref().filter(|provider| *provider.source == *from) else { continue };
            if wanted(&block.resource) {
                block.provider = Some(ProviderConfigAddress { source: to.into(), ..provider.clone() });
                block.touch(&self.source);
                changed.push(Arc::clone(&block.resource));
            }
        }
        changed
    }

    /// The state as it is now, with this serial. Every check that a file must pass, it must pass too.
    ///
    /// # Errors
    /// When it is no state any more.
    pub fn finish(self, serial: u64, limits: &Limits) -> Result<StateFile, EditError> {
        let text = writing::text(&self.source, &self.places, &self.blocks, serial);
        StateFile::read(text.into(), &self.file, limits).map_err(EditError::Broken)
    }

    /// Lets dependencies follow what was moved.
    fn follow(&mut self, moved: &[(ObjectAddress, ObjectAddress)]) {
        let mut seen = HashSet::new();
        let mut names: HashMap<ResourceAddress, ResourceAddress> = moved
            .iter()
            .map(|(before, after)| (&before.instance.resource, &after.instance.resource))
            .filter(|(before, after)| seen.insert((Arc::as_ptr(before), Arc::as_ptr(after))))
            .map(|(before, after)| (before.without_keys(), after.without_keys()))
            .filter(|(before, after)| before != after)
            .collect();
        // What stays behind under the old name keeps what depends on it.
        let kinds: HashSet<(&str, &str)> = names.keys().map(|name| (&*name.type_name, &*name.name)).collect();
        let left = self.blocks.iter().filter(|block| !block.objects.is_empty()).map(|block| &block.resource);
        let left = left.filter(|resource| kinds.contains(&(&*resource.type_name, &*resource.name)));
        let left: Vec<ResourceAddress> = left.map(|resource| resource.without_keys()).collect();
        for name in &left {
            names.remove(name);
        }
        let mut names: Vec<(String, String)> =
            names.into_iter().map(|(before, after)| (before.to_string(), after.to_string())).collect();
        names.sort_unstable();
        if !names.is_empty() {
            dependencies::follow(&mut self.blocks, &self.source, &names);
        }
    }
}

impl Object {
    fn address(&self, resource: &Arc<ResourceAddress>) -> ObjectAddress {
        ObjectAddress { instance: resource.instance(self.key.clone()), deposed: self.deposed.clone() }
    }

    fn set_key(&mut self, key: InstanceKey) {
        if self.key != key {
            // What is put in has a text of its own.
            self.text = block::Text::Made(block::with_key(self.text.get(b""), &key));
            self.key = key;
        }
    }
}
