//! The port through which every crate reports what it is about to do.

use std::fmt;
use std::time::SystemTime;

/// Something that is about to be done and that somebody will ask about later.
///
/// It holds no values of attributes, and nothing secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditEvent {
    /// When it was decided, by the clock of the caller.
    pub at: SystemTime,
    /// Who does it, such as `alice@laptop`.
    pub who: String,
    /// What is done, in kebab-case and never renamed: `force-unlock`, `state-write`.
    pub action: String,
    /// What it is done to, such as the URL of a state without credentials.
    pub target: String,
    /// Why, in the words of who does it.
    pub reason: String,
    /// What else is known, as name and value, in the order in which it was added.
    pub details: Vec<(String, String)>,
}

impl AuditEvent {
    /// An event without details.
    #[must_use]
    pub fn new(at: SystemTime, who: &str, action: &str, target: &str, reason: &str) -> Self {
        Self {
            at,
            who: who.to_owned(),
            action: action.to_owned(),
            target: target.to_owned(),
            reason: reason.to_owned(),
            details: Vec::new(),
        }
    }

    /// The event with one more detail.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.details.push((name.to_owned(), value.to_string()));
        self
    }
}

/// Why an event could not be recorded. The action that it describes must not happen then.
#[derive(Debug, thiserror::Error)]
#[error("the audit record could not be written")]
pub struct AuditError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Takes records of actions before they happen.
pub trait AuditSink: fmt::Debug + Send + Sync + 'static {
    /// Records the event durably. The caller does what the event describes only after this returned `Ok`.
    ///
    /// # Errors
    /// When the record may not be there later.
    fn record(&self, event: &AuditEvent) -> Result<(), AuditError>;
}
