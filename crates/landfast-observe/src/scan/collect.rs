//! The results of a scan in memory, and scans as observers.

use std::sync::Arc;

use landfast_state::{
    DuplicateObject, Gap, GapKind, Observation, Origin, ResourceObject, SecretTexts, Snapshot, SourceKind,
};

use super::cancel::CancelToken;
use super::driver::{Scan, ScanError};
use super::event::EventSink;
use super::options::ScanOptions;
use super::outcome::{NotRead, ScanOutcome, ScanSink, ScannedObject, SinkError};
use super::reader::ObjectReader;
use super::recorded::RecordedObject;
use crate::error::ObserveError;
use crate::observer::{Diagnostic, DiagnosticSeverity, ObserveFuture, ObserveRequest, Observed, Observer};

/// Keeps the results of a scan, all of them: for infrastructure that fits into memory.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Collect {
    /// What was recorded, upgraded where it was read.
    pub recorded: Vec<ResourceObject>,
    /// What is there.
    pub observed: Vec<ResourceObject>,
    /// What was not read.
    pub gaps: Vec<Gap>,
    /// What could not be read, and warnings.
    pub diagnostics: Vec<Diagnostic>,
}

impl ScanSink for Collect {
    fn take(&mut self, object: ScannedObject) -> Result<(), SinkError> {
        let address = object.address().instance.clone();
        let about = || Some(address.to_string());
        self.diagnostics.extend(object.warnings.into_iter().map(|warning| Diagnostic { address: about(), ..warning }));
        match object.outcome {
            ScanOutcome::Found(observed) => self.observed.push(*observed),
            ScanOutcome::Gone | ScanOutcome::PassedOver => {}
            ScanOutcome::NotRead(why) => {
                if let NotRead::Unreadable(failure) = &why {
                    let (summary, detail) = (failure.call.clone(), failure.reason.clone());
                    let severity = DiagnosticSeverity::Error;
                    self.diagnostics.push(Diagnostic { severity, summary, detail, address: about() });
                }
                self.gaps.push(why.gap(address));
            }
        }
        self.recorded.push(object.recorded);
        Ok(())
    }

    /// What was left out is recorded all the same, and nothing is said about it: without a gap it would be gone.
    fn left_out(&mut self, object: RecordedObject) -> Result<(), SinkError> {
        let (address, reason) =
            (object.object.address.instance.clone(), String::from("left out by the choice of objects"));
        self.gaps.push(Gap { address, kind: GapKind::LeftOut, reason });
        self.recorded.push(object.object);
        Ok(())
    }
}

impl Collect {
    /// What was observed. `recorded` is where the recorded objects come from, `source` the name of what was read; `secrets` are texts
    /// of secrets that no object holds marked.
    ///
    /// # Errors
    /// When two objects have the same address.
    pub fn into_observed(
        self,
        recorded: Origin,
        source: &str,
        secrets: SecretTexts,
    ) -> Result<Observed, DuplicateObject> {
        let recorded = Snapshot::new(recorded, self.recorded, secrets.clone())?;
        let observed = Snapshot::new(Origin::new(SourceKind::Observation, source), self.observed, secrets)?;
        let mut gaps = self.gaps;
        gaps.sort_by(|a, b| a.address.cmp(&b.address));
        let mut result = Observed::new(Some(recorded), Observation { snapshot: observed, gaps });
        result.diagnostics = self.diagnostics;
        Ok(result)
    }
}

/// A scan as an [`Observer`]: it looks up what the request says was recorded.
///
/// A scan that is cancelled gives what it has, with gaps for the rest. Dropping the future gives nothing.
#[derive(Debug, Clone)]
pub struct ScanObserver {
    name: String,
    reader: Arc<dyn ObjectReader>,
    options: ScanOptions,
    events: EventSink,
    cancel: CancelToken,
}

impl ScanObserver {
    /// An observer that scans through this reader. `name` says what it reads.
    #[must_use]
    pub fn new(name: impl Into<String>, reader: Arc<dyn ObjectReader>, options: ScanOptions) -> Self {
        let (events, cancel) = Default::default();
        Self { name: name.into(), reader, options, events, cancel }
    }

    /// The observer with somebody who listens.
    #[must_use]
    pub fn with_events(mut self, events: EventSink) -> Self {
        self.events = self.events.and(events);
        self
    }

    /// The observer with a token that ends its scans early.
    #[must_use]
    pub fn with_cancel(mut self, cancel: CancelToken) -> Self {
        self.cancel = cancel;
        self
    }

    async fn scan(&self, request: ObserveRequest) -> Result<Observed, ObserveError> {
        let nothing = || ObserveError::NothingRecorded { place: self.name.clone() };
        let recorded = request.recorded.ok_or_else(nothing)?;
        let wanted: Vec<RecordedObject> = RecordedObject::of_snapshot(&recorded)
            .filter(|it| request.scope.holds(&it.object.address.instance))
            .collect();
        let scan = Scan::new(Arc::clone(&self.reader), self.options.clone())
            .with_total(wanted.len() as u64)
            .with_events(self.events.clone().and(request.progress.into()))
            .with_cancel(self.cancel.clone());
        let mut collected = Collect::default();
        let summary = scan.run(wanted.into_iter().map(Ok::<_, ScanError>), &mut collected).await?;
        let mut secrets = SecretTexts::default();
        secrets.extend(recorded.secrets());
        let (now, origin) = (std::mem::take(&mut collected.recorded), Origin::new(SourceKind::State, ""));
        let mut observed = collected
            .into_observed(origin, &self.name, secrets)
            .map_err(|error| ObserveError::Scan(ScanError::Recorded { source: error.into() }))?;
        // Origins, moves and secrets are still those of what was asked about.
        observed.recorded = Some(recorded.with_only(now));
        observed.scan = Some(Box::new(summary));
        Ok(observed)
    }
}

impl Observer for ScanObserver {
    fn name(&self) -> &str {
        &self.name
    }

    fn observe(&self, request: ObserveRequest) -> ObserveFuture<'_> {
        Box::pin(self.scan(request))
    }
}
