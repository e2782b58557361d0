//! References to providers before format 4, and how format 4 writes them.
//!
//! Late documents name a provider by its address (`provider.aws.west`, `module.a.provider.aws`), early ones by its name
//! in the module of the resource (`aws.west`), or not at all. The old names have no source: terraform gives them the
//! namespace `-`, save for its own provider.

use super::resource_key::is_identifier;

/// A provider configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Provider {
    /// Address of the module that has the configuration; `None` for the module of the resource.
    module: Option<String>,
    name: String,
    alias: Option<String>,
}

/// Takes a reference apart that is not empty.
pub(super) fn parse(text: &str) -> Result<Provider, &'static str> {
    let steps = steps(text)?;
    let mut rest = steps.as_slice();
    if !text.contains("provider.") {
        let (name, alias) = match rest {
            [name] => (name, None),
            [name, alias, ..] => (name, Some(alias)),
            [] => return Err(BROKEN),
        };
        return Ok(Provider { module: None, name: (*name).into(), alias: alias.map(|alias| (*alias).into()) });
    }
    let mut modules = Vec::new();
    while let ["module", name, inner @ ..] = rest {
        modules.push(format!("module.{name}"));
        rest = inner;
    }
    let (name, alias) = match rest {
        ["provider", name] => (name, None),
        ["provider", name, alias] => (name, Some(alias)),
        _ => return Err(BROKEN),
    };
    let module = Some(modules.join("."));
    Ok(Provider { module, name: (*name).into(), alias: alias.map(|alias| (*alias).into()) })
}

/// The provider of a resource that names none: what its type begins with.
pub(super) fn implied(type_name: &str) -> Result<Provider, &'static str> {
    let name = type_name.split_once('_').map_or(type_name, |(name, _)| name);
    match steps(name).as_deref() {
        Ok([name]) => Ok(Provider { module: None, name: (*name).into(), alias: None }),
        _ => Err("a resource without a provider whose type does not begin with the name of one"),
    }
}

impl Provider {
    /// The address in format 4, for a resource of the module with address `module`.
    pub(super) fn address(&self, module: &str) -> String {
        let module = self.module.as_deref().unwrap_or(module);
        let dot = if module.is_empty() { "" } else { "." };
        let source = match &*self.name {
            "terraform" => "terraform.io/builtin/terraform".to_owned(),
            name => format!("registry.terraform.io/-/{name}"),
        };
        let alias = self.alias.as_ref().map_or_else(String::new, |alias| format!(".{alias}"));
        format!("{module}{dot}provider[\"{source}\"]{alias}")
    }
}

const BROKEN: &str = "not a provider: name, name.alias, provider.name and module.path.provider.name are";

/// The names between the dots, white space around them removed.
fn steps(text: &str) -> Result<Vec<&str>, &'static str> {
    let steps: Vec<&str> = text.split('.').map(|step| step.trim_matches([' ', '\t'])).collect();
    if steps.iter().all(|step| is_identifier(step)) { Ok(steps) } else { Err(BROKEN) }
}
