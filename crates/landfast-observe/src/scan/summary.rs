//! What a scan did, in numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use landfast_state::address::ObjectAddress;

use super::alike::in_general;
use super::filter::{ObjectFilter, Refusal, Selector};
use super::outcome::{NotRead, ScanOutcome, ScannedObject};
use super::reader::{Unreadable, UnreadableClass};
use super::recorded::{ProviderKey, RecordedObject};
use super::sample::Sample;
use crate::observer::Diagnostic;

/// How a scan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ScanEnd {
    /// Everything had its turn.
    #[default]
    Complete,
    /// It was asked to end: some objects were not read.
    Interrupted,
}

/// What a scan did. Each object of the recorded side counts in exactly one of `found`, `gone`, `unreadable`, `interrupted`,
/// `not_sampled`, `passed_over` and `excluded`.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ScanSummary {
    /// How it ended.
    pub end: ScanEnd,
    /// Objects that are there.
    pub found: u64,
    /// Objects that are gone.
    pub gone: u64,
    /// Objects that could not be read.
    pub unreadable: u64,
    /// Objects that were not read because the scan ended.
    pub interrupted: u64,
    /// Objects that are not in the sample.
    pub not_sampled: u64,
    /// Objects of data sources, and deposed ones.
    pub passed_over: u64,
    /// Objects that the filter left out, those included that are passed over anyway.
    pub excluded: u64,
    /// By what the filter left out current objects of managed resources.
    pub left_out: LeftOutCounts,
    /// Which part was to be read, where it was a sample.
    pub sample: Option<Sample>,
    /// Of those found or gone, the ones that came from the journal.
    pub from_journal: u64,
    /// Reads that were begun.
    pub reads: u64,
    /// Reads that had to be repeated.
    pub retries: u64,
    /// Reads that were throttled.
    pub throttled: u64,
    /// What could not be read, by why: sorted, at most [`ScanSummary::MOST_GROUPS`].
    pub groups: Vec<UnreadableGroup>,
    /// What providers found odd in objects that they read: sorted, at most [`ScanSummary::MOST_GROUPS`].
    pub warnings: Vec<WarningGroup>,
    /// What each provider was asked, sorted.
    pub providers: Vec<ProviderSummary>,
    /// The most objects that were held at once.
    pub most_held: usize,
    /// The most bytes that these had, about.
    pub most_held_bytes: usize,
    /// How long it took.
    pub elapsed: Duration,
}

impl ScanSummary {
    /// The most groups of a summary. Further reasons are told by their kind only.
    pub const MOST_GROUPS: usize = 1_000;

    /// Whether every object that was to be looked at was read. A sample never is that.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.unreadable == 0 && self.interrupted == 0 && self.not_sampled == 0
    }

    /// All objects that were recorded.
    #[must_use]
    pub fn total(&self) -> u64 {
        let read = self.found + self.gone + self.unreadable;
        read + self.interrupted + self.not_sampled + self.passed_over + self.excluded
    }
}

/// Objects that could not be read for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnreadableGroup {
    /// Through which provider.
    pub provider: ProviderKey,
    /// Of which type.
    pub type_name: String,
    /// The call that was refused.
    pub call: String,
    /// The kind of failure.
    pub class: UnreadableClass,
    /// The reason. Where the provider names the object or a request in it, `*` stands for the name.
    pub reason: String,
    /// How many.
    pub count: u64,
    /// The first of them.
    pub example: ObjectAddress,
}

/// Objects in which a provider found the same odd.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WarningGroup {
    /// Which provider.
    pub provider: ProviderKey,
    /// Their type.
    pub type_name: String,
    /// What it says. Where it names the object or a request, `*` stands for the name.
    pub text: String,
    /// How many.
    pub count: u64,
    /// The first of them.
    pub example: ObjectAddress,
}

/// What a provider was asked.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ProviderSummary {
    /// Which.
    pub provider: ProviderKey,
    /// Reads that were begun.
    pub reads: u64,
    /// Reads that were throttled.
    pub throttled: u64,
    /// How long a read took, on the average.
    pub latency: Duration,
    /// The lowest rate that it was asked at because of throttling, in reads a second; of all its types together.
    pub slowed_to: Option<f64>,
    /// How often it was left alone for a while, as a whole.
    pub left_alone: u64,
    /// How often it was started again.
    pub restarts: u32,
    /// Whether it was not asked any more in the end.
    pub given_up: bool,
    /// Types that were throttled, left alone or given up, sorted.
    pub types: Vec<TypeSummary>,
}

/// What got in the way of reads of a type.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TypeSummary {
    /// Which.
    pub type_name: String,
    /// Reads that were throttled.
    pub throttled: u64,
    /// The lowest rate that it was asked at because of throttling, in reads a second.
    pub slowed_to: Option<f64>,
    /// How often it was left alone for a while.
    pub left_alone: u64,
    /// Whether it was not asked for any more in the end.
    pub given_up: bool,
}

impl TypeSummary {
    pub(super) fn is_odd(&self) -> bool {
        self.throttled > 0 || self.left_alone > 0 || self.given_up
    }
}

