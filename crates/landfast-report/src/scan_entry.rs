//! What a scan did, in the machine format.

use landfast_drift::{
    LeftOut, ProviderTrouble, SampleBound, ScanCounts, ScanEnding, ScanReport, ScanWarning, Trouble, UnreadableCause,
};
use landfast_state::Redactor;
use serde::Serialize;

/// What the scan did that read the observed side object by object. What depends on the moment, such as how often reads were throttled
/// and repeated, is left out where it did not happen.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ScanEntry {
    /// How it ended.
    #[cfg_attr(feature = "schema", schemars(with = "crate::document::ScanEndingName"))]
    pub end: ScanEnding,
    /// What became of the recorded objects.
    pub recorded: ScanCountsEntry,
    /// What became of the objects that nothing recorded owns; left out where nobody looked for such.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unowned: Option<ScanCountsEntry>,
    /// What the choice of objects left out; left out itself where that is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<LeftOutEntry>,
    /// What a sample says about all recorded objects; left out where all were to be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<SampleEntry>,
    /// Reads that had to be repeated; left out where none had.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub retries: u64,
    /// Providers that throttled, crashed, were left alone or given up, sorted; left out without any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub providers: Vec<ProviderTroubleEntry>,
    /// What could not be read, by why, sorted; left out where everything could.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub unreadable: Vec<UnreadableCauseEntry>,
    /// What providers found odd in objects that they read, sorted; left out without any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub warnings: Vec<ScanWarningEntry>,
}

/// Objects of a scan by what became of them, each in one of the first five.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ScanCountsEntry {
    /// They are there.
    pub found: u64,
    /// They are gone.
    pub gone: u64,
    /// They could not be read.
    pub unreadable: u64,
    /// They were not read because the scan ended.
    pub interrupted: u64,
    /// They are not in the sample.
    pub not_sampled: u64,
    /// Of those found or gone, the ones that an earlier run had read; left out without any.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub from_journal: u64,
}

/// What the choice of objects left out. Each object counts once.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LeftOutEntry {
    /// All of them.
    pub total: u64,
    /// The selectors of which an object had to fit one, sorted.
    pub only: Vec<String>,
    /// Objects that fit none of these.
    pub not_only: u64,
    /// The selectors that an object must not fit, sorted.
    pub except: Vec<ExceptEntry>,
}

/// What one selector left out.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ExceptEntry {
    /// The selector.
    pub selector: String,
    /// Objects that fit it, and no earlier one.
    pub count: u64,
}

/// What a sample of the recorded objects says about all of them.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SampleEntry {
    /// How many percent of all were to be read.
    pub percent: f64,
    /// How many objects it was drawn from.
    pub total: u64,
    /// How many of the sample were compared.
    pub read: u64,
    /// How many of those have drifted or are missing.
    pub drifted: u64,
    /// The share of all that has drifted is no larger than this, with this confidence. Both between 0 and 1.
    pub upper: f64,
    /// How sure that is.
    pub confidence: f64,
    /// The same in objects.
    pub most_drifted: u64,
}

/// What got in the way of reads through one configuration of a provider.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ProviderTroubleEntry {
    /// The address of the configuration.
    pub provider: String,
    /// What happened to it as a whole. Throttled reads of all types are counted here.
    #[serde(flatten)]
    pub trouble: TroubleEntry,
    /// How often it ended by itself and was started again; left out where it did not.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub restarts: u64,
    /// What happened to single types, sorted; left out without any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub types: Vec<TypeTroubleEntry>,
}

/// What got in the way of reads of a type.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TypeTroubleEntry {
    /// The type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// What happened.
    #[serde(flatten)]
    pub trouble: TroubleEntry,
}

/// What got in the way of reads.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TroubleEntry {
    /// Reads that were throttled; left out without any.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub throttled: u64,
    /// The lowest rate that was used because of that, in reads a second; left out where the rate was not lowered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slowed_to: Option<f64>,
    /// How often nothing was asked for a while, because nothing was answered; left out where that was never so.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub left_alone: u64,
    /// Whether nothing was asked any more in the end; left out where not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub given_up: bool,
}

/// Objects that could not be read for the same reason.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct UnreadableCauseEntry {
    /// The address of the provider's configuration.
    pub provider: String,
    /// Their type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The call that was refused; may be empty.
    pub call: String,
    /// The kind of failure: those of the events of a scan.
    pub class: String,
    /// The reason. Where the provider names the object or a request in it, `*` stands for the name.
    pub reason: String,
    /// How many.
    pub count: u64,
    /// The address of the first of them.
    pub example: String,
}

