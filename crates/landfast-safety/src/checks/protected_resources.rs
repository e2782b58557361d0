//! `protected-resources`: what must stay as it is stays as it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use landfast_state::address::{AddressPattern, InstanceAddress, InstanceKey, ObjectAddress};
use landfast_state::{AttributePath, Snapshot, Value, fits_glob};
use serde::{Deserialize, Serialize};

use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::Context;
use crate::proposal::{ActionKind, ProposedChange};

/// No change is made to an object that a pattern protects.
///
/// `*` in a pattern stands for any text. A pattern protects an object when it fits its address, that of its resource or of a
/// module that holds it (keys of modules may be left out), the name of its block, its key, or one of the attributes that name
/// it, in any of what is recorded, what the plan was made on, what is observed and what the plan makes of it. Where such an
/// attribute is not known, or nothing is known of an object, the check does not know and refuses.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ProtectedResources {
    /// The patterns.
    patterns: BTreeSet<String>,
    /// The actions that are refused.
    actions: BTreeSet<ActionKind>,
    /// Paths of the attributes that name an object.
    names: Vec<String>,
}

impl Default for ProtectedResources {
    fn default() -> Self {
        let names = [
            "name",
            "id",
            "identifier",
            "cluster_identifier",
            "bucket",
            "tags.Name",
            "tags.name",
            "tags_all.Name",
            "labels.name",
            "metadata[0].name",
        ];
        Self {
            patterns: ["prod-*", "production-*", "module.security.*"].map(str::to_owned).into(),
            actions: [ActionKind::Update, ActionKind::Replace, ActionKind::Delete, ActionKind::Forget].into(),
            names: names.map(str::to_owned).into(),
        }
    }
}

impl Judge for ProtectedResources {
    const ID: &'static str = "protected-resources";
    const QUESTION: &'static str = "Does the plan change what is protected?";
    const ADVICE: &'static str =
        "take the protected objects out of the plan, or override this check with the reason why they change";

    fn validate(&self) -> Result<(), String> {
        if self.patterns.is_empty() || self.actions.is_empty() {
            return Err("nothing is protected".to_owned());
        }
        if self.patterns.contains("") {
            return Err("an empty pattern fits nothing".to_owned());
        }
        match self.names.iter().find(|name| name.parse::<AttributePath>().is_err()) {
            Some(name) => Err(format!("{name:?} is no path of an attribute")),
            None => Ok(()),
        }
    }

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let mut evidence = Vec::new();
        let mut unknown = None;
        for change in context.proposal().changes.iter().filter(|change| self.actions.contains(&change.action)) {
            match self.protects(change, context) {
                Ok(None) => {}
                Ok(Some((pattern, text))) => {
                    let found = format!("{}: {text} is protected by {pattern}", change.action);
                    evidence.push(Evidence::about(&change.address, found));
                }
                Err(error) => {
                    unknown.get_or_insert(error);
                }
            }
        }
        match unknown {
            // A failure says more than that something is not known.
            Some(error) if evidence.is_empty() => Err(error),
            _ => Ok(Verdict::fail_on(evidence)),
        }
    }
}

impl ProtectedResources {
    /// The pattern that protects an object of this change, with what it fits.
    fn protects(&self, change: &ProposedChange, context: &Context) -> Result<Option<(&str, String)>, CheckError> {
        let addresses = [Some(&change.address), change.moves_to.as_ref()];
        for address in addresses.into_iter().flatten() {
            if let Some(pattern) = self.patterns.iter().find(|pattern| names(pattern, &address.instance)) {
                return Ok(Some((pattern, address.to_string())));
            }
        }
        let proposal = context.proposal();
        let snapshots = [context.recorded(), &proposal.before, &context.observed().snapshot, &proposal.after];
        let mut is_known = false;
        let mut unknown = None;
        for address in addresses.into_iter().flatten() {
            for snapshot in snapshots {
                let Some(value) = value(snapshot, address) else { continue };
                is_known = true;
                for path in &self.names {
                    match name(&value, path) {
                        Named::Not => {}
                        // What an object is called afterwards is told by the provider, and it has a name before.
                        Named::Unknown if std::ptr::eq(snapshot, &proposal.after) => {}
                        Named::Unknown => unknown = Some(format!("what {address} has for its {path}")),
                        Named::As(text) => {
                            if let Some(pattern) = self.patterns.iter().find(|pattern| fits_glob(pattern, &text)) {
                                // The text may be sensitive; the gate masks what it knows, but short texts stay.
                                return Ok(Some((pattern, format!("its {path}"))));
                            }
                        }
                    }
                }
            }
        }
        match unknown {
            Some(what) => Err(CheckError::not_known(what)),
            None if !is_known => Err(CheckError::not_known(format!("how {} is called", change.address))),
            None => Ok(None),
        }
    }
}

fn value(snapshot: &Snapshot, address: &ObjectAddress) -> Option<Value> {
    snapshot.get(address).map(landfast_state::ResourceObject::value)
}

/// What an attribute says of the name of an object.
enum Named {
    /// Nothing: it is not there, or no text.
    Not,
    /// Something that nobody knows here.
    Unknown,
    /// This.
    As(String),
}

fn name(value: &Value, path: &str) -> Named {
    let Ok(path) = path.parse::<AttributePath>() else { return Named::Not };
    // A sensitive or unknown value on the way hides what it holds.
    let mut value = value;
    let mut way = AttributePath::default();
    for step in &path.steps {
        value = match value {
            Value::Unknown => return Named::Unknown,
            Value::Sensitive(sensitive) => match sensitive.expose() {
                Some(exposed) => exposed,
                None => return Named::Unknown,
            },
            other => other,
        };
        way.steps = vec![step.clone()];
        match value.get(&way) {
            Some(inner) => value = inner,
            None => return Named::Not,
        }
    }
    match value {
        Value::Unknown => Named::Unknown,
        Value::String(text) => Named::As(text.clone()),
        Value::Sensitive(sensitive) => match sensitive.expose() {
            Some(Value::String(text)) => Named::As(text.clone()),
            Some(_) => Named::Not,
            None => Named::Unknown,
        },
        _ => Named::Not,
    }
}

/// Whether a pattern means an instance by its address, the name of its block or its key.
fn names(pattern: &str, instance: &InstanceAddress) -> bool {
    let bare = InstanceAddress { resource: Arc::new(instance.resource.without_keys()), key: InstanceKey::None };
    let is_address = match AddressPattern::parse(pattern) {
        Some(addresses) => addresses.holds(instance) || addresses.holds(&bare),
        None => {
            let module = |instance: &InstanceAddress| instance.resource.module.to_string();
            [instance.to_string(), instance.resource.to_string(), bare.to_string(), module(instance), module(&bare)]
                .contains(&pattern.to_owned())
        }
    };
    let is_key = matches!(&instance.key, InstanceKey::String(key) if fits_glob(pattern, key));
    is_address || is_key || fits_glob(pattern, &instance.resource.name)
}
