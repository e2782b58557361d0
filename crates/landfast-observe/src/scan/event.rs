//! What a scan tells while it goes on.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use landfast_state::address::ObjectAddress;

use super::breaker::CircuitState;
use super::reader::{Unreadable, UnreadableClass};
use super::recorded::ProviderKey;
use super::summary::ScanSummary;
use crate::observer::{Progress, ProgressSink};

/// Something that happened in a scan. None of it holds the value of an attribute.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ScanEvent {
    /// It began.
    Started,
    /// An object was read, or taken from the journal.
    Read {
        /// Its address.
        address: ObjectAddress,
        /// What was found.
        found: FoundState,
        /// How often it was read.
        attempts: u32,
        /// How long the last read took; nothing for what came from the journal.
        took: Duration,
    },
    /// An object cannot be read.
    Unreadable {
        /// Its address.
        address: ObjectAddress,
        /// Why.
        failure: Unreadable,
        /// How often it was tried.
        attempts: u32,
    },
    /// A read failed, and will be tried again.
    Retrying {
        /// The address of the object.
        address: ObjectAddress,
        /// Why it failed.
        failure: Unreadable,
        /// How often it was tried so far.
        attempts: u32,
        /// How long it waits at least.
        wait: Duration,
    },
    /// Reads were throttled, so that fewer begin in a second from now on. The rate comes back by itself.
    Slowed {
        /// Through which provider.
        provider: ProviderKey,
        /// Of which type; `None` for all of the provider.
        type_name: Option<String>,
        /// The new rate, in reads a second.
        per_second: f64,
    },
    /// A provider or a type is left alone, tried, used again, or given up.
    Circuit {
        /// Which provider.
        provider: ProviderKey,
        /// Which type; `None` for all of the provider.
        type_name: Option<String>,
        /// What is let through now.
        state: CircuitState,
    },
    /// A provider crashed.
    Crashed {
        /// Which.
        provider: ProviderKey,
        /// What is known of it.
        failure: Unreadable,
    },
    /// A provider that had crashed was started again.
    Restarted {
        /// Which.
        provider: ProviderKey,
    },
    /// A provider crashed and is not started again.
    GivenUp {
        /// Which.
        provider: ProviderKey,
        /// Why.
        reason: String,
    },
    /// How far it is: not more often than every 100 ms, and once more at the end.
    Progress(ScanProgress),
    /// It ended: this is the last event.
    Ended(Box<ScanSummary>),
}

/// What was found of an object that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundState {
    /// It is there.
    Found,
    /// It is gone.
    Gone,
    /// One of these, as a journal has it.
    FromJournal,
}

/// How far a scan is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct ScanProgress {
    /// How many objects are to be read, where that was said.
    pub total: Option<u64>,
    /// Objects of which the result is known, whatever it is.
    pub done: u64,
    /// Of those, the ones that cannot be read.
    pub unreadable: u64,
    /// Objects that are being read.
    pub reading: u64,
    /// Reads that had to be repeated.
    pub retries: u64,
    /// Objects done in a second, over the time since the progress was told before.
    pub per_second: f64,
    /// How long it has been going on.
    pub elapsed: Duration,
}

/// Where a scan tells what happens. What is called must return soon: the scan waits for it.
#[derive(Clone, Default)]
pub struct EventSink(Option<Arc<Listener>>);

type Listener = dyn Fn(&TimedEvent) + Send + Sync;

/// An event, and when it was.
#[derive(Debug, Clone)]
pub struct TimedEvent {
    /// How long after the beginning of the scan.
    pub after: Duration,
    /// What happened.
    pub event: ScanEvent,
}

impl EventSink {
    /// Calls this with every event.
    #[must_use]
    pub fn new(tell: impl Fn(&TimedEvent) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    /// Tells both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Some(first), Some(second)) => Self::new(move |event| {
                first(event);
                second(event);
            }),
            (one, other) => Self(one.or(other)),
        }
    }

    /// Tells what happened. Without anybody who listens the event is not even made.
    pub(super) fn tell(&self, after: Duration, event: impl FnOnce() -> ScanEvent) {
        if let Some(tell) = &self.0 {
            tell(&TimedEvent { after, event: event() });
        }
    }
}

/// Tells how far a scan is to whoever wants to know it of any observer.
impl From<ProgressSink> for EventSink {
    fn from(sink: ProgressSink) -> Self {
        Self::new(move |timed| match &timed.event {
            ScanEvent::Progress(progress) => sink.tell(Progress::Scanning(*progress)),
            ScanEvent::Ended(_) => sink.tell(Progress::Gathering),
            _ => {}
        })
    }
}

impl fmt::Debug for EventSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "EventSink(some)" } else { "EventSink(none)" })
    }
}

impl ScanEvent {
    /// The class of the failure that it tells of.
    #[must_use]
    pub fn class(&self) -> Option<UnreadableClass> {
        match self {
            Self::Unreadable { failure, .. } | Self::Retrying { failure, .. } | Self::Crashed { failure, .. } => {
                Some(failure.class)
            }
            _ => None,
        }
    }
}
