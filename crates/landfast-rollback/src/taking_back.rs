//! The plan that takes an operation back which has ended: computed from what is there now.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use bytes::Bytes;
use landfast_drift::CompareOptions;
use landfast_safety::{ActionKind, InverseClass, ProposalKind, Target};
use landfast_state::address::ObjectAddress;
use landfast_state::{BytesDigest, Limits, Observation, ReadError, ResourceObject, Snapshot, Value, read_snapshot};

use crate::journal::{StepState, View};
use crate::left_behind::is_as_left;
use crate::plan::{Plan, Step};
use crate::planner::{ChangeScope, Planner, PlannerError, Wanted};
use crate::renewed::renewed;
use crate::sameness::sameness;
use crate::values::Values;

/// What is to be taken back.
#[derive(Debug)]
#[non_exhaustive]
pub struct TakeBack<'a> {
    /// The operation.
    pub view: &'a View,
    /// What is there now, of everything that the operation touched.
    pub observed: &'a Observation,
    /// Where.
    pub target: Target,
    /// Digest of the recorded state as it is now.
    pub state: BytesDigest,
    /// Who plans.
    pub author: String,
    /// When.
    pub now: SystemTime,
    /// Only these objects; all of the operation's where it is empty.
    pub only: BTreeSet<ObjectAddress>,
    /// Objects that stay as they are, each with the reason of whoever decided that. They are listed as not restored.
    pub skip: BTreeMap<ObjectAddress, String>,
    /// What becomes of objects that somebody changed after the operation. By default they stay as they are.
    pub changed_since: ChangedSince,
}

/// What becomes of objects that somebody changed after the operation that is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChangedSince {
    /// They stay as they are, and are listed as not restored.
    #[default]
    Keep,
    /// They become what they were before the operation; what was changed since is lost.
    Overwrite,
}

impl<'a> TakeBack<'a> {
    /// All of an operation.
    #[must_use]
    pub fn new(view: &'a View, observed: &'a Observation, target: Target, state: BytesDigest, now: SystemTime) -> Self {
        Self {
            view,
            observed,
            target,
            state,
            author: String::new(),
            now,
            only: BTreeSet::new(),
            skip: BTreeMap::new(),
            changed_since: ChangedSince::Keep,
        }
    }
}

/// A plan that takes an operation back, and what it does not restore.
#[derive(Debug)]
#[non_exhaustive]
pub struct TakingBack {
    /// The plan; `None` where there is nothing to do.
    pub plan: Option<Plan>,
    /// What will not be as it was before the operation, sorted by address.
    pub not_restored: Vec<NotRestored>,
}

/// An object that will not be as it was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotRestored {
    /// The object.
    pub address: ObjectAddress,
    /// Why, in words for people.
    pub why: String,
}

/// Why there is no plan to take an operation back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TakeBackError {
    /// It never came to its first step.
    #[error("operation {operation} changed nothing")]
    ChangedNothing {
        /// The operation.
        operation: String,
    },
    /// It is one on another state than the one that is held.
    #[error("operation {operation} is one on {asked}, and this is {here}")]
    OtherPlace {
        /// The operation.
        operation: String,
        /// The state that it is on.
        asked: String,
        /// The state that is held.
        here: String,
    },
    /// It has not ended: it has to be taken up first.
    #[error("operation {operation} is {state} and has to be taken up first")]
    NotEnded {
        /// The operation.
        operation: String,
        /// Its state.
        state: crate::operation::OperationState,
    },
    /// An object was named that the operation did not touch.
    #[error("operation {operation} did not touch {address}")]
    NotTouched {
        /// The operation.
        operation: String,
        /// The object.
        address: ObjectAddress,
    },
    /// An object is to be skipped, and nobody says why.
    #[error("{address} is to stay as it is, and no reason is given")]
    NoReason {
        /// The object.
        address: ObjectAddress,
    },
    /// What was there before cannot be read from the journal.
    #[error("what was there before operation {operation} cannot be read")]
    Before {
        /// The operation.
        operation: String,
        /// Why.
        #[source]
        source: Box<ReadError>,
    },
    /// There is no plan.
    #[error("there is no plan that takes operation {operation} back")]
    Planner {
        /// The operation.
        operation: String,
        /// Why.
        #[source]
        source: Box<PlannerError>,
    },
}

