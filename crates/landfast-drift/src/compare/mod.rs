//! The comparison of a recorded snapshot with an observation.

use std::collections::BTreeSet;
use std::sync::Arc;

use landfast_state::{FingerprintKey, Observation, Snapshot};

use crate::normalise::Normaliser;
use crate::report::DriftReport;
use crate::rules::RuleSet;

/// How to compare.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CompareOptions {
    /// The rules. Default: the packs that come with the program.
    pub rules: Arc<RuleSet>,
    /// Normalisers that must not apply. Default: none.
    pub disabled_normalisers: BTreeSet<Normaliser>,
    /// The key of the fingerprints of sensitive values; without it a fingerprint can be compared with another one of the
    /// same key only. Default: none.
    pub fingerprint_key: Option<FingerprintKey>,
}

impl Default for CompareOptions {
    fn default() -> Self {
        Self { rules: RuleSet::embedded(), disabled_normalisers: BTreeSet::new(), fingerprint_key: None }
    }
}

/// Compares what was recorded with what was observed.
#[must_use]
pub fn compare(recorded: &Snapshot, observed: &Observation, options: &CompareOptions) -> DriftReport {
    let _ = options;
    DriftReport {
        recorded: recorded.origins().to_vec(),
        observed: observed.snapshot.origins().to_vec(),
        resources: Vec::new(),
        not_compared: Vec::new(),
    }
}
