//! Which provider is meant.

use std::fmt;
use std::sync::Arc;

use landfast_state::address::{ProviderConfigAddress, provider_source};

/// The source address of a provider: host, namespace and type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderSource {
    /// All three, with a slash between them.
    full: Arc<str>,
}

/// What names no provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no source address of a provider: {problem}")]
pub struct ProviderSourceError {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub problem: String,
}

impl ProviderSource {
    /// Reads a source address, in short or in full: `aws`, `acme/dns`, `registry.terraform.io/hashicorp/aws`.
    ///
    /// Names are folded to lower case. The namespace `-`, which states have of providers from before there were source addresses,
    /// is `hashicorp`, as for terraform where it finds nothing else.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, ProviderSourceError> {
        let wrong = |problem: String| ProviderSourceError { text: text.to_owned(), problem };
        let full = provider_source(text).map_err(|error| wrong(error.to_string()))?;
        let mut parts = full.split('/').map(str::to_lowercase);
        match (parts.next(), parts.next(), parts.next()) {
            (Some(host), Some(namespace), Some(type_name)) => {
                let namespace = if namespace == "-" { "hashicorp".to_owned() } else { namespace };
                Ok(Self { full: format!("{host}/{namespace}/{type_name}").into() })
            }
            _ => Err(wrong("it is not host/namespace/type".to_owned())),
        }
    }

    /// The provider that a resource of a state belongs to.
    ///
    /// # Errors
    /// When the address names none.
    pub fn of_state(address: &ProviderConfigAddress) -> Result<Self, ProviderSourceError> {
        Self::parse(&address.source)
    }

    /// The host, such as `registry.terraform.io`.
    #[must_use]
    pub fn host(&self) -> &str {
        self.part(0)
    }

    /// The namespace, such as `hashicorp`.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.part(1)
    }

    /// The type, such as `aws`.
    #[must_use]
    pub fn type_name(&self) -> &str {
        self.part(2)
    }

    /// Whether terraform has it inside, so that there is no program of it.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        self.host() == "terraform.io" && self.namespace() == "builtin"
    }

    fn part(&self, at: usize) -> &str {
        self.full.split('/').nth(at).unwrap_or_default()
    }
}

impl fmt::Display for ProviderSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_long_and_old_addresses_are_one_provider() {
        for text in ["aws", "hashicorp/aws", "registry.terraform.io/hashicorp/aws", "HashiCorp/AWS"] {
            assert_eq!(
                ProviderSource::parse(text).unwrap().to_string(),
                "registry.terraform.io/hashicorp/aws",
                "{text}"
            );
        }
        for text in ["provider.aws", "provider[\"registry.terraform.io/-/aws\"]", "module.a.provider.aws.west"] {
            let address: ProviderConfigAddress = text.parse().unwrap();
            let source = ProviderSource::of_state(&address).unwrap();
            assert_eq!(source.to_string(), "registry.terraform.io/hashicorp/aws", "{text}");
        }
        let other = ProviderSource::parse("example.com/acme/dns").unwrap();
        assert_eq!((other.host(), other.namespace(), other.type_name()), ("example.com", "acme", "dns"));
        assert!(ProviderSource::parse("terraform.io/builtin/terraform").unwrap().is_built_in());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "a/b/c/d", "../aws", "a//b", "example.com/-/aws", "a\nb"] {
            assert!(ProviderSource::parse(text).is_err(), "{text:?}");
        }
    }
}
