//! `[scan]` and `[providers]` in `landfast.toml`: how fast is read, and what providers are configured with.

use std::fmt;
use std::time::Duration;

use landfast::ConfiguredProviders;
use landfast::observe::scan::{GateLimits, ProviderLimits, ScanOptions, TypeLimits};
use landfast::state::{Members, Value, WrittenValue};
use serde::{Deserialize, Deserializer, de};

use crate::duration;

/// The table `[scan]`.
///
/// Nothing is flattened here: then an error would not know the line that it is about.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ScanSettings {
    concurrency: Option<Count>,
    /// Reads a second.
    rate: Option<Count>,
    burst: Option<Count>,
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

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct OfProvider {
    provider: String,
    concurrency: Option<Count>,
    rate: Option<Count>,
    burst: Option<Count>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct OfType {
    r#type: String,
    concurrency: Option<Count>,
    rate: Option<Count>,
    burst: Option<Count>,
}

/// A number of reads.
#[derive(Debug, Clone, Copy)]
struct Count(u32);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsNumber;

        impl de::Visitor<'_> for AsNumber {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a whole number from 1 to {}", u32::MAX)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Count, E> {
                let count = u32::try_from(number).ok().filter(|count| *count > 0);
                count.map(Count).ok_or_else(|| E::invalid_value(de::Unexpected::Signed(number), &self))
            }
        }

        deserializer.deserialize_i64(AsNumber)
    }
}

/// How many reads at once and how fast, as any of these tables says it.
#[derive(Debug, Clone, Copy)]
struct Pace {
    concurrency: Option<Count>,
    rate: Option<Count>,
    burst: Option<Count>,
}

impl Pace {
    fn limits(self, start: GateLimits) -> GateLimits {
        let mut limits = start;
        if let Some(concurrency) = self.concurrency {
            limits.concurrency = Some(usize::try_from(concurrency.0).unwrap_or(usize::MAX));
        }
        if let Some(rate) = self.rate {
            limits.per_second = Some(f64::from(rate.0));
            // What is not said is a tenth of a second's worth.
            limits.burst = Some(rate.0.div_ceil(10));
        }
        if let Some(burst) = self.burst {
            limits.burst = Some(burst.0);
        }
        limits
    }
}

impl ScanSettings {
    /// The options of a scan.
    pub(crate) fn options(&self) -> ScanOptions {
        let mut options = ScanOptions::default();
        let Self { concurrency, rate, burst, .. } = *self;
        options.provider = Pace { concurrency, rate, burst }.limits(options.provider);
        let of_provider = |it: &OfProvider| {
            let OfProvider { concurrency, rate, burst, .. } = *it;
            let limits = Pace { concurrency, rate, burst }.limits(GateLimits::default());
            ProviderLimits { provider: it.provider.clone(), limits }
        };
        options.providers = self.provider.iter().map(of_provider).collect();
        let of_type = |it: &OfType| {
            let OfType { concurrency, rate, burst, .. } = *it;
            let limits = Pace { concurrency, rate, burst }.limits(GateLimits::default());
            TypeLimits { type_name: it.r#type.clone(), limits }
        };
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

/// The source address of a provider, with `.ALIAS` behind it for one with an alias.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ProviderName(pub(crate) String);

impl<'de> Deserialize<'de> for ProviderName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        // Here it is known in which line it stands.
        ConfiguredProviders::new().with_settings(&name, Members::new()).map_err(de::Error::custom)?;
        Ok(Self(name))
    }
}

/// What a provider is configured with.
#[derive(Clone)]
pub(crate) struct ProviderSettings(pub(crate) Members);

/// It may be a secret.
impl fmt::Debug for ProviderSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProviderSettings").field(&self.0.keys()).finish()
    }
}

impl<'de> Deserialize<'de> for ProviderSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match WrittenValue::deserialize(deserializer)?.0 {
            Value::Object(members) => Ok(Self(members)),
            _ => Err(de::Error::custom("a provider is configured by a table")),
        }
    }
}
