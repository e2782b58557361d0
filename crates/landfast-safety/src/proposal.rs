//! What is about to change: the input of every check.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::SystemTime;

use landfast_state::address::ObjectAddress;
use landfast_state::{AttributePath, BytesDigest, Snapshot};
use serde::{Deserialize, Serialize};

/// What is about to change, as a plan yields it: enough to judge the plan without being one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Proposal {
    /// Digest of the plan, over everything that it says.
    pub plan: BytesDigest,
    /// Whether it goes forward or takes something back.
    pub kind: ProposalKind,
    /// Where it is to happen.
    pub target: Target,
    /// Digest of the recorded state that it was planned on.
    pub state: BytesDigest,
    /// Digest of the configuration that it was planned from, where there was one.
    pub configuration: Option<BytesDigest>,
    /// Who planned it, such as `alice@laptop`.
    pub author: String,
    /// When it was planned.
    pub created: SystemTime,
    /// When it is too old to be executed.
    pub expires: SystemTime,
    /// The objects that it touches as they were when it was planned.
    pub before: Snapshot,
    /// The objects that it touches as they are to be. What is not known before it happens is marked unknown.
    pub after: Snapshot,
    /// What happens to each object, sorted by address.
    pub changes: Vec<ProposedChange>,
    /// What the author says that it achieves, for checks to hold him to.
    pub promises: BTreeSet<Promise>,
    /// Versions of the providers that it was planned with, by source address; those that are known.
    pub providers: BTreeMap<String, String>,
    /// Settings of the surroundings that it was planned with, such as the region of a provider or the version of a tool, by
    /// names that whoever plans chooses and [`Facts::surroundings`](crate::Facts::surroundings) repeats. Nothing secret.
    pub surroundings: BTreeMap<String, String>,
}

impl Proposal {
    /// A proposal of these changes, with nothing promised and no providers.
    #[must_use]
    pub fn new(plan: BytesDigest, target: Target, before: Snapshot, after: Snapshot) -> Self {
        Self {
            plan,
            kind: ProposalKind::Forward,
            target,
            state: BytesDigest::of(&[]),
            configuration: None,
            author: String::new(),
            created: SystemTime::UNIX_EPOCH,
            expires: SystemTime::UNIX_EPOCH,
            before,
            after,
            changes: Vec::new(),
            promises: BTreeSet::new(),
            providers: BTreeMap::new(),
            surroundings: BTreeMap::new(),
        }
    }

    /// The changes that destroy an object, whether or not another takes its place.
    pub fn destructive(&self) -> impl Iterator<Item = &ProposedChange> {
        self.changes.iter().filter(|change| change.action.destroys())
    }

    /// Every address that it is about.
    pub(crate) fn touched(&self) -> BTreeSet<&ObjectAddress> {
        let objects = self.before.objects().iter().chain(self.after.objects()).map(|object| &object.address);
        let changes =
            self.changes.iter().flat_map(|change| [Some(&change.address), change.moves_to.as_ref()]).flatten();
        objects.chain(changes).collect()
    }

    /// Whether no provider manages the object, such as one of an in-house system: no state records it, and it has no schema.
    pub(crate) fn is_of_no_provider(&self, address: &ObjectAddress) -> bool {
        let sides = [self.before.get(address), self.after.get(address)];
        let mut sides = sides.into_iter().flatten().peekable();
        sides.peek().is_some() && sides.all(|object| object.provider.is_empty())
    }
}

/// Whether a proposal goes forward or back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProposalKind {
    /// It goes forward.
    Forward,
    /// It takes back an operation.
    Rollback {
        /// The id of that operation.
        operation: String,
    },
}

/// Where a proposal is to happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The environment, such as `prod`; empty where none is defined.
    pub environment: String,
    /// The state's place, as a path or a URL without credentials.
    pub store: String,
    /// The workspace; `default` where there is only one.
    pub workspace: String,
    /// Lineage of the state; empty where there is no state.
    pub lineage: String,
    /// Serial of the state that was planned on.
    pub serial: u64,
}

impl Target {
    /// Whether both are the same place, whatever the serial: store, workspace, environment and lineage.
    #[must_use]
    pub fn is_same_place(&self, other: &Self) -> bool {
        let place = |target: &Self| {
            (target.store.clone(), target.workspace.clone(), target.environment.clone(), target.lineage.clone())
        };
        place(self) == place(other)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.store)?;
        if self.workspace != "default" {
            write!(f, ", workspace {}", self.workspace)?;
        }
        if !self.environment.is_empty() {
            write!(f, ", environment {}", self.environment)?;
        }
        Ok(())
    }
}

