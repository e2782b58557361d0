//! A scan that goes on.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::error::Error;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use landfast_state::ResourceObject;
use tokio::time::{Instant, sleep_until, timeout};

use super::cancel::CancelToken;
use super::driver::ScanError;
use super::ended::Ended;
use super::event::{EventSink, FoundState, ScanEvent, ScanProgress};
use super::lane::{Change, Health, Lane, Next};
use super::options::ScanOptions;
use super::outcome::{NotRead, ScanOutcome, ScanSink, ScannedObject};
use super::reader::{ObjectReader, Unreadable, UnreadableClass};
use super::recorded::{ProviderKey, RecordedObject};
use super::remember::{Remember, Remembered};
use super::summary::{ScanEnd, ScanSummary, Tally};
use super::window::{Open, Reading, Slot, Window};
use crate::observer::Diagnostic;

/// How often progress is told.
const PROGRESS: Duration = Duration::from_millis(100);

/// What woke the scan.
enum Woken {
    /// All that has ended until now.
    Ended(Vec<Ended>),
    Time,
    Cancelled,
}

/// Whether the recorded side has more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    More,
    Over,
}

pub(super) struct Run<'r> {
    reader: &'r dyn ObjectReader,
    pub(super) options: &'r ScanOptions,
    events: &'r EventSink,
    memory: Option<Box<dyn Remember>>,
    pub(super) lanes: Vec<Lane>,
    lane_of: HashMap<ProviderKey, usize>,
    pub(super) window: Window,
    /// Objects that wait before they are tried again.
    pub(super) delayed: BinaryHeap<Reverse<(Instant, u64)>>,
    in_flight: FuturesUnordered<Pin<Box<dyn Future<Output = Ended> + Send + 'r>>>,
    pub(super) random: fastrand::Rng,
    tally: Tally,
    started: Instant,
    progress: ScanProgress,
    told: Option<(Instant, u64)>,
    end: ScanEnd,
}

impl<'r> Run<'r> {
    pub(super) fn new(
        reader: &'r dyn ObjectReader,
        options: &'r ScanOptions,
        events: &'r EventSink,
        total: Option<u64>,
        memory: Option<Box<dyn Remember>>,
    ) -> Self {
        Self {
            reader,
            options,
            events,
            memory,
            lanes: Vec::new(),
            lane_of: HashMap::new(),
            window: Window::new(options.window, options.window_bytes),
            delayed: BinaryHeap::new(),
            in_flight: FuturesUnordered::new(),
            random: fastrand::Rng::with_seed(options.seed),
            tally: Tally::new(&options.filter, options.sample),
            started: Instant::now(),
            progress: ScanProgress { total, ..ScanProgress::default() },
            told: None,
            end: ScanEnd::Complete,
        }
    }

    pub(super) async fn drive(
        mut self,
        mut recorded: impl Iterator<Item = Result<RecordedObject, Box<dyn Error + Send + Sync>>> + Send,
        sink: &mut dyn ScanSink,
        cancel: &CancelToken,
    ) -> Result<ScanSummary, ScanError> {
        self.tell(|| ScanEvent::Started);
        let mut input = Input::More;
        loop {
            if self.end == ScanEnd::Complete && cancel.is_cancelled() {
                self.interrupt();
            }
            if input == Input::More {
                input = self.take_up(&mut recorded, sink)?;
            }
            self.deliver(sink)?;
            self.tell_progress(PROGRESS);
            if input == Input::More && self.window.has_room() {
                // Results from a journal come without any wait: let others have a turn.
                yield_now().await;
                continue;
            }
            if self.window.is_empty() {
                break;
            }
            let wake = self.begin_reads()?;
            if self.in_flight.is_empty() && wake.is_none() {
                // What is left may have been given up at this moment.
                if self.window.open_where(|_| true).is_empty() {
                    continue;
                }
                return Err(ScanError::Stalled { left: self.window.open_where(|_| true).len() });
            }
            match self.wait(wake, cancel).await {
                Woken::Ended(ended) => ended.into_iter().try_for_each(|ended| self.ended(ended))?,
                Woken::Time | Woken::Cancelled => {}
            }
        }
        if let Some(memory) = &mut self.memory {
            memory.finish().map_err(|source| ScanError::Journal { source })?;
        }
        self.tell_progress(Duration::ZERO);
        let summary = self.summary();
        let sum = summary.clone();
        self.events.tell(summary.elapsed, move || ScanEvent::Ended(Box::new(sum)));
        Ok(summary)
    }

