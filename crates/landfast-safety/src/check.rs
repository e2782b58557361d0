//! The trait that every check implements, and what a check answers.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use serde::{Serialize, Serializer};

use crate::context::{Context, Need};
use crate::proposal::Proposal;

/// The id of a check: kebab-case, unique, never reused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckId(Cow<'static, str>);

/// The text is not an id: kebab-case, beginning with a letter, at most 64 characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no id of a check: ids are words of a-z and 0-9 joined by hyphens, at most 64 characters")]
pub struct CheckIdError {
    /// The text.
    pub text: String,
}

impl CheckId {
    /// The id of a check that comes with this crate.
    pub(crate) const fn builtin(id: &'static str) -> Self {
        Self(Cow::Borrowed(id))
    }

    /// Reads an id.
    ///
    /// # Errors
    /// When the text is not kebab-case.
    pub fn new(text: &str) -> Result<Self, CheckIdError> {
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let begins = text.starts_with(|first: char| first.is_ascii_lowercase());
        if begins && text.len() <= 64 && text.split('-').all(is_word) {
            Ok(Self(Cow::Owned(text.to_owned())))
        } else {
            Err(CheckIdError { text: text.to_owned() })
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for CheckId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// One thing that a check found, in words for people. It holds no sensitive value; the gate masks those it knows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Evidence {
    /// What it is about, such as an address; empty where it is about the whole proposal.
    pub about: String,
    /// What was found.
    pub found: String,
}

impl Evidence {
    /// Something found about the whole proposal.
    #[must_use]
    pub fn of_all(found: impl Into<String>) -> Self {
        Self { about: String::new(), found: found.into() }
    }

    /// Something found about one thing, such as an address.
    #[must_use]
    pub fn about(about: impl fmt::Display, found: impl Into<String>) -> Self {
        Self { about: about.to_string(), found: found.into() }
    }
}

/// What a check answers. There is no third answer: a check that does not know returns an error, and one that has nothing to
/// ask says so beforehand, see [`Check::applies`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing speaks against the proposal. The evidence says what was looked at.
    Pass(Vec<Evidence>),
    /// Something speaks against it.
    Fail {
        /// What.
        evidence: Vec<Evidence>,
        /// What to do about it; the check's own advice where it is empty.
        advice: String,
    },
}

impl Verdict {
    /// Passes without more words.
    #[must_use]
    pub fn pass() -> Self {
        Self::Pass(Vec::new())
    }

    /// Fails for this evidence, with the check's own advice.
    #[must_use]
    pub fn fail(evidence: Vec<Evidence>) -> Self {
        Self::Fail { evidence, advice: String::new() }
    }

    /// Fails where there is evidence, and passes without.
    #[must_use]
    pub fn fail_on(evidence: Vec<Evidence>) -> Self {
        if evidence.is_empty() { Self::pass() } else { Self::fail(evidence) }
    }
}

/// Why a check could not answer. The proposal is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// Something that it needs is not known.
    #[error("{what} is not known")]
    NotKnown {
        /// What.
        what: String,
    },
    /// It failed.
    #[error("{what}")]
    Failed {
        /// What failed.
        what: String,
        /// Why.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

impl CheckError {
    /// What the check needs is not known.
    #[must_use]
    pub fn not_known(what: impl Into<String>) -> Self {
        Self::NotKnown { what: what.into() }
    }

    /// The check failed, and there is nothing more to say than this.
    #[must_use]
    pub fn failed(what: impl Into<String>) -> Self {
        Self::Failed { what: what.into(), source: None }
    }
}

/// The answer of a check, on its way.
pub type CheckFuture<'a> = Pin<Box<dyn Future<Output = Result<Verdict, CheckError>> + Send + 'a>>;

/// One safety question about a proposal.
///
/// The gate runs checks side by side, each with a time-out, and takes an error, a panic and a time-out for a refusal. A check
/// changes nothing.
pub trait Check: fmt::Debug + Send + Sync + 'static {
    /// Its id.
    fn id(&self) -> CheckId;

    /// What it asks, as a question in one sentence.
    fn question(&self) -> &str;

    /// What to do when it fails, in one or two sentences.
    fn advice(&self) -> &str;

    /// What must be known for it to answer. Where something is missing, the gate makes that an error and does not ask.
    fn needs(&self) -> &[Need] {
        &[]
    }

    /// Whether it has anything to ask about such a proposal; where not, its outcome is skipped. This must not depend on what
    /// is observed, or a check could let through what it was made to stop.
    fn applies(&self, proposal: &Proposal) -> bool {
        let _ = proposal;
        true
    }

    /// Its settings in a text that is equal only for settings that judge alike. It enters the digest of the policy, to which
    /// a clearance is bound. Like question and advice, it is asked for once, when the check is added to a gate.
    fn settings(&self) -> String;

    /// Answers.
    fn judge<'a>(&'a self, context: &'a Context) -> CheckFuture<'a>;
}