/// Objects in which a provider found the same odd.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ScanWarningEntry {
    /// The address of the provider's configuration.
    pub provider: String,
    /// Their type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// What it says. Where it names the object or a request, `*` stands for the name.
    pub text: String,
    /// How many.
    pub count: u64,
    /// The address of the first of them.
    pub example: String,
}

/// Whether a number need not be told.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
pub(crate) fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A share with six digits, rounded up: a bound stays one.
fn rounded_up(share: f64) -> f64 {
    ((share * 1e6).ceil() / 1e6).min(1.0)
}

impl ScanEntry {
    pub(crate) fn new(scan: &ScanReport, redactor: &Redactor) -> Self {
        Self {
            end: scan.end,
            recorded: ScanCountsEntry::new(scan.recorded),
            unowned: scan.unowned.map(ScanCountsEntry::new),
            left_out: (scan.left_out.total() > 0).then(|| LeftOutEntry::new(&scan.left_out, redactor)),
            sample: scan.sample.as_ref().map(SampleEntry::new),
            retries: scan.retries,
            providers: scan.providers.iter().map(ProviderTroubleEntry::new).collect(),
            unreadable: scan.unreadable.iter().map(|cause| UnreadableCauseEntry::new(cause, redactor)).collect(),
            warnings: scan.warnings.iter().map(|warning| ScanWarningEntry::new(warning, redactor)).collect(),
        }
    }
}

impl ScanCountsEntry {
    fn new(counts: ScanCounts) -> Self {
        let ScanCounts { found, gone, unreadable, interrupted, not_sampled, from_journal } = counts;
        Self { found, gone, unreadable, interrupted, not_sampled, from_journal }
    }
}

impl LeftOutEntry {
    fn new(left_out: &LeftOut, redactor: &Redactor) -> Self {
        let masked = |text: &String| redactor.redact(text).into_owned();
        let except = |(selector, count): (&String, &u64)| ExceptEntry { selector: masked(selector), count: *count };
        Self {
            total: left_out.total(),
            only: left_out.only.iter().map(masked).collect(),
            not_only: left_out.not_only,
            except: left_out.except.iter().map(except).collect(),
        }
    }
}

impl SampleEntry {
    fn new(bound: &SampleBound) -> Self {
        Self {
            percent: bound.percent,
            total: bound.total,
            read: bound.read,
            drifted: bound.drifted,
            upper: rounded_up(bound.upper),
            confidence: bound.confidence,
            most_drifted: bound.most_drifted,
        }
    }
}

impl ProviderTroubleEntry {
    fn new(it: &ProviderTrouble) -> Self {
        let of_type = |(type_name, trouble): (&String, &Trouble)| TypeTroubleEntry {
            type_name: type_name.clone(),
            trouble: TroubleEntry::new(*trouble),
        };
        Self {
            provider: it.provider.clone(),
            trouble: TroubleEntry::new(it.trouble),
            restarts: it.restarts,
            types: it.types.iter().map(of_type).collect(),
        }
    }
}

impl TroubleEntry {
    fn new(trouble: Trouble) -> Self {
        let Trouble { throttled, slowed_to, left_alone, given_up } = trouble;
        Self { throttled, slowed_to: slowed_to.map(|rate| (rate * 1e3).round() / 1e3), left_alone, given_up }
    }
}

impl UnreadableCauseEntry {
    fn new(cause: &UnreadableCause, redactor: &Redactor) -> Self {
        let masked = |text: &str| redactor.redact(text).into_owned();
        Self {
            provider: cause.provider.clone(),
            type_name: cause.type_name.clone(),
            call: masked(&cause.call),
            class: cause.class.clone(),
            reason: masked(&cause.reason),
            count: cause.count,
            example: masked(&cause.example.to_string()),
        }
    }
}

impl ScanWarningEntry {
    fn new(warning: &ScanWarning, redactor: &Redactor) -> Self {
        Self {
            provider: warning.provider.clone(),
            type_name: warning.type_name.clone(),
            text: redactor.redact(&warning.text).into_owned(),
            count: warning.count,
            example: redactor.redact(&warning.example.to_string()).into_owned(),
        }
    }
}
