//! Versions of providers, and which of them are wanted.

use std::fmt;
use std::str::FromStr;

/// The version of a provider, such as `3.39.0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderVersion(semver::Version);

/// What is no version, or no constraint on versions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {wanted}")]
pub struct VersionError {
    /// What was given.
    pub text: String,
    /// What was expected.
    pub wanted: &'static str,
}

impl FromStr for ProviderVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let wrong = |_| VersionError { text: text.to_owned(), wanted: "version of a provider" };
        semver::Version::parse(text).map(Self).map_err(wrong)
    }
}

impl fmt::Display for ProviderVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Constraints on versions, as configurations write them: `>= 2.0, < 4.0`, `~> 3.1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionConstraints {
    text: String,
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    operator: Operator,
    version: semver::Version,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    /// At least the version, and before this one.
    Before(semver::Version),
}

/// The longest operators come first: `>=` begins with `>`.
const OPERATORS: [&str; 7] = ["~>", ">=", "<=", "!=", ">", "<", "="];

impl FromStr for VersionConstraints {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let terms: Option<Vec<Term>> = text.split(',').map(|part| term(part.trim())).collect();
        let wrong = || VersionError { text: text.to_owned(), wanted: "constraint on versions" };
        Ok(Self { text: text.trim().to_owned(), terms: terms.ok_or_else(wrong)? })
    }
}

fn term(text: &str) -> Option<Term> {
    let operator = OPERATORS.into_iter().find(|operator| text.starts_with(operator)).unwrap_or_default();
    let written = text.strip_prefix(operator)?.trim();
    let given = written.split(['-', '+']).next().unwrap_or_default().split('.').count();
    // What is left out is zero.
    let version = match given {
        1 => semver::Version::parse(&format!("{written}.0.0")),
        2 => semver::Version::parse(&format!("{written}.0")),
        _ => semver::Version::parse(written),
    };
    let version = version.ok()?;
    let operator = match operator {
        "" | "=" => Operator::Equal,
        "!=" => Operator::NotEqual,
        ">" => Operator::Greater,
        ">=" => Operator::GreaterOrEqual,
        "<" => Operator::Less,
        "<=" => Operator::LessOrEqual,
        _ if given < 3 => Operator::Before(semver::Version::new(version.major.checked_add(1)?, 0, 0)),
        _ => Operator::Before(semver::Version::new(version.major, version.minor.checked_add(1)?, 0)),
    };
    Some(Term { operator, version })
}

impl VersionConstraints {
    /// Whether a version meets all of them. One before a release is met only by its own name, as for terraform.
    #[must_use]
    pub fn allow(&self, version: &ProviderVersion) -> bool {
        let version = &version.0;
        let names_it = |term: &Term| term.operator == Operator::Equal && term.version.cmp_precedence(version).is_eq();
        let is_named = || self.terms.iter().any(names_it);
        let met = |term: &Term| {
            // What was built of it does not count.
            let order = version.cmp_precedence(&term.version);
            match &term.operator {
                Operator::Equal => order.is_eq(),
                Operator::NotEqual => order.is_ne(),
                Operator::Greater => order.is_gt(),
                Operator::GreaterOrEqual => order.is_ge(),
                Operator::Less => order.is_lt(),
                Operator::LessOrEqual => order.is_le(),
                Operator::Before(end) => order.is_ge() && version.cmp_precedence(end).is_lt(),
            }
        };
        (version.pre.is_empty() || is_named()) && self.terms.iter().all(met)
    }
}

impl fmt::Display for VersionConstraints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Which version of a provider is wanted. What a lock file says of it is wanted, too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum VersionWish {
    /// Whichever is there, the newest of a place.
    #[default]
    Any,
    /// This one.
    Exactly(ProviderVersion),
    /// The newest that meets these.
    Matching(VersionConstraints),
}

impl VersionWish {
    /// Whether this version is wanted.
    #[must_use]
    pub fn allows(&self, version: &ProviderVersion) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(wanted) => wanted == version,
            Self::Matching(constraints) => constraints.allow(version),
        }
    }
}

impl fmt::Display for VersionWish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("of any version"),
            Self::Exactly(version) => version.fmt(f),
            Self::Matching(constraints) => write!(f, "{constraints}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_allow_what_terraform_takes() {
        for (constraints, allowed, refused) in [
            ("3.39.0", &["3.39.0"][..], &["3.39.1", "3.38.9"][..]),
            ("= 3", &["3.0.0"], &["3.0.1"]),
            ("~> 3.1", &["3.1.0", "3.39.0"], &["3.0.9", "4.0.0"]),
            ("~> 3.1.2", &["3.1.2", "3.1.9"], &["3.1.1", "3.2.0"]),
            ("~> 3", &["3.0.0", "3.9.9"], &["4.0.0"]),
            (">= 2.0, < 4.0", &["2.0.0", "3.99.0"], &["4.0.0", "1.9.9"]),
            (">2,!=3.1.0,<=3.2", &["3.0.0", "3.2.0"], &["2.0.0", "3.1.0", "3.2.1"]),
            (">= 1.0", &["1.0.0"], &["2.0.0-beta1"]),
            ("2.0.0-beta1", &["2.0.0-beta1"], &["2.0.0", "2.0.0-beta2"]),
        ] {
            let parsed: VersionConstraints = constraints.parse().unwrap();
            for version in allowed {
                assert!(parsed.allow(&version.parse().unwrap()), "{constraints} must allow {version}");
            }
            for version in refused {
                assert!(!parsed.allow(&version.parse().unwrap()), "{constraints} must refuse {version}");
            }
        }
    }

    #[test]
    fn what_is_no_constraint_is_refused() {
        for text in ["", ">=", "1.2.3.4", "a", ">= 1,", "~> 18446744073709551615", "=> 1.0", "1.x"] {
            assert!(text.parse::<VersionConstraints>().is_err(), "{text:?}");
        }
    }
}
