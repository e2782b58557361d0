//! What checks judge a proposal by: the proposal, what is recorded, what is observed now, and facts about the surroundings.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use landfast_drift::cost::{Amount, CostModel};
use landfast_drift::{CompareOptions, DriftReport, compare};
use landfast_state::address::{ObjectAddress, ResourceAddress};
use landfast_state::{AttributePath, BytesDigest, Observation, Redactor, Snapshot};

use crate::approval::SignedApproval;
use crate::force::Override;
use crate::proposal::Proposal;

/// What a check needs to know. The gate makes it an error where it is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Need {
    /// Who holds the lock of the state: [`Facts::lock`].
    Lock,
    /// Whether a backup was taken: [`Facts::backup`].
    Backup,
    /// Other operations on the same target: [`Facts::operations`].
    Operations,
    /// Approvals: [`Facts::approvals`].
    Approvals,
    /// Approvals that operations have used: [`Facts::used_approvals`].
    UsedApprovals,
    /// Who acts: [`Facts::actor`].
    Actor,
    /// The operation that a rollback takes back: [`Facts::rolled_back`].
    RolledBack,
    /// Digest of the configuration as it is now: [`Facts::configuration`].
    Configuration,
    /// Versions of providers and schemas as they are now: [`Facts::schemas`].
    Schemas,
    /// Health of what the changed objects depend on: [`Facts::health`].
    Health,
    /// Values that the plan needs and nobody has: [`Facts::missing_values`].
    Values,
    /// Consumption of budgets: [`Facts::budgets`].
    Budgets,
    /// What objects cost: [`Facts::prices`].
    Prices,
    /// What policies say: [`Facts::policies`].
    Policies,
    /// How the surroundings are configured now: [`Facts::surroundings`].
    Surroundings,
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Lock => "who holds the lock of the state",
            Self::Backup => "whether a backup was taken",
            Self::Operations => "which operations there were on this target",
            Self::Approvals => "who has approved the plan",
            Self::UsedApprovals => "which approvals were used before",
            Self::Actor => "who acts",
            Self::RolledBack => "what became of the operation that is to be taken back",
            Self::Configuration => "the digest of the configuration as it is now",
            Self::Schemas => "which versions of providers and schemas there are now",
            Self::Health => "whether what the changed objects depend on is healthy",
            Self::Values => "whether all values that the plan needs are there",
            Self::Budgets => "how much of the budgets is used",
            Self::Prices => "what objects cost",
            Self::Policies => "what policies say about it",
            Self::Surroundings => "how the surroundings are configured now",
        })
    }
}

/// What is known about the surroundings of a proposal. `None` is not "no": a check that needs what is `None` refuses.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Facts {
    /// Who holds the lock of the state.
    pub lock: Option<LockFact>,
    /// Whether a backup of the state was taken and read back.
    pub backup: Option<BackupFact>,
    /// Operations on the same target that are known, running and ended, without the one that is being judged.
    pub operations: Option<Vec<OperationFact>>,
    /// Approvals, as they were given; none of them is verified yet.
    pub approvals: Option<Vec<SignedApproval>>,
    /// Ids of the approvals that earlier operations were given, on any target: each serves once. What is recorded for an
    /// operation that was let through is every approval that it was judged with, whether or not it counted.
    pub used_approvals: Option<BTreeSet<String>>,
    /// Objects that the user has said may be destroyed, by their exact number, for the check `delete-threshold`.
    /// `None` where he has said nothing, which is no need: nothing is acknowledged then.
    pub acknowledged_deletes: Option<u64>,
    /// Who acts, as the surroundings know him.
    pub actor: Option<Actor>,
    /// The operation that a rollback takes back: `Some(None)` where it is known that there is none.
    pub rolled_back: Option<Option<OperationFact>>,
    /// Digest of the configuration as it is now.
    pub configuration: Option<BytesDigest>,
    /// Versions as they are now.
    pub schemas: Option<SchemaFacts>,
    /// Health of resources, by address without keys.
    pub health: Option<BTreeMap<ResourceAddress, Health>>,
    /// Values that the plan needs and nobody has.
    pub missing_values: Option<Vec<(ObjectAddress, AttributePath)>>,
    /// How much of each budget is used now, by the budget's name, in the budget's unit.
    pub budgets: Option<BTreeMap<String, Amount>>,
    /// What objects cost.
    pub prices: Option<Arc<dyn CostModel>>,
    /// What policies say about the proposal.
    pub policies: Option<PolicyFacts>,
    /// Settings of the surroundings as they are now, such as the region of a provider or the version of a tool; the names are
    /// those of [`Proposal::surroundings`]. Nothing secret.
    pub surroundings: Option<BTreeMap<String, String>>,
    /// What was looked at to observe. By default objects.
    pub sight: Sight,
}

/// What was looked at to observe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sight {
    /// The objects themselves.
    #[default]
    Objects,
    /// Only what is recorded of them, since the plan changes nothing else and nobody here can see more.
    Record,
}

impl Facts {
    /// Whether this is known.
    #[must_use]
    pub fn knows(&self, need: Need) -> bool {
        match need {
            Need::Lock => self.lock.is_some(),
            Need::Backup => self.backup.is_some(),
            Need::Operations => self.operations.is_some(),
            Need::Approvals => self.approvals.is_some(),
            Need::UsedApprovals => self.used_approvals.is_some(),
            Need::Actor => self.actor.is_some(),
            Need::RolledBack => self.rolled_back.is_some(),
            Need::Configuration => self.configuration.is_some(),
            Need::Schemas => self.schemas.is_some(),
            Need::Health => self.health.is_some(),
            Need::Values => self.missing_values.is_some(),
            Need::Budgets => self.budgets.is_some(),
            Need::Prices => self.prices.is_some(),
            Need::Policies => self.policies.is_some(),
            Need::Surroundings => self.surroundings.is_some(),
        }
    }
}