/// Plans to take an operation back, from what is observed now to what was there before it.
///
/// # Errors
/// When the operation changed nothing or has not ended, or there is no plan.
pub fn take_back(planner: &Planner, request: &TakeBack<'_>, values: &Values) -> Result<TakingBack, TakeBackError> {
    let view = request.view;
    let operation = || view.operation.clone();
    let Some(before) = view.before.as_ref().filter(|_| view.reached_applying) else {
        return Err(TakeBackError::ChangedNothing { operation: operation() });
    };
    let (asked, here) = (view.plan.target(), &request.target);
    if !here.is_same_place(asked) {
        let (asked, here) = (asked.to_string(), here.to_string());
        return Err(TakeBackError::OtherPlace { operation: operation(), asked, here });
    }
    if !view.is_ended() {
        return Err(TakeBackError::NotEnded { operation: operation(), state: view.state });
    }
    let before = read_snapshot(Bytes::from(before.clone()), "the journal", &Limits::default())
        .map_err(|source| TakeBackError::Before { operation: operation(), source: Box::new(source) })?;
    let touched: Vec<&Step> = view
        .plan
        .steps()
        .iter()
        .filter(|step| !matches!(view.step(step.id), StepState::NotStarted | StepState::Reverted))
        .collect();
    let origin_of = |step: &Step| step.replaced.clone().unwrap_or_else(|| step.address.clone());
    if let Some(address) =
        request.only.iter().chain(request.skip.keys()).find(|address| {
            !touched.iter().any(|step| origin_of(step) == **address || step.result_address() == *address)
        })
    {
        return Err(TakeBackError::NotTouched { operation: operation(), address: address.clone() });
    }
    if let Some((address, _)) = request.skip.iter().find(|(_, reason)| reason.trim().is_empty()) {
        return Err(TakeBackError::NoReason { address: address.clone() });
    }
    let mut draft = Draft::empty(planner, request, values, &before);
    for step in &touched {
        let is_asked = request.only.is_empty()
            || request.only.contains(&origin_of(step))
            || request.only.contains(step.result_address());
        let reason = request.skip.get(&origin_of(step)).or_else(|| request.skip.get(step.result_address()));
        if let Some(reason) = reason {
            draft.lacks(&origin_of(step), format!("it is left as it is: {reason}"));
        } else if is_asked {
            draft.take(step);
        }
    }
    let is_bookkeeping = touched.iter().all(|step| step.action.is_bookkeeping());
    draft.finish(if is_bookkeeping { ChangeScope::Bookkeeping } else { ChangeScope::Objects })
}

struct Draft<'a> {
    planner: &'a Planner,
    request: &'a TakeBack<'a>,
    values: &'a Values,
    before: &'a Snapshot,
    /// What is there now, of what is to change.
    now: BTreeMap<ObjectAddress, ResourceObject>,
    /// What is to be there.
    then: BTreeMap<ObjectAddress, ResourceObject>,
    moves: Vec<(ObjectAddress, ObjectAddress)>,
    not_restored: BTreeSet<NotRestored>,
}

impl<'a> Draft<'a> {
    fn empty(planner: &'a Planner, request: &'a TakeBack<'a>, values: &'a Values, before: &'a Snapshot) -> Self {
        Self {
            planner,
            request,
            values,
            before,
            now: BTreeMap::new(),
            then: BTreeMap::new(),
            moves: Vec::new(),
            not_restored: BTreeSet::new(),
        }
    }

    fn lacks(&mut self, address: &ObjectAddress, why: impl Into<String>) {
        self.not_restored.insert(NotRestored { address: address.clone(), why: why.into() });
    }

    fn take(&mut self, step: &Step) {
        // A replacement is taken back by its creation: that step leaves an object where the old one was.
        if step.replaced.is_some() {
            return;
        }
        let place = step.result_address();
        if self.request.observed.gaps.iter().any(|gap| gap.address == place.instance) {
            return self.lacks(place, "it cannot be read");
        }
        let now = self.request.observed.snapshot.get(place);
        if step.action != ActionKind::Move && self.is_as_before(step, now) {
            return;
        }
        if self.is_changed_since(step, now) && self.request.changed_since == ChangedSince::Keep {
            return self.lacks(place, "somebody changed it after the operation");
        }
        let was = match self.before.get(&step.address).map(|object| self.values.find(object)).transpose() {
            Ok(was) => was,
            Err(missing) => return self.lacks(&step.address, missing.to_string()),
        };
        let inverse = &step.inverse;
        if !step.action.is_bookkeeping()
            && step.action != ActionKind::Create
            && inverse.class > InverseClass::NewIdentity
        {
            self.lacks(&step.address, inverse.reasons.join("; "));
        }
        if inverse.class == InverseClass::Impossible {
            return;
        }
        if step.action == ActionKind::Move {
            if let (Some(now), Some(was)) = (now, was) {
                self.now.insert(place.clone(), now.clone());
                self.then.insert(step.address.clone(), was);
                self.moves.push((place.clone(), step.address.clone()));
            }
            return;
        }
        let was = match now {
            // What was only forgotten is still the same object.
            _ if step.action.is_bookkeeping() => was,
            // What is not there any more comes back as another object, and another may stand there already.
            None => was.map(|was| self.anew(was)),
            Some(now) => was.map(|was| if self.is_another(&was, now) { self.anew(was) } else { was }),
        };
        if let Some(now) = now {
            self.now.insert(place.clone(), now.clone());
        }
        if let Some(was) = was {
            self.then.insert(step.address.clone(), was);
        }
    }

