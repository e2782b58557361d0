//! Hashes of checked values that do not depend on how they are written.

use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::quality::RandomState;

use super::raw::Raw;
use super::scan::{plain_run_end, skip_white_space};
use super::text::unescape_into;
use crate::number::canonical_digits;

/// A hash of JSON values that is equal for equal values: white space, the order of members, the escapes of strings and the
/// writing of numbers do not enter. Nothing is allocated but one buffer for strings with escapes.
///
/// The hash is keyed at random, for one process: it is good for telling quickly that two values are equal, where two
/// different ones have the same hash with a chance of 1 in 2^64, and for nothing that is kept or sent elsewhere (that is what
/// [`Snapshot::digest`](crate::Snapshot::digest) is for).
///
/// ```
/// use landfast_state::json::{Limits, Raw, StructuralHasher};
///
/// let mut hasher = StructuralHasher::new();
/// let mut hash = |text: &'static str| hasher.hash(Raw::check(text.as_bytes(), &Limits::default()).unwrap());
/// assert_eq!(hash(r#"{"a": 1.0, "b": "<"}"#), hash(r#"{"b":"\u003c","a":10e-1}"#));
/// assert_ne!(hash("[1, 2]"), hash("[2, 1]"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct StructuralHasher {
    state: RandomState,
    scratch: String,
}

const NULL: u64 = 1;
const TRUE: u64 = 2;
const FALSE: u64 = 3;
const NUMBER: u64 = 4;
const STRING: u64 = 5;
pub(super) const ARRAY: u64 = 6;
pub(super) const OBJECT: u64 = 7;

impl StructuralHasher {
    /// A hasher with a key of its own: hashes of two hashers have nothing to do with each other.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The hash of a value.
    #[must_use]
    pub fn hash(&mut self, raw: Raw<'_>) -> u64 {
        let mut at = 0;
        self.value(raw.as_str(), &mut at)
    }

    /// Hashes the value at `at` and passes it. The text was checked, so that what follows is what must follow.
    pub(super) fn value(&mut self, text: &str, at: &mut usize) -> u64 {
        let bytes = text.as_bytes();
        *at = skip_white_space(bytes, *at);
        match bytes.get(*at) {
            Some(b'"') => self.string(text, at),
            Some(b'{') => self.object(text, at),
            Some(b'[') => self.array(text, at),
            Some(b'n') => {
                *at += 4;
                NULL
            }
            Some(b't') => {
                *at += 4;
                TRUE
            }
            Some(b'f') => {
                *at += 5;
                FALSE
            }
            _ => self.number(text, at),
        }
    }

    fn object(&mut self, text: &str, at: &mut usize) -> u64 {
        let bytes = text.as_bytes();
        // Sums do not depend on the order.
        let (mut sum, mut count) = (0_u64, 0_u64);
        *at = skip_white_space(bytes, *at + 1);
        while bytes.get(*at) == Some(&b'"') {
            let key = self.string(text, at);
            // The colon.
            *at = skip_white_space(bytes, *at) + 1;
            let value = self.value(text, at);
            sum = sum.wrapping_add(self.both(key, value));
            count += 1;
            *at = skip_white_space(bytes, *at);
            if bytes.get(*at) == Some(&b',') {
                *at = skip_white_space(bytes, *at + 1);
            }
        }
        *at += 1;
        self.both(OBJECT ^ (count << 8), sum)
    }

    fn array(&mut self, text: &str, at: &mut usize) -> u64 {
        let bytes = text.as_bytes();
        let mut hash = ARRAY;
        *at = skip_white_space(bytes, *at + 1);
        while bytes.get(*at).is_some_and(|byte| *byte != b']') {
            let element = self.value(text, at);
            hash = self.both(hash, element);
            *at = skip_white_space(bytes, *at);
            if bytes.get(*at) == Some(&b',') {
                *at += 1;
            }
        }
        *at += 1;
        hash
    }

    pub(super) fn string(&mut self, text: &str, at: &mut usize) -> u64 {
        let bytes = text.as_bytes();
        let start = *at + 1;
        let mut end = plain_run_end(bytes, start);
        if bytes.get(end) == Some(&b'"') {
            *at = end + 1;
            return self.text(text.get(start..end).unwrap_or_default());
        }
        while bytes.get(end) == Some(&b'\\') {
            end = plain_run_end(bytes, end + 2);
        }
        *at = end + 1;
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        unescape_into(text.get(start..end).unwrap_or_default(), &mut scratch);
        let hash = self.text(&scratch);
        self.scratch = scratch;
        hash
    }

    fn number(&self, text: &str, at: &mut usize) -> u64 {
        let bytes = text.as_bytes().get(*at..).unwrap_or_default();
        let len = bytes.iter().position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r'));
        let number = text.get(*at..*at + len.unwrap_or(bytes.len())).unwrap_or_default();
        // What is no number is not here; one byte more than none, so that even then there is an end.
        *at += number.len().max(1);
        let mut hasher = self.state.build_hasher();
        hasher.write_u64(NUMBER);
        canonical_digits(number, |negative, digits, exponent| {
            hasher.write_u8(u8::from(negative));
            hasher.write(digits.as_bytes());
            hasher.write_i64(exponent);
        });
        hasher.finish()
    }

    fn text(&self, text: &str) -> u64 {
        let mut hasher = self.state.build_hasher();
        hasher.write_u64(STRING);
        hasher.write(text.as_bytes());
        hasher.finish()
    }

    pub(super) fn both(&self, a: u64, b: u64) -> u64 {
        let mut hasher = self.state.build_hasher();
        hasher.write_u64(a);
        hasher.write_u64(b);
        hasher.finish()
    }
}
