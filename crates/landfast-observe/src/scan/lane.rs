//! What is read through one provider, type by type.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use super::breaker::{CircuitState, Passage};
use super::gate::Gate;
use super::options::ScanOptions;
use super::reader::Unreadable;
use super::recorded::ProviderKey;
use super::summary::{ProviderSummary, TypeSummary};

/// Two types that are throttled within this time slow the whole provider down: it is not about one of them.
const TOGETHER: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Lane {
    pub(super) key: ProviderKey,
    gate: Gate,
    types: BTreeMap<Box<str>, TypeLane>,
    /// Objects that were being read when the provider crashed: each is read alone, to find out which one did it.
    suspects: BTreeSet<u64>,
    /// The suspect that is being read.
    alone: Option<u64>,
    pub(super) health: Health,
    pub(super) restarts: u32,
    last_throttled: Option<(Box<str>, Instant)>,
    failing: Failing,
    reads: u64,
    ended: u64,
    throttled: u64,
    time: Duration,
}

#[derive(Debug)]
struct TypeLane {
    gate: Gate,
    /// How many reads had begun when the last one of the type began.
    last_begun: u64,
    /// Objects that wait, by their numbers.
    queue: BTreeSet<u64>,
    given_up: Option<Unreadable>,
    throttled: u64,
}

/// Whose reads had no answer since the last one that had.
#[derive(Debug, PartialEq, Eq)]
enum Failing {
    Nobody,
    /// Those of this type: the type is left alone then, and not the provider.
    One(Box<str>),
    Several,
}

/// Whether a provider can be asked.
#[derive(Debug)]
pub(super) enum Health {
    Well,
    /// It has ended, as this read found out.
    Crashed(Unreadable),
    Restarting,
    /// It is not asked any more.
    GivenUp(Unreadable),
}

/// What is to be done through a provider.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Read(u64),
    Restart,
    At(Instant),
    Nothing,
}

/// What a read changed.
#[derive(Debug)]
pub(super) enum Change {
    Slowed(Option<Box<str>>, f64),
    Circuit(Option<Box<str>>, CircuitState),
}

impl TypeLane {
    fn summary(&self, name: &str) -> TypeSummary {
        TypeSummary {
            type_name: name.to_owned(),
            throttled: self.throttled,
            slowed_to: self.gate.lowered_to(),
            left_alone: self.gate.breaker.opened(),
            given_up: self.given_up.is_some(),
        }
    }
}

impl Lane {
    pub(super) fn new(key: ProviderKey, options: &ScanOptions, now: Instant) -> Self {
        let gate = Gate::new(options.provider_limits(&key), options, now);
        Self {
            key,
            gate,
            types: BTreeMap::new(),
            suspects: BTreeSet::new(),
            alone: None,
            health: Health::Well,
            restarts: 0,
            last_throttled: None,
            failing: Failing::Nobody,
            reads: 0,
            ended: 0,
            throttled: 0,
            time: Duration::ZERO,
        }
    }

    /// Why objects of a type are not read any more, if they are not.
    pub(super) fn given_up(&self, type_name: &str) -> Option<&Unreadable> {
        match &self.health {
            Health::GivenUp(why) => Some(why),
            _ => self.types.get(type_name)?.given_up.as_ref(),
        }
    }

    /// Objects of a type, or of all, are not read any more.
    pub(super) fn give_up(&mut self, type_name: Option<&str>, why: Unreadable) {
        match type_name {
            None => {
                self.health = Health::GivenUp(why);
                self.suspects.clear();
                self.types.values_mut().for_each(|it| it.queue.clear());
            }
            Some(type_name) => {
                if let Some(it) = self.types.get_mut(type_name) {
                    it.given_up = Some(why);
                    it.queue.clear();
                }
            }
        }
    }

    /// An object is to be read.
    pub(super) fn enqueue(&mut self, number: u64, type_name: &str, options: &ScanOptions, now: Instant) {
        if !self.types.contains_key(type_name) {
            let gate = Gate::new(options.type_limits(type_name), options, now);
            self.types.insert(
                type_name.into(),
                TypeLane { gate, last_begun: 0, queue: BTreeSet::new(), given_up: None, throttled: 0 },
            );
        }
        if let Some(it) = self.types.get_mut(type_name) {
            it.queue.insert(number);
        }
    }

    /// An object is to be read alone.
    pub(super) fn suspect(&mut self, number: u64) {
        self.suspects.insert(number);
    }

    /// An object is not to be read any more.
    pub(super) fn forget(&mut self, number: u64) {
        self.suspects.remove(&number);
        for it in self.types.values_mut() {
            it.queue.remove(&number);
        }
    }

