//! A token bucket whose rate falls when the other side says that it is too much, and comes back.

use std::time::Duration;

use tokio::time::Instant;

use super::options::MIN_RATE;

/// How much of the rate is left after a throttled read.
const DECREASE: f64 = 0.5;

/// The part of the ceiling that is always left, and what is enough in any case, in reads a second.
const FLOOR: f64 = 1.0 / 200.0;
const ENOUGH: f64 = 0.5;

/// What falls short of a token because of rounding.
const ROUNDING: f64 = 1e-6;

/// Tokens come in at a rate, and each read takes one. The rate is halved, from what was really used, when a read is throttled, and
/// grows back in even steps of time.
#[derive(Debug)]
pub(super) struct Limiter {
    /// Reads in a second when all is well.
    ceiling: f64,
    /// The most tokens.
    burst: f64,
    /// How long from nothing to the ceiling, or to twice what was used where that is less.
    recovery: Duration,
    tokens: f64,
    /// When the tokens were counted.
    at: Instant,
    slowed: Option<Slowed>,
    /// Reads that began of late: each counts less the longer ago it was.
    recent: f64,
    recent_at: Instant,
    /// The most that there was of them when reads were throttled.
    used_most: f64,
    lowest: f64,
}

#[derive(Debug, Clone, Copy)]
struct Slowed {
    rate: f64,
    /// By how much it grows, per second and second.
    growth: f64,
    at: Instant,
}

impl Limiter {
    pub(super) fn new(per_second: f64, burst: u32, recovery: Duration, now: Instant) -> Self {
        let burst = f64::from(burst.max(1));
        Self {
            ceiling: per_second.max(MIN_RATE),
            burst,
            recovery,
            tokens: burst,
            at: now,
            slowed: None,
            recent: 0.0,
            recent_at: now,
            used_most: 1.0,
            lowest: per_second.max(MIN_RATE),
        }
    }

    /// Reads in a second, now.
    pub(super) fn rate(&self, now: Instant) -> f64 {
        match self.slowed {
            None => self.ceiling,
            Some(slowed) => (slowed.rate + slowed.growth * (now - slowed.at).as_secs_f64()).min(self.ceiling),
        }
    }

    /// The lowest rate that there has been; `None` where it was never lowered.
    pub(super) fn lowest(&self) -> Option<f64> {
        self.slowed.map(|_| self.lowest)
    }

    fn refill(&mut self, now: Instant) {
        let passed = (now - self.at).as_secs_f64();
        let average = f64::midpoint(self.rate(self.at), self.rate(now));
        // Who was told that it is too much does not come in bursts.
        let most = if self.rate(now) < self.ceiling { 1.0 } else { self.burst };
        self.tokens = (self.tokens + passed * average).min(most);
        self.at = now;
    }

    /// When the next read may begin, if not now.
    pub(super) fn ready_at(&mut self, now: Instant) -> Option<Instant> {
        self.refill(now);
        let short = 1.0 - self.tokens;
        if short <= ROUNDING {
            return None;
        }
        Some(now + Duration::from_secs_f64((short / self.rate(now)).min(3600.0)))
    }

    /// A read begins.
    pub(super) fn take(&mut self, now: Instant) {
        self.refill(now);
        self.tokens -= 1.0;
        self.recent = self.recent(now) + 1.0;
        self.recent_at = now;
    }

    /// About how many reads began within the last second.
    fn recent(&self, now: Instant) -> f64 {
        self.recent * (-(now - self.recent_at).as_secs_f64()).exp()
    }

    /// A read was throttled that began at `started`: the new rate, unless that was already heeded.
    pub(super) fn throttled(&mut self, started: Instant, now: Instant) -> Option<f64> {
        if self.slowed.is_some_and(|slowed| started <= slowed.at) {
            return None;
        }
        self.refill(now);
        // A limit that is far above what was used would take many halvings to say anything.
        let used = self.rate(now).min(self.recent(now).max(1.0));
        let floor = (self.ceiling * FLOOR).clamp(MIN_RATE, ENOUGH);
        let rate = (used * DECREASE).max(floor).min(self.ceiling);
        self.used_most = self.used_most.max(used);
        let growth = self.ceiling.min(self.used_most * 2.0) / self.recovery.as_secs_f64().max(0.001);
        self.slowed = Some(Slowed { rate, growth, at: now });
        self.tokens = self.tokens.min(0.0);
        self.lowest = self.lowest.min(rate);
        Some(rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes a token as soon as there is one, for so many seconds: how many.
    fn taken(limiter: &mut Limiter, from: Instant, seconds: u64) -> usize {
        let (mut now, end) = (from, from + Duration::from_secs(seconds));
        let mut count = 0;
        loop {
            match limiter.ready_at(now) {
                None => {
                    limiter.take(now);
                    count += 1;
                }
                Some(at) => now = at.max(now + Duration::from_nanos(1)),
            }
            if now >= end {
                return count;
            }
        }
    }

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let now = Instant::now();
        let count = taken(&mut Limiter::new(50.0, 10, Duration::from_secs(30), now), now, 10);
        assert!((509..=511).contains(&count), "{count}");
        // A pause saves up no more than a burst.
        let mut limiter = Limiter::new(50.0, 10, Duration::from_secs(30), now);
        let count = taken(&mut limiter, now + Duration::from_secs(100), 10);
        assert!((509..=511).contains(&count), "{count}");
    }

    #[test]
    fn throttling_lowers_the_rate_once_for_what_was_under_way_and_it_comes_back() {
        let now = Instant::now();
        let mut limiter = Limiter::new(100.0, 20, Duration::from_secs(10), now);
        let seconds = |count: u64| now + Duration::from_secs(count);
        taken(&mut limiter, now, 5);
        let first = limiter.throttled(seconds(4), seconds(5)).unwrap();
        assert!((45.0..=50.0).contains(&first), "{first}");
        // These were under way at that time.
        assert_eq!(limiter.throttled(seconds(4), seconds(5)), None);
        assert_eq!(limiter.throttled(seconds(5), seconds(6)), None);
        // This one began after it.
        let second = limiter.throttled(seconds(5) + Duration::from_millis(1), seconds(6)).unwrap();
        assert!(second < first);
        assert_eq!(limiter.lowest(), Some(second));
        assert!(limiter.rate(seconds(8)) > second + 10.0);
        assert_eq!(limiter.rate(seconds(20)), 100.0);
        // It never stands still.
        let mut at = seconds(25);
        for _ in 0..50 {
            at += Duration::from_millis(1);
            limiter.throttled(at, at);
        }
        assert!(limiter.rate(at) >= 0.5);
    }
}
