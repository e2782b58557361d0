//! What comes of a read that has ended: a result, another attempt, a restart, or giving up.

use std::cmp::Reverse;

use landfast_state::{ResourceObject, SecretTexts};
use tokio::time::Instant;

use super::backoff::{repetitions, wait};
use super::breaker::CircuitState;
use super::driver::ScanError;
use super::event::ScanEvent;
use super::lane::{Change, Health};
use super::reader::{ObjectRead, ReadAnswer, Unreadable, UnreadableClass};
use super::remember::Remembered;
use super::run::Run;
use super::window::Reading;
use crate::observer::Diagnostic;

/// Something that was waited for.
pub(super) enum Ended {
    Read { number: u64, started: Instant, read: Box<ObjectRead> },
    Restarted { lane: usize, result: Result<(), Unreadable> },
}

/// A read of one object that has ended.
struct EndedRead {
    number: u64,
    lane: usize,
    type_name: String,
    started: Instant,
    now: Instant,
}

impl Run<'_> {
    pub(super) fn ended(&mut self, ended: Ended) -> Result<(), ScanError> {
        match ended {
            Ended::Read { number, started, read } => self.read_ended(number, started, *read),
            Ended::Restarted { lane, result } => self.restarted(lane, result),
        }
    }

    fn read_ended(&mut self, number: u64, started: Instant, read: ObjectRead) -> Result<(), ScanError> {
        let now = Instant::now();
        let ObjectRead { answer, mut warnings } = read;
        let Some(open) = self.window.open_mut(number) else { return Ok(()) };
        open.reading = Reading::No;
        let object = std::sync::Arc::clone(&open.object);
        let ended = EndedRead { number, lane: open.lane, type_name: object.type_name().to_owned(), started, now };
        if let Some(lane) = self.lanes.get_mut(ended.lane) {
            lane.leave(number, &ended.type_name, now - started);
        }
        match answer {
            ReadAnswer::Found { recorded, observed } => {
                self.answered(&ended);
                mask(&observed, None, &mut warnings);
                let (recorded, observed) = (*recorded, Some(*observed));
                self.finish_found(number, Remembered { recorded, observed, warnings }, now - started)
            }
            ReadAnswer::Gone { recorded } => {
                self.answered(&ended);
                mask(&object.object, None, &mut warnings);
                let recorded = recorded.map_or_else(|| object.object.clone(), |recorded| *recorded);
                self.finish_found(number, Remembered { recorded, observed: None, warnings }, now - started)
            }
            ReadAnswer::Unreadable(mut failure) => {
                mask(&object.object, Some(&mut failure), &mut warnings);
                self.read_failed(&ended, failure, warnings);
                Ok(())
            }
        }
    }

    fn answered(&mut self, ended: &EndedRead) {
        let changes = self.lanes.get_mut(ended.lane).map(|lane| lane.answered(&ended.type_name));
        self.tell_changes(ended.lane, changes.unwrap_or_default());
    }

    fn read_failed(&mut self, ended: &EndedRead, failure: Unreadable, warnings: Vec<Diagnostic>) {
        if failure.class == UnreadableClass::Crashed {
            return self.crashed(ended, failure, warnings);
        }
        if !failure.class.is_illness() {
            self.answered(ended);
            return self.finish_unreadable(ended.number, failure, warnings);
        }
        let mut changes = Vec::new();
        if let Some(lane) = self.lanes.get_mut(ended.lane) {
            if failure.class == UnreadableClass::Throttled {
                changes.extend(lane.throttled(&ended.type_name, ended.started, ended.now));
            }
            changes.extend(lane.failed(ended.number, &ended.type_name, ended.now));
        }
        let given_up: Vec<Option<String>> = changes.iter().filter_map(given_up).collect();
        self.tell_changes(ended.lane, changes);
        self.try_again(ended, &failure, warnings);
        for type_name in given_up {
            let reason = format!("not read, since nothing was answered throughout; at last: {failure}");
            let why = Unreadable::new(failure.class, "", reason);
            self.give_up(ended.lane, type_name.as_deref(), why);
        }
    }

    /// Lets an object wait before it is tried again, or says that it cannot be read.
    fn try_again(&mut self, ended: &EndedRead, failure: &Unreadable, warnings: Vec<Diagnostic>) {
        let Some(open) = self.window.open_mut(ended.number) else { return };
        let counter = match failure.class {
            UnreadableClass::Throttled => &mut open.throttled,
            _ => &mut open.failed,
        };
        *counter += 1;
        let failures = *counter;
        let (attempts, address) = (open.attempts, open.object.object.address.clone());
        let why = self.lanes.get(ended.lane).and_then(|lane| lane.given_up(&ended.type_name));
        if why.is_some() || failures > repetitions(&self.options.retry, failure.class) {
            return self.finish_unreadable(ended.number, failure.clone(), warnings);
        }
        let wait = wait(&self.options.retry, failures, failure, &mut self.random);
        self.delayed.push(Reverse((ended.now + wait, ended.number)));
        self.tell(|| ScanEvent::Retrying { address, failure: failure.clone(), attempts, wait });
    }

    /// The provider ended while it read this. Which of several reads it was is found out by reading each of them alone.
    fn crashed(&mut self, ended: &EndedRead, failure: Unreadable, warnings: Vec<Diagnostic>) {
        let Some(lane) = self.lanes.get_mut(ended.lane) else { return };
        lane.abandoned(ended.number, &ended.type_name, ended.now);
        if matches!(lane.health, Health::Well) {
            lane.health = Health::Crashed(failure.clone());
            let provider = lane.key.clone();
            self.tell(|| ScanEvent::Crashed { provider, failure: failure.clone() });
        }
        let Some(open) = self.window.open_mut(ended.number) else { return };
        open.crashes += 1;
        if open.crashes > 1 {
            self.finish_unreadable(ended.number, failure, warnings);
        } else {
            self.enqueue(ended.number, ended.now);
        }
    }

    /// A provider was started again, or could not be.
    fn restarted(&mut self, at: usize, result: Result<(), Unreadable>) -> Result<(), ScanError> {
        let Some(lane) = self.lanes.get_mut(at) else { return Ok(()) };
        let provider = lane.key.clone();
        match result {
            Ok(()) => {
                lane.health = Health::Well;
                self.tell(|| ScanEvent::Restarted { provider });
            }
            Err(failure) => {
                let reason = format!("the provider crashed, and cannot be started again: {failure}");
                self.give_up(at, None, Unreadable::new(UnreadableClass::Crashed, "", reason));
            }
        }
        Ok(())
    }

    /// Nothing more is read of a provider, or of one of its types. Reads that are under way may still end well.
    pub(super) fn give_up(&mut self, at: usize, type_name: Option<&str>, why: Unreadable) {
        let Some(lane) = self.lanes.get_mut(at) else { return };
        lane.give_up(type_name, why.clone());
        let provider = lane.key.clone();
        if type_name.is_none() {
            self.tell(|| ScanEvent::GivenUp { provider, reason: why.to_string() });
        }
        let left = self.window.open_where(|open| {
            let fits = type_name.is_none_or(|type_name| open.object.type_name() == type_name);
            open.lane == at && open.reading == Reading::No && fits
        });
        for number in left {
            self.finish_unreadable(number, why.clone(), Vec::new());
        }
    }
}

/// What is given up by a change: a type, or all.
fn given_up(change: &Change) -> Option<Option<String>> {
    match change {
        Change::Circuit(type_name, CircuitState::GivenUp) => Some(type_name.as_deref().map(str::to_owned)),
        _ => None,
    }
}

/// Masks what a text repeats of an object's secrets.
fn mask(object: &ResourceObject, failure: Option<&mut Unreadable>, warnings: &mut [Diagnostic]) {
    if failure.is_none() && warnings.is_empty() {
        return;
    }
    let mut secrets = SecretTexts::default();
    secrets.add_object(object);
    let redactor = secrets.redactor();
    let redact = |text: &mut String| *text = redactor.redact(text).into_owned();
    if let Some(failure) = failure {
        redact(&mut failure.call);
        redact(&mut failure.reason);
    }
    for warning in warnings {
        redact(&mut warning.summary);
        redact(&mut warning.detail);
    }
}
