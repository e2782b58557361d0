//! Hashes of checked values that overlook, where they are told so, what means nothing there.

use std::collections::HashMap;

use foldhash::quality::RandomState;

use super::limits::Limits;
use super::raw::Raw;
use super::scan::{plain_run_end, skip_white_space};
use super::structural::{ARRAY, OBJECT, StructuralHasher};
use super::text::{unescape, unescape_into};
use crate::attribute_path::PathStep;

/// What means nothing at a place in an object's attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loose {
    /// The order of a list's elements.
    pub order: bool,
    /// How a JSON document is written that is held in a string.
    pub document: bool,
    /// Something at a place below this one; where nothing does, what stands there is not looked at more closely.
    pub below: bool,
}

impl Loose {
    fn is_any(self) -> bool {
        self.order || self.document || self.below
    }
}

/// A [`StructuralHasher`] for objects of one resource type that also overlooks what means nothing at some places. Two
/// hashes are equal where the values are, and where they differ only in these ways:
///
/// - by the order of the elements of a list, at a place whose order means nothing, where the elements themselves are equal;
/// - by how a JSON object or array is written that is held in a string, at a place where that means nothing;
///
/// both at places that no list of more than one element leads to, so that it does not matter which element belongs to which.
///
/// What the caller says of a place is asked once and kept, so it must always be the same.
#[derive(Debug, Clone, Default)]
pub struct LooseHasher {
    hasher: StructuralHasher,
    /// What is known of places, by the hash of the steps to them.
    known: HashMap<u64, Loose, RandomState>,
    scratch: String,
    overlooked_order: bool,
}

/// Tells what means nothing at a place.
type Ask<'f> = &'f dyn Fn(&[PathStep]) -> Loose;

/// A step as the text has it: a key with its escapes; `None` for the one element of a list.
type Step<'t> = Option<&'t str>;

const ROOT: u64 = 11;
const ELEMENT: u64 = 12;
const DOCUMENT: u64 = 13;
const BAG: u64 = 14;

/// How many places are kept. Names of map entries are places too, and there is no end of those.
const MAX_KNOWN: usize = 4096;

impl LooseHasher {
    /// A hasher for another type that gives the hash of this one where nothing is overlooked.
    #[must_use]
    pub fn new(hasher: &StructuralHasher) -> Self {
        Self { hasher: hasher.clone(), ..Self::default() }
    }

    /// The hash of attributes. Nothing is overlooked in the attributes for which `exactly` holds; `ask` tells of the other
    /// places.
    pub fn hash(&mut self, raw: Raw<'_>, exactly: impl Fn(&str) -> bool, ask: impl Fn(&[PathStep]) -> Loose) -> u64 {
        let text = raw.as_str();
        self.overlooked_order = false;
        if !text.starts_with('{') {
            return self.hasher.hash(raw);
        }
        self.object(text, &mut 0, ROOT, &mut Vec::new(), &exactly, &ask)
    }

    /// Whether the last hash overlooks the order of a list: in values of the same hash, elements may stand elsewhere.
    #[must_use]
    pub fn has_overlooked_order(&self) -> bool {
        self.overlooked_order
    }

