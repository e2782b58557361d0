//! Which environments a setting is about.

use serde::{Deserialize, Serialize};

use crate::check::CheckError;

/// Globs on names of environments: `*` stands for any text. One that fits is enough; where nothing is said, all are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Environments(Vec<String>);

impl Default for Environments {
    fn default() -> Self {
        Self(vec!["*".to_owned()])
    }
}

impl Environments {
    /// Whether this environment is meant. Where none is defined, nobody knows, unless all are meant.
    pub(crate) fn hold(&self, environment: &str) -> Result<bool, CheckError> {
        if self.0.iter().any(|glob| glob == "*") {
            Ok(true)
        } else if environment.is_empty() {
            Err(CheckError::not_known("which environment this is"))
        } else {
            Ok(self.0.iter().any(|glob| fits(glob, environment)))
        }
    }

    /// Whether no environment can be meant.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether a text is what a glob says, from the first character to the last; `*` stands for any text.
pub(crate) fn fits(glob: &str, text: &str) -> bool {
    let mut parts = glob.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    let Some(inner) = rest.strip_suffix(last) else { return false };
    rest = inner;
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
        for (glob, text, expected) in [
            ("prod", "prod", true),
            ("prod", "prod-eu", false),
            ("prod*", "prod", true),
            ("prod*", "preprod", false),
            ("*prod", "preprod", true),
            ("p*d-*u", "prod-eu", true),
            ("ab*bc", "abc", false),
            ("*a*a*", "a", false),
            ("**", "", true),
        ] {
            assert_eq!(fits(glob, text), expected, "{glob} {text}");
        }
    }

    #[test]
    fn an_environment_that_is_not_defined_may_be_any() {
        assert!(Environments::default().hold("").unwrap());
        assert!(Environments(vec!["prod*".to_owned()]).hold("").is_err());
    }
}
