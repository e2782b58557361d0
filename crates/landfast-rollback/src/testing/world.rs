//! A world in memory that misbehaves on demand.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use landfast_safety::ActionKind;
use landfast_state::address::ObjectAddress;
use landfast_state::{Members, ResourceObject, Value};

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

/// The provider of objects that somebody else makes.
const PROVIDER: &str = "registry.terraform.io/hashicorp/memory";

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
            None => Ok(self.world().show(address)),
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

    async fn act_on(&self, change: &Change) -> Result<(), ActuatorError> {
        let stage = self.stage();
        let fault = self.begin(change, stage.as_ref());
        if let Some(stage) = &stage {
            stage.note(|| format!("{change:?}: {}", fault.map_or("well".to_owned(), |fault| format!("{fault:?}"))));
        }
        let mut under_way = UnderWay { world: self, change, stage: stage.clone(), has_landed: fault.is_some() };
        if let Some(stage) = &stage {
            let millis = stage.below(4000);
            crate::ports::Clock::sleep(stage, Duration::from_millis(millis)).await;
        }
        self.point(stage.as_ref()).await;
        let answer = match fault {
            None => {
                under_way.lands_never();
                self.world().change(change)
            }
            Some(ActFault::Refuse(failure)) => Err(ActuatorError::new(failure, "it was refused")),
            Some(ActFault::SaySuccessDoNothing) => Ok(()),
            Some(ActFault::SayFailureDoAll) => self
                .world()
                .change(change)
                .and(Err(ActuatorError::new(ActuatorFailure::Other, "something went wrong after it was done"))),
            Some(ActFault::PartThenFailure) => {
                self.world().change_partly(change);
                Err(ActuatorError::new(ActuatorFailure::Other, "something went wrong halfway"))
            }
            Some(ActFault::PartThenSuccess) => {
                self.world().change_partly(change);
                Ok(())
            }
            Some(ActFault::HangBefore) => std::future::pending().await,
            Some(ActFault::HangAfter) => {
                let _ = self.world().change(change);
                std::future::pending().await
            }
            Some(ActFault::MeddledAfter) => {
                let answer = self.world().change(change);
                let address = change.moves_to.as_ref().unwrap_or(&change.address);
                self.world().meddle(address, Meddling::Change);
                answer
            }
        };
        self.point(stage.as_ref()).await;
        drop(under_way);
        answer
    }

    /// The first thing that a change does, before anybody else can do anything.
    fn begin(&self, change: &Change, stage: Option<&Stage>) -> Option<ActFault> {
        let (records, allowed) = {
            let world = self.world();
            (world.records.clone(), world.allowed.clone())
        };
        let count = records.map_or(0, |records| records());
        let broken: Vec<String> = allowed.and_then(|allowed| allowed().err()).into_iter().collect();
        let mut world = self.world();
        world.under_way += 1;
        let addresses = touched(change);
        let mut reads = Vec::new();
        let mut overwrites = Vec::new();
        for address in &addresses {
            let (at, records) = world.read.get(address).copied().unwrap_or_default();
            reads.push(records);
            if let Some((theirs, records)) = world.theirs.get(address).copied()
                && at > theirs
                // Where nothing is and nothing was thought to be, nothing is overwritten.
                && (change.before.is_some() || world.items.contains_key(address))
            {
                overwrites.push((address.clone(), records));
            }
            world.busy.insert(address.clone());
            *world.acted_on.entry(address.clone()).or_default() += 1;
        }
        let at = stage.map(Stage::passed).unwrap_or_default();
        let side_by_side = world.under_way;
        let (step, direction) = (change.step, change.direction);
        world.deeds.push(Deed {
            step,
            direction,
            addresses,
            reads,
            records: count,
            at,
            side_by_side,
            overwrites,
            broken,
        });
        let chance = world.act_chance;
        let asked_for = world.act_faults.get_mut(&(change.address.clone(), change.direction));
        let fault = asked_for.and_then(VecDeque::pop_front).or_else(|| {
            let stage = stage?;
            stage.chance(chance).then(|| match stage.below(10) {
                0 => ActFault::Refuse(ActuatorFailure::Transient),
                1 => ActFault::Refuse(ActuatorFailure::PermissionDenied),
                2 => ActFault::SaySuccessDoNothing,
                3 => ActFault::SayFailureDoAll,
                4 => ActFault::PartThenFailure,
                5 => ActFault::PartThenSuccess,
                6 => ActFault::HangBefore,
                7 => ActFault::HangAfter,
                8 => ActFault::MeddledAfter,
                _ => ActFault::Refuse(ActuatorFailure::Rejected),
            })
        });
        if let Some(fault) = fault {
            world.went_wrong.push((Some(change.direction), format!("{fault:?}")));
        }
        fault
    }
}

