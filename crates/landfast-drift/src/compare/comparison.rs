//! A comparison to which objects come one after the other.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use landfast_state::address::{InstanceAddress, ObjectAddress};
use landfast_state::{Attributes, Gap, Origin, ResourceObject, SecretTexts};

use super::resource::{blank, compare_resource};
use super::sameness::Sameness;
use super::{CompareOptions, InSync, mask, reason_to_leave_out};
use crate::classification::DriftStatus;
use crate::report::{AppliedRule, DriftReport, NotCompared, NotComparedReason, ResourceDrift, RuleId};
use crate::rules::{Finder, TypeRules};

/// A comparison to which objects come one after the other, in any order, each with its counterpart: of what is in sync it
/// keeps nothing but what [`InSync`] asks for and the texts of secrets. [`compare`](super::compare) takes two whole sides.
pub struct Comparison<'o> {
    pub(super) options: &'o CompareOptions,
    pub(super) finder: Finder<'o>,
    rules: HashMap<Box<str>, TypeRules<'o>>,
    pub(super) sameness: Sameness,
    pub(super) secrets: SecretTexts,
    pub(super) resources: Vec<ResourceDrift>,
    pub(super) in_sync_counted: usize,
    pub(super) left_out: BTreeMap<ObjectAddress, NotComparedReason>,
    not_listed: BTreeMap<Box<str>, String>,
}

impl fmt::Debug for Comparison<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Comparison").field("in_sync_counted", &self.in_sync_counted).finish_non_exhaustive()
    }
}

impl<'o> Comparison<'o> {
    /// A comparison without any objects yet.
    #[must_use]
    pub fn new(options: &'o CompareOptions) -> Self {
        Self {
            options,
            finder: Finder::new(&options.rules),
            rules: HashMap::new(),
            sameness: Sameness::new(options),
            secrets: SecretTexts::default(),
            resources: Vec::new(),
            in_sync_counted: 0,
            left_out: BTreeMap::new(),
            not_listed: BTreeMap::new(),
        }
    }

    /// Compares what was recorded at an address with what was observed there, as [`compare`](super::compare) does. An address
    /// must not come twice. What is not compared by its nature is listed as such.
    pub fn add(
        &mut self,
        address: &ObjectAddress,
        recorded: Option<&ResourceObject>,
        observed: Option<&ResourceObject>,
        gap: Option<&Gap>,
    ) {
        let before = recorded.map(|object| self.marked(object));
        let after = match (recorded, observed, &before) {
            // The same is marked in both.
            (Some(recorded), Some(observed), Some(before)) if alike(recorded, observed) => {
                Some(ResourceObject { sensitive: before.sensitive.clone(), ..observed.clone() })
            }
            _ => observed.map(|object| self.marked(object)),
        };
        let instance = &address.instance;
        match reason_to_leave_out(instance.resource.mode, address.deposed.is_some()) {
            Some(reason) => {
                self.left_out.insert(address.clone(), reason);
            }
            None => self.compare(instance, before.as_ref(), after.as_ref(), gap),
        }
    }

    /// Lists an object that nothing recorded owns as one that is not looked at any further, for this reason: a named rule says so. It
    /// counts as suppressed.
    pub fn suppress(&mut self, address: &InstanceAddress, provider: &str, rule: RuleId, why: &str) {
        let rule = AppliedRule { id: rule, why: why.to_owned(), severity: None, impacts: BTreeSet::new(), class: None };
        let suppressed = blank(address, DriftStatus::Suppressed);
        self.push(ResourceDrift { provider: provider.into(), rules: vec![rule], ..suppressed });
    }

    /// Notes that objects of this type that nothing recorded owns would not all be seen.
    pub fn not_listed(&mut self, resource_type: &str, why: &str) {
        self.not_listed.insert(resource_type.into(), why.to_owned());
    }

    /// The object with what the rules know to be a secret marked; its secrets are masked from now on.
    fn marked(&mut self, object: &ResourceObject) -> ResourceObject {
        let mut object = object.clone();
        object.sensitive.extend(self.finder.find(&object));
        self.secrets.add_object(&object);
        object
    }

    /// Compares objects whose secrets are marked and known.
    pub(super) fn compare(
        &mut self,
        address: &InstanceAddress,
        before: Option<&ResourceObject>,
        after: Option<&ResourceObject>,
        gap: Option<&Gap>,
    ) {
        let rules = type_rules(&mut self.rules, self.options, &address.resource.type_name);
        if let Some(rules) = rules {
            let found = compare_resource(address, before, after, gap, rules, self.options, &mut self.sameness);
            self.push(found);
        }
    }

    pub(super) fn push(&mut self, resource: ResourceDrift) {
        match (self.options.in_sync, resource.status) {
            (InSync::Count, DriftStatus::InSync) => self.in_sync_counted += 1,
            _ => self.resources.push(resource),
        }
    }

    /// The rules for a type, and what finds objects the same.
    pub(super) fn of_type(&mut self, type_name: &str) -> Option<(&TypeRules<'o>, &mut Sameness)> {
        let rules = type_rules(&mut self.rules, self.options, type_name)?;
        Some((rules, &mut self.sameness))
    }

    /// The report: of these documents on each side.
    #[must_use]
    pub fn finish(mut self, recorded: &[Origin], observed: &[Origin]) -> DriftReport {
        self.resources.sort_by(|a, b| a.address.cmp(&b.address));
        mask::add_secrets(&mut self.secrets, &self.resources);
        let redactor = self.secrets.redactor();
        let not_compared = self.left_out.into_iter().map(|(address, reason)| NotCompared { address, reason }).collect();
        tracing::debug!(resources = self.resources.len(), in_sync = self.in_sync_counted, "compared");
        let counted = self.in_sync_counted;
        let report = super::report(recorded, observed, self.resources, counted, not_compared, redactor, self.options);
        DriftReport { not_listed: self.not_listed, ..report }
    }
}

/// Whether two objects of one address are written alike, with the same marks.
fn alike(recorded: &ResourceObject, observed: &ResourceObject) -> bool {
    let attributes = match (&recorded.attributes, &observed.attributes) {
        (Attributes::Nested(before), Attributes::Nested(after)) => before.as_raw() == after.as_raw(),
        _ => false,
    };
    attributes && recorded.provider == observed.provider && recorded.sensitive == observed.sensitive
}

/// The rules for a type, which are gathered once.
fn type_rules<'r, 'o>(
    known: &'r mut HashMap<Box<str>, TypeRules<'o>>,
    options: &'o CompareOptions,
    type_name: &str,
) -> Option<&'r TypeRules<'o>> {
    if !known.contains_key(type_name) {
        known.insert(type_name.into(), options.of_type(type_name));
    }
    known.get(type_name)
}
