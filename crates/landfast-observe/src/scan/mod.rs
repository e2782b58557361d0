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
//!
//! ```
//! use std::sync::Arc;
//!
//! use landfast_observe::scan::{
//!     ObjectReader, ProviderKey, ReadAnswer, ReadFuture, RecordedObject, RestartFuture, Scan, ScanOptions, ScanOutcome,
//!     SinkFn, Unreadable, UnreadableClass,
//! };
//! use landfast_state::{Limits, StateFile};
//!
//! /// Finds everything as it was recorded, but for what it has no permission to see.
//! #[derive(Debug)]
//! struct Inventory;
//!
//! impl ObjectReader for Inventory {
//!     fn read(&self, object: Arc<RecordedObject>) -> ReadFuture<'_> {
//!         Box::pin(async move {
//!             if object.type_name() == "aws_kms_key" {
//!                 return Unreadable::new(UnreadableClass::Denied, "kms:DescribeKey", "not allowed").into();
//!             }
//!             let recorded = Box::new(object.object.clone());
//!             ReadAnswer::Found { observed: recorded.clone(), recorded }.into()
//!         })
//!     }
//!
//!     fn restart<'a>(&'a self, _: &'a ProviderKey) -> RestartFuture<'a> {
//!         Box::pin(async { Ok(()) })
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
//! let text = r#"{"version": 4, "serial": 1, "lineage": "l", "outputs": {}, "resources": [
//!   {"mode": "managed", "type": "aws_kms_key", "name": "a", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
//!    "instances": [{"attributes": {"id": "key-1"}}]},
//!   {"mode": "managed", "type": "aws_vpc", "name": "a", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
//!    "instances": [{"attributes": {"id": "vpc-1"}}]}]}"#;
//! let state = StateFile::read(text.into(), "prod.tfstate", &Limits::default())?;
//!
//! let mut options = ScanOptions::default();
//! options.provider = options.provider.with_concurrency(50).with_rate(20.0, 10);
//! let mut found = Vec::new();
//! let mut sink = SinkFn(|object| found.push(object));
//! let recorded = RecordedObject::of_state(&state).into_iter().map(Ok::<_, std::convert::Infallible>);
//! let summary = Scan::new(Arc::new(Inventory), options).run(recorded, &mut sink).await?;
//!
//! assert_eq!((summary.found, summary.unreadable, summary.is_complete()), (1, 1, false));
//! assert_eq!(summary.groups[0].call, "kms:DescribeKey");
//! assert_eq!(found[1].address().to_string(), "aws_vpc.a");
//! assert!(matches!(found[1].outcome, ScanOutcome::Found(_)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod alike;
mod backoff;
mod breaker;
mod cancel;
mod classify;
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
pub use summary::{LeftOutCounts, ProviderSummary, ScanEnd, ScanSummary, TypeSummary, UnreadableGroup, WarningGroup};
