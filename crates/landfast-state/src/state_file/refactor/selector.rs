//! Which objects of a state are meant: by an address, or by a pattern.

use std::fmt;
use std::str::FromStr;

use crate::address::{AddressPattern, InstanceAddress, ObjectAddress};

use super::target::{StateTarget, StateTargetError};

/// Objects that a person means: what stands at an address, or at every address that a pattern fits.
///
/// A text with `*` is a pattern, see [`AddressPattern`]; `\*` is a star in a key. Everything else is an address of a module, a
/// resource or an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateSelector {
    /// What stands at an address.
    Target(StateTarget),
    /// What stands at the addresses that the pattern fits.
    Pattern(AddressPattern),
}

impl FromStr for StateSelector {
    type Err = StateTargetError;

    fn from_str(text: &str) -> Result<Self, StateTargetError> {
        match AddressPattern::parse(text) {
            Some(pattern) => Ok(Self::Pattern(pattern)),
            None => text.replace("\\*", "*").parse().map(Self::Target),
        }
    }
}

impl fmt::Display for StateSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target(target) => target.fmt(f),
            Self::Pattern(pattern) => pattern.fmt(f),
        }
    }
}

impl StateSelector {
    /// Whether the object is meant.
    #[must_use]
    pub fn holds(&self, object: &ObjectAddress) -> bool {
        self.holds_instance(&object.instance)
    }

    /// Whether the objects of the instance are meant.
    #[must_use]
    pub fn holds_instance(&self, instance: &InstanceAddress) -> bool {
        match self {
            Self::Target(target) => target.holds_instance(instance),
            Self::Pattern(pattern) => pattern.holds(instance),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_makes_a_pattern_and_an_escaped_one_an_address() {
        let selector = |text: &str| text.parse::<StateSelector>().unwrap();
        assert!(matches!(selector("aws_vpc.*"), StateSelector::Pattern(_)));
        assert!(matches!(selector("module.a"), StateSelector::Target(StateTarget::Module(_))));
        let star = selector(r#"aws_vpc.a["\*"]"#);
        assert!(star.holds_instance(&r#"aws_vpc.a["*"]"#.parse().unwrap()));
        assert!(!star.holds_instance(&r#"aws_vpc.a["b"]"#.parse().unwrap()));
        assert!("not an address".parse::<StateSelector>().is_err());
    }
}
