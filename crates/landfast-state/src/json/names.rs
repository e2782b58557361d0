//! Looking for names of members without taking a value apart.

use std::collections::HashSet;

use super::raw::Raw;
use super::scan::{plain_run_end, print_of, skip_white_space};
use super::text::unescape;

/// Bits of the filter: enough that few names that are not wanted pass it.
const BITS: u64 = 1 << 15;

/// A set of member names, made for asking of many names, nearly all of which are not in it.
#[derive(Clone)]
pub struct NameFilter {
    bits: Box<[u64]>,
    names: HashSet<Box<str>>,
    /// Whether every name is in it.
    any: bool,
}

impl NameFilter {
    /// A filter for these names.
    #[must_use]
    pub fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let names: HashSet<Box<str>> = names.into_iter().map(Into::into).collect();
        let words = usize::try_from(BITS / 64).unwrap_or_default();
        let mut bits = vec![0_u64; words].into_boxed_slice();
        for name in &names {
            for (word, bit) in places_of(print_of(name.as_bytes())) {
                if let Some(word) = bits.get_mut(word) {
                    *word |= bit;
                }
            }
        }
        Self { bits, names, any: false }
    }

    /// A filter that every name is in.
    #[must_use]
    pub fn any() -> Self {
        Self { any: true, ..Self::new([]) }
    }

    /// Whether no name is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && !self.any
    }

    /// Whether any object in the value, at any depth, has a member of such a name. JSON documents inside of strings are
    /// not looked into.
    #[must_use]
    pub fn occurs_in(&self, raw: Raw<'_>) -> bool {
        let (text, bytes) = (raw.as_str(), raw.as_str().as_bytes());
        let mut at = 0;
        while let Some(quote) = memchr::memchr(b'"', bytes.get(at..).unwrap_or_default()) {
            let start = at + quote + 1;
            let mut end = plain_run_end(bytes, start);
            while bytes.get(end) == Some(&b'\\') {
                end = plain_run_end(bytes, end + 2);
            }
            at = skip_white_space(bytes, end + 1);
            // In a checked text, a string before a colon is a key, and no other is.
            if bytes.get(at) == Some(&b':') && self.has(text.get(start..end).unwrap_or_default()) {
                return true;
            }
        }
        false
    }

    fn has(&self, written: &str) -> bool {
        let name = unescape(written);
        self.any || (self.may_have(print_of(name.as_bytes())) && self.names.contains(&*name))
    }

    /// Whether the name with this print may be in it: never wrong when it says no.
    #[inline]
    pub(super) fn may_have(&self, print: u64) -> bool {
        let has = |(word, bit): (usize, u64)| self.bits.get(word).is_some_and(|word| word & bit != 0);
        self.any || places_of(print).into_iter().all(has)
    }
}

impl std::fmt::Debug for NameFilter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(&self.names).finish()
    }
}

/// Two places for a name: that both are taken by chance is rare.
#[inline]
fn places_of(print: u64) -> [(usize, u64); 2] {
    // The print's bits are not spread evenly.
    let spread = print.wrapping_mul(0xff51_afd7_ed55_8ccd);
    [spread >> 49, spread >> 34].map(|place| {
        let place = place % BITS;
        (usize::try_from(place / 64).unwrap_or_default(), 1 << (place % 64))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Limits;

    #[test]
    fn names_are_found_at_any_depth() {
        let filter = NameFilter::new(["password", "käse", "with\"quote"]);
        let occurs = |text: &str| filter.occurs_in(Raw::check(text.as_bytes(), &Limits::default()).unwrap());
        for text in [
            r#"{"password": 1}"#,
            r#"[{"a":[{"password" : null}]}]"#,
            r#"{"p\u0061ssword":1}"#,
            r#"{"k\u00e4se":1}"#,
            r#"{"with\"quote":1}"#,
        ] {
            assert!(occurs(text), "{text}");
        }
        for text in
            [r#"{"a":"password"}"#, r#"["password", "x"]"#, r#"{"a":"{\"password\": 1}"}"#, r#"{"passwords":1}"#, "1"]
        {
            assert!(!occurs(text), "{text}");
        }
        assert!(NameFilter::new([]).is_empty());
    }
}
