//! The driver: takes objects up in their order, reads many at once, and gives the results away in their order.

use std::error::Error;
use std::sync::Arc;

use super::cancel::CancelToken;
use super::event::EventSink;
use super::options::{ScanOptions, ScanOptionsError};
use super::outcome::{ScanSink, SinkError};
use super::reader::ObjectReader;
use super::recorded::RecordedObject;
use super::remember::{Remember, RememberError};
use super::run::Run;
use super::summary::ScanSummary;

/// A scan: everything that a recorded side holds is looked up, at the pace that its providers bear.
///
/// It reads through an [`ObjectReader`], takes the recorded objects from an iterator, and gives each of them, with what was found, to a
/// [`ScanSink`], in the order of the iterator. It holds no more than [`ScanOptions::window`] objects and about
/// [`ScanOptions::window_bytes`] bytes of their attributes, however many there are; of all others it keeps what
/// [`ScanSummary`] says.
///
/// Its future runs on tokio, with time. Dropping it gives the scan up.
#[derive(Debug)]
#[must_use = "a scan does nothing before it is run"]
pub struct Scan {
    reader: Arc<dyn ObjectReader>,
    options: ScanOptions,
    events: EventSink,
    cancel: CancelToken,
    total: Option<u64>,
    memory: Option<Box<dyn Remember>>,
}

/// Why a scan has no result. A single object that cannot be read is none: it is a gap.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// The options cannot be followed.
    #[error("the options of the scan cannot be followed")]
    Options(#[from] ScanOptionsError),
    /// The recorded side cannot be read further.
    #[error("what was recorded cannot be read")]
    Recorded {
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Whoever takes the results does not go on.
    #[error("the result of an object cannot be taken")]
    Sink {
        /// Why.
        #[source]
        source: SinkError,
    },
    /// The journal cannot be written or read further.
    #[error("the journal of the scan cannot be used further")]
    Journal {
        /// Why.
        #[source]
        source: RememberError,
    },
    /// Objects are left that nothing will ever read: a defect of the scan.
    #[error("{left} objects are left, and nothing will read them")]
    Stalled {
        /// How many.
        left: usize,
    },
}

impl Scan {
    /// A scan through this reader.
    pub fn new(reader: Arc<dyn ObjectReader>, options: ScanOptions) -> Self {
        Self {
            reader,
            options,
            events: EventSink::default(),
            cancel: CancelToken::default(),
            total: None,
            memory: None,
        }
    }

    /// The scan with somebody who listens.
    pub fn with_events(mut self, events: EventSink) -> Self {
        self.events = self.events.and(events);
        self
    }

    /// The scan with a token that ends it early.
    pub fn with_cancel(mut self, cancel: CancelToken) -> Self {
        self.cancel = cancel;
        self
    }

    /// The scan with the number of objects that are to be read, for its progress.
    pub fn with_total(mut self, total: u64) -> Self {
        self.total = Some(total);
        self
    }

    /// The scan with a journal: results go into it, and what it holds that is fresh is not read again.
    #[cfg(unix)]
    pub fn with_journal(mut self, journal: super::journal::ScanJournal) -> Self {
        self.memory = Some(Box::new(journal));
        self
    }

    /// Reads everything. `recorded` is asked for more as there is room; its errors end the scan.
    ///
    /// # Errors
    /// When the options cannot be followed, and when the recorded side, the sink or the journal fail.
    pub async fn run<E: Into<Box<dyn Error + Send + Sync>>>(
        self,
        recorded: impl IntoIterator<Item = Result<RecordedObject, E>, IntoIter: Send>,
        sink: &mut dyn ScanSink,
    ) -> Result<ScanSummary, ScanError> {
        self.options.check()?;
        let Self { reader, options, events, cancel, total, memory } = self;
        let recorded = recorded.into_iter().map(|object| object.map_err(Into::into));
        Run::new(&*reader, &options, &events, total, memory).drive(recorded, sink, &cancel).await
    }
}
