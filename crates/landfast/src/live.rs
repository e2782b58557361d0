//! What is recorded against what is there, read object by object.

use std::error::Error;

use landfast_drift::{CompareOptions, Comparison, DriftReport, ScanReport};
use landfast_observe::scan::{
    RecordedObject, Sample, Scan, ScanError, ScanOutcome, ScanSink, ScanSummary, ScannedObject, SinkError,
};
use landfast_state::Origin;

use crate::live_scan::{Looked, bound, scan_report};

/// A comparison of what is recorded with what scans find, object by object: of both sides no more is held than the window of a scan,
/// and of what is in sync the report keeps what [`CompareOptions::in_sync`] says.
///
/// Give the schemas of the providers in [`CompareOptions::shapes`]: with them sets are compared as sets, whatever the rules
/// know of a type.
#[derive(Debug)]
pub struct LiveComparison<'o> {
    comparison: Comparison<'o>,
    scan: Option<ScanReport>,
    sample: Option<Sample>,
}

impl<'o> LiveComparison<'o> {
    /// A comparison without any objects yet.
    #[must_use]
    pub fn new(options: &'o CompareOptions) -> Self {
        Self { comparison: Comparison::new(options), scan: None, sample: None }
    }

    /// Scans what is recorded, and compares it.
    ///
    /// # Errors
    /// When the scan cannot be done, or what is recorded cannot be read. A single object that cannot be read is a gap of the report.
    pub async fn recorded<E: Into<Box<dyn Error + Send + Sync>>>(
        &mut self,
        scan: Scan,
        recorded: impl IntoIterator<Item = Result<RecordedObject, E>, IntoIter: Send>,
    ) -> Result<ScanSummary, ScanError> {
        let summary = scan.run(recorded, &mut Compared(&mut self.comparison)).await?;
        self.sample = self.sample.or(summary.sample);
        self.scan.get_or_insert_default().add(scan_report(&summary, Looked::Recorded));
        Ok(summary)
    }

    /// Scans objects that nothing recorded owns, such as [`Enumeration::unowned`](landfast_tfplugin::live::Enumeration::unowned) by
    /// [`Imports`](landfast_tfplugin::live::Imports): those that are there are unmanaged.
    ///
    /// # Errors
    /// As [`LiveComparison::recorded`].
    pub async fn unmanaged(
        &mut self,
        scan: Scan,
        found: landfast_tfplugin::live::Enumeration,
    ) -> Result<ScanSummary, ScanError> {
        for folded in &found.folded {
            let rule = landfast_drift::RuleId::new(&folded.rule);
            self.comparison.suppress(&folded.address.instance, &folded.provider, rule, &folded.description);
        }
        for (resource_type, what) in &found.blind {
            self.comparison.not_listed(resource_type, &format!("not listed are {what}"));
        }
        for failed in &found.failed {
            self.comparison.not_listed(&failed.resource_type, &failed.why.to_string());
        }
        for resource_type in &found.not_covered {
            self.comparison.not_listed(resource_type, "no rule lists them");
        }
        let objects = found.unowned.into_iter().map(Ok::<_, std::convert::Infallible>);
        let summary = scan.run(objects, &mut Unowned(&mut self.comparison)).await?;
        self.scan.get_or_insert_default().add(scan_report(&summary, Looked::Unowned));
        Ok(summary)
    }

    /// The report: `recorded` says where the recorded objects come from, `observed` what reads the others. It tells what the scans did,
    /// see [`DriftReport::scan`].
    #[must_use]
    pub fn finish(self, recorded: &[Origin], observed: &[Origin]) -> DriftReport {
        let mut report = self.comparison.finish(recorded, observed);
        let mut scan = self.scan;
        if let Some(scan) = &mut scan {
            scan.sample = self.sample.map(|sample| bound(sample, scan.recorded, &report));
        }
        report.scan = scan;
        report
    }
}

/// Compares each object when it comes.
struct Compared<'c, 'o>(&'c mut Comparison<'o>);

impl ScanSink for Compared<'_, '_> {
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

/// Takes objects that nothing recorded owns.
struct Unowned<'c, 'o>(&'c mut Comparison<'o>);

impl ScanSink for Unowned<'_, '_> {
    fn take(&mut self, object: ScannedObject) -> Result<(), SinkError> {
        let address = object.address();
        match &object.outcome {
            ScanOutcome::Found(observed) => self.0.add(address, None, Some(observed), None),
            // Gone between the list and the read.
            ScanOutcome::Gone | ScanOutcome::PassedOver => {}
            ScanOutcome::NotRead(why) => self.0.add(address, None, None, Some(&why.gap(address.instance.clone()))),
        }
        Ok(())
    }
}
