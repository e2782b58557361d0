//! Makes plans: from what there is and what is to be, the steps in between, their order, and how each is taken back.

mod changes;
mod inverse;
mod order;
mod traits;

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use landfast_drift::CompareOptions;
use landfast_safety::{ProposalKind, Target};
use landfast_state::address::{ObjectAddress, ResourceAddress};
use landfast_state::{AttributePath, BytesDigest, ResourceObject, Snapshot};

use crate::plan::{Plan, PlanError, PlanParts, ThenWait};
use crate::values::Values;
use changes::changes;
use order::order;
pub use traits::{TraitSet, Traits, TraitsError};

/// How plans are made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Planner {
    /// What is known of resource types. By default what comes with this crate.
    pub traits: TraitSet,
    /// What counts as the same. By default the rules that come with the program.
    pub compared: CompareOptions,
    /// How long a plan may be executed after it was made. By default a day.
    pub life: Duration,
    /// How long each step may take. By default ten minutes.
    pub step_timeout: Duration,
    /// How many steps a batch has, at most. By default 10. At least 1.
    pub batch_size: usize,
    /// How many steps run alone before all others. By default none.
    pub canary: usize,
    /// What happens after each batch. By default nothing but probes.
    pub then: ThenWait,
}

impl Default for Planner {
    fn default() -> Self {
        Self {
            traits: TraitSet::builtin(),
            compared: CompareOptions::default(),
            life: Duration::from_secs(24 * 60 * 60),
            step_timeout: Duration::from_secs(600),
            batch_size: 10,
            canary: 0,
            then: ThenWait::Nothing,
        }
    }
}

/// What is to be planned.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Wanted {
    /// Whether it goes forward or takes an operation back.
    pub kind: ProposalKind,
    /// Where.
    pub target: Target,
    /// Digest of the recorded state.
    pub state: BytesDigest,
    /// Digest of the configuration that it is planned from, where there is one.
    pub configuration: Option<BytesDigest>,
    /// Who plans.
    pub author: String,
    /// When.
    pub now: SystemTime,
    /// What there is, as it was read: the objects that may change, and no others.
    pub before: Snapshot,
    /// What is to be at the same addresses and at new ones. What is not known before it happens is marked unknown.
    pub after: Snapshot,
    /// Objects that get another address, from and to. Such an object has its new address in `after`.
    pub moves: Vec<(ObjectAddress, ObjectAddress)>,
    /// Whether objects change, or only what is recorded of them.
    pub scope: ChangeScope,
    /// Objects that are replaced though no rule says that they have to be, such as those of which a provider says so.
    pub replaced: BTreeSet<ObjectAddress>,
    /// Resources that are replaced by creating first and destroying then.
    pub create_before_destroy: BTreeSet<ResourceAddress>,
}

/// What a plan changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChangeScope {
    /// Objects.
    #[default]
    Objects,
    /// Only what is recorded of them: objects are adopted, forgotten and moved.
    Bookkeeping,
}

impl Wanted {
    /// Forward, of objects, without moves.
    #[must_use]
    pub fn new(target: Target, state: BytesDigest, before: Snapshot, after: Snapshot) -> Self {
        Self {
            kind: ProposalKind::Forward,
            target,
            state,
            configuration: None,
            author: String::new(),
            now: SystemTime::UNIX_EPOCH,
            before,
            after,
            moves: Vec::new(),
            scope: ChangeScope::Objects,
            replaced: BTreeSet::new(),
            create_before_destroy: BTreeSet::new(),
        }
    }
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlannerError {
    /// Nothing is to change.
    #[error("there is nothing to do")]
    Nothing,
    /// A move leads from or to where nothing is, or from one address to two.
    #[error("{from} cannot be moved to {to}: {why}")]
    Move {
        /// The old address.
        from: ObjectAddress,
        /// The new address.
        to: ObjectAddress,
        /// Why not.
        why: &'static str,
    },
    /// An object cannot be compared with what it is to be.
    #[error("{address} cannot be compared with what it is to be")]
    Unreadable {
        /// The object.
        address: ObjectAddress,
    },
    /// Objects need each other in a circle.
    #[error("these need each other in a circle: {}", addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    Cycle {
        /// The objects, sorted.
        addresses: Vec<ObjectAddress>,
    },
    /// What was planned is no plan.
    #[error("what was planned is no plan")]
    Plan(#[from] PlanError),
}

impl Planner {
    /// The attributes that another object in the place of this one has of its own, such as its id.
    pub(crate) fn own_attributes(&self, object: &ResourceObject) -> Vec<AttributePath> {
        let traits = self.traits.of(&object.address.instance.resource.type_name);
        inverse::computed(&traits, &object.value())
    }

    /// The plan from what there is to what is wanted. `values` has the sensitive values that taking back may need; its key
    /// makes the fingerprints in the plan.
    ///
    /// # Errors
    /// When nothing is to change, moves lead nowhere, something cannot be compared, or there is no order.
    pub fn plan(&self, wanted: &Wanted, values: &Values) -> Result<Plan, PlannerError> {
        let drafts = changes(self, wanted, values)?;
        if drafts.is_empty() {
            return Err(PlannerError::Nothing);
        }
        let (steps, batches) = order(self, wanted, drafts)?;
        let touched: BTreeSet<&ObjectAddress> = steps
            .iter()
            .flat_map(|step| [Some(&step.address), step.moves_to.as_ref(), step.replaced.as_ref()])
            .flatten()
            .collect();
        let only = |snapshot: &Snapshot| snapshot.filtered(|object| touched.contains(&object.address));
        let mut parts = PlanParts::new(wanted.target.clone(), wanted.state, only(&wanted.before), only(&wanted.after));
        parts.kind = wanted.kind.clone();
        parts.configuration = wanted.configuration;
        parts.author.clone_from(&wanted.author);
        parts.created = wanted.now;
        parts.expires = wanted.now + self.life;
        parts.steps = steps;
        parts.batches = batches;
        Ok(parts.into_plan(values.key())?)
    }
}
