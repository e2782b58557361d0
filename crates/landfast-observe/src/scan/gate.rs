//! What stands before reads of a provider, or of a type: how many, how fast, and whether at all.

use tokio::time::Instant;

use super::breaker::{Breaker, Passage};
use super::limiter::Limiter;
use super::options::{GateLimits, ScanOptions};

#[derive(Debug)]
pub(super) struct Gate {
    concurrency: usize,
    pub(super) in_flight: usize,
    limiter: Limiter,
    pub(super) breaker: Breaker,
}

/// The rate of what nothing bounds. Throttling lowers it all the same, from what was used.
const UNBOUNDED: f64 = 1_000_000.0;

impl Gate {
    pub(super) fn new(limits: GateLimits, options: &ScanOptions, now: Instant) -> Self {
        let burst = limits.burst.unwrap_or(if limits.per_second.is_some() { 1 } else { u32::MAX });
        let limiter = Limiter::new(limits.per_second.unwrap_or(UNBOUNDED), burst, options.recovery, now);
        Self {
            concurrency: limits.concurrency.unwrap_or(usize::MAX),
            in_flight: 0,
            limiter,
            breaker: Breaker::new(options.breaker),
        }
    }

    /// Whether, or when, a read may begin.
    pub(super) fn passage(&mut self, now: Instant) -> Passage {
        if self.in_flight >= self.concurrency {
            return Passage::Later;
        }
        match self.breaker.passage(now) {
            Passage::Free => {}
            closed => return closed,
        }
        match self.limiter.ready_at(now) {
            Some(at) => Passage::At(at),
            None => Passage::Free,
        }
    }

    /// A read begins.
    pub(super) fn enter(&mut self, now: Instant) {
        self.in_flight += 1;
        self.limiter.take(now);
    }

    /// A read has ended.
    pub(super) fn leave(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// A read was throttled: the new rate.
    pub(super) fn throttled(&mut self, started: Instant, now: Instant) -> Option<f64> {
        self.limiter.throttled(started, now)
    }

    /// The lowest rate that there was, in reads a second; `None` where it was never lowered.
    pub(super) fn lowered_to(&self) -> Option<f64> {
        self.limiter.lowest()
    }
}
