//! A world in memory that misbehaves on demand.

mod acting;
mod objects;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use landfast_state::address::ObjectAddress;
use landfast_state::{Members, ResourceObject};

use super::kind::Kind;
use super::stage::Stage;
use crate::actuator::{Actuator, ActuatorError, ActuatorFailure, Change, Direction, PortFuture};
use crate::plan::StepId;

/// What goes wrong with one change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActFault {
    /// It is refused, and nothing is done.
    Refuse(ActuatorFailure),
    /// Success is reported, and nothing is done.
    SaySuccessDoNothing,
    /// A failure is reported, and everything is done.
    SayFailureDoAll,
    /// A part is done, and a failure is reported.
    PartThenFailure,
    /// A part is done, and success is reported.
    PartThenSuccess,
    /// Nothing is done, and no answer ever comes.
    HangBefore,
    /// Everything is done, and no answer ever comes.
    HangAfter,
    /// Somebody else changes the object right after it is done.
    MeddledAfter,
}

/// What goes wrong with one read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadFault {
    /// It fails with this.
    Fail(ActuatorFailure),
    /// None: it is the read after it that goes wrong.
    Well,
}

/// What somebody else does to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Meddling {
    /// He changes it, or makes it where there is none.
    Change,
    /// He destroys it, or makes it where there is none.
    Destroy,
}

/// An object as it is in the memory world: what reads show, and what they do not.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Item {
    /// The object as reads show it, but for what is [volatile](Kind::volatile).
    pub object: ResourceObject,
    /// Which data it holds: no two objects that were made hold the same.
    pub data: u64,
    /// What was written into attributes that are never shown.
    pub hidden: Members,
}

/// Something that a change did to the world.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Deed {
    /// The step.
    pub step: StepId,
    /// The direction.
    pub direction: Direction,
    /// The addresses that it touched.
    pub addresses: Vec<ObjectAddress>,
    /// How many records the journal held when each of them was read last, where the world knows a journal.
    pub reads: Vec<usize>,
    /// How many records the journal held when the change began.
    pub records: usize,
    /// When the change began, since the beginning.
    pub at: Duration,
    /// How many changes were under way, with this one.
    pub side_by_side: usize,
    /// Addresses with what somebody else left there, which was read before the change began; with how many records the journal
    /// held when he did it.
    pub overwrites: Vec<(ObjectAddress, usize)>,
    /// Why nothing may have been done: invariants that the world itself sees broken.
    pub broken: Vec<String>,
}

/// Objects in memory, behind an [`Actuator`]. Copies are the same world.
///
/// Objects of a type behave as its [`Kind`] says; types without one are plain. Faults come from a queue that a test fills,
/// or by chance from the seed of a [`Stage`].
#[derive(Clone)]
pub struct MemoryWorld(Arc<Mutex<World>>);

type Watch = Arc<dyn Fn() -> usize + Send + Sync>;
type Allowed = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

struct World {
    kinds: BTreeMap<String, Kind>,
    items: BTreeMap<ObjectAddress, Item>,
    act_faults: BTreeMap<(ObjectAddress, Direction), VecDeque<ActFault>>,
    read_faults: BTreeMap<ObjectAddress, VecDeque<ReadFault>>,
    stage: Option<Stage>,
    records: Option<Watch>,
    allowed: Option<Allowed>,
    act_chance: u64,
    read_chance: u64,
    meddle_at: Vec<(u64, ObjectAddress, Meddling)>,
    meddled: BTreeSet<ObjectAddress>,
    theirs: BTreeMap<ObjectAddress, (u64, usize)>,
    foreign: BTreeSet<ObjectAddress>,
    busy: BTreeSet<ObjectAddress>,
    acted_on: BTreeMap<ObjectAddress, usize>,
    read: BTreeMap<ObjectAddress, (u64, usize)>,
    made: u64,
    reads: u64,
    clock: u64,
    under_way: usize,
    deeds: Vec<Deed>,
    went_wrong: Vec<(Option<Direction>, String)>,
}

impl Default for MemoryWorld {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryWorld({} objects)", self.world().items.len())
    }
}

