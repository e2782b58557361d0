//! Texts that are looked for in other texts.
//!
//! There may be many thousands of them, and little to look through, so that what counts is how quickly they are ready: an
//! automaton takes longer to build than everything that is then asked of it.

use std::collections::HashMap;

use foldhash::fast::RandomState;

/// How many bytes of a text it is looked up by.
const HEAD: usize = 8;

/// Bits of the filter.
const BITS: u64 = 1 << 16;

/// Texts of at least eight bytes each.
#[derive(Clone, Default)]
pub(crate) struct KnownTexts {
    /// By how they begin; the longest one first.
    by_head: HashMap<[u8; HEAD], Vec<Box<str>>, RandomState>,
    /// A look at how they begin; empty where there are none.
    bits: Box<[u64]>,
}

impl KnownTexts {
    /// Shorter texts are left out.
    pub(crate) fn new(texts: Vec<String>) -> Self {
        let mut known = Self::default();
        for text in texts {
            let Some(head) = text.as_bytes().first_chunk::<HEAD>().copied() else { continue };
            if known.bits.is_empty() {
                known.bits = (0..BITS / 64).map(|_| 0).collect();
            }
            let (word, bit) = place_of(head);
            if let Some(word) = known.bits.get_mut(word) {
                *word |= bit;
            }
            known.by_head.entry(head).or_default().push(text.into_boxed_str());
        }
        for texts in known.by_head.values_mut() {
            texts.sort_unstable_by_key(|text| std::cmp::Reverse(text.len()));
        }
        known
    }

    /// Where the first one of them stands in `text` from `from` on, and the longest of those that begin there.
    pub(crate) fn find(&self, text: &str, from: usize) -> Option<(usize, usize)> {
        if self.bits.is_empty() {
            return None;
        }
        let rest = text.as_bytes().get(from..)?;
        rest.windows(HEAD).enumerate().find_map(|(at, head)| {
            let head = *head.first_chunk::<HEAD>()?;
            let (word, bit) = place_of(head);
            if self.bits.get(word).is_none_or(|word| word & bit == 0) {
                return None;
            }
            let behind = rest.get(at..)?;
            let found = self.by_head.get(&head)?.iter().find(|known| behind.starts_with(known.as_bytes()))?;
            Some((from + at, from + at + found.len()))
        })
    }
}

fn place_of(head: [u8; HEAD]) -> (usize, u64) {
    let spread = u64::from_le_bytes(head).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
    (usize::try_from(spread / 64).unwrap_or_default(), 1 << (spread % 64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_and_the_longest_is_found(
            known in prop::collection::vec("[ab\u{e9}]{8,12}", 0..5),
            parts in prop::collection::vec("[ab\u{e9}]{0,12}", 0..4),
            within in any::<prop::sample::Index>(),
            from in 0_usize..3,
        ) {
            let mut text = parts.concat();
            if !known.is_empty() {
                text.push_str(&known[within.index(known.len())]);
                text.push('b');
            }
            let from = if text.is_char_boundary(from) { from } else { 0 };
            let starts = (from..text.len()).filter(|at| text.is_char_boundary(*at));
            let longest = |at: usize| {
                let lens = known.iter().filter(|known| text[at..].starts_with(known.as_str())).map(String::len);
                lens.max().map(|len| (at, at + len))
            };
            let expected = starts.filter_map(longest).next();
            prop_assert_eq!(KnownTexts::new(known.clone()).find(&text, from), expected);
        }
    }
}
