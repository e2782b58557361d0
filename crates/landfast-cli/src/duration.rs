//! Times as people write them: `30s`, `90d`.

use std::time::Duration;

/// Reads a time such as `30s`, `5m`, `1h` or `90d`; a number alone is seconds.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let end_of_digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end_of_digits).unwrap_or((text, ""));
    let seconds = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        _ => return Err(String::from("a time is a number with s, m, h or d behind it, such as 30s")),
    };
    let number: u64 = number.parse().map_err(|_| String::from("a time begins with a whole number, such as 30s"))?;
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(|| String::from("this time is too long"))
}

/// The longest that anything lasts here.
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// Reads a time of at most a year.
pub(crate) fn up_to_a_year(text: &str) -> Result<Duration, String> {
    parse(text).and_then(|time| if time <= YEAR { Ok(time) } else { Err(String::from("this is longer than a year")) })
}

/// Reads a time of at least a second and at most a year.
pub(crate) fn bounded(text: &str) -> Result<Duration, String> {
    let time = up_to_a_year(text)?;
    if time.is_zero() { Err(String::from("this is no time at all")) } else { Ok(time) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_seconds_minutes_hours_and_days() {
        let seconds = |text| parse(text).map(|time| time.as_secs());
        for (text, expected) in [("7", 7), ("30s", 30), ("5m", 300), ("2h", 7200), ("90d", 90 * 86_400)] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for text in ["", "d", "1w", "-1s", "1.5h", "99999999999999999999d", "18446744073709551615d"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_have_bounds() {
        assert!(bounded("1s").is_ok() && bounded("365d").is_ok() && up_to_a_year("0").is_ok());
        assert!(bounded("0s").is_err() && bounded("366d").is_err() && up_to_a_year("366d").is_err());
    }
}