impl MemoryWorld {
    /// A world without objects.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(World {
            kinds: BTreeMap::new(),
            items: BTreeMap::new(),
            act_faults: BTreeMap::new(),
            read_faults: BTreeMap::new(),
            stage: None,
            records: None,
            allowed: None,
            act_chance: 0,
            read_chance: 0,
            meddle_at: Vec::new(),
            meddled: BTreeSet::new(),
            theirs: BTreeMap::new(),
            foreign: BTreeSet::new(),
            busy: BTreeSet::new(),
            acted_on: BTreeMap::new(),
            read: BTreeMap::new(),
            made: 0,
            reads: 0,
            clock: 0,
            under_way: 0,
            deeds: Vec::new(),
            went_wrong: Vec::new(),
        })))
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts this world on a stage: everything takes time there.
    pub fn on_stage(&self, stage: &Stage) {
        self.world().stage = Some(stage.clone());
    }

    /// Objects of this type behave so.
    pub fn kind(&self, type_name: &str, kind: Kind) {
        self.world().kinds.insert(type_name.to_owned(), kind);
    }

    /// Puts an object there, as somebody did long ago.
    pub fn put(&self, object: ResourceObject) {
        let mut world = self.world();
        world.made += 1;
        let (object, hidden) = world.shown(object);
        let item = Item { object, data: world.made, hidden };
        world.items.insert(item.object.address.clone(), item);
    }

    /// The object at an address, with what nobody can read.
    #[must_use]
    pub fn item(&self, address: &ObjectAddress) -> Option<Item> {
        self.world().items.get(address).cloned()
    }

    /// Every object, by address.
    #[must_use]
    pub fn items(&self) -> BTreeMap<ObjectAddress, Item> {
        self.world().items.clone()
    }

    /// Whether objects of this type hold data that no attribute shows.
    #[must_use]
    pub fn holds_data(&self, address: &ObjectAddress) -> bool {
        self.world().kinds.get(&*address.instance.resource.type_name).is_some_and(|kind| kind.is_stateful)
    }

    /// Somebody puts data into the object at an address, which no attribute shows.
    pub fn fill(&self, address: &ObjectAddress) {
        let mut world = self.world();
        world.made += 1;
        let made = world.made;
        if let Some(item) = world.items.get_mut(address) {
            item.data = made;
        }
    }

    /// What changes did, in order.
    #[must_use]
    pub fn deeds(&self) -> Vec<Deed> {
        self.world().deeds.clone()
    }

    /// What went wrong so far: with changes in a direction, and with reads.
    #[must_use]
    pub fn went_wrong(&self) -> Vec<(Option<Direction>, String)> {
        self.world().went_wrong.clone()
    }

    /// The next change of the object at this address goes wrong like this; after those that were asked for before.
    pub fn spoil(&self, address: &ObjectAddress, direction: Direction, fault: ActFault) {
        self.world().act_faults.entry((address.clone(), direction)).or_default().push_back(fault);
    }

    /// The next read of this address goes wrong like this; after those that were asked for before.
    pub fn blind(&self, address: &ObjectAddress, fault: ReadFault) {
        self.world().read_faults.entry(address.clone()).or_default().push_back(fault);
    }

    /// So many of a thousand changes, and of a thousand reads, go wrong in some way. On a [`Stage`] only.
    pub fn spoil_by_chance(&self, changes: u64, reads: u64) {
        let mut world = self.world();
        world.act_chance = changes;
        world.read_chance = reads;
    }

    /// Somebody else changes an object now.
    pub fn meddle(&self, address: &ObjectAddress, how: Meddling) {
        self.world().meddle(address, how);
    }

    /// Somebody else changes an object when so many [points](Stage::point) were passed. On a [`Stage`] only.
    pub fn meddle_at(&self, point: u64, address: &ObjectAddress, how: Meddling) {
        self.world().meddle_at.push((point, address.clone(), how));
    }

    /// Whether somebody else ever changed the object at this address.
    #[must_use]
    pub fn was_meddled(&self, address: &ObjectAddress) -> bool {
        self.world().meddled.contains(address)
    }

    /// Tells the world how many records the journal holds, and what must be true when a change begins.
    pub fn guard(
        &self,
        records: impl Fn() -> usize + Send + Sync + 'static,
        allowed: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) {
        let mut world = self.world();
        world.records = Some(Arc::new(records));
        world.allowed = Some(Arc::new(allowed));
    }

    fn stage(&self) -> Option<Stage> {
        self.world().stage.clone()
    }

    /// A point of the stage, at which others may come first.
    async fn point(&self, stage: Option<&Stage>) {
        if let Some(stage) = stage {
            stage.point().await;
            self.others(stage);
        }
    }

    /// Lets others do what they were to do by now.
    pub(super) fn others(&self, stage: &Stage) {
        let points = stage.points();
        let mut world = self.world();
        let due: Vec<_> = world.meddle_at.extract_if(.., |(at, ..)| *at <= points).collect();
        for (_, address, how) in due {
            stage.note(|| format!("somebody else: {how:?} {address}"));
            world.meddle(&address, how);
        }
    }

    async fn read_one(&self, address: &ObjectAddress) -> Result<Option<ResourceObject>, ActuatorError> {
        let stage = self.stage();
        self.point(stage.as_ref()).await;
        let fault = {
            let mut world = self.world();
            let chance = world.read_chance;
            world.read_faults.get_mut(address).and_then(VecDeque::pop_front).or_else(|| {
                let stage = stage.as_ref()?;
                stage.chance(chance).then(|| {
                    ReadFault::Fail(if stage.chance(600) { ActuatorFailure::Transient } else { ActuatorFailure::Other })
                })
            })
        };
        let read = match fault {
            Some(ReadFault::Fail(failure)) => {
                self.world().went_wrong.push((None, format!("{failure:?}")));
                Err(ActuatorError::new(failure, "the read failed"))
            }
            Some(ReadFault::Well) | None => Ok(self.world().show(address)),
        };
        if read.is_ok() {
            let records = self.world().records.clone().map_or(0, |records| records());
            let mut world = self.world();
            world.clock += 1;
            let clock = world.clock;
            world.read.insert(address.clone(), (clock, records));
            if !world.acted_on.contains_key(address) {
                world.busy.remove(address);
            }
        }
        if let Some(stage) = &stage {
            stage.note(|| match &read {
                Ok(Some(_)) => format!("read {address}: there"),
                Ok(None) => format!("read {address}: not there"),
                Err(error) => format!("read {address}: {:?}", error.failure),
            });
        }
        read
    }
}

impl Actuator for MemoryWorld {
    fn name(&self) -> &str {
        "memory"
    }

    fn read<'a>(
        &'a self,
        address: &'a ObjectAddress,
        _known: Option<&'a ResourceObject>,
    ) -> PortFuture<'a, Result<Option<ResourceObject>, ActuatorError>> {
        Box::pin(self.read_one(address))
    }

    fn act<'a>(&'a self, change: &'a Change) -> PortFuture<'a, Result<(), ActuatorError>> {
        Box::pin(self.act_on(change))
    }
}