    /// Takes objects up while there is room.
    fn take_up(
        &mut self,
        recorded: &mut impl Iterator<Item = Result<RecordedObject, Box<dyn Error + Send + Sync>>>,
        sink: &mut dyn ScanSink,
    ) -> Result<Input, ScanError> {
        while self.window.has_room() {
            let Some(object) = recorded.next() else { return Ok(Input::Over) };
            let object = object.map_err(|source| ScanError::Recorded { source })?;
            match self.options.filter.refuses(&object) {
                None => self.take(object)?,
                Some(why) => {
                    self.tally.leave_out(&object, why);
                    if object.is_current() {
                        sink.left_out(object).map_err(|source| ScanError::Sink { source })?;
                    }
                }
            }
        }
        Ok(Input::More)
    }

    fn take(&mut self, object: RecordedObject) -> Result<(), ScanError> {
        let key = object.provider_key();
        let address = &object.object.address;
        let sampled = self.options.sample.is_none_or(|sample| sample.holds(address));
        let unread = match (object.is_current(), sampled) {
            (false, _) => Some(ScanOutcome::PassedOver),
            (true, false) => Some(ScanOutcome::NotRead(NotRead::NotSampled)),
            (true, true) => None,
        };
        if let Some(outcome) = unread {
            self.push_done(key, object.object, outcome, Vec::new());
            return Ok(());
        }
        let after = self.after();
        if let Some(memory) = &mut self.memory
            && let Some(result) = memory.recall(address, after).map_err(|source| ScanError::Journal { source })?
        {
            self.tally.summary.from_journal += 1;
            let Remembered { recorded, observed, warnings } = result;
            let address = address.clone();
            self.tell(|| ScanEvent::Read {
                address,
                found: FoundState::FromJournal,
                attempts: 0,
                took: Duration::ZERO,
            });
            self.push_done(key, recorded, outcome_of(observed), warnings);
            return Ok(());
        }
        if self.end == ScanEnd::Interrupted {
            self.push_done(key, object.object, ScanOutcome::NotRead(NotRead::Interrupted), Vec::new());
            return Ok(());
        }
        let now = Instant::now();
        let lane = match self.lane_of.get(&key) {
            Some(lane) => *lane,
            None => {
                self.lanes.push(Lane::new(key.clone(), self.options, now));
                self.lane_of.insert(key, self.lanes.len() - 1);
                self.lanes.len() - 1
            }
        };
        let type_name = object.type_name().to_owned();
        let number = self.window.push(Slot::Open(Open::new(object, lane)));
        let why = self.lanes.get(lane).and_then(|lane| lane.given_up(&type_name)).cloned();
        match why {
            Some(why) => self.finish_unreadable(number, why, Vec::new()),
            None => {
                if let Some(lane) = self.lanes.get_mut(lane) {
                    lane.enqueue(number, &type_name, self.options, now);
                }
            }
        }
        Ok(())
    }

    fn push_done(
        &mut self,
        provider: ProviderKey,
        recorded: ResourceObject,
        outcome: ScanOutcome,
        warnings: Vec<Diagnostic>,
    ) {
        self.progress.done += 1;
        let result = ScannedObject { provider, recorded, outcome, warnings, attempts: 0 };
        self.window.push(Slot::done(result));
    }

    fn deliver(&mut self, sink: &mut dyn ScanSink) -> Result<(), ScanError> {
        while let Some(result) = self.window.pop() {
            self.tally.count(&result);
            sink.take(result).map_err(|source| ScanError::Sink { source })?;
        }
        Ok(())
    }

    /// Begins as many reads as may begin; when to look again, where time alone decides that.
    fn begin_reads(&mut self) -> Result<Option<Instant>, ScanError> {
        if self.end == ScanEnd::Interrupted {
            return Ok(None);
        }
        let now = Instant::now();
        while let Some(Reverse((at, number))) = self.delayed.peek().copied()
            && at <= now
        {
            self.delayed.pop();
            self.enqueue(number, now);
        }
        let mut wake = self.delayed.peek().map(|Reverse((at, _))| *at);
        for lane in 0..self.lanes.len() {
            loop {
                let next = self.lanes.get_mut(lane).map_or(Next::Nothing, |lane| lane.next(now));
                match next {
                    Next::Read(number) => self.begin(lane, number, now),
                    Next::Restart => self.restart(lane)?,
                    Next::At(at) => {
                        wake = Some(wake.map_or(at, |wake| wake.min(at)));
                        break;
                    }
                    Next::Nothing => break,
                }
            }
        }
        Ok(wake)
    }

