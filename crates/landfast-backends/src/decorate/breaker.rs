//! Leaving a store alone that does not answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::around::{Around, Call, Measured, Op, wrap};
use crate::error::{ErrorClass, StoreError};
use crate::store::{StateStore, StoreFuture};

/// When a circuit breaker opens, and for how long.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BreakerOptions {
    /// How many transient failures in a row open it. Zero counts as one. Default: 5.
    pub failures: u32,
    /// How long it stays open before one call is let through to see. Default: 30 s.
    pub pause: Duration,
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self { failures: 5, pause: Duration::from_secs(30) }
    }
}

/// Whether calls are let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BreakerState {
    /// All of them.
    Closed,
    /// None: the store failed too often in a row.
    Open,
    /// One, to see whether the store answers again.
    HalfOpen,
}

/// Refuses calls, as transient failures, after several of them failed in a row, and tries again later with one.
///
/// Only [`ErrorClass::Transient`] counts as a failure: a store that refuses does answer. Giving a lock back is never refused,
/// since the lock would stay.
#[derive(Debug, Clone)]
pub struct CircuitBreaker(Arc<Breaker>);

impl CircuitBreaker {
    /// A breaker that is closed.
    #[must_use]
    pub fn new(options: BreakerOptions) -> Self {
        Self(Arc::new(Breaker { options, circuit: Mutex::new(Circuit::Closed { failures: 0 }) }))
    }

    /// The store with this breaker around it.
    #[must_use]
    pub fn around(&self, store: Arc<dyn StateStore>) -> Arc<dyn StateStore> {
        wrap(&self.0, store)
    }

    /// Whether calls are let through now.
    #[must_use]
    pub fn state(&self) -> BreakerState {
        match *self.0.circuit() {
            Circuit::Closed { .. } => BreakerState::Closed,
            Circuit::Open { until } if Instant::now() < until => BreakerState::Open,
            Circuit::Open { .. } | Circuit::Trying => BreakerState::HalfOpen,
        }
    }
}

#[derive(Debug)]
struct Breaker {
    options: BreakerOptions,
    circuit: Mutex<Circuit>,
}

#[derive(Debug, Clone, Copy)]
enum Circuit {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
    },
    /// One call is under way.
    Trying,
}

impl Breaker {
    fn circuit(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a call through, or does not.
    fn enter(&self, place: &str) -> Result<Entry<'_>, StoreError> {
        let mut circuit = self.circuit();
        let refused = |why: String| {
            let message = format!("the store failed {} times in a row and is {why}", self.options.failures.max(1));
            Err(StoreError::new(ErrorClass::Transient, place, message))
        };
        match *circuit {
            Circuit::Closed { .. } => Ok(Entry { breaker: self, tries: None }),
            Circuit::Trying => refused("being tried by another call".to_owned()),
            Circuit::Open { until } => {
                let now = Instant::now();
                if now < until {
                    return refused(format!("left alone for {} s more", (until - now).as_secs() + 1));
                }
                *circuit = Circuit::Trying;
                Ok(Entry { breaker: self, tries: Some(until) })
            }
        }
    }

    fn leave<T>(&self, answer: &Result<T, StoreError>) {
        let failed = answer.as_ref().is_err_and(|error| error.class == ErrorClass::Transient);
        let mut circuit = self.circuit();
        *circuit = match *circuit {
            _ if !failed => Circuit::Closed { failures: 0 },
            Circuit::Closed { failures } if failures + 1 < self.options.failures.max(1) => {
                Circuit::Closed { failures: failures + 1 }
            }
            // A call that began before it opened does not prolong the pause.
            open @ Circuit::Open { .. } => open,
            Circuit::Closed { .. } | Circuit::Trying => Circuit::Open { until: Instant::now() + self.options.pause },
        };
    }
}

/// A call that was let through. One that is given up says nothing about the store.
struct Entry<'a> {
    breaker: &'a Breaker,
    /// Where it is the one that tries: since when it was possible.
    tries: Option<Instant>,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        let mut circuit = self.breaker.circuit();
        if let (Some(until), Circuit::Trying) = (self.tries, *circuit) {
            *circuit = Circuit::Open { until };
        }
    }
}

impl Around for Breaker {
    fn call<'a, T: Measured + 'a>(&'a self, call: Call, work: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        Box::pin(async move {
            if call.op == Op::Release {
                return work.await;
            }
            let _entry = self.enter(&call.place)?;
            let answer = work.await;
            self.leave(&answer);
            answer
        })
    }
}
