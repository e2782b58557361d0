//! Time, chance and the order of everything that waits, all from one seed.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, SystemTime};

use crate::actuator::PortFuture;
use crate::ports::Clock;

/// Where the simulated time begins: 2026-01-01T00:00:00Z.
const BEGINNING: Duration = Duration::from_secs(1_767_225_600);

/// Runs one future in simulated time. Whatever waits on the stage goes on in an order that comes from its seed, and time
/// passes only when everything waits for it, so a run is repeated by its seed alone.
///
/// It is a [`Clock`], and copies are the same stage.
#[derive(Clone)]
pub struct Stage(Arc<Mutex<Inner>>);

struct Inner {
    random: fastrand::Rng,
    passed: Duration,
    tickets: u64,
    turns: Vec<(u64, Waker)>,
    timers: Vec<(Duration, u64, Waker)>,
    points: u64,
    power_off_at: Option<u64>,
    is_off: bool,
    trace: Option<String>,
}

/// How a run on a [`Stage`] ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Curtain<T> {
    /// The future was ready with this.
    Done(T),
    /// The process died, see [`Stage::power_off`].
    Died,
    /// Everything waits for something that never comes.
    Stuck,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Stage {
    /// A stage on which everything comes from this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            random: fastrand::Rng::with_seed(seed),
            passed: Duration::ZERO,
            tickets: 0,
            turns: Vec::new(),
            timers: Vec::new(),
            points: 0,
            power_off_at: None,
            is_off: false,
            trace: None,
        })))
    }

    /// The same stage, which from now on writes down what happens.
    #[must_use]
    pub fn traced(self) -> Self {
        self.inner().trace = Some(String::new());
        self
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A random number below `end`; 0 where `end` is.
    pub fn below(&self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.inner().random.u64(..end) }
    }

    /// Whether something happens that happens so many times in a thousand.
    pub fn chance(&self, per_mille: u64) -> bool {
        per_mille > 0 && self.below(1000) < per_mille
    }

    /// How much time has passed.
    #[must_use]
    pub fn passed(&self) -> Duration {
        self.inner().passed
    }

    /// How many [points](Stage::point) were passed.
    #[must_use]
    pub fn points(&self) -> u64 {
        self.inner().points
    }

    /// The process dies at the point with this number.
    pub fn power_off_at(&self, point: Option<u64>) {
        self.inner().power_off_at = point;
    }

    /// The process dies now: what runs is dropped as soon as it waits.
    pub fn power_off(&self) {
        self.inner().is_off = true;
    }

    /// Another process begins, after this one's end.
    pub fn power_on(&self) {
        let mut inner = self.inner();
        inner.is_off = false;
        inner.power_off_at = None;
        inner.turns.clear();
        inner.timers.clear();
    }

    /// Writes a line into the trace, where there is one.
    pub fn note(&self, line: impl FnOnce() -> String) {
        let mut inner = self.inner();
        let passed = inner.passed;
        if let Some(trace) = &mut inner.trace {
            trace.push_str(&format!("{:>9.3} {}\n", passed.as_secs_f64(), line()));
        }
    }

    /// The trace so far.
    #[must_use]
    pub fn trace(&self) -> String {
        self.inner().trace.clone().unwrap_or_default()
    }

    /// A moment at which others may come first, and at which the process may die. Every port of the memory world passes one
    /// before and one after what it does.
    pub async fn point(&self) {
        Turn { stage: self, ticket: None }.await;
        let dies = {
            let mut inner = self.inner();
            inner.points += 1;
            let dies = inner.power_off_at.is_some_and(|at| inner.points >= at);
            inner.is_off |= dies;
            dies
        };
        if dies {
            self.note(|| "the process dies".to_owned());
            std::future::pending::<()>().await;
        }
    }

    /// Waits forever.
    pub async fn never(&self) {
        std::future::pending::<()>().await;
    }

    /// Runs a future to its end, or to that of the process.
    pub fn run<T>(&self, future: impl Future<Output = T>) -> Curtain<T> {
        let mut future = std::pin::pin!(future);
        let woken = Arc::new(Woken(AtomicBool::new(false)));
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        loop {
            let polled = future.as_mut().poll(&mut context);
            if self.inner().is_off {
                return Curtain::Died;
            }
            if let Poll::Ready(ended) = polled {
                return Curtain::Done(ended);
            }
            if woken.0.swap(false, Ordering::SeqCst) {
                continue;
            }
            let Some(next) = self.next() else { return Curtain::Stuck };
            next.wake();
        }
    }

    /// Who goes on next: one of those whose turn it may be, and where there are none, time passes for one that sleeps.
    fn next(&self) -> Option<Waker> {
        let mut inner = self.inner();
        if !inner.turns.is_empty() {
            let count = inner.turns.len();
            let chosen = inner.random.usize(..count);
            return Some(inner.turns.swap_remove(chosen).1);
        }
        let first = inner.timers.iter().map(|(at, ..)| *at).min()?;
        let due: Vec<usize> =
            inner.timers.iter().enumerate().filter(|(_, (at, ..))| *at == first).map(|(place, _)| place).collect();
        let chosen = inner.random.usize(..due.len());
        inner.passed = inner.passed.max(first);
        due.get(chosen).map(|place| inner.timers.swap_remove(*place).2)
    }
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stage(after {:?})", self.passed())
    }
}

impl Clock for Stage {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + BEGINNING + self.passed()
    }

    fn sleep<'a>(&'a self, duration: Duration) -> PortFuture<'a, ()> {
        Box::pin(Sleep { stage: self, until: self.passed().saturating_add(duration), ticket: None })
    }
}

struct Turn<'s> {
    stage: &'s Stage,
    ticket: Option<u64>,
}

impl Future for Turn<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.stage.inner();
        let Some(ticket) = self.ticket else {
            inner.tickets += 1;
            let ticket = inner.tickets;
            inner.turns.push((ticket, context.waker().clone()));
            drop(inner);
            self.ticket = Some(ticket);
            return Poll::Pending;
        };
        match inner.turns.iter_mut().find(|(other, _)| *other == ticket) {
            Some((_, waker)) => {
                waker.clone_from(context.waker());
                Poll::Pending
            }
            None => Poll::Ready(()),
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.stage.inner().turns.retain(|(other, _)| *other != ticket);
        }
    }
}

struct Sleep<'s> {
    stage: &'s Stage,
    until: Duration,
    ticket: Option<u64>,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.stage.inner();
        if inner.passed >= self.until {
            return Poll::Ready(());
        }
        match self.ticket.and_then(|ticket| inner.timers.iter_mut().find(|(_, other, _)| *other == ticket)) {
            Some((.., waker)) => waker.clone_from(context.waker()),
            None => {
                inner.tickets += 1;
                let ticket = inner.tickets;
                inner.timers.push((self.until, ticket, context.waker().clone()));
                drop(inner);
                self.ticket = Some(ticket);
            }
        }
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.stage.inner().timers.retain(|(_, other, _)| *other != ticket);
        }
    }
}

/// The time of day on a stage when so much time has passed.
pub(super) fn at(passed: Duration) -> SystemTime {
    SystemTime::UNIX_EPOCH + BEGINNING + passed
}
