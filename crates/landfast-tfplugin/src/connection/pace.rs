//! Who waits for what over a connection, and how long it may be left alone meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

/// The longest that what has come may wait.
const LONGEST: Duration = Duration::from_millis(50);

/// Below this, timers cost more than they save.
const SHORTEST: Duration = Duration::from_millis(2);

/// What part of the time that a read takes its answer may wait. Where a service works at its limit that slows nothing down, since other reads
/// wait for it in the meantime.
const PART: u64 = 4;

/// Where fewer reads go on, there is little to look at together.
const FEW: usize = 4;

/// The weight of the mean of what reads took before, where that of one more is 1.
const BEFORE: u64 = 15;

/// What is waited for.
#[derive(Debug, Default)]
pub(super) struct Pace {
    reads: AtomicUsize,
    others: AtomicUsize,
    /// What a read takes on the average, in microseconds, until what came of it is looked at.
    took: AtomicU64,
}

/// A call that waits for its answer.
#[derive(Debug)]
pub(super) struct Waiting {
    pace: Arc<Pace>,
    call: Call,
    begun: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    /// Looks something up in a service.
    Read,
    /// Is answered at once, or seldom made.
    Other,
    /// Lasts as long as the connection.
    Stream,
}

impl Call {
    fn of(path: &str) -> Self {
        match path.rsplit_once('/') {
            Some((_, "ReadResource")) => Self::Read,
            Some((_, "StreamStdio")) => Self::Stream,
            _ => Self::Other,
        }
    }
}

impl Pace {
    /// Where reads have taken this long.
    #[cfg(test)]
    pub(super) fn of_reads(took: Duration) -> Self {
        Self { took: AtomicU64::new(took.as_micros() as u64), ..Self::default() }
    }

    /// A call begins: the one of this path.
    pub(super) fn begin(self: &Arc<Self>, path: &str) -> Waiting {
        let waiting = Waiting { pace: Arc::clone(self), call: Call::of(path), begun: Instant::now() };
        if let Some(count) = waiting.count() {
            count.fetch_add(1, Relaxed);
        }
        waiting
    }

    /// How long the connection may be left alone now: not where anybody waits for more than reads.
    pub(super) fn rest(&self) -> Option<Duration> {
        if self.others.load(Relaxed) > 0 || self.reads.load(Relaxed) < FEW {
            return None;
        }
        let rest = Duration::from_micros(self.took.load(Relaxed) / PART).min(LONGEST);
        (rest >= SHORTEST).then_some(rest)
    }
}

impl Waiting {
    fn count(&self) -> Option<&AtomicUsize> {
        match self.call {
            Call::Read => Some(&self.pace.reads),
            Call::Other => Some(&self.pace.others),
            Call::Stream => None,
        }
    }

    /// The answer begins to come.
    pub(super) fn answered(&self) {
        if self.call == Call::Read {
            let took = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
            let mean = match self.pace.took.load(Relaxed) {
                0 => took,
                mean => mean.saturating_mul(BEFORE).saturating_add(took) / (BEFORE + 1),
            };
            self.pace.took.store(mean, Relaxed);
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(count) = self.count() {
            count.fetch_sub(1, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: &str = "/tfplugin5.Provider/ReadResource";

    #[test]
    fn a_connection_rests_while_reads_alone_wait_that_take_their_time() {
        let pace = Arc::new(Pace::of_reads(Duration::from_millis(100)));
        let mut reads: Vec<_> = (0..FEW).map(|_| pace.begin(READ)).collect();
        assert_eq!(pace.rest(), Some(Duration::from_millis(25)));
        let other = pace.begin("/tfplugin5.Provider/UpgradeResourceState");
        assert_eq!(pace.rest(), None);
        drop(other);
        let _stream = pace.begin("/plugin.GRPCStdio/StreamStdio");
        assert!(pace.rest().is_some());
        reads.pop();
        assert_eq!(pace.rest(), None);
        reads.push(pace.begin(READ));
        assert!(pace.rest().is_some());
    }

    #[test]
    fn the_time_that_reads_take_is_learnt_of_those_that_were_answered() {
        let rest = |took| {
            let pace = Arc::new(Pace::of_reads(took));
            let reads: Vec<_> = (0..FEW).map(|_| pace.begin(READ)).collect();
            (pace.rest(), pace, reads)
        };
        assert_eq!(rest(Duration::ZERO).0, None);
        assert_eq!(rest(Duration::from_millis(4)).0, None);
        assert_eq!(rest(Duration::from_secs(600)).0, Some(LONGEST));
        let (before, pace, mut reads) = rest(Duration::from_millis(100));
        reads.push(pace.begin(READ));
        drop(reads.pop());
        assert_eq!(pace.rest(), before);
        // Answered at once.
        reads.push(pace.begin(READ));
        reads[FEW].answered();
        assert!(pace.rest() < before && pace.rest() > Some(Duration::from_millis(22)), "{:?}", pace.rest());
    }
}
