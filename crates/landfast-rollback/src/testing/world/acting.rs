//! How a change comes about in the memory world, and how it goes wrong.

use std::collections::VecDeque;
use std::time::Duration;

use landfast_state::address::ObjectAddress;

use super::{ActFault, Deed, Meddling, MemoryWorld};
use crate::actuator::{ActuatorError, ActuatorFailure, Change};
use crate::testing::Stage;

impl MemoryWorld {
    pub(super) async fn act_on(&self, change: &Change) -> Result<(), ActuatorError> {
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

pub(super) fn aside(change: &Change) -> Option<ObjectAddress> {
    let key = change.deposes.as_ref().or(change.restores.as_ref())?;
    Some(ObjectAddress { instance: change.address.instance.clone(), deposed: Some(key.clone()) })
}

/// Every address that a change touches.
pub(super) fn touched(change: &Change) -> Vec<ObjectAddress> {
    let mut addresses = vec![change.address.clone()];
    addresses.extend(change.moves_to.clone());
    addresses.extend(aside(change));
    addresses
}
