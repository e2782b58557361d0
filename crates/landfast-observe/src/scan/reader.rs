//! The port through which one object is read, and what it answers.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use landfast_state::ResourceObject;

use super::recorded::{ProviderKey, RecordedObject};
use crate::observer::Diagnostic;

/// The future of [`ObjectReader::read`]. Dropping it gives the read up.
pub type ReadFuture<'a> = Pin<Box<dyn Future<Output = ObjectRead> + Send + 'a>>;

/// The future of [`ObjectReader::restart`].
pub type RestartFuture<'a> = Pin<Box<dyn Future<Output = Result<(), Unreadable>> + Send + 'a>>;

/// Reads single objects, for a [`Scan`](super::Scan), which says when, how many at once, and how often again.
///
/// A reader repeats nothing by itself, and has no way to write.
pub trait ObjectReader: fmt::Debug + Send + Sync + 'static {
    /// Looks what has become of an object. Reads of several objects are under way at the same time.
    fn read(&self, object: Arc<RecordedObject>) -> ReadFuture<'_>;

    /// Makes a provider ready again that crashed. No read through it is under way then.
    ///
    /// # Errors
    /// The future gives an error when it cannot be started: then nothing more is read through it.
    fn restart<'a>(&'a self, provider: &'a ProviderKey) -> RestartFuture<'a>;
}

/// What a read gave.
#[derive(Debug)]
pub struct ObjectRead {
    /// What was found.
    pub answer: ReadAnswer,
    /// What the provider finds odd.
    pub warnings: Vec<Diagnostic>,
}

impl From<ReadAnswer> for ObjectRead {
    fn from(answer: ReadAnswer) -> Self {
        Self { answer, warnings: Vec::new() }
    }
}

impl From<Unreadable> for ObjectRead {
    fn from(unreadable: Unreadable) -> Self {
        ReadAnswer::Unreadable(unreadable).into()
    }
}

/// What was found of an object.
#[derive(Debug)]
pub enum ReadAnswer {
    /// The object is there. Both have their attributes in the version of the schema that the provider has now.
    Found {
        /// What was recorded, upgraded.
        recorded: Box<ResourceObject>,
        /// What is there.
        observed: Box<ResourceObject>,
    },
    /// The object is gone.
    Gone {
        /// What was recorded, upgraded; `None` where it is the same as before.
        recorded: Option<Box<ResourceObject>>,
    },
    /// Nothing can be said.
    Unreadable(Unreadable),
}

/// Why nothing can be said about an object. Whoever builds one masks secrets that they know in its texts; the scan masks those of
/// the object.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unreadable {
    /// What kind of failure it is.
    pub class: UnreadableClass,
    /// The call that failed, such as `ReadResource of aws_s3_bucket`; empty where none was made.
    pub call: String,
    /// Why, in words for people.
    pub reason: String,
    /// How long to wait at least before it is tried again, where the provider said so.
    pub retry_after: Option<Duration>,
}

impl Unreadable {
    /// A failure of this kind.
    #[must_use]
    pub fn new(class: UnreadableClass, call: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { class, call: call.into(), reason: reason.into(), retry_after: None }
    }

    /// The same, with how long to wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }
}

/// The call and the reason, as far as they are known.
impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&*self.call, &*self.reason) {
            ("", reason) => f.write_str(reason),
            (call, "") => f.write_str(call),
            (call, reason) => write!(f, "{call}: {reason}"),
        }
    }
}

/// What kind of failure it is. Retries read this and never the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum UnreadableClass {
    /// Permission is missing.
    Denied,
    /// Too much was asked in too little time. It is tried again, more slowly.
    Throttled,
    /// It may succeed when it is tried again.
    Transient,
    /// There was no answer in time. It is tried again.
    TimedOut,
    /// The provider's process ended. The provider is restarted, and the read tried again, alone.
    Crashed,
    /// The provider does not tell now.
    Deferred,
    /// Nothing here can read such an object: there is no provider, or no schema.
    Unsupported,
    /// The provider refused, for another reason.
    Refused,
    /// What is recorded cannot be given to a provider, or what came back cannot be understood.
    Invalid,
}

impl UnreadableClass {
    /// A stable name for files and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Throttled => "throttled",
            Self::Transient => "transient",
            Self::TimedOut => "timed-out",
            Self::Crashed => "crashed",
            Self::Deferred => "deferred",
            Self::Unsupported => "unsupported",
            Self::Refused => "refused",
            Self::Invalid => "invalid",
        }
    }

    /// Whether it says something about the provider's health, and not only about the object.
    pub(super) fn is_illness(self) -> bool {
        matches!(self, Self::Throttled | Self::Transient | Self::TimedOut)
    }
}

impl fmt::Display for UnreadableClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