    /// The object as another one in its place can be: what it has of its own is not known yet.
    fn anew(&mut self, was: ResourceObject) -> ResourceObject {
        let own = self.planner.own_attributes(&was);
        if own.is_empty() {
            return was;
        }
        let names: Vec<String> = own.iter().map(ToString::to_string).collect();
        self.lacks(&was.address.clone(), format!("another object takes its place, with another {}", names.join(", ")));
        renewed(was, &own)
    }

    /// Whether an object took the place of another, by what each has of its own.
    fn is_another(&self, was: &ResourceObject, now: &ResourceObject) -> bool {
        let (own, was, now) = (self.planner.own_attributes(was), was.value(), now.value());
        own.iter().any(|path| was.get(path) != now.get(path))
    }

    /// Whether what is there is what the operation found: somebody took it back already.
    fn is_as_before(&self, step: &Step, now: Option<&ResourceObject>) -> bool {
        sameness(self.before.get(&step.address), now, &self.compared()).is_same()
    }

    /// Whether what is there is not what the operation left.
    fn is_changed_since(&self, step: &Step, now: Option<&ResourceObject>) -> bool {
        let view = self.request.view;
        !is_as_left(view.behind(step.id), view.plan.left_by(step), now, &self.compared())
    }

    /// What counts as the same.
    fn compared(&self) -> CompareOptions {
        let mut compared = self.planner.compared.clone();
        compared.fingerprint_key = Some(self.values.key().clone());
        compared
    }

    fn finish(mut self, scope: ChangeScope) -> Result<TakingBack, TakeBackError> {
        self.dangling();
        let operation = self.request.view.operation.clone();
        let planner_error = |source| TakeBackError::Planner { operation: operation.clone(), source: Box::new(source) };
        let with = |objects: BTreeMap<ObjectAddress, ResourceObject>| self.before.with_only(objects.into_values());
        let mut wanted = Wanted::new(self.request.target.clone(), self.request.state, with(self.now), with(self.then));
        wanted.kind = ProposalKind::Rollback { operation: operation.clone() };
        wanted.author.clone_from(&self.request.author);
        wanted.now = self.request.now;
        wanted.moves = self.moves;
        wanted.scope = scope;
        let plan = match self.planner.plan(&wanted, self.values) {
            Ok(plan) => Some(plan),
            Err(PlannerError::Nothing) => None,
            Err(error) => return Err(planner_error(error)),
        };
        Ok(TakingBack { plan, not_restored: self.not_restored.into_iter().collect() })
    }

    /// Names objects that point to the id of one that comes back under another id.
    fn dangling(&mut self) {
        let there: BTreeSet<String> = self.request.observed.snapshot.objects().iter().filter_map(id_of).collect();
        let gone = self.before.objects().iter().filter_map(|object| Some((object.address.clone(), id_of(object)?)));
        let gone: Vec<(ObjectAddress, String)> = gone.filter(|(_, id)| id.len() > 3 && !there.contains(id)).collect();
        let mut found = Vec::new();
        for (address, object) in &self.then {
            let value = object.value();
            for (other, id) in gone.iter().filter(|(other, _)| other != address) {
                if holds(&value, id) {
                    found.push((address.clone(), format!("it points to the old id of {other}")));
                }
            }
        }
        for (address, why) in found {
            self.lacks(&address, why);
        }
    }
}

fn id_of(object: &ResourceObject) -> Option<String> {
    match object.value() {
        Value::Object(members) => match members.get("id") {
            Some(Value::String(id)) => Some(id.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own == text,
        Value::List(elements) => elements.iter().any(|element| holds(element, text)),
        Value::Object(members) => members.values().any(|member| holds(member, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Unknown | Value::Sensitive(_) => false,
    }
}
