//! Acting once, in either direction: recheck, announce, act, read, judge by what was read.

use std::time::Duration;

use landfast_state::{Origin, ResourceObject, Snapshot, SourceKind, write_snapshot};

use super::error::ExecuteError;
use super::places::Place;
use super::run::Run;
use crate::actuator::{ActuatorFailure, Change, Direction};
use crate::journal::{Ended, Record, StepEnd};
use crate::mutant::{self, Mutant};
use crate::plan::StepId;
use crate::sameness::{Sameness, sameness};

/// One change with what must be there before and after it.
pub(super) struct Trial<'a> {
    pub(super) change: Change,
    pub(super) timeout: Duration,
    /// What must be there just before.
    pub(super) before: Vec<Place<'a>>,
    /// What is to be there afterwards.
    pub(super) after: Vec<Place<'a>>,
    /// What it comes to where nothing changes: without effect, or in part where an earlier try had left it so.
    pub(super) unchanged: StepEnd,
}

/// What is there, compared with what should be.
enum Found {
    As(Option<ResourceObject>),
    Otherwise { first: Option<ResourceObject>, how: String },
    Unread(ActuatorFailure, String),
}

impl Run<'_> {
    /// Acts, unless what is there is not what was expected. Says what came of it, which is in the journal then.
    pub(super) async fn attempt(&self, trial: Trial<'_>) -> Result<Ended, ExecuteError> {
        let (step, direction) = (trial.change.step, trial.change.direction);
        // Announced first, so that nothing slow lies between the last look and the change.
        if !mutant::is(Mutant::IntentSkipped) {
            self.append(Record::Intent { step, direction, at: self.now() }).await?;
        }
        let ended = match self.refusal(&trial).await {
            Some(ended) => ended,
            None => self.act(&trial).await,
        };
        self.end(step, direction, ended).await
    }

    /// Writes the end of a step down.
    pub(super) async fn end(
        &self,
        step: StepId,
        direction: Direction,
        mut ended: Ended,
    ) -> Result<Ended, ExecuteError> {
        ended.why = self.redact(&ended.why);
        self.append(Record::Ended { step, direction, end: ended.clone(), at: self.now() }).await?;
        Ok(ended)
    }

    /// Why nothing may be done: the lock is gone, or somebody else was here.
    async fn refusal(&self, trial: &Trial<'_>) -> Option<Ended> {
        let found = if mutant::is(Mutant::RecheckSkipped) { Found::As(None) } else { self.found(&trial.before).await };
        match found {
            Found::As(_) => {}
            Found::Otherwise { .. } if mutant::is(Mutant::ThirdPartyOverwritten) => {}
            Found::Otherwise { how, .. } => return Some(ended(StepEnd::ThirdParty, how)),
            Found::Unread(failure, why) => {
                return Some(Ended { failure: Some(failure), ..ended(StepEnd::NotTried, why) });
            }
        }
        // Asked last, so that as little as possible lies between the answer and the change.
        if mutant::is(Mutant::LockNotChecked) {
            return None;
        }
        self.executor.ports.hold.check().await.err().map(|error| ended(StepEnd::NotTried, error.to_string()))
    }

    async fn act(&self, trial: &Trial<'_>) -> Ended {
        let said = self.in_time(trial.timeout, self.executor.ports.actuator.act(&trial.change)).await;
        match &said {
            Some(Ok(())) if mutant::is(Mutant::SuccessBelieved) => return ended(StepEnd::Done, ""),
            Some(Err(_)) if mutant::is(Mutant::FailureBelieved) => {
                return ended(StepEnd::NoEffect, "it was said to fail");
            }
            None if mutant::is(Mutant::TimeOutTakenForDone) => return ended(StepEnd::Done, ""),
            _ if trial.change.direction == Direction::Back && mutant::is(Mutant::InverseNotVerified) => {
                return ended(StepEnd::Done, "");
            }
            _ => {}
        }
        let (failure, why, is_late) = match said {
            Some(Ok(())) => (None, String::new(), false),
            Some(Err(error)) => (Some(error.failure), error.to_string(), false),
            None => {
                let why = format!("it did not end within {} s", trial.timeout.as_secs_f64());
                (Some(ActuatorFailure::Other), why, true)
            }
        };
        let key = self.executor.values.key();
        let digest = |object: &Option<ResourceObject>| object.as_ref().map(|object| object.digest(key).to_string());
        let left = |object: &Option<ResourceObject>| object.as_ref().and_then(|object| self.written(object));
        match self.found(&trial.after).await {
            // What is there counts, and not what was said about it.
            Found::As(object) => {
                Ended { end: StepEnd::Done, object: digest(&object), left: left(&object), failure, why }
            }
            Found::Unread(read_failure, read_why) => {
                let why = if why.is_empty() { read_why } else { format!("{why}; then {read_why}") };
                Ended { end: StepEnd::Unknown, object: None, left: None, failure: failure.or(Some(read_failure)), why }
            }
            Found::Otherwise { first, how } => {
                let is_as_before = matches!(self.found(&trial.before).await, Found::As(_));
                let end = match (is_as_before, is_late) {
                    // It may still come to something.
                    (true, true) => StepEnd::Unknown,
                    (true, false) => trial.unchanged,
                    (false, _) => StepEnd::Partial,
                };
                let why = match (failure, end) {
                    (Some(_), _) => why,
                    (None, _) if is_as_before => "success was reported, and nothing has changed".to_owned(),
                    (None, _) => format!("success was reported, and {how}"),
                };
                Ended { end, object: digest(&first), left: left(&first), failure, why }
            }
        }
    }

    /// An object as the text of a snapshot file.
    pub(super) fn written(&self, object: &ResourceObject) -> Option<String> {
        let origin = Origin::new(SourceKind::Observation, self.executor.ports.actuator.name());
        let alone = Snapshot::new(origin, vec![object.clone()], Default::default()).ok()?;
        Some(write_snapshot(&alone, self.executor.values.key()))
    }

    /// Reads these places and compares them with what should be there. The first one is the object itself.
    async fn found(&self, places: &[Place<'_>]) -> Found {
        let mut first = None;
        let mut differs: Option<String> = None;
        for (at, (address, expected)) in places.iter().enumerate() {
            let read = match self.read(address, *expected).await {
                Ok(read) => read,
                Err(error) => return Found::Unread(error.failure, format!("{address} cannot be read: {error}")),
            };
            match sameness(*expected, read.as_ref(), &self.executor.compared) {
                Sameness::Same => {}
                Sameness::Different(paths) => {
                    let how = match (expected, &read) {
                        (Some(_), None) => format!("{address} is not there"),
                        (None, Some(_)) => format!("{address} is there"),
                        _ if paths.is_empty() => format!("{address} is another object"),
                        _ => {
                            let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
                            format!("{address} differs in {}", paths.join(", "))
                        }
                    };
                    differs.get_or_insert(how);
                }
                Sameness::Unreadable(paths) => {
                    let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
                    let why = format!("{address} cannot be compared in {}", paths.join(", "));
                    return Found::Unread(ActuatorFailure::Other, why);
                }
            }
            if at == 0 {
                first = read;
            }
        }
        match differs {
            None => Found::As(first),
            Some(how) => Found::Otherwise { first, how },
        }
    }

    /// Whether these places are as they should be; where not, how they differ or why they cannot be read.
    pub(super) async fn is_as(&self, places: &[Place<'_>]) -> Result<(), String> {
        match self.found(places).await {
            Found::As(_) => Ok(()),
            Found::Otherwise { how, .. } => Err(how),
            Found::Unread(_, why) => Err(why),
        }
    }
}

/// The end of a step of which there is no more to say.
pub(super) fn ended(end: StepEnd, why: impl Into<String>) -> Ended {
    Ended { end, object: None, left: None, failure: None, why: why.into() }
}