/// What the author of a proposal says that it achieves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Promise {
    /// It costs less afterwards.
    LowerCost,
}

/// What happens to one object.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProposedChange {
    /// The object, as it is called before where it gets another address.
    pub address: ObjectAddress,
    /// What happens.
    pub action: ActionKind,
    /// The address afterwards, where it is another one.
    pub moves_to: Option<ObjectAddress>,
    /// The attributes that differ between before and after, sorted. Empty for what is created or destroyed whole.
    pub attributes: Vec<AttributePath>,
    /// Whether it can be taken back.
    pub inverse: InverseClass,
    /// Why it cannot be taken back exactly, in words for people. Empty only where it can.
    pub inverse_reasons: Vec<String>,
    /// What makes it dangerous.
    pub flags: BTreeSet<Flag>,
}

impl ProposedChange {
    /// A change that can be taken back exactly and has no flags.
    #[must_use]
    pub fn new(address: ObjectAddress, action: ActionKind) -> Self {
        Self {
            address,
            action,
            moves_to: None,
            attributes: Vec::new(),
            inverse: InverseClass::Exact,
            inverse_reasons: Vec::new(),
            flags: BTreeSet::new(),
        }
    }
}

/// What a step does to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// Makes an object that is not there.
    Create,
    /// Changes an object in place.
    Update,
    /// Destroys an object and makes another in its place, in this or the other order.
    Replace,
    /// Destroys an object.
    Delete,
    /// Writes what is observed into the state. The object itself stays as it is.
    Adopt,
    /// Takes an object out of the state. The object itself stays as it is.
    Forget,
    /// Gives an object another address in the state. The object itself stays as it is.
    Move,
}

impl ActionKind {
    /// Every action, in the order of declaration.
    pub const ALL: &'static [Self] =
        &[Self::Create, Self::Update, Self::Replace, Self::Delete, Self::Adopt, Self::Forget, Self::Move];

    /// The name that machine formats use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Adopt => "adopt",
            Self::Forget => "forget",
            Self::Move => "move",
        }
    }

    /// Whether an object is destroyed.
    #[must_use]
    pub fn destroys(self) -> bool {
        matches!(self, Self::Replace | Self::Delete)
    }

    /// Whether only what is recorded changes, and no object.
    #[must_use]
    pub fn is_bookkeeping(self) -> bool {
        matches!(self, Self::Adopt | Self::Forget | Self::Move)
    }
}

impl fmt::Display for ActionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How well a step can be taken back, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InverseClass {
    /// Afterwards everything is as it was.
    Exact,
    /// An object like it takes its place, under another id: what points to the old one does not find it.
    NewIdentity,
    /// The object comes back without something that it held, such as data.
    Lossy,
    /// Nothing takes it back.
    Impossible,
    /// Nobody knows. It counts as impossible.
    Unknown,
}

impl InverseClass {
    /// Every class, in the order of declaration.
    pub const ALL: &'static [Self] = &[Self::Exact, Self::NewIdentity, Self::Lossy, Self::Impossible, Self::Unknown];

    /// Whether the step cannot be taken back, or nobody knows whether it can.
    #[must_use]
    pub fn is_irreversible(self) -> bool {
        matches!(self, Self::Impossible | Self::Unknown)
    }

    /// The name that machine formats use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::NewIdentity => "new_identity",
            Self::Lossy => "lossy",
            Self::Impossible => "impossible",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for InverseClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What makes a change dangerous beyond whether it can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// Data that the object holds is lost.
    DataLoss,
    /// A change of an attribute makes the provider destroy the object and make another.
    ForcedReplacement,
    /// Storage becomes smaller.
    ShrinkingStorage,
    /// A key is destroyed or scheduled to be: what it encrypts cannot be read any more.
    KeyDeletion,
    /// The version of an engine goes up, which most engines do not take back.
    EngineUpgrade,
}

impl Flag {
    /// Every flag, in the order of declaration.
    pub const ALL: &'static [Self] =
        &[Self::DataLoss, Self::ForcedReplacement, Self::ShrinkingStorage, Self::KeyDeletion, Self::EngineUpgrade];

    /// The name that machine formats use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DataLoss => "data_loss",
            Self::ForcedReplacement => "forced_replacement",
            Self::ShrinkingStorage => "shrinking_storage",
            Self::KeyDeletion => "key_deletion",
            Self::EngineUpgrade => "engine_upgrade",
        }
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