    /// What is to be done now.
    pub(super) fn next(&mut self, now: Instant) -> Next {
        let waits = !self.suspects.is_empty() || self.types.values().any(|it| !it.queue.is_empty());
        match self.health {
            _ if !waits => return Next::Nothing,
            Health::Crashed(_) if self.gate.in_flight == 0 => return Next::Restart,
            Health::Crashed(_) | Health::Restarting | Health::GivenUp(_) => return Next::Nothing,
            Health::Well => {}
        }
        // One that is read alone begins when everything else has ended, and nothing else begins before it has.
        if self.alone.is_some() || (!self.suspects.is_empty() && self.gate.in_flight > 0) {
            return Next::Nothing;
        }
        match self.gate.passage(now) {
            Passage::Free => {}
            Passage::At(at) => return Next::At(at),
            Passage::Later => return Next::Nothing,
        }
        if let Some(suspect) = self.suspects.first() {
            return Next::Read(*suspect);
        }
        // A single trial asks for what was not asked for lately, so that no type stands for all.
        let is_trial = self.gate.breaker.is_open();
        let (mut first, mut soonest) = (None, None);
        for it in self.types.values_mut() {
            let Some(number) = it.queue.first().copied() else { continue };
            let rank = (if is_trial { it.last_begun } else { 0 }, number);
            if first.is_some_and(|first| first < rank) {
                continue;
            }
            match it.gate.passage(now) {
                Passage::Free => first = Some(rank),
                Passage::At(at) => soonest = Some(soonest.map_or(at, |soonest: Instant| soonest.min(at))),
                Passage::Later => {}
            }
        }
        match (first, soonest) {
            (Some((_, number)), _) => Next::Read(number),
            (None, Some(at)) => Next::At(at),
            (None, None) => Next::Nothing,
        }
    }

    /// An object begins to be read.
    pub(super) fn begin(&mut self, number: u64, type_name: &str, now: Instant) -> Vec<Change> {
        self.reads += 1;
        self.gate.enter(now);
        if self.suspects.remove(&number) {
            self.alone = Some(number);
        }
        let mut changes: Vec<Change> =
            self.gate.breaker.begin(number).map(|state| Change::Circuit(None, state)).into_iter().collect();
        if let Some(it) = self.types.get_mut(type_name) {
            it.last_begun = self.reads;
            it.queue.remove(&number);
            it.gate.enter(now);
            changes.extend(it.gate.breaker.begin(number).map(|state| Change::Circuit(Some(type_name.into()), state)));
        }
        changes
    }

    /// A read has ended, whatever it gave.
    pub(super) fn leave(&mut self, number: u64, type_name: &str, took: Duration) {
        self.ended += 1;
        self.time += took;
        self.gate.leave();
        if self.alone == Some(number) {
            self.alone = None;
        }
        if let Some(it) = self.types.get_mut(type_name) {
            it.gate.leave();
        }
    }

    /// A read was answered, even if by a refusal.
    pub(super) fn answered(&mut self, type_name: &str) -> Vec<Change> {
        self.failing = Failing::Nobody;
        self.breakers(type_name, |gate| gate.breaker.answered())
    }

    /// A read had no answer.
    pub(super) fn failed(&mut self, number: u64, type_name: &str, now: Instant) -> Vec<Change> {
        match &self.failing {
            Failing::Nobody => self.failing = Failing::One(type_name.into()),
            Failing::One(other) if **other != *type_name => self.failing = Failing::Several,
            Failing::One(_) | Failing::Several => {}
        }
        if self.failing == Failing::Several || self.gate.breaker.is_open() {
            return self.breakers(type_name, |gate| gate.breaker.failed(number, now));
        }
        let own = self.types.get_mut(type_name).and_then(|it| it.gate.breaker.failed(number, now));
        own.map(|state| Change::Circuit(Some(type_name.into()), state)).into_iter().collect()
    }

    /// A read said nothing about the service, since the provider crashed.
    pub(super) fn abandoned(&mut self, number: u64, type_name: &str, now: Instant) {
        self.breakers(type_name, |gate| {
            gate.breaker.abandoned(number, now);
            None
        });
    }

    fn breakers(&mut self, type_name: &str, mut tell: impl FnMut(&mut Gate) -> Option<CircuitState>) -> Vec<Change> {
        let own = self.types.get_mut(type_name).and_then(|it| tell(&mut it.gate));
        let own = own.map(|state| Change::Circuit(Some(type_name.into()), state));
        let all = tell(&mut self.gate).map(|state| Change::Circuit(None, state));
        own.into_iter().chain(all).collect()
    }

    /// A read was throttled that began at `started`.
    pub(super) fn throttled(&mut self, type_name: &str, started: Instant, now: Instant) -> Vec<Change> {
        self.throttled += 1;
        let own = self.types.get_mut(type_name).and_then(|it| {
            it.throttled += 1;
            it.gate.throttled(started, now)
        });
        let mut changes: Vec<Change> =
            own.map(|rate| Change::Slowed(Some(type_name.into()), rate)).into_iter().collect();
        let other = self.last_throttled.as_ref().is_some_and(|(name, at)| **name != *type_name && now - *at < TOGETHER);
        if other && let Some(rate) = self.gate.throttled(started, now) {
            changes.push(Change::Slowed(None, rate));
        }
        self.last_throttled = Some((type_name.into(), now));
        changes
    }

    pub(super) fn count_throttled(&self) -> u64 {
        self.throttled
    }

    pub(super) fn summary(&self) -> ProviderSummary {
        ProviderSummary {
            provider: self.key.clone(),
            reads: self.reads,
            throttled: self.throttled,
            latency: self.time.checked_div(u32::try_from(self.ended).unwrap_or(u32::MAX)).unwrap_or_default(),
            slowed_to: self.gate.lowered_to(),
            left_alone: self.gate.breaker.opened(),
            restarts: self.restarts,
            given_up: matches!(self.health, Health::GivenUp(_)),
            types: self.types.iter().map(|(name, it)| it.summary(name)).filter(TypeSummary::is_odd).collect(),
        }
    }
}
