//! How to scan.

use std::time::Duration;

use landfast_state::fits_glob;

use super::filter::ObjectFilter;
use super::recorded::{ProviderKey, RecordedObject};
use super::sample::Sample;

/// How to scan. All of it can come from a settings file.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ScanOptions {
    /// Which objects to look at. Default: all.
    pub filter: ObjectFilter,
    /// Whether only a sample is read. Default: no.
    pub sample: Option<Sample>,
    /// How many objects are held at once: waiting, being read, or read and waiting for one before them. Default: 1,024.
    pub window: usize,
    /// How many bytes of attributes these may have before no more are taken up, about. One object is held in any case.
    /// Default: 64 MiB.
    pub window_bytes: usize,
    /// What holds for each provider that has no limits of its own.
    pub provider: GateLimits,
    /// Limits of single providers; the first one that fits holds, and what it does not say is taken from
    /// [`ScanOptions::provider`]. Default: none.
    pub providers: Vec<ProviderLimits>,
    /// Limits of resource types, within those of their providers; the first one that fits holds. Default: none.
    pub types: Vec<TypeLimits>,
    /// How a rate that was lowered comes back.
    pub recovery: Duration,
    /// How often to try again.
    pub retry: RetryOptions,
    /// When to leave a provider, or a type, alone.
    pub breaker: BreakerOptions,
    /// How often each provider is started again after a crash. An object that crashes its provider whenever it is read takes two of
    /// them. Default: 10.
    pub restarts: u32,
    /// How long one read may take. Default: 5 minutes.
    pub time_limit: Duration,
    /// What the jitter of waits is made from. Default: 0; programs give something random.
    pub seed: u64,
}

impl ScanOptions {
    /// Whether a scan with these options reads the object: it passes the filter, is the current object of a managed resource, and is
    /// in the sample.
    #[must_use]
    pub fn would_read(&self, object: &RecordedObject) -> bool {
        self.filter.passes(object)
            && object.is_current()
            && self.sample.is_none_or(|sample| sample.holds(&object.object.address))
    }
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self {
            filter: ObjectFilter::default(),
            sample: None,
            window: 1024,
            window_bytes: 64 << 20,
            provider: GateLimits { concurrency: Some(20), per_second: Some(200.0), burst: Some(20) },
            providers: Vec::new(),
            types: Vec::new(),
            recovery: Duration::from_secs(30),
            retry: RetryOptions::default(),
            breaker: BreakerOptions::default(),
            restarts: 10,
            time_limit: Duration::from_secs(300),
            seed: 0,
        }
    }
}

/// Bounds of what is read at once and how fast. What is absent is not bounded here.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct GateLimits {
    /// How many reads may be under way at once.
    pub concurrency: Option<usize>,
    /// How many reads may begin in a second, on the average.
    pub per_second: Option<f64>,
    /// How many reads may begin at once after a pause.
    pub burst: Option<u32>,
}

impl GateLimits {
    /// The same with this many reads at once.
    #[must_use]
    pub fn with_concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = Some(concurrency);
        self
    }

    /// The same with this many reads in a second.
    #[must_use]
    pub fn with_rate(mut self, per_second: f64, burst: u32) -> Self {
        self.per_second = Some(per_second);
        self.burst = Some(burst);
        self
    }

    fn or(self, other: Self) -> Self {
        Self {
            concurrency: self.concurrency.or(other.concurrency),
            per_second: self.per_second.or(other.per_second),
            burst: self.burst.or(other.burst),
        }
    }
}

/// Limits of a provider.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderLimits {
    /// The source address or the configuration's address, with stars for any text.
    pub provider: String,
    /// What holds for it. Each configuration that fits has limits of its own.
    pub limits: GateLimits,
}

/// Limits of a resource type.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeLimits {
    /// The type, with stars for any text. Each type that fits has limits of its own.
    pub type_name: String,
    /// What holds for it.
    pub limits: GateLimits,
}

/// How often to try again, and how long to wait before. A wait is anything from half of what is said here to all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryOptions {
    /// How often a read is repeated that was throttled. Default: 20.
    pub throttled: u32,
    /// How often a read is repeated that failed in a way that may pass, or had no answer in time. Default: 4.
    pub transient: u32,
    /// The wait before the first repetition; each later one waits twice as long. Default: 500 ms.
    pub first_wait: Duration,
    /// The longest wait. Default: 20 s.
    pub longest_wait: Duration,
}

impl Default for RetryOptions {
    fn default() -> Self {
        Self {
            throttled: 20,
            transient: 4,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(20),
        }
    }
}

/// When a resource type is left alone, or a provider: the latter where types fail that are not one. Reads that were throttled, failed in a way that may pass, or had no answer in
/// time count as failures; any other answer is a sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerOptions {
    /// How many failures in a row open it. Default: 50.
    pub failures: u32,
    /// How long nothing is read then, before a single read is tried. Default: 15 s.
    pub pause: Duration,
    /// How many such trials may fail in a row before what is left is given up. Default: 5.
    pub trials: u32,
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self { failures: 50, pause: Duration::from_secs(15), trials: 5 }
    }
}

/// Options that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting} {problem}")]
pub struct ScanOptionsError {
    /// Which.
    pub setting: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl ScanOptions {
    /// The limits of a provider.
    pub(super) fn provider_limits(&self, provider: &ProviderKey) -> GateLimits {
        let fits = |it: &&ProviderLimits| {
            fits_glob(&it.provider, &provider.source) || fits_glob(&it.provider, &provider.configuration)
        };
        let own = self.providers.iter().find(fits).map(|it| it.limits).unwrap_or_default();
        own.or(self.provider)
    }

    /// The limits of a resource type.
    pub(super) fn type_limits(&self, type_name: &str) -> GateLimits {
        let own = self.types.iter().find(|it| fits_glob(&it.type_name, type_name));
        own.map(|it| it.limits).unwrap_or_default()
    }

    /// Whether the options can be followed.
    ///
    /// # Errors
    /// When they cannot: a rate that is no positive number, nothing at once, an empty window.
    pub fn check(&self) -> Result<(), ScanOptionsError> {
        let fail = |setting: &str, problem| Err(ScanOptionsError { setting: setting.to_owned(), problem });
        if self.window == 0 {
            return fail("window", "must be at least 1");
        }
        if self.time_limit.is_zero() {
            return fail("time_limit", "must be longer than nothing");
        }
        let providers = self.providers.iter().map(|it| (&*it.provider, &it.limits));
        let types = self.types.iter().map(|it| (&*it.type_name, &it.limits));
        for (of, limits) in std::iter::once(("provider", &self.provider)).chain(providers).chain(types) {
            if limits.concurrency == Some(0) {
                return fail(&format!("concurrency of {of}"), "must be at least 1");
            }
            if limits.per_second.is_some_and(|rate| !rate.is_finite() || rate < MIN_RATE) {
                return fail(&format!("per_second of {of}"), "must be a number of at least 0.001");
            }
            if limits.burst == Some(0) {
                return fail(&format!("burst of {of}"), "must be at least 1");
            }
        }
        Ok(())
    }
}

/// The lowest rate that can be asked for.
pub(super) const MIN_RATE: f64 = 0.001;
