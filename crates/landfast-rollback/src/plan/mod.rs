//! What is to be done, in which order, and how each step is taken back.

mod build;
mod error;
mod file;
mod step;

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use landfast_safety::{ActionKind, Promise, Proposal, ProposalKind, ProposedChange, Target};
use landfast_state::address::ObjectAddress;
use landfast_state::{BytesDigest, ResourceObject, Snapshot};

use crate::mutant::{self, Mutant};

pub use build::PlanParts;
pub use error::{PlanError, PlanFileError};
pub use file::{PLAN_FORMAT, read_plan, write_plan};
pub use step::{Batch, Inverse, Step, StepId, ThenWait};

/// What is to be done to which objects, in order, with everything that is needed to judge, execute, verify and take it back.
///
/// A plan cannot be changed, and its digest covers all of it. Sensitive values stand in its file as fingerprints only; they
/// are found again when it is executed, see [`Values`](crate::Values).
#[derive(Debug, Clone)]
pub struct Plan {
    parts: PlanParts,
    digest: BytesDigest,
    text: std::sync::Arc<str>,
}

impl Plan {
    /// Its digest: over everything that its file says.
    #[must_use]
    pub fn digest(&self) -> BytesDigest {
        self.digest
    }

    /// Whether it goes forward or takes an operation back.
    #[must_use]
    pub fn kind(&self) -> &ProposalKind {
        &self.parts.kind
    }

    /// Where it is to be executed.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.parts.target
    }

    /// Digest of the recorded state that it was made on.
    #[must_use]
    pub fn state(&self) -> BytesDigest {
        self.parts.state
    }

    /// Who made it.
    #[must_use]
    pub fn author(&self) -> &str {
        &self.parts.author
    }

    /// When it was made.
    #[must_use]
    pub fn created(&self) -> SystemTime {
        self.parts.created
    }

    /// When it is too old to be executed.
    #[must_use]
    pub fn expires(&self) -> SystemTime {
        self.parts.expires
    }

    /// The objects that it touches as they were when it was made.
    #[must_use]
    pub fn before(&self) -> &Snapshot {
        &self.parts.before
    }

    /// The objects that it touches as they are to be.
    #[must_use]
    pub fn after(&self) -> &Snapshot {
        &self.parts.after
    }

    /// The steps, in an order in which each comes after those that it needs.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.parts.steps
    }

    /// The step with this number.
    #[must_use]
    pub fn step(&self, id: StepId) -> Option<&Step> {
        self.parts.steps.get(usize::try_from(id.number().checked_sub(1)?).ok()?)
    }

    /// The batches, in order; each holds steps that may run side by side.
    #[must_use]
    pub fn batches(&self) -> &[Batch] {
        &self.parts.batches
    }

    /// The object that a step finds before it acts; `None` where there is to be none.
    #[must_use]
    pub fn found_by(&self, step: &Step) -> Option<&ResourceObject> {
        match step.action {
            ActionKind::Create if step.deposes.is_none() => None,
            ActionKind::Delete => self.parts.before.get(step.replaced.as_ref().unwrap_or(&step.address)),
            _ => self.parts.before.get(&step.address),
        }
    }

    /// The object that a step leaves at [`Step::result_address`]; `None` where it leaves none.
    #[must_use]
    pub fn left_by(&self, step: &Step) -> Option<&ResourceObject> {
        match step.action {
            ActionKind::Delete | ActionKind::Forget => None,
            _ => self.parts.after.get(step.result_address()),
        }
    }

    /// What the plan proposes, for checks to judge.
    #[must_use]
    pub fn proposal(&self) -> Proposal {
        let parts = &self.parts;
        let mut proposal = Proposal::new(self.digest, parts.target.clone(), parts.before.clone(), parts.after.clone());
        proposal.kind = parts.kind.clone();
        proposal.state = parts.state;
        proposal.configuration = parts.configuration;
        proposal.author.clone_from(&parts.author);
        proposal.created = parts.created;
        proposal.expires = parts.expires;
        proposal.promises.clone_from(&parts.promises);
        proposal.providers.clone_from(&parts.providers);
        proposal.changes = changes(&parts.steps.iter().collect::<Vec<_>>());
        proposal
    }

    /// What is proposed when these steps are done: the others, on what they find.
    pub(crate) fn proposal_without(&self, done: &BTreeSet<StepId>) -> Proposal {
        let left: Vec<&Step> = self.parts.steps.iter().filter(|step| !done.contains(&step.id)).collect();
        let mut proposal = self.proposal();
        let found = left.iter().filter_map(|step| {
            let object = self.found_by(step)?.clone();
            // It is aside already where only its deletion is left.
            let address = if is_half(step, &left) { &step.address } else { home(step) };
            Some((address.clone(), ResourceObject { address: address.clone(), ..object }))
        });
        // A step that puts an object aside and the one that deletes it find the same one.
        let found: BTreeMap<ObjectAddress, ResourceObject> = found.collect();
        proposal.before = proposal.before.with_only(found.into_values());
        proposal.after = proposal.after.with_only(left.iter().filter_map(|step| self.left_by(step)).cloned());
        proposal.changes = changes(&left);
        if mutant::is(Mutant::HalfUnjudged) {
            let begun =
                |address| self.parts.steps.iter().any(|it| done.contains(&it.id) && home(it).instance == address);
            proposal.changes.retain(|change| !begun(change.address.instance.clone()));
        }
        proposal
    }

    /// What the author says that it achieves.
    #[must_use]
    pub fn promises(&self) -> &BTreeSet<Promise> {
        &self.parts.promises
    }

    /// The text that the digest is over, which is what its file holds.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// Where the object stands that a step is about, before anything is done.
fn home(step: &Step) -> &ObjectAddress {
    step.replaced.as_ref().unwrap_or(&step.address)
}

/// Whether a step ends a replacement whose beginning is not among these steps.
fn is_half(step: &Step, steps: &[&Step]) -> bool {
    let begins = |other: &&Step| other.deposes.is_some() && Some(&other.address) == step.replaced.as_ref();
    step.replaced.is_some() && !steps.iter().any(begins)
}

/// One change per object: the two steps of a replacement are one, where both are among these steps.
fn changes(steps: &[&Step]) -> Vec<ProposedChange> {
    let mut changes: BTreeMap<&ObjectAddress, ProposedChange> = BTreeMap::new();
    for step in steps {
        let address = if is_half(step, steps) { &step.address } else { home(step) };
        let change = changes.entry(address).or_insert_with(|| ProposedChange::new(address.clone(), step.action));
        if change.action != step.action {
            change.action = ActionKind::Replace;
        }
        change.moves_to.clone_from(&step.moves_to);
        change.attributes.extend(step.attributes.iter().cloned());
        change.attributes.sort();
        change.attributes.dedup();
        change.inverse = change.inverse.max(step.inverse.class);
        change.inverse_reasons.extend(step.inverse.reasons.iter().cloned());
        change.flags.extend(&step.flags);
    }
    changes.into_values().collect()
}
