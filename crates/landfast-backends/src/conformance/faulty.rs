//! A store that fails when it is told to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::decorate::Op;
use crate::decorate::{Around, Call, Measured, wrap};
use crate::{ErrorClass, StateStore, StoreError, StoreFuture};

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done, and the error says so.
    Refused(ErrorClass),
    /// Nothing is done, and the answer is lost: the outcome is unknown.
    LostOnTheWay,
    /// It is done, and the answer is lost: the outcome is unknown.
    AnswerLost,
}

/// Fails calls of the stores that it is put around: those that were [told](Self::fail) to, each kind of call counted by itself
/// from one; the others pass.
#[derive(Debug, Clone, Default)]
pub struct Faulty(Arc<Faults>);

#[derive(Debug, Default)]
struct Faults {
    plan: Mutex<Plan>,
}

#[derive(Debug, Default)]
struct Plan {
    faults: BTreeMap<(&'static str, usize), Fault>,
    calls: BTreeMap<&'static str, usize>,
}

impl Faulty {
    /// Fails nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the `nth` call of this kind from now on fail, where 1 is the next one.
    pub fn fail(&self, op: Op, nth: usize, fault: Fault) {
        let mut plan = self.0.plan();
        let calls = plan.calls.get(op.name()).copied().unwrap_or(0);
        plan.faults.insert((op.name(), calls + nth), fault);
    }

    /// How many calls of this kind came.
    #[must_use]
    pub fn calls(&self, op: Op) -> usize {
        self.0.plan().calls.get(op.name()).copied().unwrap_or(0)
    }

    /// The store with these faults around it.
    #[must_use]
    pub fn around(&self, store: Arc<dyn StateStore>) -> Arc<dyn StateStore> {
        wrap(&self.0, store)
    }
}

impl Faults {
    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, op: Op) -> Option<Fault> {
        let mut plan = self.plan();
        let calls = plan.calls.entry(op.name()).or_default();
        *calls += 1;
        let nth = *calls;
        plan.faults.remove(&(op.name(), nth))
    }
}

impl Around for Faults {
    fn call<'a, T: Measured + 'a>(&'a self, call: Call, work: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        Box::pin(async move {
            let lost = || {
                StoreError::new(ErrorClass::Transient, call.place.clone(), "the answer is lost").with_unknown_outcome()
            };
            match self.next(call.op) {
                None => work.await,
                Some(Fault::Refused(class)) => Err(StoreError::new(class, call.place, "refused as told")),
                Some(Fault::LostOnTheWay) => Err(lost()),
                Some(Fault::AnswerLost) => {
                    work.await?;
                    Err(lost())
                }
            }
        })
    }
}
