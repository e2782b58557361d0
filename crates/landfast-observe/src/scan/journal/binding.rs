//! What a journal belongs to.

use std::collections::BTreeMap;

use bytes::Bytes;
use landfast_state::json::{RawJson, quote_go};
use landfast_state::{BytesDigest, FingerprintKey, Limits};

use super::record::RecordError;
use crate::scan::options::ScanOptions;

/// What a journal belongs to. Results are taken from it only for the same recorded side, the same choice of objects, and the same
/// providers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JournalBinding {
    recorded: BytesDigest,
    scope: String,
    /// What the sample is drawn by, where there is one: whoever takes the scan up needs it to draw the same.
    sample_seed: Option<u64>,
    providers: BTreeMap<String, String>,
}

/// The version of the format that is written.
const FORMAT_VERSION: &str = "1.0";

/// The member with what the sample is drawn by: a number as text, since it may be larger than JSON's are in some programs.
const SAMPLE_SEED: &str = "sample_seed";

/// What the sample of a journal is drawn by, from its first record.
pub(super) fn sample_seed(first: Vec<u8>) -> Result<Option<u64>, RecordError> {
    let document = RawJson::check(Bytes::from(first), &Limits::default())?;
    let Some(seed) = document.as_raw().get(SAMPLE_SEED) else { return Ok(None) };
    let seed = seed.as_string().and_then(|text| text.parse().ok());
    seed.map(Some).ok_or(RecordError::Missing { member: SAMPLE_SEED })
}

impl JournalBinding {
    /// The binding to a recorded side with this digest, such as that of the file's bytes, and to what the options choose of it.
    #[must_use]
    pub fn new(recorded: BytesDigest, options: &ScanOptions) -> Self {
        let selectors =
            |of: &[crate::scan::Selector]| of.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        let sample = options.sample.map(|sample| format!("{} {}", sample.percent(), sample.seed())).unwrap_or_default();
        let filter = &options.filter;
        let scope = format!("{}\n\n{}\n\n{sample}", selectors(&filter.only), selectors(&filter.except));
        let scope = BytesDigest::of(scope.as_bytes()).to_string();
        let sample_seed = options.sample.map(|sample| sample.seed());
        Self { recorded, scope, sample_seed, providers: BTreeMap::new() }
    }

    /// The binding to a provider too. `identity` says which it is and how it is configured: its version and the digest of its program and of its
    /// configuration, say. It must hold no secret.
    #[must_use]
    pub fn with_provider(mut self, configuration: impl Into<String>, identity: impl Into<String>) -> Self {
        self.providers.insert(configuration.into(), identity.into());
        self
    }

    /// As the first record has it.
    pub(super) fn text(&self, key: &FingerprintKey) -> String {
        let providers: Vec<String> = self
            .providers
            .iter()
            .map(|(name, identity)| format!("{}:{}", quote_go(name), quote_go(identity)))
            .collect();
        let sample = self.sample_seed.map(|seed| format!("\"{SAMPLE_SEED}\":\"{seed}\",")).unwrap_or_default();
        format!(
            "{{\"landfast\":\"scan-journal\",\"format_version\":{},\"recorded\":{},\"scope\":{},{sample}\"fingerprint_key\":{},\"providers\":{{{}}}}}",
            quote_go(FORMAT_VERSION),
            quote_go(&self.recorded.to_string()),
            quote_go(&self.scope),
            quote_go(&key.id()),
            providers.join(",")
        )
    }

    /// What a journal belongs to that this is not, if anything.
    pub(super) fn difference(&self, key: &FingerprintKey, first: Vec<u8>) -> Result<Option<String>, RecordError> {
        let document = RawJson::check(Bytes::from(first), &Limits::default())?;
        let document = document.as_raw();
        let text = |name: &'static str| {
            document.get(name).and_then(|raw| raw.as_string()).ok_or(RecordError::Missing { member: name })
        };
        if text("landfast")? != "scan-journal" {
            return Err(RecordError::Missing { member: "landfast" });
        }
        if !text("format_version")?.starts_with("1.") {
            return Ok(Some(String::from("the version of its format is")));
        }
        for (name, here, what) in [
            ("recorded", self.recorded.to_string(), "what was recorded is"),
            ("scope", self.scope.clone(), "the choice of objects is"),
            ("fingerprint_key", key.id(), "the fingerprint key is"),
        ] {
            if text(name)? != here {
                return Ok(Some(what.to_owned()));
            }
        }
        let providers = document.get("providers").and_then(|raw| raw.members());
        let providers: BTreeMap<String, String> = providers
            .ok_or(RecordError::Missing { member: "providers" })?
            .map(|(name, identity)| (name.into_owned(), identity.as_string().unwrap_or_default().into_owned()))
            .collect();
        let differs = |name: &&String| providers.get(*name) != self.providers.get(*name);
        let other = providers.keys().chain(self.providers.keys()).find(differs);
        Ok(other.map(|name| format!("{name} is")))
    }
}
