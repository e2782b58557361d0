//! What a scan did whose results a report is made of.

use std::collections::BTreeMap;

use landfast_state::address::ObjectAddress;

/// What a scan did: how it ended, what it left out, and what got in its way.
///
/// What is counted here beside the rate and the repetitions follows from what is there, and not from the order in which reads ended.
/// How often a read was throttled or repeated depends on the moment, and is told only where it happened; no time stands here.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScanReport {
    /// How it ended.
    pub end: ScanEnding,
    /// What became of the recorded objects that were to be looked up.
    pub recorded: ScanCounts,
    /// What became of the objects that nothing recorded owns; `None` where nobody looked for such.
    pub unowned: Option<ScanCounts>,
    /// What the choice of objects left out, of either kind.
    pub left_out: LeftOut,
    /// What the scan can say about all recorded objects, where it read a sample of them.
    pub sample: Option<SampleBound>,
    /// Reads that had to be repeated.
    pub retries: u64,
    /// Providers that throttled, crashed, were left alone or given up; sorted, each once.
    pub providers: Vec<ProviderTrouble>,
    /// What could not be read, by why; sorted.
    pub unreadable: Vec<UnreadableCause>,
    /// What providers found odd in objects that they read; sorted.
    pub warnings: Vec<ScanWarning>,
}

/// How a scan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanEnding {
    /// Everything had its turn.
    #[default]
    Complete,
    /// It was asked to end: some objects were not read.
    Interrupted,
}

impl ScanEnding {
    /// Both, in the order of declaration.
    pub const ALL: &'static [Self] = &[Self::Complete, Self::Interrupted];

    /// The name that machine formats use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Objects of a scan by what became of them, each in one of the first five.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScanCounts {
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
    /// Of those found or gone, the ones that an earlier run had read.
    pub from_journal: u64,
}

impl ScanCounts {
    /// All of them.
    #[must_use]
    pub fn total(self) -> u64 {
        self.found + self.gone + self.unreadable + self.interrupted + self.not_sampled
    }

    fn add(&mut self, other: Self) {
        let Self { found, gone, unreadable, interrupted, not_sampled, from_journal } = other;
        self.found += found;
        self.gone += gone;
        self.unreadable += unreadable;
        self.interrupted += interrupted;
        self.not_sampled += not_sampled;
        self.from_journal += from_journal;
    }
}

/// What the choice of objects left out, and by which selectors. Each object counts once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// The selectors of which an object had to fit one, sorted.
    pub only: Vec<String>,
    /// Objects that fit none of them.
    pub not_only: u64,
    /// The selectors that an object must not fit, with the number of objects that this one left out, and no earlier one.
    pub except: BTreeMap<String, u64>,
}

impl LeftOut {
    /// All objects that were left out.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.not_only + self.except.values().sum::<u64>()
    }
}

/// What a sample of the recorded objects says about all of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleBound {
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
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProviderTrouble {
    /// The address of the configuration.
    pub provider: String,
    /// What happened to it as a whole. Throttled reads of all types are counted here.
    pub trouble: Trouble,
    /// How often it ended by itself and was started again.
    pub restarts: u64,
    /// The same of single types.
    pub types: BTreeMap<String, Trouble>,
}

/// What got in the way of reads.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Trouble {
    /// Reads that were throttled.
    pub throttled: u64,
    /// The lowest rate that was used because of that, in reads a second.
    pub slowed_to: Option<f64>,
    /// How often nothing was asked for a while, because nothing was answered.
    pub left_alone: u64,
    /// Whether nothing was asked any more in the end.
    pub given_up: bool,
}

impl Trouble {
    fn add(&mut self, other: Self) {
        self.throttled += other.throttled;
        self.slowed_to = match (self.slowed_to, other.slowed_to) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.left_alone += other.left_alone;
        self.given_up |= other.given_up;
    }
}

