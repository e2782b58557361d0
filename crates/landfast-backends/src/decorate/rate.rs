//! Limiting how often a store is asked.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::around::{Around, Call, Measured, wrap};
use crate::store::{StateStore, StoreFuture};

/// How often a store may be asked.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RateLimitOptions {
    /// Calls in a second, on the average. Zero counts as one. Default: 20.
    pub per_second: u32,
    /// How many calls may come at once before the first one waits. Default: 20.
    pub burst: u32,
}

impl Default for RateLimitOptions {
    fn default() -> Self {
        Self { per_second: 20, burst: 20 }
    }
}

/// Lets calls wait until the rate allows them; none is refused. It counts calls, of which one may be several requests.
#[derive(Debug, Clone)]
pub struct RateLimit(Arc<Limiter>);

impl RateLimit {
    /// A limit, with nothing used up.
    #[must_use]
    pub fn new(options: &RateLimitOptions) -> Self {
        let interval = Duration::from_secs(1) / options.per_second.max(1);
        Self(Arc::new(Limiter { interval, slack: interval * options.burst.saturating_sub(1), next: Mutex::new(None) }))
    }

    /// The store with this limit around it.
    #[must_use]
    pub fn around(&self, store: Arc<dyn StateStore>) -> Arc<dyn StateStore> {
        wrap(&self.0, store)
    }
}

/// The generic cell rate algorithm: calls have places in a row, `interval` apart, and may come `slack` too early.
#[derive(Debug)]
struct Limiter {
    interval: Duration,
    slack: Duration,
    /// The place of the next call; `None` before the first one.
    next: Mutex<Option<Instant>>,
}

impl Limiter {
    /// When a call may begin that comes now.
    fn take_place(&self) -> Instant {
        let now = Instant::now();
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let place = next.unwrap_or(now).max(now);
        *next = Some(place + self.interval);
        place.checked_sub(self.slack).unwrap_or(now)
    }
}

impl Around for Limiter {
    fn call<'a, T: Measured + 'a>(&'a self, _: Call, work: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        Box::pin(async move {
            tokio::time::sleep_until(self.take_place()).await;
            work.await
        })
    }
}
