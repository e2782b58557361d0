//! Putting a plan together, and what every plan must be.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use landfast_safety::{ActionKind, Promise, ProposalKind, Target};
use landfast_state::{BytesDigest, FingerprintKey, Snapshot};

use super::Plan;
use super::error::PlanError;
use super::file::to_text;
use super::step::{Batch, Step, StepId};

/// What a plan is made of. [`PlanParts::into_plan`] checks that it is one.
#[derive(Debug, Clone)]
pub struct PlanParts {
    /// Whether it goes forward or takes an operation back.
    pub kind: ProposalKind,
    /// Where it is to be executed.
    pub target: Target,
    /// Digest of the recorded state that it was made on.
    pub state: BytesDigest,
    /// Digest of the configuration that it was made from, where there was one.
    pub configuration: Option<BytesDigest>,
    /// Who made it.
    pub author: String,
    /// When it was made. Files keep milliseconds.
    pub created: SystemTime,
    /// When it is too old to be executed. Files keep milliseconds.
    pub expires: SystemTime,
    /// The objects that it touches as they were.
    pub before: Snapshot,
    /// The objects that it touches as they are to be.
    pub after: Snapshot,
    /// The steps; the number of each is its place, from 1.
    pub steps: Vec<Step>,
    /// The batches.
    pub batches: Vec<Batch>,
    /// What the author says that it achieves.
    pub promises: BTreeSet<Promise>,
    /// Versions of the providers that it was made with, by source address.
    pub providers: BTreeMap<String, String>,
}

impl PlanParts {
    /// A plan that goes forward and does nothing yet.
    #[must_use]
    pub fn new(target: Target, state: BytesDigest, before: Snapshot, after: Snapshot) -> Self {
        Self {
            kind: ProposalKind::Forward,
            target,
            state,
            configuration: None,
            author: String::new(),
            created: SystemTime::UNIX_EPOCH,
            expires: SystemTime::UNIX_EPOCH,
            before,
            after,
            steps: Vec::new(),
            batches: Vec::new(),
            promises: BTreeSet::new(),
            providers: BTreeMap::new(),
        }
    }

    /// The plan. `key` makes the fingerprints of sensitive values in its text, which its digest is over.
    ///
    /// # Errors
    /// When the steps are not numbered in their order, one needs a later one or none that there is, the batches do not hold
    /// each step once after those that it needs, or a step has no objects to go with its action.
    pub fn into_plan(self, key: &FingerprintKey) -> Result<Plan, PlanError> {
        self.check()?;
        let text = to_text(&self, key);
        Ok(Plan::of_text(self, text.into()))
    }

    pub(super) fn check(&self) -> Result<(), PlanError> {
        for (at, step) in self.steps.iter().enumerate() {
            if usize::try_from(step.id.number()) != Ok(at + 1) {
                return Err(PlanError::Numbering { place: at + 1, id: step.id });
            }
            if let Some(needed) = step.needs.iter().find(|needed| **needed >= step.id || needed.number() == 0) {
                return Err(PlanError::NeedsLater { step: step.id, needed: *needed });
            }
            self.check_objects(step)?;
        }
        self.check_batches()
    }

    fn check_objects(&self, step: &Step) -> Result<(), PlanError> {
        let before = self.before.get(step.replaced.as_ref().unwrap_or(&step.address)).is_some();
        let after = self.after.get(step.result_address()).is_some();
        let wrong = |why: &'static str| Err(PlanError::Objects { step: step.id, why });
        match step.action {
            ActionKind::Replace => wrong("a replacement is two steps"),
            ActionKind::Create if !after => wrong("what it creates is not said"),
            ActionKind::Create if step.deposes.is_some() && !before => wrong("what it puts aside is not said"),
            ActionKind::Update if !before || !after => wrong("what it changes, or into what, is not said"),
            ActionKind::Delete | ActionKind::Forget if !before => wrong("what it takes away is not said"),
            ActionKind::Adopt if !after => wrong("what it adopts is not said"),
            ActionKind::Move if step.moves_to.is_none() => wrong("where it moves to is not said"),
            ActionKind::Move if !before || !after => wrong("what it moves is not said"),
            _ if step.moves_to.is_some() && step.action != ActionKind::Move => wrong("only a move moves"),
            _ if step.deposes.is_some() && step.action != ActionKind::Create => wrong("only a creation puts aside"),
            _ if step.replaced.is_some() && step.action != ActionKind::Delete => {
                wrong("only a deletion ends a replacement")
            }
            _ => Ok(()),
        }
    }

    fn check_batches(&self) -> Result<(), PlanError> {
        let mut done: BTreeSet<StepId> = BTreeSet::new();
        for batch in &self.batches {
            if batch.steps.is_empty() {
                return Err(PlanError::EmptyBatch);
            }
            for id in &batch.steps {
                let step = self.steps.iter().find(|step| step.id == *id);
                let step = step.ok_or(PlanError::NoSuchStep { id: *id })?;
                if let Some(needed) = step.needs.iter().find(|needed| !done.contains(needed)) {
                    return Err(PlanError::TooEarly { step: *id, needed: *needed });
                }
            }
            for id in &batch.steps {
                if !done.insert(*id) {
                    return Err(PlanError::Twice { id: *id });
                }
            }
        }
        match self.steps.iter().find(|step| !done.contains(&step.id)) {
            Some(step) => Err(PlanError::NotInBatch { id: step.id }),
            None => Ok(()),
        }
    }
}

impl Plan {
    pub(super) fn of_text(parts: PlanParts, text: std::sync::Arc<str>) -> Self {
        Self { digest: BytesDigest::of(text.as_bytes()), parts, text }
    }
}
