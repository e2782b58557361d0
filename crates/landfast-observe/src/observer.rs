//! The trait, what is asked of an observer, and what it answers.

use std::collections::BTreeSet;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use landfast_state::address::InstanceAddress;
use landfast_state::{Observation, ResourceObject, Snapshot};

use crate::error::ObserveError;
use crate::scan::{ScanProgress, ScanSummary};

/// The future of [`Observer::observe`]. Dropping it ends everything that it started.
pub type ObserveFuture<'a> = Pin<Box<dyn Future<Output = Result<Observed, ObserveError>> + Send + 'a>>;

/// Reads what is there.
///
/// One resource that cannot be read fails alone: it is a gap of the observation, with its reason. An error means that
/// nothing can be said about anything.
pub trait Observer: fmt::Debug + Send + Sync + 'static {
    /// What it reads, for messages and reports.
    fn name(&self) -> &str;

    /// Looks at what is there.
    ///
    /// # Errors
    /// The future gives an error when nothing could be read at all, or when what was read cannot be trusted.
    fn observe(&self, request: ObserveRequest) -> ObserveFuture<'_>;
}

/// What is asked of an observer.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ObserveRequest {
    /// What was recorded. Observers that read object by object find the objects here; those that know it themselves, as
    /// terraform's command line does, pass it over and say what they know in [`Observed::recorded`]. Default: not given.
    pub recorded: Option<Snapshot>,
    /// Which instances to look at. Default: all.
    pub scope: Scope,
    /// Where to tell how far it is. Default: nowhere.
    pub progress: ProgressSink,
}

impl ObserveRequest {
    /// The request with a place to tell how far it is.
    #[must_use]
    pub fn with_progress(mut self, progress: ProgressSink) -> Self {
        self.progress = progress;
        self
    }

    /// The request for these instances only.
    #[must_use]
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// The request with what was recorded.
    #[must_use]
    pub fn with_recorded(mut self, recorded: Snapshot) -> Self {
        self.recorded = Some(recorded);
        self
    }
}

/// Which instances to look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Scope {
    /// All that are known.
    #[default]
    Everything,
    /// These, and nothing else: the answer speaks of no other.
    Only(BTreeSet<InstanceAddress>),
}

impl Scope {
    /// Whether the instance is to be looked at.
    #[must_use]
    pub fn holds(&self, address: &InstanceAddress) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(addresses) => addresses.contains(address),
        }
    }

    /// Takes out of an answer what nobody asked about.
    pub(crate) fn restrict(&self, observed: Observed) -> Observed {
        if *self == Self::Everything {
            return observed;
        }
        let wanted = |object: &ResourceObject| self.holds(&object.address.instance);
        let Observation { snapshot, mut gaps } = observed.observation;
        gaps.retain(|gap| self.holds(&gap.address));
        Observed {
            recorded: observed.recorded.map(|recorded| recorded.filtered(wanted)),
            observation: Observation { snapshot: snapshot.filtered(wanted), gaps },
            diagnostics: observed.diagnostics,
            scan: observed.scan,
        }
    }
}

/// How far an observer is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// A tool was started.
    Started {
        /// Its name.
        tool: String,
    },
    /// Objects are being read.
    Reading {
        /// How many were begun.
        begun: usize,
        /// How many of those are done.
        done: usize,
    },
    /// Objects are being read, one by one, by a scan.
    Scanning(ScanProgress),
    /// Everything is read; the result is being put together.
    Gathering,
}

/// Where an observer tells how far it is. What is called must return soon: the observer waits for it.
#[derive(Clone, Default)]
pub struct ProgressSink(Option<Arc<dyn Fn(Progress) + Send + Sync>>);

impl ProgressSink {
    /// Calls this with every step.
    #[must_use]
    pub fn new(tell: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    /// Tells how far it is.
    pub fn tell(&self, progress: Progress) {
        if let Some(tell) = &self.0 {
            tell(progress);
        }
    }
}

impl fmt::Debug for ProgressSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "ProgressSink(some)" } else { "ProgressSink(none)" })
    }
}

/// What an observer found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Observed {
    /// What was recorded, as the observer found it written down; absent where it does not know. It fits the observation:
    /// both have their attributes in the same version of the provider's schema.
    pub recorded: Option<Snapshot>,
    /// What is there, with its gaps.
    pub observation: Observation,
    /// What else there is to say: errors that made gaps, and warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// What the scan did, where it was one.
    pub scan: Option<Box<ScanSummary>>,
}

impl Observed {
    /// An answer without diagnostics.
    #[must_use]
    pub fn new(recorded: Option<Snapshot>, observation: Observation) -> Self {
        Self { recorded, observation, diagnostics: Vec::new(), scan: None }
    }
}

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiagnosticSeverity {
    /// Something could not be done.
    Error,
    /// Something is odd.
    Warning,
}

/// An error or warning of what was asked, such as terraform. Known secrets in its texts are masked; the texts are otherwise
/// as they came: escape them before they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: DiagnosticSeverity,
    /// What is wrong, in short.
    pub summary: String,
    /// What is wrong, at length; may be empty.
    pub detail: String,
    /// The address of the resource that it is about, in the words of what was asked.
    pub address: Option<String>,
}

impl Diagnostic {
    /// A warning about nothing in particular.
    #[must_use]
    pub fn warning(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        let (summary, detail) = (summary.into(), detail.into());
        Self { severity: DiagnosticSeverity::Warning, summary, detail, address: None }
    }

    /// Summary and detail on one line.
    #[must_use]
    pub fn line(&self) -> String {
        let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        match (one_line(&self.summary), one_line(&self.detail)) {
            (summary, detail) if detail.is_empty() => summary,
            (summary, detail) if summary.ends_with(['.', ':']) => format!("{summary} {detail}"),
            (summary, detail) => format!("{summary}: {detail}"),
        }
    }
}
