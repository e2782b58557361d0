//! Scans: every recorded object is looked up, through whatever can read single objects.
//!
//! - [`ObjectReader`] is the port: it reads one object, and restarts a provider that crashed. It says what kind of failure it met
//!   ([`UnreadableClass`]), and leaves repetitions to the scan.
//! - [`Scan`] drives it: how many reads at once and how fast, for each provider and each type ([`GateLimits`]); again after a
//!   wait where it may help ([`RetryOptions`]); not at all for a while where nothing answers ([`BreakerOptions`]).
//! - [`ScanSink`] takes the results, in the order in which the objects were recorded, so that memory is bounded by
//!   [`ScanOptions::window`]. [`Collect`] puts them into an [`Observed`](crate::Observed).
//! - [`ScanEvent`]: what happens, for people and as JSON lines ([`event_line`]).
//! - [`ScanJournal`] makes a scan one that can be killed and taken up.
//! - [`ObjectFilter`] and [`Sample`] say what is read; [`plan_reads`] says how long that will take, without reading.
//! - [`ScanObserver`] is all of it as an [`Observer`](crate::Observer).
//!
//! What could not be read is a gap with the call and the reason, an interrupted scan calls the rest interrupted, and a sample calls
//! the rest not sampled: nothing that was not read is ever taken for unchanged.
mod backoff;
mod breaker;
mod cancel;
mod collect;
mod driver;
mod ended;
mod event;
mod event_line;
mod filter;
mod gate;
#[cfg(unix)]
mod journal;
mod lane;
mod limiter;
mod options;
mod outcome;
mod plan;
mod reader;
mod recorded;
mod remember;
mod run;
mod sample;
mod summary;
#[cfg(feature = "testing")]
pub mod testing;
mod window;

pub use breaker::CircuitState;
pub use cancel::CancelToken;
pub use collect::{Collect, ScanObserver};
pub use driver::{Scan, ScanError};
pub use event::{EventSink, FoundState, ScanEvent, ScanProgress, TimedEvent};
pub use event_line::event_line;
pub use filter::{ObjectFilter, Selector, SelectorError};
#[cfg(unix)]
pub use journal::{JournalBinding, JournalError, JournalOptions, RecordError, ScanJournal, SecretMarker};
pub use options::{
    BreakerOptions, GateLimits, ProviderLimits, RetryOptions, ScanOptions, ScanOptionsError, TypeLimits,
};
pub use outcome::{NotRead, ScanOutcome, ScanSink, ScannedObject, SinkError, SinkFn};
pub use plan::{ProviderPlan, ReadPlan, TypePlan, plan_reads};
pub use reader::{ObjectRead, ObjectReader, ReadAnswer, ReadFuture, RestartFuture, Unreadable, UnreadableClass};
pub use recorded::{ProviderKey, RecordedObject};
pub use remember::RememberError;
pub use sample::{Sample, SampleError, SampleEstimate};
pub use summary::{ProviderSummary, ScanEnd, ScanSummary, UnreadableGroup};