/// Objects that could not be read for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableCause {
    /// The address of the provider's configuration.
    pub provider: String,
    /// Their type.
    pub type_name: String,
    /// The call that was refused; may be empty.
    pub call: String,
    /// The kind of failure, in kebab case.
    pub class: String,
    /// The reason. Where the provider names the object or a request in it, `*` stands for the name.
    pub reason: String,
    /// How many.
    pub count: u64,
    /// The first of them.
    pub example: ObjectAddress,
}

/// Objects in which a provider found the same odd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanWarning {
    /// The address of the provider's configuration.
    pub provider: String,
    /// Their type.
    pub type_name: String,
    /// What it says. Where it names the object or a request, `*` stands for the name.
    pub text: String,
    /// How many.
    pub count: u64,
    /// The first of them.
    pub example: ObjectAddress,
}

impl ScanReport {
    /// Takes in what another scan did for the same report.
    pub fn add(&mut self, other: Self) {
        let Self { end, recorded, unowned, left_out, sample, retries, providers, unreadable, warnings } = other;
        if end == ScanEnding::Interrupted {
            self.end = end;
        }
        self.recorded.add(recorded);
        if let Some(unowned) = unowned {
            self.unowned.get_or_insert_default().add(unowned);
        }
        self.left_out.not_only += left_out.not_only;
        self.left_out.only.extend(left_out.only);
        self.left_out.only.sort();
        self.left_out.only.dedup();
        for (selector, count) in left_out.except {
            *self.left_out.except.entry(selector).or_default() += count;
        }
        self.sample = self.sample.or(sample);
        self.retries += retries;
        for provider in providers {
            self.add_provider(provider);
        }
        for cause in unreadable {
            self.add_cause(cause);
        }
        for warning in warnings {
            self.add_warning(warning);
        }
    }

    fn add_provider(&mut self, other: ProviderTrouble) {
        let at = match self.providers.binary_search_by(|it| it.provider.cmp(&other.provider)) {
            Ok(at) => at,
            Err(at) => return self.providers.insert(at, other),
        };
        if let Some(known) = self.providers.get_mut(at) {
            known.trouble.add(other.trouble);
            known.restarts += other.restarts;
            for (type_name, trouble) in other.types {
                known.types.entry(type_name).or_default().add(trouble);
            }
        }
    }

    fn add_cause(&mut self, other: UnreadableCause) {
        fn key(it: &UnreadableCause) -> [&str; 5] {
            [&it.provider, &it.type_name, &it.call, &it.class, &it.reason]
        }
        let at = match self.unreadable.binary_search_by(|it| key(it).cmp(&key(&other))) {
            Ok(at) => at,
            Err(at) => return self.unreadable.insert(at, other),
        };
        if let Some(known) = self.unreadable.get_mut(at) {
            known.count += other.count;
            known.example = std::cmp::min(known.example.clone(), other.example);
        }
    }

    fn add_warning(&mut self, other: ScanWarning) {
        fn key(it: &ScanWarning) -> [&str; 3] {
            [&it.provider, &it.type_name, &it.text]
        }
        let at = match self.warnings.binary_search_by(|it| key(it).cmp(&key(&other))) {
            Ok(at) => at,
            Err(at) => return self.warnings.insert(at, other),
        };
        if let Some(known) = self.warnings.get_mut(at) {
            known.count += other.count;
            known.example = std::cmp::min(known.example.clone(), other.example);
        }
    }

    /// Whether everything went as it should, and nothing was left out: then the report speaks about all that is recorded.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let counts = |it: ScanCounts| it.unreadable + it.interrupted + it.not_sampled + it.from_journal == 0;
        self.end == ScanEnding::Complete
            && counts(self.recorded)
            && self.unowned.is_none_or(counts)
            && self.left_out.total() == 0
            && self.sample.is_none()
            && self.retries == 0
            && self.providers.is_empty()
            && self.unreadable.is_empty()
            && self.warnings.is_empty()
    }
}
