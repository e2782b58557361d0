//! Exact numbers: the text stays as it was written; equality and digests use one canonical form.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A number, kept as the text that JSON had. Nothing is rounded: `9007199254740993` stays what it is.
///
/// Two numbers are equal when they have the same value, however they are written: `1`, `1.0` and `10e-1` are equal and
/// hash alike. See [`Number::canonical`] for the form that decides.
///
/// ```
/// use landfast_state::Number;
/// let a: Number = "100".parse()?;
/// let b: Number = "1.00e2".parse()?;
/// assert_eq!(a, b);
/// assert_eq!(b.to_string(), "1.00e2");
/// assert_eq!(b.canonical(), "1e2");
/// # Ok::<(), landfast_state::NumberError>(())
/// ```
#[derive(Clone)]
pub struct Number(Box<str>);

/// The text is not a JSON number, or its exponent, there or in the canonical form, has more than 18 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON number")]
pub struct NumberError;

impl Number {
    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The canonical form, see [`canonical_number`].
    #[must_use]
    pub fn canonical(&self) -> String {
        canonical_number(&self.0).into_owned()
    }

    /// Whether the value is zero, in any writing.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        canonical_number(&self.0) == "0"
    }

    pub(crate) fn checked(text: &str) -> Self {
        Self(text.into())
    }
}

impl std::str::FromStr for Number {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        if is_json_number(text) { Ok(Self(text.into())) } else { Err(NumberError) }
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self(value.to_string().into())
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(value.to_string().into())
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || canonical_number(&self.0) == canonical_number(&other.0)
    }
}

impl Eq for Number {}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        canonical_number(&self.0).hash(state);
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Serialises as the exact text, where the serialiser is serde_json's.
impl serde::Serialize for Number {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serde_json::value::RawValue::from_string(self.0.to_string()) {
            Ok(raw) => raw.serialize(serializer),
            Err(_) => serializer.serialize_str(&self.0),
        }
    }
}

/// Exponents with more digits than this are refused: no writer of state has them, and 64 bits hold the rest.
const MAX_EXPONENT_DIGITS: usize = 18;

/// The largest exponent with as many digits.
const MAX_EXPONENT: i64 = 10_i64.pow(18) - 1;

/// The exponent of ten of the last digit that is not zero; `None` where there is none.
fn canonical_exponent(whole: &str, fraction: &str, exponent: i64) -> Option<i64> {
    let len = |part: &str| i64::try_from(part.len()).unwrap_or(i64::MAX);
    let (whole_kept, fraction_kept) = (whole.trim_end_matches('0'), fraction.trim_end_matches('0'));
    match (whole_kept, fraction_kept) {
        ("", "") => None,
        (kept, "") => Some(exponent.saturating_add(len(whole) - len(kept))),
        (_, kept) => Some(exponent.saturating_sub(len(kept))),
    }
}

/// The parts of a checked number: sign, digits without the point, exponent of ten of the last digit.
fn parts(text: &str) -> Option<(bool, &str, &str, i64)> {
    let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((_, "")) => return None,
        Some(split) => split,
        None => (mantissa, ""),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || leading_zero || !digits(whole) || !digits(fraction) {
        return None;
    }
    let exponent_digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if exponent_digits.is_empty() || !digits(exponent_digits) || exponent_digits.len() > MAX_EXPONENT_DIGITS {
        return None;
    }
    let exponent: i64 = exponent.parse().ok()?;
    // The canonical form has another exponent, which must be inside the limit too, or it could not be read again.
    if exponent != 0 && canonical_exponent(whole, fraction, exponent).is_some_and(|moved| moved.abs() > MAX_EXPONENT) {
        return None;
    }
    Some((negative, whole, fraction, exponent))
}

/// Whether `text` is a number by JSON's grammar.
pub(crate) fn is_json_number(text: &str) -> bool {
    parts(text).is_some()
}

/// The one canonical form of a JSON number: an optional minus sign, the digits without leading and trailing zeros, and,
/// unless it is zero, `e` with the exponent of ten of the last digit. Zero in any writing is `0`. The value is never
/// expanded, so `1e1000000` stays as short as it is.
///
/// `1`, `1.0`, `10e-1` become `1`; `120` becomes `12e1`; `0.50` becomes `5e-1`; `-0.0` becomes `0`.
#[must_use]
pub fn canonical_number(text: &str) -> Cow<'_, str> {
    let Some((negative, whole, fraction, exponent)) = parts(text) else {
        return Cow::Borrowed(text);
    };
    // Plain integers that do not end in zero are most numbers, and canonical already.
    if fraction.is_empty() && exponent == 0 && whole.len() == text.len() && (!whole.ends_with('0') || whole == "0") {
        return Cow::Borrowed(text);
    }
    let digits = [whole, fraction].concat();
    let significant = digits.trim_start_matches('0');
    let kept = significant.trim_end_matches('0');
    let Some(exponent) = canonical_exponent(whole, fraction, exponent) else {
        return Cow::Borrowed("0");
    };
    let sign = if negative { "-" } else { "" };
    Cow::Owned(if exponent == 0 { format!("{sign}{kept}") } else { format!("{sign}{kept}e{exponent}") })
}

/// Gives sign, digits and exponent of the canonical form of a checked number; the digits of zero are `0`. Integers, as most
/// numbers are, cost no allocation.
pub(crate) fn canonical_digits(text: &str, mut take: impl FnMut(bool, &str, i64)) {
    let unsigned = text.strip_prefix('-');
    let digits = unsigned.unwrap_or(text);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let kept = digits.trim_end_matches('0');
        return match kept {
            "" => take(false, "0", 0),
            kept => take(unsigned.is_some(), kept, i64::try_from(digits.len() - kept.len()).unwrap_or(i64::MAX)),
        };
    }
    let canonical = canonical_number(text);
    let unsigned = canonical.strip_prefix('-');
    let (digits, exponent) = match unsigned.unwrap_or(&canonical).split_once('e') {
        Some((digits, exponent)) => (digits, exponent.parse().unwrap_or(i64::MAX)),
        None => (unsigned.unwrap_or(&canonical), 0),
    };
    take(unsigned.is_some(), digits, exponent);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_forms() {
        for (text, canonical) in [
            ("0", "0"),
            ("-0", "0"),
            ("0.0e5", "0"),
            ("1", "1"),
            ("1.0", "1"),
            ("10e-1", "1"),
            ("120", "12e1"),
            ("0.50", "5e-1"),
            ("-1.5E+3", "-15e2"),
            ("9007199254740993", "9007199254740993"),
            ("1e1000000", "1e1000000"),
        ] {
            assert_eq!(canonical_number(text), canonical, "{text}");
        }
    }

    #[test]
    fn the_grammar_is_jsons() {
        for text in ["", "-", "01", "1.", ".5", "+1", "1e", "1e+", "0x1", "1_000", "NaN", "1e9999999999999999999"] {
            assert!(!is_json_number(text), "{text}");
        }
    }
    #[test]
    fn a_canonical_form_can_be_read_again() {
        let limit = "9".repeat(18);
        for text in
            [format!("1e{limit}"), format!("1e-{limit}"), format!("0.0e{limit}"), format!("1.50e-{}7", &limit[1..])]
        {
            assert!(is_json_number(&text), "{text}");
            assert!(is_json_number(&canonical_number(&text)), "{text}");
        }
        for text in [format!("10e{limit}"), format!("0.1e-{limit}")] {
            assert!(!is_json_number(&text), "{text}");
        }
    }
}
