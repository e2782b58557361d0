//! Asking data sources for ids, and taking away what is owned and what services make by themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use landfast_observe::scan::{ProviderKey, RecordedObject, Unreadable, UnreadableClass};
use landfast_state::address::{InstanceKey, ModuleAddress, ObjectAddress, ResourceAddress, ResourceMode};
use landfast_state::{Members, ResourceObject, Value};

use super::super::failure::of_call;
use super::super::reader::LiveReader;
use super::super::running::Running;
use super::rules::{EnumerationRules, List};
use crate::provider::DataOutcome;

/// Which objects are recorded, by type and id.
#[derive(Debug, Clone, Default)]
pub struct Owned {
    ids: BTreeMap<String, BTreeSet<String>>,
}

impl Owned {
    /// Adds a recorded object. One without an `id` owns nothing that can be listed.
    pub fn add(&mut self, object: &RecordedObject) {
        if object.object.address.instance.resource.mode != ResourceMode::Managed {
            return;
        }
        if let Value::Object(members) = object.object.value()
            && let Some(id) = text(members.get("id"))
        {
            self.ids.entry(object.type_name().to_owned()).or_default().insert(id);
        }
    }

    fn has(&self, list: &List, id: &str) -> bool {
        list.owners().any(|owner| self.ids.get(owner).is_some_and(|ids| ids.contains(id)))
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Sensitive(sensitive) => text(sensitive.expose()),
        _ => None,
    }
}

/// What there is beside what is recorded.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Enumeration {
    /// What nothing recorded owns, to be read through [`Imports`](super::Imports): each at an address that is made up of its
    /// type and id, sorted by it.
    pub unowned: Vec<RecordedObject>,
    /// What nothing recorded owns because the service made it by itself, at such addresses, sorted.
    pub folded: Vec<Folded>,
    /// Lists that could not be had: of their types nothing is known.
    pub failed: Vec<FailedList>,
    /// What the lists do not hold, by their types.
    pub blind: BTreeMap<String, String>,
    /// Types that are recorded, or that were asked for, and that no rule lists.
    pub not_covered: BTreeSet<String>,
}

/// An object that a service made by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Folded {
    /// Where it would be reported.
    pub address: ObjectAddress,
    /// The source address of its provider.
    pub provider: Arc<str>,
    /// The rule that folds it.
    pub rule: String,
    /// What the rule says.
    pub description: String,
}

/// A list that could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedList {
    /// Through what it was asked for.
    pub provider: ProviderKey,
    /// The rule.
    pub rule: String,
    /// The type of the objects.
    pub resource_type: String,
    /// Why.
    pub why: Unreadable,
}

