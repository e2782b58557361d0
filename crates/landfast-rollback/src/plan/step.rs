//! Steps of a plan and the batches that they run in.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use landfast_safety::{ActionKind, Flag, InverseClass};
use landfast_state::AttributePath;
use landfast_state::address::ObjectAddress;
use serde::{Deserialize, Serialize};

/// The number of a step in its plan, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(u32);

impl StepId {
    /// The id of the step with this number.
    #[must_use]
    pub fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}", self.0)
    }
}

/// One unit of change: done whole, verified, and taken back whole.
///
/// Replacing an object is two steps, in this or the other order, so that it can always be said which of the two is done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// Its number.
    pub id: StepId,
    /// What is done. Never [`ActionKind::Replace`].
    pub action: ActionKind,
    /// The object. A step that destroys what was replaced first names the deposed object.
    pub address: ObjectAddress,
    /// The address afterwards, of a [`ActionKind::Move`].
    pub moves_to: Option<ObjectAddress>,
    /// The key under which the object that is there is put aside, by a step that creates another in its place.
    pub deposes: Option<Box<str>>,
    /// The address that the object had before it was put aside, of a step that deletes it.
    pub replaced: Option<ObjectAddress>,
    /// The attributes that change, sorted.
    pub attributes: Vec<AttributePath>,
    /// Steps that must be done before.
    pub needs: Vec<StepId>,
    /// How long it may take.
    pub timeout: Duration,
    /// How it is taken back.
    pub inverse: Inverse,
    /// What makes it dangerous.
    pub flags: BTreeSet<Flag>,
}

impl Step {
    /// A step that needs no other, can be taken back exactly and may take ten minutes.
    #[must_use]
    pub fn new(id: StepId, action: ActionKind, address: ObjectAddress) -> Self {
        Self {
            id,
            action,
            address,
            moves_to: None,
            deposes: None,
            replaced: None,
            attributes: Vec::new(),
            needs: Vec::new(),
            timeout: Duration::from_secs(600),
            inverse: Inverse::exact(),
            flags: BTreeSet::new(),
        }
    }

    /// Where the object that is there is put aside, by a step that creates another in its place.
    #[must_use]
    pub fn aside(&self) -> Option<ObjectAddress> {
        let deposed = self.deposes.clone()?;
        Some(ObjectAddress { instance: self.address.instance.clone(), deposed: Some(deposed) })
    }

    /// Where the object stands after the step.
    #[must_use]
    pub fn result_address(&self) -> &ObjectAddress {
        self.moves_to.as_ref().unwrap_or(&self.address)
    }
}

/// How a step is taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inverse {
    /// How well.
    pub class: InverseClass,
    /// Why not exactly, in words for people; empty only where it is.
    pub reasons: Vec<String>,
    /// Attributes that an object which takes the place of a destroyed one has of its own, such as its id.
    pub renewed: Vec<AttributePath>,
}

impl Inverse {
    /// Afterwards everything is as it was.
    #[must_use]
    pub fn exact() -> Self {
        Self { class: InverseClass::Exact, reasons: Vec::new(), renewed: Vec::new() }
    }
}

/// Steps that may run side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// The steps, in order.
    pub steps: Vec<StepId>,
    /// What happens after it.
    #[serde(default)]
    pub then: ThenWait,
}

/// What happens between a batch and the next one. Probes are asked after every batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ThenWait {
    /// The next one begins.
    #[default]
    Nothing,
    /// This many seconds pass, and probes are asked again.
    Seconds(u64),
    /// Somebody has to say that it may go on.
    Confirmation,
}
