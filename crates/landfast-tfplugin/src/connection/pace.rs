//! Who waits for what over a connection, and how long it may be left alone meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// The longest that what has come may wait.
const LONGEST: Duration = Duration::from_millis(50);

/// Below this, timers cost more than they save.
const SHORTEST: Duration = Duration::from_millis(2);

/// What part of the time that a read takes its answer may wait. Where a service works at its limit that slows nothing down, since other reads
/// wait for it in the meantime.
const PART: u64 = 4;

/// Where fewer reads go on, there is little to look at together.
const FEW: usize = 4;

/// How many of the last reads the mean of their times is about.
const LAST: u64 = 16;

/// What is waited for.
#[derive(Debug, Default)]
pub(super) struct Pace {
    reads: AtomicUsize,
    others: AtomicUsize,
    /// What a read takes on the average, in microseconds.
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
    /// Is answered at once, or stands alone.
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
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(count) = self.count() {
            count.fetch_sub(1, Relaxed);
        }
        if self.call == Call::Read {
            let took = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
            let mean = match self.pace.took.load(Relaxed) {
                0 => took,
                mean => (mean.saturating_mul(LAST - 1).saturating_add(took)) / LAST,
            };
            self.pace.took.store(mean, Relaxed);
        }
    }
}