    /// Puts an object where it waits for its turn.
    pub(super) fn enqueue(&mut self, number: u64, now: Instant) {
        let Some(open) = self.window.open_mut(number) else { return };
        let Some(lane) = self.lanes.get_mut(open.lane) else { return };
        if open.crashes > 0 {
            lane.suspect(number);
        } else {
            lane.enqueue(number, open.object.type_name(), self.options, now);
        }
    }

    fn begin(&mut self, lane: usize, number: u64, now: Instant) {
        let Some(open) = self.window.open_mut(number) else {
            // Given up in the meantime.
            self.lanes.iter_mut().for_each(|lane| lane.forget(number));
            return;
        };
        open.reading = Reading::Yes;
        open.attempts += 1;
        self.tally.summary.reads += 1;
        self.tally.summary.retries += u64::from(open.attempts > 1);
        let object = Arc::clone(&open.object);
        let changes = self.lanes.get_mut(lane).map(|lane| lane.begin(number, object.type_name(), now));
        self.tell_changes(lane, changes.unwrap_or_default());
        let (reader, limit) = (self.reader, self.options.time_limit);
        self.in_flight.push(Box::pin(async move {
            // One object that upsets its reader leaves the others alone.
            let read = AssertUnwindSafe(async { reader.read(Arc::clone(&object)).await }).catch_unwind();
            let failed = |class, reason: String| {
                Unreadable::new(class, format!("reading {}", object.type_name()), reason).into()
            };
            let read = match timeout(limit, read).await {
                Ok(Ok(read)) => read,
                Ok(Err(_)) => failed(UnreadableClass::Invalid, String::from("the reader panicked")),
                Err(_) => failed(UnreadableClass::TimedOut, format!("no answer within {} s", limit.as_secs_f64())),
            };
            Ended::Read { number, started: now, read: Box::new(read) }
        }));
    }

    /// Starts a provider again, or gives it up.
    fn restart(&mut self, at: usize) -> Result<(), ScanError> {
        let Some(lane) = self.lanes.get_mut(at) else { return Ok(()) };
        let Health::Crashed(failure) = std::mem::replace(&mut lane.health, Health::Restarting) else { return Ok(()) };
        if lane.restarts >= self.options.restarts {
            let reason =
                format!("the provider crashed {} times, and is not started again: {failure}", lane.restarts + 1);
            self.give_up(at, None, Unreadable::new(UnreadableClass::Crashed, "", reason));
            return Ok(());
        }
        lane.restarts += 1;
        let (reader, key, limit) = (self.reader, lane.key.clone(), self.options.time_limit);
        self.in_flight.push(Box::pin(async move {
            let late = || {
                let reason = format!("not started again within {} s", limit.as_secs_f64());
                Unreadable::new(UnreadableClass::TimedOut, "", reason)
            };
            let result = timeout(limit, reader.restart(&key)).await.unwrap_or_else(|_| Err(late()));
            Ended::Restarted { lane: at, result }
        }));
        Ok(())
    }

    async fn wait(&mut self, wake: Option<Instant>, cancel: &CancelToken) -> Woken {
        // Once it was heard, cancelling says nothing new.
        let mut cancelled = pin!(async {
            match self.end {
                ScanEnd::Complete => cancel.cancelled().await,
                ScanEnd::Interrupted => std::future::pending().await,
            }
        });
        let mut sleep = wake.map(|at| Box::pin(sleep_until(at)));
        let in_flight = &mut self.in_flight;
        poll_fn(|context| {
            if cancelled.as_mut().poll(context).is_ready() {
                return Poll::Ready(Woken::Cancelled);
            }
            let mut ended = Vec::new();
            while let Poll::Ready(Some(one)) = in_flight.poll_next_unpin(context) {
                ended.push(one);
            }
            if !ended.is_empty() {
                return Poll::Ready(Woken::Ended(ended));
            }
            match sleep.as_mut().map(|sleep| sleep.as_mut().poll(context)) {
                Some(Poll::Ready(())) => Poll::Ready(Woken::Time),
                _ => Poll::Pending,
            }
        })
        .await
    }

    /// Reads end here; everything that has no result will not have one.
    fn interrupt(&mut self) {
        self.end = ScanEnd::Interrupted;
        self.in_flight.clear();
        self.delayed.clear();
        for number in self.window.open_where(|_| true) {
            self.finish(number, None, ScanOutcome::NotRead(NotRead::Interrupted), Vec::new());
        }
    }

