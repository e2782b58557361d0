//! Why a store could not do what it was asked.

use std::fmt;

use crate::lock_info::LockInfo;

/// What caused an error below ours.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What kind of failure it is, the same for every store. Retries read this and never a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The bucket, container, folder, table or version is not there. (No state under a key is no error.)
    NotFound,
    /// Something else is there than the caller believes: nothing was written.
    Conflict,
    /// Somebody else holds the lock.
    Locked,
    /// The store does not know who asks: credentials are missing, wrong or expired.
    Unauthenticated,
    /// The store knows who asks and refuses.
    PermissionDenied,
    /// This store, as it is configured, cannot do that.
    Unsupported,
    /// The same request may succeed later: a time-out, a lost connection, an overloaded or limiting server.
    Transient,
    /// What the store holds, or says, is not what it must be: truncated, of the wrong digest, an answer that is none.
    Corrupt,
    /// The settings of the store are wrong.
    Configuration,
    /// The device or the file system failed, or is full.
    Device,
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "not found",
            Self::Conflict => "conflict",
            Self::Locked => "locked",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission denied",
            Self::Unsupported => "unsupported",
            Self::Transient => "transient",
            Self::Corrupt => "corrupt",
            Self::Configuration => "configuration",
            Self::Device => "device",
        })
    }
}

/// Why a store could not do what it was asked. It names the place, without credentials, and never a value of a state.
#[derive(Debug)]
#[non_exhaustive]
pub struct StoreError {
    /// What kind of failure it is.
    pub class: ErrorClass,
    /// Where: the URL or path of the state, the lock or the store.
    pub place: String,
    /// What went wrong, as a lowercase fragment.
    pub message: String,
    /// Who holds the lock, for [`ErrorClass::Locked`], as far as it is known.
    pub holder: Option<Box<LockInfo>>,
    /// Whether a write may have happened all the same: the connection broke before the store answered.
    pub outcome: WriteOutcome,
    /// What caused it.
    pub cause: Option<Cause>,
}

/// What is known about a write that gave an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WriteOutcome {
    /// Nothing was written.
    NotWritten,
    /// It is not known whether it was written: read before trying again.
    Unknown,
}

impl StoreError {
    /// An error of `class` at `place`; nothing was written.
    #[must_use]
    pub fn new(class: ErrorClass, place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            class,
            place: place.into(),
            message: message.into(),
            holder: None,
            outcome: WriteOutcome::NotWritten,
            cause: None,
        }
    }

    /// Somebody else holds the lock.
    #[must_use]
    pub fn locked(place: impl Into<String>, holder: Option<LockInfo>) -> Self {
        let message = match &holder {
            Some(holder) => format!("the state is locked by {holder}"),
            None => "the state is locked, and the lock does not say by whom".to_owned(),
        };
        Self { holder: holder.map(Box::new), ..Self::new(ErrorClass::Locked, place, message) }
    }

    /// Something else is there than the caller believes.
    #[must_use]
    pub fn conflict(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Conflict, place, message)
    }

    /// With what caused it.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Of a write that may have happened all the same.
    #[must_use]
    pub fn with_unknown_outcome(mut self) -> Self {
        self.outcome = WriteOutcome::Unknown;
        self
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        if self.outcome == WriteOutcome::Unknown {
            f.write_str("; whether it was written is not known")?;
        }
        Ok(())
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
