//! What of a plan was really looked at.
//!
//! A plan does not say which objects it refreshed: one that ended early, or that was limited to targets, holds the others as
//! the state has them. The stream says it, so that only what the stream names, and what the plan lists as changed, counts as
//! observed. Everything else is a gap.

use std::collections::{HashMap, HashSet};

use landfast_state::address::{InstanceAddress, ResourceMode};
use landfast_state::plan::Plan;
use landfast_state::{Gap, GapKind, Observation, ResourceObject};

use crate::observer::{Diagnostic, DiagnosticSeverity};

/// The observation of a plan for which the stream named these addresses as refreshed.
pub(super) fn observation(plan: &Plan, refreshed: &HashSet<String>, diagnostics: &[Diagnostic]) -> Observation {
    let prior = plan.prior_state();
    let reasons = Reasons::new(diagnostics);
    let drifted: HashSet<&InstanceAddress> = plan.resource_drift.iter().map(|it| &it.address.instance).collect();
    // The stream does not tell a deposed object from the current one: with an error about either, it may be this one.
    let deposed = prior.objects().iter().filter(|object| object.address.deposed.is_some());
    let doubtful: HashSet<&InstanceAddress> = deposed
        .map(|object| &object.address.instance)
        .filter(|instance| reasons.by_address.contains_key(&*instance.to_string()))
        .collect();
    let unseen = |object: &ResourceObject| {
        let instance = &object.address.instance;
        let named = refreshed.contains(&instance.to_string()) && !doubtful.contains(instance);
        is_current(object) && !drifted.contains(instance) && !named
    };
    let mut unseen_addresses = HashSet::new();
    let mut gaps = Vec::new();
    for object in prior.objects().iter().filter(|object| unseen(object)) {
        let address = object.address.instance.clone();
        let reason = reasons.of(&address.to_string());
        unseen_addresses.insert(&object.address);
        gaps.push(Gap { address, kind: GapKind::Unreadable, reason });
    }
    let snapshot = prior.filtered(|object| !unseen_addresses.contains(&object.address));
    Observation { snapshot, gaps }
}

/// Whether an object is one that terraform refreshes.
pub(super) fn is_current(object: &ResourceObject) -> bool {
    object.address.instance.resource.mode == ResourceMode::Managed && object.address.deposed.is_none()
}

/// Why objects were not read.
struct Reasons<'a> {
    by_address: HashMap<&'a str, String>,
    first: Option<String>,
}

impl<'a> Reasons<'a> {
    fn new(diagnostics: &'a [Diagnostic]) -> Self {
        let errors = diagnostics.iter().filter(|it| it.severity == DiagnosticSeverity::Error);
        let mut reasons = Self { by_address: HashMap::new(), first: None };
        for error in errors {
            let line = error.line();
            let about = error.address.as_ref().map(|address| format!("{address}: ")).unwrap_or_default();
            reasons.first.get_or_insert_with(|| format!("{about}{line}"));
            if let Some(address) = &error.address {
                let all = reasons.by_address.entry(address).or_default();
                all.push_str(if all.is_empty() { "" } else { "; " });
                all.push_str(&line);
            }
        }
        reasons
    }

    fn of(&self, address: &str) -> String {
        match (self.by_address.get(address), &self.first) {
            (Some(own), _) => own.clone(),
            (None, Some(first)) => format!("not read, because of an error elsewhere: {first}"),
            (None, None) => String::from("the tool did not read it: it was limited to other resources, perhaps"),
        }
    }
}
