//! Numbers in MessagePack: integers and floating point where these are exact, else decimal text.

use landfast_state::{Number, canonical_number};

use super::error::ValueErrorKind;

/// What a number is written as.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wire {
    Integer(i64),
    Float(f64),
    Text(String),
}

/// Numbers with more places than this keep their exponent.
const MAX_EXPANDED: i64 = 400;

/// And so do those whose text would be longer than any that is read.
const MAX_TEXT: usize = 1024;

impl Wire {
    /// The most compact of the forms that holds the number exactly.
    pub(super) fn of(number: &Number) -> Self {
        let text = number.as_str();
        if let Ok(integer) = text.parse() {
            return Self::Integer(integer);
        }
        let canonical = canonical_number(text);
        let (digits, exponent) = canonical.split_once('e').unwrap_or((&canonical, "0"));
        let exponent: i64 = exponent.parse().unwrap_or(i64::MAX);
        if (0..=19).contains(&exponent)
            && let Ok(integer) =
                format!("{digits}{}", "0".repeat(usize::try_from(exponent).unwrap_or_default())).parse()
        {
            return Self::Integer(integer);
        }
        match exact_float(digits, exponent) {
            Some(float) => Self::Float(float),
            None if exponent.abs() <= MAX_EXPANDED => {
                let expanded = expanded(digits, exponent);
                Self::Text(if expanded.len() <= MAX_TEXT { expanded } else { text.to_owned() })
            }
            None => Self::Text(text.to_owned()),
        }
    }
}

/// The float that has exactly this value, for fractions only. Fractions of powers of two are few, and their digits end in 5.
fn exact_float(digits: &str, exponent: i64) -> Option<f64> {
    if !(-22..0).contains(&exponent) {
        return None;
    }
    let mantissa: i128 = digits.parse().ok()?;
    let places = u32::try_from(-exponent).ok()?;
    let fives = 5_i128.checked_pow(places)?;
    // Ten to the power is two to the power times five to the power: the fives must go away.
    if mantissa % fives != 0 || (mantissa / fives).unsigned_abs() >= 1 << 53 {
        return None;
    }
    format!("{digits}e{exponent}").parse().ok()
}

/// The number without an exponent.
fn expanded(digits: &str, exponent: i64) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let places = usize::try_from(exponent.unsigned_abs()).unwrap_or_default();
    if exponent >= 0 {
        return format!("{sign}{digits}{}", "0".repeat(places));
    }
    match digits.len().checked_sub(places) {
        Some(whole) if whole > 0 => {
            let (whole, fraction) = digits.split_at_checked(whole).unwrap_or((digits, "0"));
            format!("{sign}{whole}.{fraction}")
        }
        _ => format!("{sign}0.{}{digits}", "0".repeat(places.saturating_sub(digits.len()))),
    }
}

/// The shortest number that is this float when it is read again.
pub(super) fn of_float(float: f64) -> Result<Number, ValueErrorKind> {
    if !float.is_finite() {
        return Err(ValueErrorKind::NotANumber);
    }
    of_text(&float.to_string())
}

/// The number that stands in a text.
pub(super) fn of_text(text: &str) -> Result<Number, ValueErrorKind> {
    if text.len() > MAX_TEXT {
        return Err(ValueErrorKind::NotANumber);
    }
    text.parse().map_err(|_| ValueErrorKind::NotANumber)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_integers_and_floats_only_where_these_are_exact() {
        let wire = |text: &str| Wire::of(&text.parse().unwrap());
        assert_eq!(wire("0"), Wire::Integer(0));
        assert_eq!(wire("-0.0"), Wire::Integer(0));
        assert_eq!(wire("1e3"), Wire::Integer(1000));
        assert_eq!(wire("10.0"), Wire::Integer(10));
        assert_eq!(wire("9223372036854775807"), Wire::Integer(i64::MAX));
        assert_eq!(wire("9223372036854775808"), Wire::Text("9223372036854775808".to_owned()));
        assert_eq!(wire("0.5"), Wire::Float(0.5));
        assert_eq!(wire("-1.25e1"), Wire::Float(-12.5));
        assert_eq!(wire("0.1"), Wire::Text("0.1".to_owned()));
        assert_eq!(wire("-1.05"), Wire::Text("-1.05".to_owned()));
        assert_eq!(wire("1.5e-5"), Wire::Text("0.000015".to_owned()));
        assert_eq!(wire("1e21"), Wire::Text("1000000000000000000000".to_owned()));
        assert_eq!(wire("1e100000"), Wire::Text("1e100000".to_owned()));
        let long = format!("{}e100", "1".repeat(1000));
        assert_eq!(wire(&long), Wire::Text(long));
        // 2^53 + 1 halves.
        assert_eq!(wire("4503599627370496.5"), Wire::Text("4503599627370496.5".to_owned()));
    }

    #[test]
    fn floats_are_the_shortest_text() {
        assert_eq!(of_float(0.1).unwrap().as_str(), "0.1");
        assert_eq!(of_float(1e21).unwrap().as_str(), "1000000000000000000000");
        assert!(of_float(f64::NAN).is_err() && of_float(f64::INFINITY).is_err());
        assert!(of_text("Inf").is_err() && of_text("0x1").is_err() && of_text(&"1".repeat(1025)).is_err());
    }
}