/// A change that is under way, until its future ends or is dropped.
struct UnderWay<'w> {
    world: &'w MemoryWorld,
    change: &'w Change,
    stage: Option<Stage>,
    has_landed: bool,
}

impl UnderWay<'_> {
    fn lands_never(&mut self) {
        self.has_landed = true;
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        // Who sent the request is gone, and the request may still be carried out.
        if !self.has_landed
            && let Some(stage) = &self.stage
            && stage.chance(500)
        {
            stage.note(|| format!("{:?} is carried out after its sender's end", self.change));
            let _ = self.world.world().change(self.change);
        }
        let mut world = self.world.world();
        world.under_way = world.under_way.saturating_sub(1);
        for address in touched(self.change) {
            if let Some(count) = world.acted_on.get_mut(&address) {
                *count -= 1;
                if *count == 0 {
                    world.acted_on.remove(&address);
                }
            }
        }
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

fn aside(change: &Change) -> Option<ObjectAddress> {
    let key = change.deposes.as_ref().or(change.restores.as_ref())?;
    Some(ObjectAddress { instance: change.address.instance.clone(), deposed: Some(key.clone()) })
}

/// Every address that a change touches.
fn touched(change: &Change) -> Vec<ObjectAddress> {
    let mut addresses = vec![change.address.clone()];
    addresses.extend(change.moves_to.clone());
    addresses.extend(aside(change));
    addresses
}

fn refused(why: &str) -> ActuatorError {
    ActuatorError::new(ActuatorFailure::Rejected, why)
}

impl World {
    fn kind_of(&self, address: &ObjectAddress) -> Kind {
        self.kinds.get(&*address.instance.resource.type_name).cloned().unwrap_or_default()
    }

    /// The object as reads show it, and what they do not show.
    fn shown(&self, object: ResourceObject) -> (ResourceObject, Members) {
        let kind = self.kind_of(&object.address);
        let Value::Object(mut members) = object.value() else { return (object, Members::new()) };
        let hidden: Members = kind.write_only.iter().filter_map(|name| members.remove_entry(name)).collect();
        (rebuilt(object, &members), hidden)
    }

    fn show(&mut self, address: &ObjectAddress) -> Option<ResourceObject> {
        let kind = self.kind_of(address);
        let object = self.items.get(address)?.object.clone();
        if kind.volatile.is_empty() {
            return Some(object);
        }
        self.reads += 1;
        let Value::Object(mut members) = object.value() else { return Some(object) };
        for name in &kind.volatile {
            members.insert(name.clone(), Value::Number(self.reads.into()));
        }
        Some(rebuilt(object, &members))
    }

    /// The object that a change makes of `wanted`, over what is there.
    fn made(&mut self, address: &ObjectAddress, wanted: &ResourceObject, there: Option<&Item>) -> Item {
        let kind = self.kind_of(address);
        let mut object = wanted.clone();
        object.address = address.clone();
        let (object, hidden) = self.shown(object);
        let Value::Object(mut members) = object.value() else {
            return Item { object, data: 0, hidden };
        };
        let old = there.map(|item| item.object.value());
        for (name, value) in &mut members {
            let is_computed = kind.computed.contains(name);
            let before = old.as_ref().and_then(|old| match old {
                Value::Object(members) => members.get(name),
                _ => None,
            });
            match before {
                Some(before) if is_computed || *value == Value::Unknown => value.clone_from(before),
                None if is_computed || *value == Value::Unknown => {
                    self.made += 1;
                    *value = Value::String(format!("made-{}", self.made));
                }
                _ => {}
            }
        }
        let data = there.map(|item| item.data).unwrap_or_else(|| {
            self.made += 1;
            self.made
        });
        let mut hidden = hidden;
        if let Some(there) = there {
            for (name, value) in &there.hidden {
                hidden.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        Item { object: rebuilt(object, &members), data, hidden }
    }

    fn change(&mut self, change: &Change) -> Result<(), ActuatorError> {
        let address = &change.address;
        let there = self.items.get(address).cloned();
        let wanted = || change.after.as_ref().ok_or_else(|| refused("it is not said what is to be there"));
        for address in touched(change) {
            self.theirs.remove(&address);
        }
        match change.action {
            ActionKind::Create => {
                if there.is_some() && change.deposes.is_none() {
                    return Err(refused("there is an object already"));
                }
                let wanted = wanted()?;
                let item = self.made(address, wanted, None);
                if let (Some(there), Some(aside)) = (there, aside(change)) {
                    self.place(&aside, there);
                }
                self.items.insert(address.clone(), item);
            }
            ActionKind::Update => {
                let there = there.ok_or_else(|| refused("there is no object"))?;
                let item = self.made(address, wanted()?, Some(&there));
                if let Some(name) = self.kind_of(address).one_way.iter().find(|name| is_lower(&item, &there, name)) {
                    return Err(refused(&format!("{name} only goes up")));
                }
                self.items.insert(address.clone(), item);
            }
            ActionKind::Delete => {
                if there.is_none() && change.restores.is_none() {
                    return Err(refused("there is no object"));
                }
                self.items.remove(address);
                if let Some(aside) = aside(change) {
                    let back = self.items.remove(&aside).ok_or_else(|| refused("nothing was put aside"))?;
                    self.place(address, back);
                }
            }
            ActionKind::Adopt => {
                let item = self.made(address, wanted()?, there.as_ref());
                self.items.insert(address.clone(), item);
            }
            ActionKind::Forget => {
                self.items.remove(address).ok_or_else(|| refused("there is no object"))?;
            }
            ActionKind::Move => {
                let to = change.moves_to.as_ref().ok_or_else(|| refused("it is not said where to"))?;
                if self.items.contains_key(to) {
                    return Err(refused("there is an object already"));
                }
                let item = self.items.remove(address).ok_or_else(|| refused("there is no object"))?;
                self.place(to, item);
            }
            ActionKind::Replace => return Err(refused("a replacement is two changes")),
        }
        Ok(())
    }

    fn place(&mut self, address: &ObjectAddress, mut item: Item) {
        item.object.address = address.clone();
        self.items.insert(address.clone(), item);
    }

    /// Does a part of a change: what is left is neither what was there nor what was to be.
    fn change_partly(&mut self, change: &Change) {
        let there = self.items.get(&change.address).cloned();
        match change.action {
            ActionKind::Delete | ActionKind::Forget => {}
            ActionKind::Move => {
                if let (Some(item), Some(to)) = (there, &change.moves_to) {
                    self.place(to, item);
                }
                return;
            }
            _ => {
                if self.change(change).is_err() {
                    return;
                }
            }
        }
        self.scribble(&change.address, "half");
    }

    fn meddle(&mut self, address: &ObjectAddress, how: Meddling) {
        if how == Meddling::Destroy && self.items.contains_key(address) {
            self.items.remove(address);
        } else if self.items.contains_key(address) {
            self.scribble(address, "theirs");
        } else {
            let members = Members::from([("name".to_owned(), Value::String(format!("theirs-{}", self.made)))]);
            let object = rebuilt(ResourceObject::bare(address.clone(), PROVIDER), &members);
            self.made += 1;
            self.items.insert(address.clone(), Item { object, data: self.made, hidden: Members::new() });
            self.foreign.insert(address.clone());
        }
        self.clock += 1;
        let records = self.records.clone().map_or(0, |records| records());
        self.meddled.insert(address.clone());
        // Of what happens between a change and the next read nobody can tell who did it.
        if !self.busy.contains(address) {
            self.theirs.insert(address.clone(), (self.clock, records));
            // What he made himself and took away again is as if he had not been there.
            let is_as_if_never = how == Meddling::Destroy && self.foreign.contains(address);
            if is_as_if_never && !self.items.contains_key(address) {
                self.theirs.remove(address);
                self.foreign.remove(address);
            }
        }
    }

    fn scribble(&mut self, address: &ObjectAddress, word: &str) {
        self.made += 1;
        let made = self.made;
        if let Some(item) = self.items.get_mut(address)
            && let Value::Object(mut members) = item.object.value()
        {
            members.insert("name".to_owned(), Value::String(format!("{word}-{made}")));
            item.object = rebuilt(item.object.clone(), &members);
        }
    }
}

fn rebuilt(object: ResourceObject, members: &Members) -> ResourceObject {
    let kept = object.clone();
    object.with_value(members).unwrap_or(kept)
}

fn is_lower(new: &Item, old: &Item, name: &str) -> bool {
    let number = |item: &Item| match item.object.value() {
        Value::Object(members) => match members.get(name) {
            Some(Value::Number(number)) => number.as_str().parse::<f64>().ok(),
            _ => None,
        },
        _ => None,
    };
    matches!((number(new), number(old)), (Some(new), Some(old)) if new < old)
}
