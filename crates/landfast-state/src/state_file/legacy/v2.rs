//! From format 2 to format 3: in flat maps, the number of a map's entries moves from `name.#`, which lists keep, to
//! `name.%`, and numbers of collections without entries go.

use std::collections::BTreeSet;

use super::read::{Document, FlatMap};

/// Takes all attributes of a document of format 2 to format 3.
pub(super) fn to_v3(document: &mut Document<'_>) {
    for resource in document.modules.iter_mut().flat_map(|module| &mut module.resources) {
        for instance in resource.primary.iter_mut().chain(&mut resource.deposed) {
            if let Some(attributes) = &mut instance.attributes {
                move_counts(attributes);
            }
        }
    }
}

/// A collection: what comes before the `#` of its count, and what its entries say about it.
struct Collection {
    prefix: String,
    has_entries: bool,
    /// Whether an entry has a key that is not an integer, as only maps have them.
    has_names: bool,
}

fn move_counts(attributes: &mut FlatMap<'_>) {
    for collection in collections(attributes) {
        let count = if collection.has_names || !collection.has_entries {
            attributes.remove(format!("{}#", collection.prefix).as_str())
        } else {
            None
        };
        if let Some(count) = count.filter(|_| collection.has_names) {
            attributes.insert(format!("{}%", collection.prefix).into(), count);
        }
    }
}

/// The collections of a flat map, by their prefixes. Each key is looked at once for each collection that it is in.
fn collections(attributes: &FlatMap<'_>) -> Vec<Collection> {
    let prefixes: BTreeSet<&str> = attributes.keys().filter_map(|key| collection_prefix(key)).collect();
    let mut waiting = prefixes.into_iter().peekable();
    let mut collections: Vec<Collection> = Vec::new();
    // The collections that the key at hand may be in, outermost first, as indices. A prefix sorts before the keys that
    // begin with it, so those that share less than their length with the key at hand are over.
    let mut open: Vec<usize> = Vec::new();
    let mut previous = "";
    for key in attributes.keys() {
        let key: &str = key;
        while let Some(prefix) = waiting.next_if(|prefix| *prefix <= key) {
            close(&mut open, &collections, shared_len(previous, prefix));
            open.push(collections.len());
            collections.push(Collection { prefix: prefix.to_owned(), has_entries: false, has_names: false });
            previous = prefix;
        }
        close(&mut open, &collections, shared_len(previous, key));
        previous = key;
        for collection in &open {
            if let Some(collection) = collections.get_mut(*collection) {
                note_key(collection, key);
            }
        }
    }
    collections
}

fn close(open: &mut Vec<usize>, collections: &[Collection], shared: usize) {
    while open.last().and_then(|top| collections.get(*top)).is_some_and(|top| top.prefix.len() > shared) {
        open.pop();
    }
}

/// The prefix of the collection whose count this key is. Counts have no line break in their keys.
fn collection_prefix(key: &str) -> Option<&str> {
    key.strip_suffix('#').filter(|prefix| prefix.ends_with('.') && !prefix.contains('\n'))
}

fn shared_len(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count()
}

/// Notes what a key that begins with the collection's prefix says about it.
fn note_key(collection: &mut Collection, key: &str) {
    let rest = key.get(collection.prefix.len()..).unwrap_or_default();
    if rest == "#" {
        return;
    }
    collection.has_entries = true;
    if !collection.has_names {
        let entry = rest.split_once('.').map_or(rest, |(entry, _)| entry);
        collection.has_names = entry.parse::<i64>().is_err();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(keys: &[&str]) -> Vec<String> {
        let mut map: FlatMap<'_> = keys.iter().map(|key| ((*key).into(), "1".into())).collect();
        move_counts(&mut map);
        map.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn counts_move_by_what_the_entries_are() {
        for (before, after) in [
            (&["a.#", "a.0"][..], &["a.#", "a.0"][..]),
            (&["a.#", "a.k"], &["a.%", "a.k"]),
            (&["a.#"], &[]),
            (&["a.#", "a.!", "b"], &["a.!", "a.%", "b"]),
            (&["a.#", "a.0.#", "a.0.k", "a.1.#", "a.1.0"], &["a.#", "a.0.%", "a.0.k", "a.1.#", "a.1.0"]),
            (&["a-b.#", "a-b.0", "a.#", "a.k", "a0.#", "a0.7"], &["a-b.#", "a-b.0", "a.%", "a.k", "a0.#", "a0.7"]),
            (&["a.#", "a..x"], &["a.%", "a..x"]),
            (&["a.#", "a.b.#"], &["a.%"]),
            (&["a.#", "a.-1", "b.#", "b.99999999999999999999"], &["a.#", "a.-1", "b.%", "b.99999999999999999999"]),
        ] {
            let mut after: Vec<_> = after.iter().map(ToString::to_string).collect();
            after.sort();
            assert_eq!(moved(before), after, "{before:?}");
        }
    }

    #[test]
    fn nested_collections_take_no_time() {
        let depth = 2000;
        let mut keys: Vec<String> = (1..depth).map(|steps| format!("{}#", "a.".repeat(steps))).collect();
        keys.extend((0..depth).map(|entry| format!("{}{entry}", "a.".repeat(depth))));
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        assert_eq!(moved(&keys).iter().filter(|key| key.ends_with('%')).count(), depth - 1);
    }
}
