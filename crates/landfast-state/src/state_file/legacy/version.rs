//! Version numbers in states.

use crate::json::{Raw, RawKind};

/// Whether terraform takes `text` for a version: numbers separated by dots, then perhaps a pre-release and, after a plus
/// sign, build metadata.
pub(crate) fn is_terraform_version(text: &str) -> bool {
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (numbers, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let number = |part: &str| !part.starts_with('+') && part.parse::<i64>().is_ok();
    let (pre_release, build) = rest.split_once('+').map_or((rest, None), |(before, after)| (before, Some(after)));
    numbers.split('.').all(number)
        && (pre_release.is_empty() || are_labels(pre_release))
        && build.is_none_or(are_labels)
}

/// Whether `text` is labels separated by dots.
fn are_labels(text: &str) -> bool {
    let label = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'~'));
    text.split('.').all(|part| !part.is_empty() && label(part))
}

/// The version of the provider's schema that `meta` has as a number or as its digits; `None` for anything else, which
/// then stays in `meta`.
pub(super) fn schema_version(value: Raw<'_>) -> Result<Option<u64>, &'static str> {
    match value.kind() {
        RawKind::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(text.parse().ok()),
        RawKind::Number(text) => {
            let number = text.parse::<f64>().unwrap_or(f64::NAN).trunc();
            if !(0.0..9_223_372_036_854_775_808.0).contains(&number) {
                return Err("a schema version that is out of range");
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked above")]
            let version = number as u64;
            Ok(Some(version))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for text in ["0.7", "v0.11.0", "0.11.0-beta1", "0.11.0-dev+abc", "1.2.3.4.5", "0.11.1-", "0.12.0-rc1~x", "1rc1"]
        {
            assert!(is_terraform_version(text), "{text}");
        }
        for text in
            ["", "v", "garbage", " 0.1", "99999999999999999999.1", "1.0.0+", "1.0.0+a..b", "..", "1..2", "1.", "1.2.x"]
        {
            assert!(!is_terraform_version(text), "{text}");
        }
    }
}
