//! Patterns over addresses, for people who mean several objects.

use std::fmt;

use super::{InstanceAddress, InstanceKey, ModuleAddress};
use crate::glob::fits_parts;

/// What stands for any text.
const ANY: char = '*';

/// A pattern over addresses of instances: an address in which `*` stands for any text, dots, brackets and quotes included.
///
/// The pattern must fit from the first character to the last, and only `*` is special: `\*` is a star itself. It names an
/// instance when it fits the instance's address, or that of its resource, or of a module that holds it, as an address does:
/// `*.web` is all instances of every resource that is called `web`.
///
/// ```
/// use landfast_state::address::AddressPattern;
///
/// let fits = |pattern, address: &str| AddressPattern::parse(pattern).unwrap().holds(&address.parse().unwrap());
/// assert!(fits("aws_instance.*", "aws_instance.web[0]"));
/// assert!(fits("*[\"prod-*\"]", "module.a.aws_instance.web[\"prod-1\"]"));
/// assert!(fits("module.db.*", "module.db.module.replica[1].aws_db_instance.main"));
/// assert!(!fits("aws_instance.*", "module.db.aws_instance.web"));
/// // What has no star is an address, and no pattern.
/// assert_eq!(AddressPattern::parse("aws_instance.web"), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressPattern {
    text: String,
    /// What stands between the stars.
    parts: Vec<String>,
}

impl AddressPattern {
    /// Reads a pattern; `None` when the text has no star that stands for any text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = vec![String::new()];
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            if c == '\\' && rest.next_if_eq(&ANY).is_some() {
                push(&mut parts, ANY);
            } else if c == ANY {
                parts.push(String::new());
            } else {
                push(&mut parts, c);
            }
        }
        (parts.len() > 1).then(|| Self { text: text.to_owned(), parts })
    }

    /// Whether the instance, its resource, or a module that holds it, has an address that the pattern fits.
    #[must_use]
    pub fn holds(&self, address: &InstanceAddress) -> bool {
        self.fits(&address.to_string())
            || (address.key != InstanceKey::None && self.fits(&address.resource.to_string()))
            || self.fits_a_module_of(&address.resource.module)
    }

    /// Whether a module on the way fits, with the key of its last step or without.
    fn fits_a_module_of(&self, module: &ModuleAddress) -> bool {
        (1..=module.steps.len()).any(|length| {
            let mut outer = ModuleAddress { steps: module.steps.iter().take(length).cloned().collect() };
            let fits = self.fits(&outer.to_string());
            if let Some(last) = outer.steps.last_mut() {
                last.key = InstanceKey::None;
            }
            fits || self.fits(&outer.to_string())
        })
    }

    fn fits(&self, address: &str) -> bool {
        fits_parts(self.parts.iter().map(String::as_str), address)
    }
}

fn push(parts: &mut [String], c: char) {
    if let Some(last) = parts.last_mut() {
        last.push(c);
    }
}

impl fmt::Display for AddressPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, address: &str) -> bool {
        AddressPattern::parse(pattern).unwrap().holds(&address.parse().unwrap())
    }

    #[test]
    fn a_star_is_any_text() {
        for (pattern, address, is_meant) in [
            ("*", "aws_vpc.main", true),
            ("aws_instance.*", "aws_instance.web", true),
            ("aws_instance.*", "aws_instance.web[\"a.b\"]", true),
            ("aws_instance.*", "aws_instances.web", false),
            ("aws_instance.w*b", "aws_instance.web[3]", true),
            ("aws_instance.w*b", "aws_instance.wb", true),
            ("aws_instance.w*b*b", "aws_instance.wb", false),
            ("*.web", "module.a.aws_instance.web[3]", true),
            ("*.web", "aws_instance.webs", false),
            ("*.web[*]", "aws_instance.web", false),
            ("module.db*", "module.db[0].aws_vpc.a", true),
            ("module.*.module.db", "module.a[\"x\"].module.db[1].aws_vpc.a", true),
            ("module.*.module.db", "module.a.module.dbs.aws_vpc.a", false),
            ("*[\"prod-*\"]", "aws_instance.web[\"prod-1\"]", true),
            ("*[\"prod-*\"]", "aws_instance.web[\"dev-1\"]", false),
            ("data.*", "data.aws_ami.base", true),
        ] {
            assert_eq!(fits(pattern, address), is_meant, "{pattern} {address}");
        }
    }

    #[test]
    fn an_escaped_star_is_a_star() {
        assert!(fits("*.web[\"\\*\"]", "aws_instance.web[\"*\"]"));
        assert!(!fits("*.web[\"\\*\"]", "aws_instance.web[\"prod\"]"));
        assert_eq!(AddressPattern::parse("aws_instance.web[\"\\*\"]"), None);
    }

    #[test]
    fn parts_do_not_overlap() {
        assert!(!fits("aws_vpc.ab*bc", "aws_vpc.abc"));
        assert!(fits("aws_vpc.ab*bc", "aws_vpc.abbc"));
    }
}
