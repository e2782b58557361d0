//! Adopting, forgetting and moving objects in a state.

use std::sync::Arc;

use landfast_drift::RuleSet;
use landfast_rollback::{Actuator, ActuatorError, ActuatorFailure, Change, PortFuture};
use landfast_safety::ActionKind;
use landfast_state::address::ObjectAddress;
use landfast_state::{Limits, ResourceObject, StateFile, StateTarget};

use crate::held_state::{HeldState, HeldStateError};
use crate::instance_text::{is_same, provider_in, state_with, text_in};

/// Changes what a state says of objects, and no object: it adopts, forgets and moves.
///
/// Each change is one conditional write under the held lock: lineage and serial are verified, the serial is raised, what was
/// there goes to the history, and what was written is read back. What no snapshot holds of an object, such as what its provider
/// keeps for itself, stays where the object is changed, and comes from an earlier state where it is put back.
#[derive(Debug)]
pub struct StateActuator {
    held: Arc<HeldState>,
    earlier: Vec<StateFile>,
    rules: Arc<RuleSet>,
}

impl StateActuator {
    /// An actuator on this state. `earlier` are states from before the operation, and before the one that it takes back: objects
    /// that are put back with the same values come from the first of them that has them, to the last byte. `rules` say what
    /// is a secret though the state does not mark it.
    #[must_use]
    pub fn new(held: Arc<HeldState>, earlier: Vec<StateFile>, rules: Arc<RuleSet>) -> Self {
        Self { held, earlier, rules }
    }

    fn edit(&self, state: &StateFile, change: &Change) -> Result<StateFile, ActuatorError> {
        let limits = Limits::default();
        let rejected = |why: String| ActuatorError::new(ActuatorFailure::Rejected, why);
        let mut refactoring = state.refactor();
        match change.action {
            ActionKind::Forget => {
                if refactoring.remove(|address| *address == change.address).is_empty() {
                    return Err(rejected(format!("the state has nothing at {}", change.address)));
                }
            }
            ActionKind::Move => {
                let Some(to) = &change.moves_to else {
                    return Err(rejected(format!("where {} moves to is not said", change.address)));
                };
                if change.address.deposed.is_some() || to.deposed.is_some() {
                    return Err(unsupported("a deposed object cannot be moved"));
                }
                let from = StateTarget::Instance(change.address.instance.clone());
                let to = StateTarget::Instance(to.instance.clone());
                refactoring.move_objects(&from, &to).map_err(|error| rejected(error.to_string()))?;
            }
            ActionKind::Adopt => {
                let Some(object) = &change.after else {
                    return Err(rejected(format!("what {} is to be is not said", change.address)));
                };
                let alone = self.alone(state, &change.address, object).map_err(rejected)?;
                let target = StateTarget::Instance(change.address.instance.clone());
                refactoring.remove(|address| *address == change.address);
                let objects = alone.refactor().extract(&target).map_err(|error| rejected(error.to_string()))?;
                refactoring.insert(objects, &target).map_err(|error| rejected(error.to_string()))?;
            }
            ActionKind::Create | ActionKind::Update | ActionKind::Replace | ActionKind::Delete => {
                return Err(unsupported("a state actuator changes no objects, only what is recorded of them"));
            }
        }
        refactoring.finish(state.serial().saturating_add(1), &limits).map_err(|error| rejected(error.to_string()))
    }

    /// A state that holds the object alone, with all that is known of it.
    fn alone(&self, state: &StateFile, address: &ObjectAddress, object: &ResourceObject) -> Result<StateFile, String> {
        let mut object = object.clone();
        object.address = address.clone();
        // What is recorded of it now comes first, unless an earlier state says exactly what it is to be.
        let holds_same =
            |state: &&StateFile| state.snapshot().get(address).is_some_and(|there| is_same(there, &object));
        let source = [state].into_iter().chain(&self.earlier).find(holds_same);
        let same = source.and_then(|state| Some((state.snapshot().get(address)?.clone(), state)));
        let (template, provider) = match &same {
            Some((there, source)) => {
                object.attributes = there.attributes.clone();
                object.unknown.clear();
                object.fingerprints.clear();
                (
                    text_in(source, address),
                    provider_in(state, address, &object.provider).or_else(|| provider_in(source, address, "")),
                )
            }
            None => (text_in(state, address), provider_in(state, address, &object.provider)),
        };
        let text = state_with(&object, template.as_deref(), provider).map_err(|error| error.to_string())?;
        StateFile::read(text.into(), "the object", &Limits::default())
            .map_err(|_| format!("{address} would break the state"))
    }
}

fn unsupported(why: &str) -> ActuatorError {
    ActuatorError::new(ActuatorFailure::Unsupported, why)
}

fn failed(error: HeldStateError) -> ActuatorError {
    use landfast_backends::ErrorClass;
    let class = match &error {
        HeldStateError::Change(error) => error.store_error().map(|error| error.class),
        _ => None,
    };
    let failure = match class {
        Some(ErrorClass::Transient) => ActuatorFailure::Transient,
        Some(ErrorClass::PermissionDenied | ErrorClass::Unauthenticated) => ActuatorFailure::PermissionDenied,
        Some(ErrorClass::Conflict) => ActuatorFailure::Rejected,
        _ => ActuatorFailure::Other,
    };
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(next) = cause {
        message = format!("{message}: {next}");
        cause = next.source();
    }
    ActuatorError::new(failure, message)
}

impl Actuator for StateActuator {
    fn name(&self) -> &str {
        "state"
    }

    fn read<'a>(
        &'a self,
        address: &'a ObjectAddress,
        _known: Option<&'a ResourceObject>,
    ) -> PortFuture<'a, Result<Option<ResourceObject>, ActuatorError>> {
        Box::pin(async move {
            let snapshot = self.held.snapshot().await.map_err(failed)?;
            let only = snapshot.map(|snapshot| snapshot.filtered(|object| object.address == *address));
            // A state does not mark every secret, and what is read goes to a journal.
            Ok(only.and_then(|only| self.rules.mark_secrets(only).get(address).cloned()))
        })
    }

    fn act<'a>(&'a self, change: &'a Change) -> PortFuture<'a, Result<(), ActuatorError>> {
        Box::pin(async move {
            let absent = || ActuatorError::new(ActuatorFailure::Rejected, "there is no state");
            self.held.change(|state| self.edit(state, change), absent).await.map_err(failed)?
        })
    }
}
