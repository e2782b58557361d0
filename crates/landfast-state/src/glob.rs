//! Patterns in which a star stands for any text.

/// Whether a text is what a pattern says, from the first character to the last. `*` stands for any text, and nothing else is
/// special.
///
/// ```
/// use landfast_state::fits_glob;
///
/// assert!(fits_glob("*/prod/*.tfstate", "s3://states/prod/net.tfstate"));
/// assert!(!fits_glob("prod", "prod-eu"));
/// ```
#[must_use]
pub fn fits_glob(pattern: &str, text: &str) -> bool {
    fits_parts(pattern.split('*'), text)
}

/// Whether a text consists of these parts, with any text between each and the next.
pub(crate) fn fits_parts<'a>(mut parts: impl DoubleEndedIterator<Item = &'a str>, text: &str) -> bool {
    let first = parts.next().unwrap_or_default();
    let Some(rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    let Some(mut rest) = rest.strip_suffix(last) else { return false };
    // The first place that fits is as good as any: what follows has the more room.
    parts.all(|part| match rest.split_once(part) {
        Some((_, behind)) => {
            rest = behind;
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text() {
        for (pattern, text, expected) in [
            ("prod", "prod", true),
            ("prod", "prod-eu", false),
            ("prod*", "prod", true),
            ("prod*", "preprod", false),
            ("*prod", "preprod", true),
            ("p*d-*u", "prod-eu", true),
            ("*/prod/*.tfstate", "s3://b/prod/net.tfstate", true),
            ("*/prod/*.tfstate", "s3://b/dev/net.tfstate", false),
            ("a*a", "a", false),
            ("ab*bc", "abc", false),
            ("*a*a*", "a", false),
            ("*", "", true),
            ("**", "", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(fits_glob(pattern, text), expected, "{pattern} {text}");
        }
    }
}
