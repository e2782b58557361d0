//! Edits of a JSON text that leave every byte alone which they do not touch.

use std::ops::Range;

use super::raw::Raw;
use super::text::quote_go;

/// Replaces `range` of `text` by `new`.
pub(crate) fn replace(text: &str, range: Range<usize>, new: &str) -> String {
    let before = text.get(..range.start).unwrap_or_default();
    let after = text.get(range.end..).unwrap_or_default();
    [before, new, after].concat()
}

/// Where `raw` stands in `document`.
pub(crate) fn range_of(document: &str, raw: Raw<'_>) -> Option<Range<usize>> {
    let start = raw.offset_in(document)?;
    Some(start..start + raw.as_str().len())
}

/// Where an item of a container stands, from its first to its last byte; a member begins with its key.
pub(crate) fn item_ranges(document: &str, container: Raw<'_>) -> Vec<Range<usize>> {
    let ranges = |first: Raw<'_>, last: Raw<'_>| Some(range_of(document, first)?.start..range_of(document, last)?.end);
    match container.elements() {
        Some(elements) => elements.filter_map(|element| ranges(element, element)).collect(),
        None => container.quoted_members().filter_map(|(key, value)| ranges(key, value)).collect(),
    }
}

/// What must be cut out so that item `at` of `container` goes, and its comma and white space with it. Without its last
/// item, a container becomes `[]` or `{}`.
pub(crate) fn removal(document: &str, container: Raw<'_>, at: usize) -> Option<Range<usize>> {
    let items = item_ranges(document, container);
    let item = items.get(at)?;
    if items.len() == 1 {
        let whole = range_of(document, container)?;
        return Some(whole.start + 1..whole.end - 1);
    }
    match (items.get(at + 1), at.checked_sub(1).and_then(|before| items.get(before))) {
        (Some(next), _) => Some(item.start..next.start),
        (None, Some(before)) => Some(before.end..item.end),
        (None, None) => None,
    }
}

/// What must be put where so that `object` gains a member, before the first key that sorts after it. `indent` is that of
/// the object's own line, two spaces a level, as terraform writes.
pub(crate) fn insertion(
    document: &str,
    object: Raw<'_>,
    key: &str,
    value: &str,
    indent: usize,
) -> Option<(usize, String)> {
    let member = format!("{}: {value}", quote_go(key));
    let pad = "  ".repeat(indent + 1);
    let items = item_ranges(document, object);
    let whole = range_of(document, object)?;
    let next = object.quoted_members().position(|(name, _)| name.as_string().is_some_and(|name| *name > *key));
    match (next.and_then(|next| items.get(next)), items.last()) {
        (Some(next), _) => Some((next.start, format!("{member},\n{pad}"))),
        (None, Some(last)) => Some((last.end, format!(",\n{pad}{member}"))),
        (None, None) => Some((whole.start + 1, format!("\n{pad}{member}\n{}", "  ".repeat(indent)))),
    }
}
