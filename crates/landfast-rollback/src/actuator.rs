//! The port through which objects are read and changed.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use landfast_safety::ActionKind;
use landfast_state::ResourceObject;
use landfast_state::address::ObjectAddress;

use crate::plan::StepId;

/// What a port is about to answer.
pub type PortFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Reads objects and changes them: a provider, a state, a command, a world in memory.
///
/// The executor reads before and after each change and judges by what it reads, so an actuator need not be believed: one
/// that reports success and did nothing is found out, and so is one that reports a failure and did everything.
///
/// Dropping a future of [`Actuator::act`] must stop what it began as far as that can be; what it did remains and is read.
pub trait Actuator: fmt::Debug + Send + Sync + 'static {
    /// A name for messages, such as `state` or `command`.
    fn name(&self) -> &str;

    /// Reads the object at an address as it is now; `None` where there is none. `known` is the object as it was last known,
    /// from which a provider takes the id that it reads by.
    ///
    /// An object that is not there is no error, and an object that cannot be read is never `None`.
    fn read<'a>(
        &'a self,
        address: &'a ObjectAddress,
        known: Option<&'a ResourceObject>,
    ) -> PortFuture<'a, Result<Option<ResourceObject>, ActuatorError>>;

    /// Carries out one change. It returns when the change is done, as far as the actuator can tell.
    fn act<'a>(&'a self, change: &'a Change) -> PortFuture<'a, Result<(), ActuatorError>>;
}

/// One change to one object, with all values in clear. `Debug` shows no attributes.
#[derive(Clone)]
#[non_exhaustive]
pub struct Change {
    /// The step that it belongs to.
    pub step: StepId,
    /// Whether it does the step or takes it back.
    pub direction: Direction,
    /// What is done.
    pub action: ActionKind,
    /// The object.
    pub address: ObjectAddress,
    /// The address that it gets, of a [`ActionKind::Move`].
    pub moves_to: Option<ObjectAddress>,
    /// The key under which the object that is there is put aside first, of a [`ActionKind::Create`].
    pub deposes: Option<Box<str>>,
    /// The key under which an object was put aside that comes back to the address afterwards, of a [`ActionKind::Delete`]:
    /// what takes back a creation that put something aside.
    pub restores: Option<Box<str>>,
    /// The object as it is; `None` where there is none.
    pub before: Option<ResourceObject>,
    /// The object as it is to be; `None` where there is to be none. Values that nobody knows yet are marked unknown.
    pub after: Option<ResourceObject>,
}

impl Change {
    /// A change of an object of which nothing is said before and after.
    #[must_use]
    pub fn new(step: StepId, direction: Direction, action: ActionKind, address: ObjectAddress) -> Self {
        Self {
            step,
            direction,
            action,
            address,
            moves_to: None,
            deposes: None,
            restores: None,
            before: None,
            after: None,
        }
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Change({} of {}, {}, {})", self.action, self.address, self.step, self.direction)
    }
}

/// Whether a step is done or taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// It is done.
    Forward,
    /// It is taken back.
    Back,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Forward => "forward",
            Self::Back => "back",
        })
    }
}

/// What kind of failure it is. What is done about it depends on this, never on the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ActuatorFailure {
    /// It may work when tried again: throttling, a lost connection.
    Transient,
    /// It is not permitted.
    PermissionDenied,
    /// It was understood and refused.
    Rejected,
    /// The actuator cannot do such a thing.
    Unsupported,
    /// Something else.
    Other,
}

/// Why an actuator did not read or act.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ActuatorError {
    /// What kind of failure it is.
    pub failure: ActuatorFailure,
    /// What happened, in words for people. It must hold no sensitive value; those of the plan are masked in it once more.
    pub message: String,
    /// Why.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ActuatorError {
    /// A failure with nothing below it.
    #[must_use]
    pub fn new(failure: ActuatorFailure, message: impl Into<String>) -> Self {
        Self { failure, message: message.into(), source: None }
    }
}
