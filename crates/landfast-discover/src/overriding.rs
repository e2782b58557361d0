//! What override files change: blocks of the same name are merged, as terraform does.

use crate::tree::{Block, Body, Syntax};

/// Merges the block of an override into the one that it overrides: an attribute stands in for the one of its name, and blocks of
/// a kind for all of that kind, except for `lifecycle`, which is merged itself.
pub(crate) fn merge(base: &mut Body, over: &Body) {
    // What a body holds of JSON may be blocks.
    if over.syntax == Syntax::Json {
        base.syntax = Syntax::Json;
    }
    for (name, node) in &over.attributes {
        if name == "lifecycle" && over.syntax == Syntax::Json {
            merge_lifecycle(base, over.nested("lifecycle", 0));
            continue;
        }
        base.blocks.retain(|block| block.kind != *name);
        match base.attributes.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => node.clone_into(known),
            None => base.attributes.push((name.clone(), node.clone())),
        }
    }
    let mut kinds: Vec<&str> = over.blocks.iter().map(|block| block.kind.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let blocks: Vec<Block> = over.blocks.iter().filter(|block| block.kind == kind).cloned().collect();
        if kind == "lifecycle" {
            merge_lifecycle(base, blocks);
            continue;
        }
        base.blocks.retain(|block| block.kind != kind);
        base.attributes.retain(|(name, _)| name != kind);
        base.blocks.extend(blocks);
    }
}

fn merge_lifecycle(base: &mut Body, over: Vec<Block>) {
    let mut merged = base.nested("lifecycle", 0);
    base.blocks.retain(|block| block.kind != "lifecycle");
    base.attributes.retain(|(name, _)| name != "lifecycle");
    for block in over {
        match merged.first_mut() {
            Some(known) => merge(&mut known.body, &block.body),
            None => merged.push(block),
        }
    }
    base.blocks.extend(merged);
}
