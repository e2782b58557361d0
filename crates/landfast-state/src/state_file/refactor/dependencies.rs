//! Dependencies that follow what they name.

use bytes::Bytes;
use memchr::memmem::Finder;

use crate::json::splice::{range_of, replace};
use crate::json::{Raw, quote_go};
use crate::state_file::edit::member;

use super::block::{Block, Text};

/// How many names are looked for one by one.
const FEW: usize = 8;

/// Renames dependencies in all objects: `names` holds what they are called and what they are to be called, sorted.
pub(super) fn follow(blocks: &mut [Block], source: &Bytes, names: &[(String, String)]) {
    // Most objects name none of them: where there are few names, they are looked for before anything is taken apart.
    let quoted: Vec<String> = names.iter().take(FEW + 1).map(|(from, _)| quote_go(from)).collect();
    let finders: Vec<Finder<'_>> = quoted.iter().map(|name| Finder::new(name.as_bytes())).collect();
    let may_name = |text: &[u8]| finders.len() > FEW || finders.iter().any(|finder| finder.find(text).is_some());
    for block in blocks {
        let mut is_touched = false;
        for object in &mut block.objects {
            let is_named = may_name(object.text.bytes(source));
            if let Some(renamed) = is_named.then(|| renamed(object.text.get(source), names)).flatten() {
                object.text = Text::Made(renamed);
                is_touched = true;
            }
        }
        if is_touched {
            block.touch(source);
        }
    }
}

/// The text of an object with its dependencies renamed; `None` when none of them is.
fn renamed(text: &str, names: &[(String, String)]) -> Option<String> {
    let dependencies = member(Raw::checked(text), "dependencies")?.elements()?;
    let found = dependencies.filter_map(|dependency| {
        let name = dependency.as_string()?;
        let at = names.binary_search_by(|(from, _)| from.as_str().cmp(&name)).ok()?;
        Some((range_of(text, dependency)?, quote_go(&names.get(at)?.1)))
    });
    let found: Vec<_> = found.collect();
    // From the end, so that the places before stay where they are.
    let edited = found.iter().rev().fold(text.to_owned(), |text, (range, name)| replace(&text, range.clone(), name));
    (!found.is_empty()).then_some(edited)
}
