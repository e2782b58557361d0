//! Leaving alone what fails throughout.

use tokio::time::Instant;

use super::options::BreakerOptions;

/// Whether reads are let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CircuitState {
    /// All of them.
    Closed,
    /// None, for a while.
    Open,
    /// One, to see whether there is an answer again.
    Trying,
    /// None any more: too many trials failed.
    GivenUp,
}

impl CircuitState {
    /// A stable name for files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::Trying => "trying",
            Self::GivenUp => "given-up",
        }
    }
}

/// Counts failures in a row.
#[derive(Debug)]
pub(super) struct Breaker {
    options: BreakerOptions,
    circuit: Circuit,
    opened: u64,
}

#[derive(Debug, Clone, Copy)]
enum Circuit {
    Closed { failures: u32 },
    Open { until: Instant, failed_trials: u32 },
    Trying { read: u64, failed_trials: u32 },
    GivenUp,
}

/// What a breaker says about the next read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passage {
    Free,
    At(Instant),
    /// When the trial has ended.
    Later,
}

impl Breaker {
    pub(super) fn new(options: BreakerOptions) -> Self {
        Self { options, circuit: Circuit::Closed { failures: 0 }, opened: 0 }
    }

    /// How often it opened.
    pub(super) fn opened(&self) -> u64 {
        self.opened
    }

    /// Whether it lets nothing through, or one read only.
    pub(super) fn is_open(&self) -> bool {
        !matches!(self.circuit, Circuit::Closed { .. })
    }

    pub(super) fn passage(&self, now: Instant) -> Passage {
        match self.circuit {
            Circuit::Closed { .. } => Passage::Free,
            Circuit::Open { until, .. } if now < until => Passage::At(until),
            Circuit::Open { .. } => Passage::Free,
            Circuit::Trying { .. } | Circuit::GivenUp => Passage::Later,
        }
    }

    /// A read begins, with this number.
    pub(super) fn begin(&mut self, read: u64) -> Option<CircuitState> {
        let Circuit::Open { failed_trials, .. } = self.circuit else { return None };
        self.circuit = Circuit::Trying { read, failed_trials };
        Some(CircuitState::Trying)
    }

    /// A read had an answer.
    pub(super) fn answered(&mut self) -> Option<CircuitState> {
        let was = std::mem::replace(&mut self.circuit, Circuit::Closed { failures: 0 });
        match was {
            Circuit::Closed { .. } => None,
            Circuit::GivenUp => {
                self.circuit = was;
                None
            }
            Circuit::Open { .. } | Circuit::Trying { .. } => Some(CircuitState::Closed),
        }
    }

    /// A read had none.
    pub(super) fn failed(&mut self, read: u64, now: Instant) -> Option<CircuitState> {
        let until = now + self.options.pause;
        let (next, told) = match self.circuit {
            Circuit::Closed { failures } if failures + 1 < self.options.failures.max(1) => {
                (Circuit::Closed { failures: failures + 1 }, None)
            }
            Circuit::Closed { .. } => {
                self.opened += 1;
                (Circuit::Open { until, failed_trials: 0 }, Some(CircuitState::Open))
            }
            Circuit::Trying { read: trial, failed_trials } if trial == read => {
                if failed_trials + 1 >= self.options.trials.max(1) {
                    (Circuit::GivenUp, Some(CircuitState::GivenUp))
                } else {
                    (Circuit::Open { until, failed_trials: failed_trials + 1 }, Some(CircuitState::Open))
                }
            }
            // What began before it opened does not prolong the pause.
            same => (same, None),
        };
        self.circuit = next;
        told
    }

    /// A read that had begun said nothing: a trial is tried again.
    pub(super) fn abandoned(&mut self, read: u64, now: Instant) {
        if let Circuit::Trying { read: trial, failed_trials } = self.circuit
            && trial == read
        {
            self.circuit = Circuit::Open { until: now, failed_trials };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_breaker_opens_tries_and_closes_or_gives_up() {
        let options = BreakerOptions { failures: 3, pause: Duration::from_secs(10), trials: 2 };
        let now = Instant::now();
        let later = now + Duration::from_secs(10);
        let mut breaker = Breaker::new(options);
        assert_eq!([breaker.failed(1, now), breaker.failed(2, now)], [None, None]);
        assert_eq!(breaker.answered(), None);
        assert_eq!([breaker.failed(3, now), breaker.failed(4, now)], [None, None]);
        assert_eq!(breaker.failed(5, now), Some(CircuitState::Open));
        assert_eq!(breaker.failed(6, later), None);
        assert_eq!((breaker.passage(now), breaker.passage(later)), (Passage::At(later), Passage::Free));
        assert_eq!(breaker.begin(7), Some(CircuitState::Trying));
        assert_eq!(breaker.passage(later), Passage::Later);
        assert_eq!(breaker.failed(6, later), None);
        breaker.abandoned(7, later);
        assert_eq!((breaker.passage(later), breaker.begin(8)), (Passage::Free, Some(CircuitState::Trying)));
        assert_eq!(breaker.answered(), Some(CircuitState::Closed));
        assert_eq!((breaker.passage(now), breaker.opened()), (Passage::Free, 1));
        for read in 0..3 {
            breaker.failed(read, now);
        }
        breaker.begin(10);
        assert_eq!(breaker.failed(10, later), Some(CircuitState::Open));
        breaker.begin(11);
        assert_eq!(breaker.failed(11, later), Some(CircuitState::GivenUp));
        assert_eq!((breaker.answered(), breaker.passage(later)), (None, Passage::Later));
    }
}