impl LiveReader {
    /// Lists what there is by these rules, through every provider that runs, and takes away what is owned. The reader must have
    /// been started with [`EnumerationRules::types`] among the types of its providers.
    ///
    /// Objects that two configurations of a provider list, such as those of a service without regions, are taken once.
    pub async fn enumerate(&self, rules: &EnumerationRules, owned: &Owned) -> Enumeration {
        let mut found = Enumeration::default();
        let mut unowned: BTreeMap<(String, String), (ProviderKey, Arc<Running>)> = BTreeMap::new();
        let mut folded: BTreeMap<(String, String), (Arc<str>, Arc<List>)> = BTreeMap::new();
        let mut covered = BTreeSet::new();
        for (key, running) in self.running_providers().await {
            let mut ids: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
            for list in rules.of_provider(&key.source) {
                let has_type = running.schemas.resources.contains_key(&list.resource_type);
                if !has_type || !running.schemas.data_sources.contains_key(&list.data_source) {
                    continue;
                }
                match listed(&running, list, &ids).await {
                    Ok(listed) => {
                        covered.insert(list.resource_type.clone());
                        let free = listed.iter().filter(|id| !owned.has(list, id));
                        let free = free.map(|id| (list.resource_type.clone(), id.clone()));
                        match &list.folds {
                            Some(_) => folded.extend(free.map(|at| (at, (Arc::clone(&key.source), Arc::clone(list))))),
                            None => {
                                for at in free {
                                    unowned.entry(at).or_insert_with(|| (key.clone(), Arc::clone(&running)));
                                }
                                found.blind.extend(list.blind_to.clone().map(|it| (list.resource_type.clone(), it)));
                            }
                        }
                        ids.insert(&list.id, listed);
                    }
                    Err(why) => {
                        let (rule, resource_type) = (list.id.clone(), list.resource_type.clone());
                        found.failed.push(FailedList { provider: key.clone(), rule, resource_type, why });
                    }
                }
            }
        }
        unowned.retain(|at, _| !folded.contains_key(at));
        // What could not be listed says why, and is not said to have no rule.
        let failed: BTreeSet<&String> = found.failed.iter().map(|it| &it.resource_type).collect();
        let without_rule = |name: &&String| !covered.contains(*name) && !failed.contains(name);
        found.not_covered = owned.ids.keys().filter(without_rule).cloned().collect();
        for list in self.running_providers().await.iter().flat_map(|(key, _)| rules.of_provider(&key.source)) {
            // A default object that is managed has a type of its own, and is listed by that of the others.
            if covered.contains(&list.resource_type) {
                found.not_covered.retain(|name| !list.also_owned_by.contains(name));
            }
        }
        for ((type_name, id), (provider, list)) in folded {
            let description = list.folds.clone().unwrap_or_default();
            let address = made_up(&type_name, &id);
            found.folded.push(Folded { address, provider, rule: list.id.clone(), description });
        }
        for ((type_name, id), (key, running)) in unowned {
            let version = running.schemas.resources.get(&type_name).map_or(0, |schema| schema.schema().version);
            found.unowned.extend(candidate(&key, &type_name, &id, version));
        }
        found.unowned.sort_by(|a, b| a.object.address.cmp(&b.object.address));
        found.folded.sort_by(|a, b| a.address.cmp(&b.address));
        found
    }
}

/// The ids that a list gives: of those that it has to be asked once for, all.
async fn listed(
    running: &Running,
    list: &List,
    known: &BTreeMap<&str, BTreeSet<String>>,
) -> Result<BTreeSet<String>, Unreadable> {
    let Some(per) = &list.per else {
        return asked(running, list, list.config.clone()).await;
    };
    let Some(of) = known.get(per.list.as_str()) else {
        let why = format!("{} could not be listed, which it is asked once for each of", per.list);
        return Err(Unreadable::new(UnreadableClass::Refused, "", why));
    };
    let mut all = BTreeSet::new();
    for id in of {
        let mut config = list.config.clone();
        config.insert(per.attribute.clone(), Value::String(id.clone()));
        all.extend(asked(running, list, config).await?);
    }
    Ok(all)
}

async fn asked(running: &Running, list: &List, config: Members) -> Result<BTreeSet<String>, Unreadable> {
    let Some(schema) = running.schemas.data_sources.get(&list.data_source) else { return Ok(BTreeSet::new()) };
    match running.provider.read_data(schema, config).await {
        Ok(answer) => match answer.value {
            DataOutcome::Found(members) => Ok(list.ids_in(&members)),
            DataOutcome::Deferred(reason) => {
                let call = format!("ReadDataSource of {}", list.data_source);
                Err(Unreadable::new(UnreadableClass::Deferred, call, reason.to_string()))
            }
        },
        Err(error) => {
            let why = of_call(&error);
            if list.says_none(&why.reason) { Ok(BTreeSet::new()) } else { Err(why) }
        }
    }
}

/// The address under which an object is reported that has none: nobody has given it one.
fn made_up(type_name: &str, id: &str) -> ObjectAddress {
    let resource = ResourceAddress {
        module: ModuleAddress::default(),
        mode: ResourceMode::Managed,
        type_name: type_name.into(),
        name: "unmanaged".into(),
    };
    ObjectAddress { instance: Arc::new(resource).instance(InstanceKey::String(id.into())), deposed: None }
}

/// What is known of an object before it is imported: its type and id.
fn candidate(key: &ProviderKey, type_name: &str, id: &str, version: u64) -> Option<RecordedObject> {
    let mut object = ResourceObject::bare(made_up(type_name, id), &key.source);
    object.schema_version = version;
    // Only a value that is nested too deep cannot be written down.
    let object = object.with_value(&Members::from([("id".to_owned(), Value::String(id.to_owned()))])).ok()?;
    let mut recorded = RecordedObject::new(object);
    recorded.provider = key.configuration.parse().ok();
    Some(recorded)
}