    fn object<'t>(
        &mut self,
        text: &'t str,
        at: &mut usize,
        place: u64,
        path: &mut Vec<Step<'t>>,
        exactly: &dyn Fn(&str) -> bool,
        ask: Ask<'_>,
    ) -> u64 {
        let bytes = text.as_bytes();
        let (mut sum, mut count) = (0_u64, 0_u64);
        *at = skip_white_space(bytes, *at + 1);
        while bytes.get(*at) == Some(&b'"') {
            let start = *at + 1;
            let key = self.hasher.string(text, at);
            let name = text.get(start..*at - 1).unwrap_or_default();
            *at = skip_white_space(bytes, *at) + 1;
            *at = skip_white_space(bytes, *at);
            let value = if may_be_loose(bytes, *at) && !(path.is_empty() && exactly(&unescape(name))) {
                path.push(Some(name));
                let value = self.value(text, at, self.hasher.both(place, key), path, ask);
                path.pop();
                value
            } else {
                self.hasher.value(text, at)
            };
            sum = sum.wrapping_add(self.hasher.both(key, value));
            count += 1;
            *at = skip_white_space(bytes, *at);
            if bytes.get(*at) == Some(&b',') {
                *at = skip_white_space(bytes, *at + 1);
            }
        }
        *at += 1;
        self.hasher.both(OBJECT ^ (count << 8), sum)
    }

    /// Hashes the value at `at`, which has no white space before it.
    fn value<'t>(&mut self, text: &'t str, at: &mut usize, place: u64, path: &mut Vec<Step<'t>>, ask: Ask<'_>) -> u64 {
        let loose = self.loose(place, path, ask);
        match text.as_bytes().get(*at) {
            Some(b'"') if loose.document => self.document(text, at),
            Some(b'{') if loose.below => self.object(text, at, place, path, &|_| false, ask),
            Some(b'[') if loose.is_any() => self.array(text, at, place, path, loose, ask),
            _ => self.hasher.value(text, at),
        }
    }

    fn array<'t>(
        &mut self,
        text: &'t str,
        at: &mut usize,
        place: u64,
        path: &mut Vec<Step<'t>>,
        loose: Loose,
        ask: Ask<'_>,
    ) -> u64 {
        let bytes = text.as_bytes();
        let start = *at;
        *at = skip_white_space(bytes, *at + 1);
        if loose.below && bytes.get(*at) == Some(&b'{') {
            path.push(None);
            let element = self.value(text, at, self.hasher.both(place, ELEMENT), path, ask);
            path.pop();
            *at = skip_white_space(bytes, *at);
            if bytes.get(*at) == Some(&b']') {
                *at += 1;
                return self.hasher.both(ARRAY, element);
            }
        }
        // Of several elements none is looked into.
        *at = start;
        if !loose.order {
            return self.hasher.value(text, at);
        }
        *at = skip_white_space(bytes, *at + 1);
        let (mut sum, mut count, mut first) = (0_u64, 0_u64, 0_u64);
        while bytes.get(*at).is_some_and(|byte| *byte != b']') {
            let element = self.hasher.value(text, at);
            // Mixed once more, so that a sum of elements says which there are.
            sum = sum.wrapping_add(self.hasher.both(BAG, element));
            first = element;
            count += 1;
            *at = skip_white_space(bytes, *at);
            if bytes.get(*at) == Some(&b',') {
                *at = skip_white_space(bytes, *at + 1);
            }
        }
        *at += 1;
        match count {
            0 => ARRAY,
            1 => self.hasher.both(ARRAY, first),
            _ => {
                self.overlooked_order = true;
                self.hasher.both(BAG ^ (count << 8), sum)
            }
        }
    }

    /// Hashes a string by the document that it is, if it is one.
    fn document(&mut self, text: &str, at: &mut usize) -> u64 {
        let bytes = text.as_bytes();
        let start = *at + 1;
        let mut end = plain_run_end(bytes, start);
        while bytes.get(end) == Some(&b'\\') {
            end = plain_run_end(bytes, end + 2);
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        unescape_into(text.get(start..end).unwrap_or_default(), &mut scratch);
        let hash = match Raw::check(scratch.as_bytes(), &Limits::default()) {
            Ok(raw) if raw.as_str().starts_with(['{', '[']) => {
                *at = end + 1;
                let document = self.hasher.hash(raw);
                self.hasher.both(DOCUMENT, document)
            }
            _ => self.hasher.string(text, at),
        };
        self.scratch = scratch;
        hash
    }

    fn loose(&mut self, place: u64, path: &[Step<'_>], ask: Ask<'_>) -> Loose {
        if let Some(loose) = self.known.get(&place) {
            return *loose;
        }
        let step = |step: &Step<'_>| step.map_or(PathStep::Index(0), |key| PathStep::Key(unescape(key).into()));
        let loose = ask(&path.iter().map(step).collect::<Vec<_>>());
        if self.known.len() >= MAX_KNOWN {
            self.known.clear();
        }
        self.known.insert(place, loose);
        loose
    }
}

/// Whether anything can be overlooked in the value at `at`: a container, or a string that begins as a document does.
fn may_be_loose(bytes: &[u8], at: usize) -> bool {
    match bytes.get(at) {
        Some(b'{' | b'[') => true,
        Some(b'"') => matches!(bytes.get(at + 1), Some(b'{' | b'[' | b' ' | b'\\')),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute_path::AttributePath;

    /// The order of `set` and of `block[0].set` means nothing, and how `doc` and `block[0].doc` are written.
    fn ask(path: &[PathStep]) -> Loose {
        let path = AttributePath { steps: path.to_vec() }.to_string();
        Loose {
            order: matches!(&*path, "set" | "block[0].set" | "sets"),
            document: matches!(&*path, "doc" | "block[0].doc" | "other.doc"),
            below: matches!(&*path, "block" | "block[0]" | "sets" | "sets[0]"),
        }
    }

    fn equal(a: &str, b: &str) -> bool {
        let mut hasher = LooseHasher::new(&StructuralHasher::new());
        let mut hash = |text: &str| {
            hasher.hash(Raw::check(text.as_bytes(), &Limits::default()).unwrap(), |name| name == "marked", ask)
        };
        hash(a) == hash(b)
    }

    #[test]
    fn overlooks_what_it_is_told() {
        for (a, b) in [
            (r#"{"a":1,"b":[1,2]}"#, r#"{"b":[1.0,2],"a":1}"#),
            (r#"{"set":[1,2,2,{"a":1,"b":2}]}"#, r#"{"set" : [2, {"b":2,"a":1}, 1, 2]}"#),
            (r#"{"set":[]}"#, r#"{"set":[ ]}"#),
            (r#"{"block":[{"set":[1,2],"doc":"{}"}]}"#, r#"{"block":[ {"doc":" {\n} ","set":[2,1]} ]}"#),
            (r#"{"doc":"{\"a\":[1,\"x\"]}"}"#, r#"{"d\u006fc":" { \"a\" : [1.0, \"\\u0078\"] }"}"#),
            (r#"{"block":[{"a":1},{"a":2}]}"#, r#"{"block":[{"a":1.0}, {"a":2}]}"#),
        ] {
            assert!(equal(a, b), "{a} {b}");
        }
    }

    #[test]
    fn overlooks_nothing_else() {
        for (a, b) in [
            (r#"{"list":[1,2]}"#, r#"{"list":[2,1]}"#),
            (r#"{"set":[1,2]}"#, r#"{"set":[1,2,2]}"#),
            (r#"{"set":[1,2]}"#, r#"{"set":[1,3]}"#),
            (r#"{"set":[1]}"#, r#"{"set":[[1]]}"#),
            (r#"{"set":[1,4]}"#, r#"{"set":[2,3]}"#),
            (r#"{"set":[[1,2],[3]]}"#, r#"{"set":[[2,1],[3]]}"#),
            (r#"{"marked":[1,2]}"#, r#"{"marked":[2,1]}"#),
            // Which element belongs to which is for a closer look.
            (r#"{"block":[{"set":[1,2]},{}]}"#, r#"{"block":[{"set":[2,1]},{}]}"#),
            (r#"{"sets":[{"set":[1,2]},{}]}"#, r#"{"sets":[{"set":[2,1]},{}]}"#),
            (r#"{"doc":"{\"a\":1}"}"#, r#"{"doc":"{\"a\":2}"}"#),
            (r#"{"doc":"{\"a\":1}"}"#, r#"{"doc":{"a":1}}"#),
            (r#"{"doc":"[1,2]"}"#, r#"{"doc":"[2,1]"}"#),
            // No documents: scalars, what two readers could understand in two ways, what is cut off.
            (r#"{"doc":" 1"}"#, r#"{"doc":"1"}"#),
            (r#"{"doc":"{\"a\":1,\"a\":1}"}"#, r#"{"doc":"{ \"a\":1,\"a\":1}"}"#),
            (r#"{"doc":"{"}"#, r#"{"doc":"{ "}"#),
            (r#"{"text":"{}"}"#, r#"{"text":"{ }"}"#),
            (r#"{"other":{"doc":"{}"}}"#, r#"{"other":{"doc":"{ }"}}"#),
            (r#"{"doc":"{}","a":1}"#, r#"{"doc":"{}","a":2}"#),
        ] {
            assert!(!equal(a, b) && equal(a, a) && equal(b, b), "{a} {b}");
        }
    }

    #[test]
    fn where_nothing_is_overlooked_it_is_the_structural_hash() {
        let mut exact = StructuralHasher::new();
        let mut loose = LooseHasher::new(&exact);
        for text in [r#"{"a":[1,{"b":null}],"block":[{"a":"x"}],"set":[{"q":1}],"e\n":{}}"#, "[1]", "{}"] {
            let raw = Raw::check(text.as_bytes(), &Limits::default()).unwrap();
            assert_eq!(loose.hash(raw, |_| false, ask), exact.hash(raw), "{text}");
        }
    }
}
