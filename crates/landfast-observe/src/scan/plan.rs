//! What would be read, and how long that would take, without reading.

use std::collections::BTreeMap;
use std::time::Duration;

use super::options::{GateLimits, ScanOptions};
use super::recorded::{ProviderKey, RecordedObject};

/// What a scan would read.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct ReadPlan {
    /// Objects that would be read.
    pub reads: u64,
    /// Objects of data sources, and deposed ones, which are not looked at.
    pub passed_over: u64,
    /// Objects that the filter leaves out.
    pub excluded: u64,
    /// Objects that are not in the sample.
    pub not_sampled: u64,
    /// What would be read through each provider, sorted.
    pub providers: Vec<ProviderPlan>,
    /// How long it takes, when nothing is throttled and nothing fails: as long as the slowest provider.
    pub estimate: Duration,
}

/// What a scan would read through a provider.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ProviderPlan {
    /// Which.
    pub provider: ProviderKey,
    /// How many objects.
    pub reads: u64,
    /// How many at once and how fast.
    pub limits: GateLimits,
    /// The types, sorted.
    pub types: Vec<TypePlan>,
    /// How long it takes: the longest of what concurrency, rate and the limits of each type allow.
    pub estimate: Duration,
}

/// What a scan would read of a type.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TypePlan {
    /// Which.
    pub type_name: String,
    /// How many objects.
    pub reads: u64,
    /// How many at once and how fast, where the type has limits of its own.
    pub limits: GateLimits,
}

/// What a scan with these options would read, if a read takes `latency`. It only counts; the objects are not held.
///
/// The estimate for `N` objects is the larger of `N·latency/concurrency` and `N/rate`.
///
/// # Errors
/// Those of the recorded side.
pub fn plan_reads<E>(
    recorded: impl IntoIterator<Item = Result<RecordedObject, E>>,
    options: &ScanOptions,
    latency: Duration,
) -> Result<ReadPlan, E> {
    let mut plan = ReadPlan::default();
    let mut counts: BTreeMap<ProviderKey, BTreeMap<String, u64>> = BTreeMap::new();
    for object in recorded {
        let object = object?;
        let counter = if !options.filter.passes(&object) {
            &mut plan.excluded
        } else if !object.is_current() {
            &mut plan.passed_over
        } else if options.sample.is_some_and(|sample| !sample.holds(&object.object.address)) {
            &mut plan.not_sampled
        } else {
            let of_type = counts.entry(object.provider_key()).or_default();
            *of_type.entry(object.type_name().to_owned()).or_default() += 1;
            &mut plan.reads
        };
        *counter += 1;
    }
    let provider = |(provider, types): (ProviderKey, BTreeMap<String, u64>)| {
        let mut limits = options.provider_limits(&provider);
        limits.concurrency = Some(limits.concurrency.unwrap_or(usize::MAX).min(options.window));
        let reads = types.values().sum();
        let types: Vec<TypePlan> = types
            .into_iter()
            .map(|(type_name, reads)| TypePlan { limits: options.type_limits(&type_name), type_name, reads })
            .collect();
        let slowest = types.iter().map(|it| time(it.reads, it.limits, latency)).max().unwrap_or_default();
        let estimate = time(reads, limits, latency).max(slowest);
        ProviderPlan { provider, reads, limits, types, estimate }
    };
    plan.providers = counts.into_iter().map(provider).collect();
    plan.estimate = plan.providers.iter().map(|it| it.estimate).max().unwrap_or_default();
    Ok(plan)
}

/// How long so many reads take within these limits.
fn time(reads: u64, limits: GateLimits, latency: Duration) -> Duration {
    let rounds = reads.div_ceil(limits.concurrency.unwrap_or(usize::MAX).max(1) as u64);
    let by_concurrency = latency.as_secs_f64() * rounds as f64;
    // The first ones come in a burst.
    let paced = reads.saturating_sub(u64::from(limits.burst.unwrap_or(1))) as f64;
    let by_rate = limits.per_second.map_or(0.0, |rate| paced / rate + latency.as_secs_f64());
    Duration::try_from_secs_f64(by_concurrency.max(by_rate)).unwrap_or(Duration::MAX)
}
