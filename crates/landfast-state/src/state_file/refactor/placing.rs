//! Where blocks come to stand that are put into a state.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;

use crate::address::{ObjectAddress, ResourceAddress};

use super::block::Block;

/// What is where blocks are to be put.
pub(super) struct Destination {
    /// The first block of each of the resources that has one.
    pub(super) first: HashMap<Arc<ResourceAddress>, usize>,
    /// The objects that are there.
    pub(super) occupied: HashSet<ObjectAddress>,
}

impl Destination {
    /// What `blocks` hold of these resources.
    pub(super) fn of(blocks: &[Block], resources: &[Arc<ResourceAddress>]) -> Self {
        let wanted: HashSet<&ResourceAddress> = resources.iter().map(|resource| &**resource).collect();
        let (mut first, mut occupied) = (HashMap::new(), HashSet::new());
        for (at, block) in blocks.iter().enumerate() {
            if block.is_known() && wanted.contains(&*block.resource) {
                first.entry(Arc::clone(&block.resource)).or_insert(at);
                occupied.extend(block.addresses());
            }
        }
        Self { first, occupied }
    }
}

/// Puts blocks in: into the first block of their resource, or before the first block whose resource sorts after theirs.
pub(super) fn put_all(
    blocks: &mut Vec<Block>,
    new: Vec<Block>,
    first: &HashMap<Arc<ResourceAddress>, usize>,
    source: &Bytes,
) {
    let mut fresh: Vec<Block> = Vec::new();
    let mut fresh_at: HashMap<Arc<ResourceAddress>, usize> = HashMap::new();
    for block in new {
        let there = match (first.get(&block.resource), fresh_at.get(&block.resource)) {
            (Some(at), _) => blocks.get_mut(*at),
            (None, Some(at)) => fresh.get_mut(*at),
            (None, None) => None,
        };
        match there {
            Some(there) => {
                there.touch(source);
                there.objects.extend(block.objects);
                there.objects.sort_by(|a, b| (&a.key, &a.deposed).cmp(&(&b.key, &b.deposed)));
            }
            None => {
                fresh_at.insert(Arc::clone(&block.resource), fresh.len());
                fresh.push(Block { is_changed: true, ..block });
            }
        }
    }
    if fresh.is_empty() {
        return;
    }
    fresh.sort_by(|a, b| a.resource.cmp(&b.resource));
    let mut fresh = fresh.into_iter().peekable();
    let mut merged = Vec::with_capacity(blocks.len() + fresh.len());
    for block in blocks.drain(..) {
        while let Some(before) = fresh.next_if(|new| block.is_known() && block.resource > new.resource) {
            merged.push(before);
        }
        merged.push(block);
    }
    merged.extend(fresh);
    *blocks = merged;
}
