//! Exact amounts of money and of what it is paid for.

use std::fmt;
use std::str::FromStr;

use landfast_state::Number;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Digits after the point that an amount can hold.
const DECIMALS: i64 = 18;

/// An exact decimal with up to 18 digits after the point, and up to 20 before it. Nothing is ever rounded: what cannot be held
/// is refused.
///
/// In configuration it is a string or an integer; a TOML float would have been rounded before anybody sees it.
///
/// ```
/// use landfast_drift::cost::Amount;
///
/// let hourly: Amount = "0.0104".parse()?;
/// let monthly = hourly.checked_mul(Amount::from(730)).unwrap();
/// assert_eq!(monthly.to_string(), "7.592");
/// # Ok::<(), landfast_drift::cost::AmountError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount {
    /// In units of 10^-18.
    units: i128,
}

/// The text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal number with up to 20 digits before the point and up to 18 after it")]
pub struct AmountError;

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self { units: 0 };

    /// The value of a number, where it can be held exactly.
    #[must_use]
    pub fn from_number(number: &Number) -> Option<Self> {
        let canonical = number.canonical();
        let (digits, exponent) = canonical.split_once('e').unwrap_or((&canonical, "0"));
        let exponent = exponent.parse::<i64>().ok()?.checked_add(DECIMALS)?;
        let units = digits.parse::<i128>().ok()?;
        if units == 0 {
            return Some(Self::ZERO);
        }
        let factor = 10_i128.checked_pow(u32::try_from(exponent).ok()?)?;
        Some(Self { units: units.checked_mul(factor)? })
    }

    /// The sum, where it can be held.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Some(Self { units: self.units.checked_add(other.units)? })
    }

    /// The difference, where it can be held.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        Some(Self { units: self.units.checked_sub(other.units)? })
    }

    /// The product, where it can be held exactly.
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        let ((a, zeros_a), (b, zeros_b)) = (self.significant(), other.significant());
        let product = a.checked_mul(b)?;
        let zeros = i64::from(zeros_a) + i64::from(zeros_b) - DECIMALS;
        let factor = 10_i128.checked_pow(u32::try_from(zeros.unsigned_abs()).ok()?)?;
        if zeros >= 0 {
            return Some(Self { units: product.checked_mul(factor)? });
        }
        (product % factor == 0).then_some(Self { units: product / factor })
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.units < 0
    }

    /// The units without the zeros at their end, and how many there are.
    fn significant(self) -> (i128, u32) {
        let (mut units, mut zeros) = (self.units, 0);
        while units != 0 && units % 10 == 0 {
            units /= 10;
            zeros += 1;
        }
        (units, zeros)
    }
}

impl From<u32> for Amount {
    fn from(value: u32) -> Self {
        // 4.3e9 times 1e18 is far below 1.7e38.
        Self { units: i128::from(value) * 1_000_000_000_000_000_000 }
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let number: Number = text.parse().map_err(|_| AmountError)?;
        Self::from_number(&number).ok_or(AmountError)
    }
}

/// Without zeros at its end.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = 10_u128.pow(18);
        let (whole, rest) = (self.units.unsigned_abs() / one, self.units.unsigned_abs() % one);
        let rest = format!("{rest:018}");
        let rest = rest.trim_end_matches('0');
        let point = if rest.is_empty() { "" } else { "." };
        f.pad_integral(self.units >= 0, "", &format!("{whole}{point}{rest}"))
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading)
    }
}

struct Reading;

impl Visitor<'_> for Reading {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer, or a decimal number as a string such as \"0.0104\", since a float is not exact")
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Amount, E> {
        Amount::from_number(&Number::from(value)).ok_or_else(|| E::custom(AmountError))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Amount, E> {
        Amount::from_number(&Number::from(value)).ok_or_else(|| E::custom(AmountError))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Amount, E> {
        value.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    #[test]
    fn nothing_is_rounded() {
        assert_eq!(amount("0.1").checked_add(amount("0.2")), Some(amount("0.3")));
        assert_eq!(amount("1.50").to_string(), "1.5");
        assert_eq!(amount("-0.000000000000000001").to_string(), "-0.000000000000000001");
        assert_eq!(amount("1e3").to_string(), "1000");
        assert_eq!(amount("100000").checked_mul(amount("0.088")), Some(amount("8800")));
        assert_eq!(
            amount("0.000000001").checked_mul(amount("0.000000001")).unwrap().to_string(),
            "0.000000000000000001"
        );
        assert_eq!(amount("0.0000000001").checked_mul(amount("0.000000001")), None);
        assert_eq!(amount("0").checked_mul(amount("5")), Some(Amount::ZERO));
        assert_eq!(amount("-2").checked_mul(amount("0.5")), Some(amount("-1")));
    }

    #[test]
    fn what_cannot_be_held_is_refused() {
        for text in ["", "1,5", "NaN", "0.0000000000000000001", "1e21", "1e999999999999", "1e-999999999999999999", "+1"]
        {
            assert_eq!(text.parse::<Amount>(), Err(AmountError), "{text}");
        }
        assert_eq!("0e999999999999".parse(), Ok(Amount::ZERO));
        let large = amount("1e20");
        assert_eq!(large.checked_add(large), None);
        assert_eq!(large.checked_mul(large), None);
    }

    #[test]
    fn configuration_has_integers_and_strings() {
        #[derive(serde::Deserialize, Debug)]
        struct Holder {
            price: Amount,
        }
        let read = |text: &str| toml::from_str::<Holder>(text).map(|holder| holder.price);
        assert_eq!(read("price = 5").unwrap(), Amount::from(5));
        assert_eq!(read("price = \"0.10\"").unwrap(), amount("0.1"));
        let error = read("price = 0.1").unwrap_err();
        assert!(error.message().contains("a float is not exact"), "{error}");
    }
}
