//! What scans did, as reports say it.

use landfast_drift::{
    DriftReport, LeftOut, ProviderTrouble, SampleBound, ScanCounts, ScanEnding, ScanReport, ScanWarning, Trouble,
    UnreadableCause,
};
use landfast_observe::scan::{
    ProviderSummary, Sample, SampleEstimate, ScanEnd, ScanSummary, UnreadableGroup, WarningGroup,
};

/// Which objects a scan looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Looked {
    /// What is recorded.
    Recorded,
    /// What nothing recorded owns.
    Unowned,
}

/// What a scan of these objects did.
pub(crate) fn scan_report(summary: &ScanSummary, looked: Looked) -> ScanReport {
    let counts = ScanCounts {
        found: summary.found,
        gone: summary.gone,
        unreadable: summary.unreadable,
        interrupted: summary.interrupted,
        not_sampled: summary.not_sampled,
        from_journal: summary.from_journal,
    };
    let (recorded, unowned) = match looked {
        Looked::Recorded => (counts, None),
        Looked::Unowned => (ScanCounts::default(), Some(counts)),
    };
    let left_out = &summary.left_out;
    let mut report = ScanReport::default();
    // It puts together what reports tell as one thing.
    report.add(ScanReport {
        end: match summary.end {
            ScanEnd::Complete => ScanEnding::Complete,
            ScanEnd::Interrupted => ScanEnding::Interrupted,
        },
        recorded,
        unowned,
        left_out: LeftOut {
            only: left_out.only.iter().map(ToString::to_string).collect(),
            not_only: left_out.not_only,
            except: left_out.except.iter().map(|(selector, count)| (selector.to_string(), *count)).collect(),
        },
        sample: None,
        retries: summary.retries,
        providers: summary.providers.iter().filter_map(trouble).collect(),
        unreadable: summary.groups.iter().map(cause).collect(),
        warnings: summary.warnings.iter().map(warning).collect(),
    });
    report
}

/// What got in the way of a provider, if anything did.
fn trouble(summary: &ProviderSummary) -> Option<ProviderTrouble> {
    let trouble = Trouble {
        throttled: summary.throttled,
        slowed_to: summary.slowed_to,
        left_alone: summary.left_alone,
        given_up: summary.given_up,
    };
    let of_type = |it: &landfast_observe::scan::TypeSummary| {
        let (throttled, slowed_to, left_alone, given_up) = (it.throttled, it.slowed_to, it.left_alone, it.given_up);
        (it.type_name.clone(), Trouble { throttled, slowed_to, left_alone, given_up })
    };
    let types: std::collections::BTreeMap<_, _> = summary.types.iter().map(of_type).collect();
    let restarts = u64::from(summary.restarts);
    let is_odd = trouble != Trouble::default() || restarts > 0 || !types.is_empty();
    is_odd.then(|| ProviderTrouble { provider: summary.provider.to_string(), trouble, restarts, types })
}

fn cause(group: &UnreadableGroup) -> UnreadableCause {
    UnreadableCause {
        provider: group.provider.to_string(),
        type_name: group.type_name.clone(),
        call: group.call.clone(),
        class: group.class.as_str().to_owned(),
        reason: group.reason.clone(),
        count: group.count,
        example: group.example.clone(),
    }
}

fn warning(group: &WarningGroup) -> ScanWarning {
    ScanWarning {
        provider: group.provider.to_string(),
        type_name: group.type_name.clone(),
        text: group.text.clone(),
        count: group.count,
        example: group.example.clone(),
    }
}

/// What a sample says about all recorded objects, of which the report knows those that were read.
pub(crate) fn bound(sample: Sample, recorded: ScanCounts, report: &DriftReport) -> SampleBound {
    let counts = report.counts();
    let drifted = (counts.drifted + counts.missing) as u64;
    // What is there and cannot be compared says nothing.
    let estimate = SampleEstimate::new(recorded.total(), drifted + counts.in_sync as u64, drifted);
    SampleBound {
        percent: sample.percent(),
        total: estimate.total,
        read: estimate.read,
        drifted: estimate.drifted,
        upper: estimate.upper,
        confidence: SampleEstimate::CONFIDENCE,
        most_drifted: estimate.most_drifted(),
    }
}
