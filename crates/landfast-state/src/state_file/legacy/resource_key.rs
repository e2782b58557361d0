//! The keys of `resources` before format 4: `type.name`, `type.name.index`, and both with `data.` before them.

use unicode_properties::{GeneralCategory as C, UnicodeGeneralCategory as _};

/// What a key names: one instance of a resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ResourceKey {
    /// `data` or `managed`.
    pub(super) mode: &'static str,
    pub(super) type_name: String,
    pub(super) name: String,
    pub(super) index: Option<i64>,
}

/// Takes a key apart.
pub(super) fn parse(key: &str) -> Result<ResourceKey, &'static str> {
    let mut parts: Vec<&str> = key.splitn(6, '.').collect();
    let data = parts.len() > 2 && parts.first() == Some(&"data");
    if data {
        parts.remove(0);
    }
    let (type_name, name, index) = match parts.as_slice() {
        [type_name, name] => (type_name, name, None),
        [type_name, name, index] => {
            let index = integer(index).ok_or("a resource key whose index is not an integer")?;
            (type_name, name, Some(index))
        }
        _ => return Err("not a resource key: type.name and type.name.index are, with or without data. before them"),
    };
    let mode = if data { "data" } else { "managed" };
    Ok(ResourceKey { mode, type_name: (*type_name).to_owned(), name: (*name).to_owned(), index })
}

/// An integer in any of the ways that terraform reads: decimal, or with `0x`, `0o`, `0b` or `0` before the digits, which
/// underscores may separate.
fn integer(text: &str) -> Option<i64> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let after = |prefix: [&str; 2]| prefix.into_iter().find_map(|prefix| rest.strip_prefix(prefix));
    let (radix, digits) = if let Some(digits) = after(["0x", "0X"]) {
        (16, digits)
    } else if let Some(digits) = after(["0o", "0O"]) {
        (8, digits)
    } else if let Some(digits) = after(["0b", "0B"]) {
        (2, digits)
    } else if rest == "0" {
        (10, rest)
    } else {
        rest.strip_prefix('0').map_or((10, rest), |digits| (8, digits))
    };
    // An underscore may follow the prefix.
    let digits = if radix == 10 { digits } else { digits.strip_prefix('_').unwrap_or(digits) };
    if !digits.split('_').all(|part| !part.is_empty() && part.chars().all(|c| c.is_digit(radix))) {
        return None;
    }
    let value = i128::from_str_radix(&digits.replace('_', ""), radix).ok()?;
    i64::try_from(if negative { -value } else { value }).ok()
}

/// Whether `text` is a name in terraform's language: a letter or underscore, then letters, digits, marks, underscores
/// and minus signs.
pub(super) fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(starts_identifier) && chars.all(|c| starts_identifier(c) || continues_identifier(c))
}

fn starts_identifier(c: char) -> bool {
    let category = c.general_category();
    let letter = matches!(
        category,
        C::UppercaseLetter
            | C::LowercaseLetter
            | C::TitlecaseLetter
            | C::ModifierLetter
            | C::OtherLetter
            | C::LetterNumber
    );
    letter || c == '_'
}

fn continues_identifier(c: char) -> bool {
    let category = c.general_category();
    let joins = matches!(category, C::DecimalNumber | C::NonspacingMark | C::SpacingMark | C::ConnectorPunctuation);
    joins || c == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_as_terraform_reads_them() {
        for (text, value) in [
            ("0", Some(0)),
            ("00", Some(0)),
            ("-1", Some(-1)),
            ("+3", Some(3)),
            ("007", Some(7)),
            ("0_7", Some(7)),
            ("0x10", Some(16)),
            ("-0x1", Some(-1)),
            ("0x_1", Some(1)),
            ("0b11", Some(3)),
            ("0o17", Some(15)),
            ("1_000", Some(1000)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("08", None),
            ("_1", None),
            ("1_", None),
            ("0_", None),
            ("0x", None),
            ("1__0", None),
            ("+-1", None),
            ("", None),
            ("-", None),
        ] {
            assert_eq!(integer(text), value, "{text}");
        }
    }

    #[test]
    fn keys() {
        let key = parse("data.aws_ami.base.2").expect("a key");
        assert_eq!((key.mode, &*key.type_name, &*key.name, key.index), ("data", "aws_ami", "base", Some(2)));
        let key = parse("data.x").expect("a key");
        assert_eq!((key.mode, &*key.type_name, &*key.name, key.index), ("managed", "data", "x", None));
        for key in ["", "foo", "a.b.c", "a.b.0.1", "data.a.b.0.1", "a.b.0.1.2.3.4"] {
            assert!(parse(key).is_err(), "{key}");
        }
    }
}
