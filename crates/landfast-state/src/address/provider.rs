//! Addresses of provider configurations, in the forms that states have had.

use std::fmt;
use std::str::FromStr;

use super::parse::AddressError;
use super::{InstanceKey, ModuleAddress};

/// The provider configuration that a resource belongs to, such as
/// `module.eu.provider["registry.terraform.io/hashicorp/aws"].west`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProviderConfigAddress {
    /// The module that holds the configuration.
    pub module: ModuleAddress,
    /// Source address of the provider, such as `registry.terraform.io/hashicorp/aws`. For the form `provider.aws` of older
    /// states, which name no source, it is `registry.terraform.io/-/aws`, as terraform has it.
    pub source: Box<str>,
    /// The alias, where the configuration has one.
    pub alias: Option<Box<str>>,
}

/// The host of providers whose source address names none.
const DEFAULT_HOST: &str = "registry.terraform.io";

/// What stands before the name of such a provider.
const LEGACY_PREFIX: &str = "registry.terraform.io/-/";

/// The whole source address of a provider that people name in short: `aws` is `registry.terraform.io/hashicorp/aws`, and
/// `acme/dns` is `registry.terraform.io/acme/dns`.
///
/// # Errors
/// When it is none.
pub fn provider_source(text: &str) -> Result<String, AddressError> {
    let source = match text.matches('/').count() {
        0 => format!("{DEFAULT_HOST}/hashicorp/{text}"),
        1 => format!("{DEFAULT_HOST}/{text}"),
        _ => text.to_owned(),
    };
    let fail = |problem| AddressError { wanted: "a provider's source", problem, column: 1 };
    check_source(&source).map_err(fail)?;
    Ok(source)
}

impl FromStr for ProviderConfigAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let fail = |problem| AddressError { wanted: "a provider configuration", problem, column: 1 };
        let at = provider_start(text).ok_or_else(|| fail("the word `provider` is missing"))?;
        let (module, rest) = text.split_at_checked(at).unwrap_or(("", text));
        let module: ModuleAddress = module.strip_suffix('.').unwrap_or(module).parse()?;
        if module.steps.iter().any(|step| step.key != InstanceKey::None) {
            return Err(fail("a module of a provider configuration has a key"));
        }
        let rest = rest.strip_prefix("provider").unwrap_or(rest);
        if let Some(quoted) = rest.strip_prefix("[\"") {
            let (source, tail) = quoted.split_once("\"]").ok_or_else(|| fail("a closing bracket is missing"))?;
            let alias = match tail.strip_prefix('.') {
                Some(alias) if is_name(alias) => Some(alias.into()),
                None if tail.is_empty() => None,
                _ => return Err(fail("something follows the source")),
            };
            check_source(source).map_err(fail)?;
            return Ok(Self { module, source: source.into(), alias });
        }
        // The form of old states is an expression of the language, in which white space may stand around dots.
        let rest = rest.trim_start().strip_prefix('.').ok_or_else(|| fail("the provider's name is missing"))?.trim();
        let (name, alias) = match rest.split_once('.').map(|(name, alias)| (name.trim_end(), alias.trim_start())) {
            Some((name, alias)) if is_name(alias) => (name, Some(alias.into())),
            Some(_) => return Err(fail("the alias is not a name")),
            None => (rest, None),
        };
        if !is_name(name) {
            return Err(fail("the provider's name is not a name"));
        }
        Ok(Self { module, source: format!("{LEGACY_PREFIX}{name}").into(), alias })
    }
}

impl fmt::Display for ProviderConfigAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.module.is_root() {
            write!(f, "{}.", self.module)?;
        }
        write!(f, "provider[\"{}\"]", self.source)?;
        match &self.alias {
            Some(alias) => write!(f, ".{alias}"),
            None => Ok(()),
        }
    }
}

/// Checks a provider source address: `[[host/]namespace/]type`, by terraform's rules for its parts.
fn check_source(source: &str) -> Result<(), &'static str> {
    let parts: Vec<&str> = source.split('/').collect();
    let (host, namespace, type_name) = match parts.as_slice() {
        [type_name] => (DEFAULT_HOST, "hashicorp", *type_name),
        [namespace, type_name] => (DEFAULT_HOST, *namespace, *type_name),
        [host, namespace, type_name] => (*host, *namespace, *type_name),
        _ => return Err("the source is not host/namespace/type"),
    };
    let host_fits = !host.is_empty() && host.split(['.', ':']).all(is_source_part);
    // The namespace of providers from before source addresses exists on the default host alone.
    let namespace_fits = is_source_part(namespace) || (namespace == "-" && host == DEFAULT_HOST);
    if !host_fits || !namespace_fits || !is_source_part(type_name) || type_name.starts_with("terraform-provider-") {
        return Err("a part of the source is not a valid name");
    }
    Ok(())
}

/// Letters, digits and single dashes between them.
fn is_source_part(part: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || c == '-';
    !part.is_empty() && part.chars().all(fits) && !part.starts_with('-') && !part.ends_with('-') && !part.contains("--")
}

/// Where `provider` begins: at the start, or after a module path.
fn provider_start(text: &str) -> Option<usize> {
    if text.starts_with("provider") {
        return Some(0);
    }
    [".provider[", ".provider."].iter().filter_map(|mark| text.rfind(mark)).max().map(|at| at + 1)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}
