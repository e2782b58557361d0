//! Why nothing could be observed.

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use landfast_state::ReadError;

use crate::observer::{Diagnostic, DiagnosticSeverity};
use crate::scan::ScanError;

/// Why nothing could be observed. Known secrets in texts of tools are masked; the texts are otherwise as they came: escape
/// them before they are shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObserveError {
    /// None of the programs is there.
    #[error("{}: no such program", .programs.join(", "))]
    ProgramNotFound {
        /// What was looked for, in this order.
        programs: Vec<String>,
    },
    /// The folder to look at is not there, or is none.
    #[error("{}: cannot be used as a folder", .path.display())]
    FolderUnusable {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A program could not be run, or its output could not be read.
    #[error("{program}: cannot be run")]
    CannotRun {
        /// The program.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A program ran, and failed.
    #[error("{program} failed{}", failure_text(.diagnostics, .output))]
    Failed {
        /// The program.
        program: String,
        /// What kind of failure it is.
        class: FailureClass,
        /// What it said.
        diagnostics: Vec<Diagnostic>,
        /// The end of what it printed otherwise; empty where the diagnostics say it.
        output: String,
    },
    /// A program did not end in time, and was stopped.
    #[error("{program} did not end within {} s", .limit.as_secs_f64())]
    TimedOut {
        /// The program.
        program: String,
        /// The time that it had.
        limit: Duration,
    },
    /// The tool knows of no resource there. That is not the same as an infrastructure without drift.
    #[error("{place}: nothing is recorded there")]
    NothingRecorded {
        /// Where it looked.
        place: String,
    },
    /// What a tool wrote cannot be read.
    #[error(transparent)]
    Output(#[from] ReadError),
    /// A scan has no result.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// The observer was stopped.
    #[error("interrupted")]
    Interrupted,
}

/// What kind of failure it is. Whoever decides about a retry or a hint reads this and never the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureClass {
    /// The program is not there.
    ProgramNotFound,
    /// The folder was not initialised, or not since its configuration changed.
    NotInitialised,
    /// There are no credentials, or they are not accepted.
    MissingCredentials,
    /// Somebody else holds a lock.
    Locked,
    /// The configuration refuses this version of the tool.
    VersionConstraint,
    /// The tool, or the provider, is too old for what is asked of it.
    UnsupportedVersion,
    /// The configuration is not valid, or lacks something.
    Configuration,
    /// The state cannot be read.
    State,
    /// Nothing is recorded.
    NothingRecorded,
    /// A service does not answer.
    Unreachable,
    /// It took too long.
    TimedOut,
    /// It was stopped.
    Interrupted,
    /// Anything else.
    Other,
}

impl ObserveError {
    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> FailureClass {
        match self {
            Self::ProgramNotFound { .. } => FailureClass::ProgramNotFound,
            Self::Failed { class, .. } => *class,
            Self::TimedOut { .. } => FailureClass::TimedOut,
            Self::NothingRecorded { .. } => FailureClass::NothingRecorded,
            Self::Interrupted => FailureClass::Interrupted,
            Self::FolderUnusable { .. } | Self::CannotRun { .. } | Self::Output(_) | Self::Scan(_) => {
                FailureClass::Other
            }
        }
    }
}

/// The most errors that one message repeats.
const SHOWN: usize = 3;

fn failure_text(diagnostics: &[Diagnostic], output: &str) -> String {
    let errors = || diagnostics.iter().filter(|it| it.severity == DiagnosticSeverity::Error);
    let mut text = String::new();
    for (at, error) in errors().take(SHOWN).enumerate() {
        let address = error.address.as_ref().map(|address| format!("{address}: ")).unwrap_or_default();
        let _ = write!(text, "{}{address}{}", if at == 0 { ": " } else { "; " }, error.line());
    }
    let more = errors().count().saturating_sub(SHOWN);
    if more > 0 {
        let _ = write!(text, "; and {more} more");
    }
    if text.is_empty() && !output.is_empty() {
        text = format!(": {output}");
    }
    text
}
