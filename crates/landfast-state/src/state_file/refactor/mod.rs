//! Taking objects out of a state, putting them into one, and giving them other addresses or providers.
//!
//! What is not touched keeps its bytes: a resource block is written anew only where its members or its objects change, and an
//! object only where its key or its dependencies do.

mod block;
mod dependencies;
mod selector;
mod target;

use std::sync::Arc;

use bytes::Bytes;

use crate::address::{InstanceKey, ObjectAddress, ProviderConfigAddress, ResourceAddress};
use crate::json::splice::{insertion, range_of, replace};
use crate::json::{Limits, Raw};

use super::{EditError, StateFile};
use block::{Block, Object};
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
        StateRefactoring { file: self.file.clone(), source: self.source.clone(), blocks: block::blocks_of(self) }
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
        let mut blocks = Vec::new();
        for block in &mut self.blocks {
            let mut objects = Vec::new();
            let source = &self.source;
            block.take(source, &|address| target.holds(address), |_, object| objects.push(object.owned(source)));
            if !objects.is_empty() {
                blocks.push(block.with_objects(objects));
            }
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
        let mut moved = Vec::new();
        let mut renamed = Vec::new();
        for block in objects.blocks {
            let mut became =
                Block { resource: Arc::new(target::renamed(&block.resource, &objects.from, to)?), ..block };
            for object in &mut became.objects {
                let before = object.address(&block.resource);
                object.set_key(target::new_key(&object.key, &objects.from, to)?);
                let after = object.address(&became.resource);
                if self.blocks.iter().any(|block| block.holds(&after)) || moved.iter().any(|(_, other)| *other == after)
                {
                    return Err(RefactorError::Occupied { address: after.to_string() });
                }
                moved.push((before, after));
            }
            if let Some(there) = self.blocks.iter().find(|there| there.is_at(&became.resource)) {
                there.check_provider(&became)?;
            }
            renamed.push(became);
        }
        for block in renamed {
            self.put(block);
        }
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
        let before = self.blocks.clone();
        let result = self.extract(from).and_then(|objects| self.insert(objects, to));
        match &result {
            Ok(moved) => self.follow(moved),
            Err(_) => self.blocks = before,
        }
        result
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
        let text = self.text(serial);
        StateFile::read(text.into(), &self.file, limits).map_err(EditError::Broken)
    }

    fn put(&mut self, block: Block) {
        if let Some(there) = self.blocks.iter_mut().find(|there| there.is_at(&block.resource)) {
            there.touch(&self.source);
            there.objects.extend(block.objects);
            there.objects.sort_by(|a, b| (&a.key, &a.deposed).cmp(&(&b.key, &b.deposed)));
            return;
        }
        let after = |there: &Block| there.is_known() && there.resource > block.resource;
        let at = self.blocks.iter().position(after).unwrap_or(self.blocks.len());
        self.blocks.insert(at, Block { is_changed: true, ..block });
    }

    /// Lets dependencies follow what was moved.
    fn follow(&mut self, moved: &[(ObjectAddress, ObjectAddress)]) {
        let mut names: Vec<(String, String)> = moved
            .iter()
            .map(|(before, after)| (&before.instance.resource, &after.instance.resource))
            .map(|(before, after)| (before.without_keys(), after.without_keys()))
            .filter(|(before, after)| before != after)
            .filter(|(before, _)| !self.blocks.iter().any(|block| block.has_objects_of(before)))
            .map(|(before, after)| (before.to_string(), after.to_string()))
            .collect();
        names.sort_unstable();
        names.dedup();
        if !names.is_empty() {
            dependencies::follow(&mut self.blocks, &self.source, &names);
        }
    }

    fn text(&self, serial: u64) -> String {
        let source = String::from_utf8_lossy(&self.source);
        let with_resources = match block::resources_range(&source) {
            Some(range) => replace(&source, range, &block::write_all(&self.blocks, &source)),
            None => source.into_owned(),
        };
        let document = Raw::checked(&with_resources);
        let serial = serial.to_string();
        let edit = match super::edit::member(document, "serial").and_then(|old| range_of(&with_resources, old)) {
            Some(range) => Some((range, serial)),
            None => insertion(&with_resources, document, "serial", &serial, 0).map(|(at, member)| (at..at, member)),
        };
        edit.map_or_else(|| with_resources.clone(), |(range, text)| replace(&with_resources, range, &text))
    }
}

impl Object {
    fn address(&self, resource: &Arc<ResourceAddress>) -> ObjectAddress {
        ObjectAddress { instance: resource.instance(self.key.clone()), deposed: self.deposed.clone() }
    }

    fn set_key(&mut self, key: InstanceKey) {
        if self.key != key {
            // What is put in has a text of its own.
            self.text = block::Text::Made(block::with_key(self.text.get(""), &key));
            self.key = key;
        }
    }
}