/// Who holds the lock of the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockFact {
    /// We do, under this id.
    Ours {
        /// The lock's id.
        id: String,
    },
    /// Somebody else does.
    Others {
        /// Who, as the lock says.
        holder: String,
    },
    /// Nobody does.
    Free,
}

/// What is known of backups of the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupFact {
    /// There is one of the state with this digest, and it was read back.
    Taken {
        /// Digest of the state that it holds.
        state: BytesDigest,
        /// Where it is.
        place: String,
        /// When it was taken.
        at: SystemTime,
    },
    /// There is none.
    None,
}

/// An operation on the same target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationFact {
    /// Its id.
    pub id: String,
    /// Its state, as [machine formats](https://docs.rs/landfast-rollback) name it, such as `applied`.
    pub state: String,
    /// Whether it has ended.
    pub ended: bool,
    /// Whether it ended as it was meant to: applied, for one that went forward.
    pub successful: bool,
    /// Whether there is something of what it did that was not taken back.
    pub left_something: bool,
    /// When it began.
    pub began: SystemTime,
    /// How many objects it changes.
    pub changes: usize,
    /// The plan that it executed.
    pub plan: BytesDigest,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Name, such as `alice`.
    pub name: String,
    /// Groups that the surroundings say he is in.
    pub groups: BTreeSet<String>,
}

/// Versions as they are now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SchemaFacts {
    /// Versions of providers by source address.
    pub providers: BTreeMap<String, String>,
    /// Versions of the schemas of resource types, by the provider's source address and the type.
    pub types: BTreeMap<(String, String), u64>,
}

/// What policies say about a proposal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyFacts {
    /// Names of the policies that were evaluated to the end.
    pub evaluated: BTreeSet<String>,
    /// What they have against it.
    pub violations: Vec<PolicyViolation>,
}

impl PolicyFacts {
    /// What these policies say.
    #[must_use]
    pub fn new(evaluated: BTreeSet<String>, violations: Vec<PolicyViolation>) -> Self {
        Self { evaluated, violations }
    }
}

/// What a policy has against a proposal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyViolation {
    /// Name of the policy.
    pub policy: String,
    /// What it is about, such as an address; empty where it is about the whole proposal.
    pub about: String,
    /// What is wrong, in words for people.
    pub message: String,
}

/// Health of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// It works.
    Healthy,
    /// It does not, for this reason.
    Unhealthy(String),
}

/// Everything that checks judge by. It is made once and shared by all of them.
#[derive(Debug, Clone)]
pub struct Context {
    proposal: Arc<Proposal>,
    recorded: Snapshot,
    observed: Arc<Observation>,
    drift: Arc<DriftReport>,
    facts: Arc<Facts>,
    now: SystemTime,
    forced: Option<Arc<Override>>,
    shown: Shown,
    redactor: Redactor,
}

/// What the proposal touches, with everything marked that the rules know to be a secret: for showing it.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) before: Snapshot,
    pub(crate) after: Snapshot,
}

impl Context {
    /// A context. `recorded` is the state as it is now; `observed` what is really there, read again for this; `now` is the
    /// time by the clock of the caller.
    #[must_use]
    pub fn new(
        proposal: Arc<Proposal>,
        recorded: Snapshot,
        observed: Observation,
        facts: Facts,
        now: SystemTime,
        compared: &CompareOptions,
    ) -> Self {
        let drift = compare(&proposal.before, &observed, compared);
        // Documents do not mark every secret that the rules know of.
        let mark = |snapshot: &Snapshot| compared.rules.mark_secrets(snapshot.clone());
        let shown = Shown { before: mark(&proposal.before), after: mark(&proposal.after) };
        let (known, seen) = (mark(&recorded), mark(&observed.snapshot));
        let redactor = Snapshot::redactor(&[&known, &seen, &shown.before, &shown.after]);
        Self {
            proposal,
            recorded,
            observed: Arc::new(observed),
            drift: Arc::new(drift),
            facts: Arc::new(facts),
            now,
            forced: None,
            shown,
            redactor,
        }
    }

    /// The same where somebody overrides checks.
    pub(crate) fn with_forced(self, forced: Option<&Override>) -> Self {
        Self { forced: forced.cloned().map(Arc::new), ..self }
    }

    /// What is overridden, by whom and why: what the gate was asked with. Of interest to checks of who may do that.
    #[must_use]
    pub fn forced(&self) -> Option<&Override> {
        self.forced.as_deref()
    }

    /// What is about to change.
    #[must_use]
    pub fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    /// What the state says now.
    #[must_use]
    pub fn recorded(&self) -> &Snapshot {
        &self.recorded
    }

    /// What is really there now, as far as it could be read.
    #[must_use]
    pub fn observed(&self) -> &Observation {
        &self.observed
    }

    /// What the proposal was planned on, compared with what is observed now. What the proposal does not touch and is observed
    /// is unmanaged in it.
    #[must_use]
    pub fn drift(&self) -> &DriftReport {
        &self.drift
    }

    /// What is known about the surroundings.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The time, by the clock of the caller.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.now
    }

    /// What the proposal touches, marked for showing it.
    pub(crate) fn shown(&self) -> &Shown {
        &self.shown
    }

    /// Masks copies of all sensitive values that are known here.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }
}
