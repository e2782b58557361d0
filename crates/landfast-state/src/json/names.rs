//! Looking for names of members without taking a value apart.

use std::borrow::Cow;
use std::collections::HashSet;

use super::raw::Raw;
use super::scan::{plain_run_end, skip_white_space};
use super::text::unescape;

/// Bits of the filter: enough that few names that are not wanted pass it.
const BITS: u64 = 1 << 15;

/// A name without regard to ASCII case and to how its words are joined: `dbPassword`, `DB_PASSWORD` and `db-password` are
/// all `dbpassword`.
///
/// ```
/// use landfast_state::json::plain_name;
///
/// assert_eq!(plain_name("AWS_SECRET_ACCESS_KEY"), plain_name("awsSecretAccessKey"));
/// assert_ne!(plain_name("password"), plain_name("passwords"));
/// ```
#[must_use]
pub fn plain_name(name: &str) -> Cow<'_, str> {
    let is_joint = |byte: u8| matches!(byte, b'_' | b'-');
    if !name.bytes().any(|byte| byte.is_ascii_uppercase() || is_joint(byte)) {
        return Cow::Borrowed(name);
    }
    let mut plain = name.to_ascii_lowercase();
    plain.retain(|c| !matches!(c, '_' | '-'));
    Cow::Owned(plain)
}

/// A set of member names, made for asking of many names, nearly all of which are not in it. Names that are the same
/// [without regard to case and joints](plain_name) are one.
#[derive(Clone)]
pub struct NameFilter {
    /// By a look at four bytes of a name.
    bits: Box<[u64]>,
    names: HashSet<Box<str>>,
    /// Whether every name is in it.
    any: bool,
}

impl NameFilter {
    /// A filter for these names.
    #[must_use]
    pub fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let names: HashSet<Box<str>> = names.into_iter().map(|name| plain_name(name).into()).collect();
        let words = usize::try_from(BITS / 64).unwrap_or_default();
        let mut bits = vec![0_u64; words].into_boxed_slice();
        for name in &names {
            let (word, bit) = place_of(ends_of(name.as_bytes()).unwrap_or_default());
            if let Some(word) = bits.get_mut(word) {
                *word |= bit;
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

    /// The members of such names of all objects in the value, at any depth: the offsets of their keys in its text. JSON
    /// documents inside of strings are not looked into.
    #[must_use]
    pub fn offsets(&self, raw: Raw<'_>) -> Vec<usize> {
        let (text, bytes) = (raw.as_str(), raw.as_str().as_bytes());
        let (mut at, mut offsets) = (0, Vec::new());
        while let Some(quote) = memchr::memchr(b'"', bytes.get(at..).unwrap_or_default()) {
            let start = at + quote + 1;
            let mut end = plain_run_end(bytes, start);
            while bytes.get(end) == Some(&b'\\') {
                end = plain_run_end(bytes, end + 2);
            }
            at = skip_white_space(bytes, end + 1);
            // In a checked text, a string before a colon is a key, and no other is.
            if bytes.get(at) == Some(&b':') && self.has(&unescape(text.get(start..end).unwrap_or_default())) {
                offsets.push(start - 1);
            }
        }
        offsets
    }

    /// Whether the name is in it.
    #[must_use]
    #[inline]
    pub fn has(&self, name: &str) -> bool {
        self.has_bytes(name.as_bytes())
    }

    /// As [`NameFilter::has`]; what is no text is no name.
    #[inline]
    pub(super) fn has_bytes(&self, name: &[u8]) -> bool {
        if self.any {
            return true;
        }
        let possible = ends_of(name).is_none_or(|ends| {
            let (word, bit) = place_of(ends);
            self.bits.get(word).is_some_and(|word| word & bit != 0)
        });
        possible && self.has_exactly(name)
    }

    #[cold]
    fn has_exactly(&self, name: &[u8]) -> bool {
        std::str::from_utf8(name).is_ok_and(|name| self.names.contains(&*plain_name(name)))
    }
}

/// The last part of a name that says before itself what it belongs to, such as `auth.password` or `/prod/db/password`.
#[must_use]
pub fn last_part(name: &str) -> &str {
    name.rsplit(['.', '/', ':']).next().unwrap_or_default()
}

impl std::fmt::Debug for NameFilter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(&self.names).finish()
    }
}

/// The first two and the last two bytes of a name, whatever their case; `None` where a joint is among them or the name is
/// shorter, so that they say nothing.
#[inline]
fn ends_of(name: &[u8]) -> Option<u32> {
    let (&[a, b], &[y, z]) = (name.first_chunk()?, name.last_chunk()?);
    let ends = u32::from_le_bytes([a, b, y, z]) | 0x2020_2020;
    // `_` and DEL are one now, `-` and CR too: what is taken for a joint and is none only costs a look.
    let joints = zero_bytes(ends ^ 0x7f7f_7f7f) | zero_bytes(ends ^ 0x2d2d_2d2d);
    (joints == 0).then_some(ends)
}

/// Not zero where a byte of the word is.
#[inline]
fn zero_bytes(word: u32) -> u32 {
    word.wrapping_sub(0x0101_0101) & !word & 0x8080_8080
}

#[inline]
fn place_of(ends: u32) -> (usize, u64) {
    // The bits are not spread evenly.
    let spread = u64::from(ends).wrapping_mul(0xff51_afd7_ed55_8ccd) >> 49;
    (usize::try_from(spread / 64).unwrap_or_default(), 1 << (spread % 64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::Limits;

    #[test]
    fn names_are_found_at_any_depth() {
        let filter = NameFilter::new(["password", "käse", "with\"quote"]);
        let offsets = |text: &str| filter.offsets(Raw::check(text.as_bytes(), &Limits::default()).unwrap());
        let occurs = |text: &str| !offsets(text).is_empty();
        for text in [
            r#"{"password": 1}"#,
            r#"[{"a":[{"password" : null}]}]"#,
            r#"{"p\u0061ssword":1}"#,
            r#"{"k\u00e4se":1}"#,
            r#"{"with\"quote":1}"#,
            r#"{"PASSWORD":1}"#,
            r#"{"Pass-Word":1}"#,
            r#"{"p_assword":1}"#,
            r#"{"passwor_d":1}"#,
            r#"{"password_":1}"#,
            r#"{"\u0050ass\u005fword":1}"#,
        ] {
            assert!(occurs(text), "{text}");
        }
        for text in
            [r#"{"a":"password"}"#, r#"["password", "x"]"#, r#"{"a":"{\"password\": 1}"}"#, r#"{"passwords":1}"#, "1"]
        {
            assert!(!occurs(text), "{text}");
        }
        assert_eq!(offsets(r#"{"password": [{"a": {"Password" : "password"}}], "b": 1, "pass_word": 2}"#), [1, 21, 57]);
        assert!(NameFilter::new([]).is_empty());
        assert!(NameFilter::any().has("") && NameFilter::any().has("x"));
    }

    proptest! {
        #[test]
        fn a_filter_has_every_spelling_of_its_names_and_no_other_name(
            names in proptest::collection::vec("[a-c_é-]{0,6}", 0..4),
            asked in "[a-cA-C_éÉ\\x7f\r-]{0,6}",
        ) {
            let filter = NameFilter::new(names.iter().map(String::as_str));
            let known = names.iter().any(|name| plain_name(name) == plain_name(&asked));
            prop_assert_eq!(filter.has(&asked), known);
        }
    }
}
