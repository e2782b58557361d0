//! What is recorded against what is there, read object by object.

use std::error::Error;

use landfast_drift::{CompareOptions, Comparison, DriftReport};
use landfast_observe::scan::{
    RecordedObject, Scan, ScanError, ScanOutcome, ScanSink, ScanSummary, ScannedObject, SinkError,
};
use landfast_state::Origin;

/// What a scan found, compared with what was recorded.
#[derive(Debug)]
#[non_exhaustive]
pub struct LiveReport {
    /// The comparison.
    pub report: DriftReport,
    /// How the scan went.
    pub summary: ScanSummary,
}

/// Compares what is recorded with what a scan finds, object by object: of both sides no more is held than the window of the scan,
/// and of what is in sync the report keeps what [`CompareOptions::in_sync`] says.
///
/// `origins` says where the recorded objects come from and what reads the observed ones. Give the schemas of the providers in
/// [`CompareOptions::shapes`]: with them sets are compared as sets, whatever the rules know of a type.
///
/// # Errors
/// When the scan cannot be done, or what is recorded cannot be read. A single object that cannot be read is a gap of the report.
pub async fn check_live<E: Into<Box<dyn Error + Send + Sync>>>(
    scan: Scan,
    recorded: impl IntoIterator<Item = Result<RecordedObject, E>, IntoIter: Send>,
    origins: (&[Origin], &[Origin]),
    options: &CompareOptions,
) -> Result<LiveReport, ScanError> {
    let mut sink = Comparing(Comparison::new(options));
    let summary = scan.run(recorded, &mut sink).await?;
    Ok(LiveReport { report: sink.0.finish(origins.0, origins.1), summary })
}

/// Compares each object when it comes.
struct Comparing<'o>(Comparison<'o>);

impl ScanSink for Comparing<'_> {
    fn take(&mut self, object: ScannedObject) -> Result<(), SinkError> {
        let (address, recorded) = (object.address(), Some(&object.recorded));
        match &object.outcome {
            ScanOutcome::Found(observed) => self.0.add(address, recorded, Some(observed), None),
            ScanOutcome::Gone | ScanOutcome::PassedOver => self.0.add(address, recorded, None, None),
            ScanOutcome::NotRead(why) => {
                self.0.add(address, recorded, None, Some(&why.gap(address.instance.clone())));
            }
        }
        Ok(())
    }
}