/// By what a filter left out objects. Each counts once, whatever the order of the selectors in the filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOutCounts {
    /// The selectors of which an object had to fit one, sorted by their texts, each once.
    pub only: Vec<Selector>,
    /// Objects that fit none of these.
    pub not_only: u64,
    /// The selectors that an object must not fit, sorted likewise, with the number of those that fit this one, and no earlier one.
    pub except: Vec<(Selector, u64)>,
}

impl LeftOutCounts {
    /// The selectors of a filter.
    pub(super) fn of(filter: &ObjectFilter) -> Self {
        let sorted = |selectors: &[Selector]| {
            let texts: BTreeMap<String, &Selector> = selectors.iter().map(|it| (it.to_string(), it)).collect();
            texts.into_values().cloned().collect::<Vec<_>>()
        };
        let except = sorted(&filter.except).into_iter().map(|selector| (selector, 0)).collect();
        Self { only: sorted(&filter.only), not_only: 0, except }
    }

    fn count(&mut self, object: &RecordedObject, why: Refusal) {
        let counter = match why {
            Refusal::NotOnly => Some(&mut self.not_only),
            Refusal::Except => self.except.iter_mut().find(|(it, _)| it.fits(object)).map(|(_, count)| count),
        };
        if let Some(counter) = counter {
            *counter += 1;
        }
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.not_only + self.except.iter().map(|(_, count)| count).sum::<u64>()
    }
}

/// Provider, type, call, class and reason.
type GroupKey = (ProviderKey, String, String, UnreadableClass, String);

/// Counts what is delivered.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) summary: ScanSummary,
    groups: BTreeMap<GroupKey, (u64, ObjectAddress)>,
    /// By provider, type and text.
    warnings: BTreeMap<(ProviderKey, String, String), (u64, ObjectAddress)>,
}

impl Tally {
    pub(super) fn new(filter: &ObjectFilter, sample: Option<Sample>) -> Self {
        let summary = ScanSummary { left_out: LeftOutCounts::of(filter), sample, ..ScanSummary::default() };
        Self { summary, groups: BTreeMap::new(), warnings: BTreeMap::new() }
    }

    /// The filter left this out.
    pub(super) fn leave_out(&mut self, object: &RecordedObject, why: Refusal) {
        self.summary.excluded += 1;
        if object.is_current() {
            self.summary.left_out.count(object, why);
        }
    }

    pub(super) fn count(&mut self, object: &ScannedObject) {
        let summary = &mut self.summary;
        let counter = match &object.outcome {
            ScanOutcome::Found(_) => &mut summary.found,
            ScanOutcome::Gone => &mut summary.gone,
            ScanOutcome::PassedOver => &mut summary.passed_over,
            ScanOutcome::NotRead(NotRead::Interrupted) => &mut summary.interrupted,
            ScanOutcome::NotRead(NotRead::NotSampled) => &mut summary.not_sampled,
            ScanOutcome::NotRead(NotRead::Unreadable(failure)) => {
                self.group(object, failure);
                &mut self.summary.unreadable
            }
        };
        *counter += 1;
        for warning in &object.warnings {
            self.warn(object, warning);
        }
    }

    fn warn(&mut self, object: &ScannedObject, warning: &Diagnostic) {
        let detail = if warning.detail.is_empty() { "" } else { ": " };
        let text = format!("{}{detail}{}", warning.summary, warning.detail);
        let key = |text: &str| {
            let type_name = object.address().instance.resource.type_name.to_string();
            (object.provider.clone(), type_name, text.to_owned())
        };
        add_to(&mut self.warnings, key(&in_general(&text, &object.recorded)), || key("other warnings"), object);
    }

    fn group(&mut self, object: &ScannedObject, failure: &Unreadable) {
        let type_name = object.address().instance.resource.type_name.to_string();
        let key = |reason: &str| {
            (object.provider.clone(), type_name.clone(), failure.call.clone(), failure.class, reason.to_owned())
        };
        let own = key(&in_general(&failure.reason, &object.recorded));
        add_to(&mut self.groups, own, || key("other reasons"), object);
    }

    pub(super) fn finish(mut self) -> ScanSummary {
        let group = |((provider, type_name, call, class, reason), (count, example))| UnreadableGroup {
            provider,
            type_name,
            call,
            class,
            reason,
            count,
            example,
        };
        let warning = |((provider, type_name, text), (count, example))| WarningGroup {
            provider,
            type_name,
            text,
            count,
            example,
        };
        self.summary.groups = self.groups.into_iter().map(group).collect();
        self.summary.warnings = self.warnings.into_iter().map(warning).collect();
        self.summary
    }
}

/// Counts an object in its group, or in that of all others where there are too many groups.
fn add_to<K: Ord>(
    groups: &mut BTreeMap<K, (u64, ObjectAddress)>,
    own: K,
    others: impl FnOnce() -> K,
    object: &ScannedObject,
) {
    let is_full = groups.len() >= ScanSummary::MOST_GROUPS && !groups.contains_key(&own);
    let key = if is_full { others() } else { own };
    groups.entry(key).or_insert_with(|| (0, object.address().clone())).0 += 1;
}