    /// The result of an object is known: with what was recorded as it is now, where that is known.
    fn finish(
        &mut self,
        number: u64,
        recorded: Option<ResourceObject>,
        outcome: ScanOutcome,
        warnings: Vec<Diagnostic>,
    ) {
        let Some(open) = self.window.open_mut(number) else { return };
        let recorded = recorded.unwrap_or_else(|| open.object.object.clone());
        let lane = self.lanes.get(open.lane);
        let provider = lane.map_or_else(|| open.object.provider_key(), |lane| lane.key.clone());
        self.progress.done += 1;
        let result = ScannedObject { provider, recorded, outcome, warnings, attempts: open.attempts };
        self.window.finish(number, result);
    }

    /// An object is there, or gone.
    pub(super) fn finish_found(&mut self, number: u64, found: Remembered, took: Duration) -> Result<(), ScanError> {
        let Some(open) = self.window.open_mut(number) else { return Ok(()) };
        let (address, attempts) = (open.object.object.address.clone(), open.attempts);
        let state = if found.observed.is_some() { FoundState::Found } else { FoundState::Gone };
        let after = self.after();
        let found = match &mut self.memory {
            None => found,
            Some(memory) => memory.remember(found, after).map_err(|source| ScanError::Journal { source })?,
        };
        self.tell(|| ScanEvent::Read { address, found: state, attempts, took });
        self.finish(number, Some(found.recorded), outcome_of(found.observed), found.warnings);
        Ok(())
    }

    /// An object cannot be read.
    pub(super) fn finish_unreadable(&mut self, number: u64, failure: Unreadable, warnings: Vec<Diagnostic>) {
        let Some(open) = self.window.open_mut(number) else { return };
        let (address, attempts) = (open.object.object.address.clone(), open.attempts);
        self.progress.unreadable += 1;
        self.tell(|| ScanEvent::Unreadable { address, failure: failure.clone(), attempts });
        self.finish(number, None, ScanOutcome::NotRead(NotRead::Unreadable(failure)), warnings);
    }

    pub(super) fn after(&self) -> Duration {
        self.started.elapsed()
    }

    pub(super) fn tell(&self, event: impl FnOnce() -> ScanEvent) {
        self.events.tell(self.after(), event);
    }

    pub(super) fn tell_changes(&self, lane: usize, changes: Vec<Change>) {
        let Some(provider) = self.lanes.get(lane).map(|lane| &lane.key) else { return };
        for change in changes {
            let provider = provider.clone();
            self.tell(|| match change {
                Change::Slowed(name, per_second) => {
                    ScanEvent::Slowed { provider, type_name: name.map(Into::into), per_second }
                }
                Change::Circuit(name, state) => ScanEvent::Circuit { provider, type_name: name.map(Into::into), state },
            });
        }
    }

    /// Tells how far it is, unless that was told just now.
    fn tell_progress(&mut self, apart: Duration) {
        let now = Instant::now();
        let (last, done) = self.told.unwrap_or((self.started, 0));
        let passed = now - last;
        if self.told.is_some() && passed < apart {
            return;
        }
        self.progress.reading = self.in_flight.len() as u64;
        self.progress.retries = self.tally.summary.retries;
        self.progress.elapsed = self.after();
        if !passed.is_zero() {
            self.progress.per_second = (self.progress.done - done) as f64 / passed.as_secs_f64();
        }
        self.told = Some((now, self.progress.done));
        let progress = self.progress;
        self.tell(|| ScanEvent::Progress(progress));
    }

    fn summary(&mut self) -> ScanSummary {
        let mut summary = std::mem::take(&mut self.tally).finish();
        summary.end = self.end;
        (summary.most_held, summary.most_held_bytes) = self.window.most();
        summary.elapsed = self.after();
        summary.throttled = self.lanes.iter().map(Lane::count_throttled).sum();
        summary.providers = self.lanes.iter().map(Lane::summary).collect();
        summary.providers.sort_by(|a, b| a.provider.cmp(&b.provider));
        summary
    }
}

fn outcome_of(observed: Option<ResourceObject>) -> ScanOutcome {
    observed.map_or(ScanOutcome::Gone, |observed| ScanOutcome::Found(Box::new(observed)))
}

/// Lets others have a turn.
async fn yield_now() {
    let mut yielded = false;
    poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
