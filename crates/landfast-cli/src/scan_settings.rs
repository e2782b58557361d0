//! `[scan]` and `[providers]` in `landfast.toml`: how fast is read, and what providers are configured with.

use std::num::NonZeroU32;
use std::time::Duration;

use landfast::observe::scan::{GateLimits, ProviderLimits, ScanOptions, TypeLimits};
use landfast::state::json::{Limits, Raw};
use landfast::state::{Members, Value};
use serde::{Deserialize, Deserializer, de};

use crate::duration;

/// The table `[scan]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ScanSettings {
    #[serde(flatten)]
    every: Pace,
    /// How long one read may take.
    #[serde(deserialize_with = "time")]
    time_limit: Option<Duration>,
    /// How often a read is repeated that failed in a way that may pass.
    retries: Option<u32>,
    /// Providers with limits of their own.
    provider: Vec<OfProvider>,
    /// Types with limits of their own.
    r#type: Vec<OfType>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Pace {
    concurrency: Option<NonZeroU32>,
    /// Reads a second.
    rate: Option<NonZeroU32>,
    burst: Option<NonZeroU32>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct OfProvider {
    provider: String,
    #[serde(flatten)]
    pace: Pace,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct OfType {
    r#type: String,
    #[serde(flatten)]
    pace: Pace,
}

impl Pace {
    fn limits(self, start: GateLimits) -> GateLimits {
        let mut limits = start;
        if let Some(concurrency) = self.concurrency {
            limits.concurrency = Some(usize::try_from(concurrency.get()).unwrap_or(usize::MAX));
        }
        if let Some(rate) = self.rate {
            limits.per_second = Some(f64::from(rate.get()));
            // What is not said is a tenth of a second's worth.
            limits.burst = Some(rate.get().div_ceil(10));
        }
        if let Some(burst) = self.burst {
            limits.burst = Some(burst.get());
        }
        limits
    }
}

impl ScanSettings {
    /// The options of a scan.
    pub(crate) fn options(&self) -> ScanOptions {
        let mut options = ScanOptions::default();
        options.provider = self.every.limits(options.provider);
        let of_provider = |it: &OfProvider| ProviderLimits {
            provider: it.provider.clone(),
            limits: it.pace.limits(GateLimits::default()),
        };
        options.providers = self.provider.iter().map(of_provider).collect();
        let of_type =
            |it: &OfType| TypeLimits { type_name: it.r#type.clone(), limits: it.pace.limits(GateLimits::default()) };
        options.types = self.r#type.iter().map(of_type).collect();
        if let Some(limit) = self.time_limit {
            options.time_limit = limit;
        }
        if let Some(retries) = self.retries {
            options.retry.transient = retries;
        }
        options
    }
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    duration::bounded(&text).map(Some).map_err(de::Error::custom)
}

/// What a provider is configured with.
#[derive(Clone)]
pub(crate) struct ProviderSettings(pub(crate) Members);

/// It may be a secret.
impl std::fmt::Debug for ProviderSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ProviderSettings").field(&self.0.keys()).finish()
    }
}

impl<'de> Deserialize<'de> for ProviderSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let table = serde_json::Value::deserialize(deserializer)?;
        let text = table.to_string();
        let raw = Raw::check(text.as_bytes(), &Limits::default()).map_err(de::Error::custom)?;
        match Value::from_raw(raw, &[]) {
            Value::Object(members) => Ok(Self(members)),
            _ => Err(de::Error::custom("a provider is configured by a table")),
        }
    }
}
