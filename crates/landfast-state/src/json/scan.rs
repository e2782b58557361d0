//! Passing over bytes, eight at a time where that helps: white space and the insides of strings are most of a state.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Whether JSON passes over this byte between tokens.
pub(super) fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Offset of the first byte from `at` on that is not white space; the length where there is none.
#[inline]
pub(super) fn skip_white_space(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match bytes.get(at) {
            Some(byte) if *byte > b' ' => return at,
            Some(b' ') => {}
            Some(byte) if is_white_space(*byte) => {
                at += 1;
                continue;
            }
            _ => return at,
        }
        // Indentation: spaces in a row.
        at += 1;
        while let Some(word) = word_at(bytes, at) {
            let others = word ^ (ONES * 0x20);
            if others != 0 {
                at += first_byte(others);
                break;
            }
            at += 8;
        }
    }
}

/// Offset of the first byte from `at` on that ends a run of plain characters in a string: a quote, a backslash or a
/// control character; the length where there is none.
#[inline]
pub(super) fn plain_run_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = word_at(bytes, at) {
        // For each, the lowest bit that is set is exact; higher ones may be wrong by borrowing.
        let quote = zero_bytes(word ^ (ONES * 0x22));
        let backslash = zero_bytes(word ^ (ONES * 0x5c));
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let found = quote | backslash | control;
        if found != 0 {
            return at + first_byte(found);
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)).map_or(bytes.len(), |run| at + run)
}

/// An element, or a member.
pub(super) struct PlainItem {
    /// Span of the key, quotes excluded.
    pub(super) key: Option<(usize, usize)>,
    pub(super) value: ItemValue,
}

/// What the value of an item is.
pub(super) enum ItemValue {
    /// A plain scalar that ends here.
    Scalar(usize),
    /// Something else that may begin here.
    Other(usize),
}

/// The item that follows at `at`, with its comma unless it is the `first` of its container: `None` where its key has escapes,
/// where no value can begin behind it, and where anything is wrong before that. What is no scalar that is plain and right to its
/// end, in the text at hand, is another value.
#[inline]
pub(super) fn plain_item(bytes: &[u8], at: usize, first: bool, keyed: bool) -> Option<PlainItem> {
    let mut at = skip_white_space(bytes, at);
    if !first {
        if bytes.get(at) != Some(&b',') {
            return None;
        }
        at = skip_white_space(bytes, at + 1);
    }
    let mut key = None;
    if keyed {
        let end = plain_string_end(bytes, at)?;
        key = Some((at + 1, end - 1));
        let colon = skip_white_space(bytes, end);
        if bytes.get(colon) != Some(&b':') {
            return None;
        }
        at = skip_white_space(bytes, colon + 1);
    }
    let end = match bytes.get(at)? {
        b'"' => plain_string_end(bytes, at),
        b't' => word_end(bytes, at, b"true"),
        b'f' => word_end(bytes, at, b"false"),
        b'n' => word_end(bytes, at, b"null"),
        b'-' | b'0'..=b'9' => integer_end(bytes, at),
        b'{' | b'[' => None,
        _ => return None,
    };
    Some(PlainItem { key, value: end.map_or(ItemValue::Other(at), ItemValue::Scalar) })
}

/// The end of a string without escapes, behind its quote.
#[inline]
fn plain_string_end(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    let end = plain_run_end(bytes, at + 1);
    (bytes.get(end) == Some(&b'"')).then_some(end + 1)
}

#[inline]
fn word_end(bytes: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    bytes.get(at..)?.starts_with(word).then_some(at + word.len())
}

/// The end of an integer that is not long and has something behind it.
#[inline]
fn integer_end(bytes: &[u8], at: usize) -> Option<usize> {
    let start = at + usize::from(bytes.get(at) == Some(&b'-'));
    let mut end = start;
    while bytes.get(end)?.is_ascii_digit() {
        end += 1;
    }
    let (digits, leading_zero) = (end - start, bytes.get(start) == Some(&b'0'));
    let plain = (1..=18).contains(&digits) && !(leading_zero && digits > 1);
    (plain && !matches!(bytes.get(end)?, b'.' | b'e' | b'E' | b'+' | b'-')).then_some(end)
}

/// A number made of the length, the first and the last eight bytes of a text: equal for equal texts, and different for
/// most others.
#[inline]
pub(super) fn print_of(text: &[u8]) -> u64 {
    let (head, tail) = match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        (Some(head), Some(tail)) => (u64::from_le_bytes(*head), u64::from_le_bytes(*tail)),
        _ => match (text.first_chunk::<4>(), text.last_chunk::<4>()) {
            (Some(head), Some(tail)) => (u64::from(u32::from_le_bytes(*head)), u64::from(u32::from_le_bytes(*tail))),
            _ => (text.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0),
        },
    };
    let length = u64::try_from(text.len()).unwrap_or_default();
    head.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ tail.rotate_left(23) ^ length << 56
}

#[inline]
fn word_at(bytes: &[u8], at: usize) -> Option<u64> {
    let word: &[u8; 8] = bytes.get(at..)?.first_chunk()?;
    Some(u64::from_le_bytes(*word))
}

/// The high bit of each byte that is zero.
#[inline]
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

/// Index of the first byte in which a bit is set.
#[inline]
fn first_byte(word: u64) -> usize {
    (word.trailing_zeros() / 8) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn runs_end_where_a_byte_by_byte_look_says(text in "[ \t\n\r\"\\\\a-cé\u{1}\u{7f}]{0,40}", from in 0_usize..40) {
            let bytes = text.as_bytes();
            let from = from.min(bytes.len());
            let rest = &bytes[from..];
            let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)).unwrap_or(rest.len());
            prop_assert_eq!(plain_run_end(bytes, from), from + plain);
            let white = rest.iter().position(|byte| !is_white_space(*byte)).unwrap_or(rest.len());
            prop_assert_eq!(skip_white_space(bytes, from), from + white);
        }

        #[test]
        fn prints_differ_with_what_they_are_made_of(a in "[ab]{0,9}", b in "[ab]{0,9}") {
            prop_assert_eq!(print_of(a.as_bytes()) == print_of(b.as_bytes()), a == b);
        }
    }
}
