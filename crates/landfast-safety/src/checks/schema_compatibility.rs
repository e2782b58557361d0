//! `schema-compatibility`: providers understand what a plan was made with.

use std::collections::BTreeSet;

use landfast_state::ResourceObject;
use landfast_state::address::ObjectAddress;
use serde::{Deserialize, Serialize};

use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::{Context, Need};
use crate::proposal::Proposal;

/// No provider has another major version than the plan was made with, and no schema another version than the objects have.
/// Below version 1, the minor version counts as the major one. What no provider manages has no schema.
///
/// Only programs that embed the library can tell this. The command has plans for states and for commands of one's own, which it
/// does not ask about unless an object names a provider, and then it refuses.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SchemaCompatibility {
    /// Whether schemas may be newer than the objects: providers upgrade those by themselves. They may never be older.
    newer_schemas: bool,
}

impl Judge for SchemaCompatibility {
    const ID: &'static str = "schema-compatibility";
    const QUESTION: &'static str = "Do the providers that are there understand what the plan was made with?";
    const ADVICE: &'static str =
        "use the versions of the providers that the plan was made with, or plan again with those that are there";
    const NEEDS: &'static [Need] = &[Need::Schemas];

    fn applies(&self, proposal: &Proposal) -> bool {
        let mut changes = proposal.changes.iter().filter(|change| !change.action.is_bookkeeping());
        changes.any(|change| !proposal.is_of_no_provider(&change.address))
    }

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let Some(schemas) = &context.facts().schemas else {
            return Err(CheckError::not_known(Need::Schemas.to_string()));
        };
        let proposal = context.proposal();
        let (mut evidence, mut seen) = (BTreeSet::new(), BTreeSet::new());
        for object in changed(proposal)? {
            let (address, provider) = (&object.address, &*object.provider);
            let then = proposal.providers.get(provider).ok_or_else(|| {
                CheckError::not_known(format!(
                    "with which version of the provider {provider:?} of {address} it was planned"
                ))
            })?;
            let now = schemas.providers.get(provider).ok_or_else(|| {
                CheckError::not_known(format!("which version of the provider {provider:?} of {address} there is"))
            })?;
            if major(then)? != major(now)? {
                evidence.insert(Evidence::about(provider, format!("was {then} when it was planned, and is {now} now")));
            }
            seen.insert(provider);
            let type_name = &object.address.instance.resource.type_name;
            let key = (provider.to_owned(), type_name.to_string());
            let schema = *schemas
                .types
                .get(&key)
                .ok_or_else(|| CheckError::not_known(format!("which version of the schema of {type_name} there is")))?;
            let version = object.schema_version;
            if schema < version || (schema > version && !self.newer_schemas) {
                evidence.insert(Evidence::about(
                    address,
                    format!("has the schema version {version}, and the provider {schema}"),
                ));
            }
        }
        if evidence.is_empty() {
            return Ok(Verdict::Pass(vec![Evidence::of_all(format!("{} providers were looked at", seen.len()))]));
        }
        Ok(Verdict::fail(evidence.into_iter().collect()))
    }
}

/// The objects that providers are to change, on both sides.
fn changed(proposal: &Proposal) -> Result<Vec<&ResourceObject>, CheckError> {
    let mut objects = Vec::new();
    let changes = proposal.changes.iter().filter(|change| !change.action.is_bookkeeping());
    for change in changes.filter(|change| !proposal.is_of_no_provider(&change.address)) {
        let address: &ObjectAddress = &change.address;
        let end = change.moves_to.as_ref().unwrap_or(address);
        let (before, after) = (proposal.before.get(address), proposal.after.get(end));
        if before.is_none() && after.is_none() {
            return Err(CheckError::not_known(format!("what {address} is, before or afterwards")));
        }
        objects.extend([before, after].into_iter().flatten());
    }
    Ok(objects)
}

/// What must not change: the major version, and the minor one below version 1.
fn major(version: &str) -> Result<(u64, u64), CheckError> {
    let not_known = || CheckError::not_known(format!("what the version {version:?} means"));
    let number = version.strip_prefix('v').unwrap_or(version).split(['-', '+']).next().unwrap_or_default();
    let mut parts = number.split('.').map(|part| part.parse::<u64>().map_err(|_| not_known()));
    let (major, minor) = (parts.next().ok_or_else(not_known)??, parts.next().unwrap_or(Ok(0))?);
    Ok((major, if major == 0 { minor } else { 0 }))
}
