//! One call: how long it may take, what it gives, and what can go wrong.

use std::fmt::Write as _;
use std::time::Duration;

use tonic::{Code, Status};

use super::ProviderReader;
use super::start::printed;
use crate::calls::Outcome;
use crate::cty::ValueError;
use crate::diagnostic::{Diagnostic, DiagnosticSeverity};
use crate::process::cut;
use crate::schemas::SchemaError;

/// What a call gave.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    /// What was asked for.
    pub value: T,
    /// What the provider finds odd.
    pub warnings: Vec<Diagnostic>,
}

impl<T> Answer<T> {
    pub(super) fn map<U>(self, with: impl FnOnce(T) -> Result<U, CallError>) -> Result<Answer<U>, CallError> {
        Ok(Answer { value: with(self.value)?, warnings: self.warnings })
    }
}

/// Why a call gave nothing. Known secrets in texts of the provider are masked; the texts are otherwise as they came: escape
/// them before they are shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The provider says that it cannot.
    #[error("{provider}: {call} was answered with an error{}", errors(.diagnostics))]
    Refused {
        /// The provider.
        provider: String,
        /// The call, with the type of the resource.
        call: String,
        /// What it says, warnings among it.
        diagnostics: Vec<Diagnostic>,
    },
    /// The process of the provider has ended.
    #[error("{provider} ended before it answered {call} ({status}){}", printed(.output))]
    Crashed {
        /// The provider.
        provider: String,
        /// The call, with the type of the resource.
        call: String,
        /// How it ended.
        status: String,
        /// The end of what it printed.
        output: String,
    },
    /// It took too long.
    #[error("{provider} did not answer {call} within {} s", .limit.as_secs_f64())]
    TimedOut {
        /// The provider.
        provider: String,
        /// The call, with the type of the resource.
        call: String,
        /// The time that it had.
        limit: Duration,
    },
    /// The answer is longer than any answer may be.
    #[error("{provider} answered {call} with a message of more than {limit} bytes")]
    TooLarge {
        /// The provider.
        provider: String,
        /// The call, with the type of the resource.
        call: String,
        /// The limit.
        limit: usize,
    },
    /// The provider does not know the call.
    #[error("{provider} does not know {call}")]
    Unsupported {
        /// The provider.
        provider: String,
        /// The call, with the type of the resource.
        call: String,
    },
    /// The call failed in another way.
    #[error("{provider}: {call} failed: {message}")]
    Failed {
        /// The provider.
        provider: String,
        /// The call, with the type of the resource.
        call: String,
        /// What is known of it.
        message: String,
    },
    /// A value that was to be sent, or that came, is none of its schema.
    #[error("{provider}: {what} does not fit the schema")]
    Value {
        /// The provider.
        provider: String,
        /// Which value.
        what: String,
        /// Where in it, and what is wrong.
        #[source]
        source: ValueError,
    },
    /// The provider has no such type of resource, or no schema of it that can be used.
    #[error("{provider} has no schema of {type_name} that can be used")]
    NoSchema {
        /// The provider.
        provider: String,
        /// The type.
        type_name: String,
        /// What is wrong with the schema, where there is one.
        #[source]
        source: Option<SchemaError>,
    },
}

/// How many diagnostics of a call are kept, and how much of each of their texts, in characters.
const KEPT: usize = 100;
const KEPT_TEXT: usize = 10_000;

/// The most errors that one message repeats.
const SHOWN: usize = 3;

fn errors(diagnostics: &[Diagnostic]) -> String {
    let errors = || diagnostics.iter().filter(|it| it.severity == DiagnosticSeverity::Error);
    let mut text = String::new();
    for (at, error) in errors().take(SHOWN).enumerate() {
        let _ = write!(text, "{}{error}", if at == 0 { ": " } else { "; " });
    }
    match errors().count().saturating_sub(SHOWN) {
        0 => {}
        more => {
            let _ = write!(text, "; and {more} more");
        }
    }
    text
}

impl ProviderReader {
    /// Makes a call, and takes what the provider says against it for an error.
    pub(super) async fn call<T>(
        &self,
        call: impl Fn() -> String,
        outcome: impl Future<Output = Outcome<T>>,
    ) -> Result<Answer<T>, CallError> {
        let limit = self.limits.time;
        let (value, mut diagnostics) = match tokio::time::timeout(limit, outcome).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(status)) => return Err(self.failure(call(), &status).await),
            Err(_) => return Err(CallError::TimedOut { provider: self.name.clone(), call: call(), limit }),
        };
        let refused = diagnostics.iter().any(|it| it.severity == DiagnosticSeverity::Error);
        // Errors first, and no more than anybody reads.
        diagnostics.sort_by_key(|it| it.severity != DiagnosticSeverity::Error);
        diagnostics.truncate(KEPT);
        for diagnostic in &mut diagnostics {
            diagnostic.summary = cut(&self.secrets.redact(&diagnostic.summary), KEPT_TEXT).to_owned();
            diagnostic.detail = cut(&self.secrets.redact(&diagnostic.detail), KEPT_TEXT).to_owned();
        }
        if refused {
            return Err(CallError::Refused { provider: self.name.clone(), call: call(), diagnostics });
        }
        Ok(Answer { value, warnings: diagnostics })
    }

    /// The error that a status of gRPC means.
    pub(super) async fn failure(&self, call: String, status: &Status) -> CallError {
        let provider = self.name.clone();
        match status.code() {
            Code::Unimplemented => return CallError::Unsupported { provider, call },
            Code::OutOfRange if status.message().contains("message length too large") => {
                return CallError::TooLarge { provider, call, limit: self.limits.message };
            }
            // What the connection says when nobody is at its other end any more.
            Code::Unavailable | Code::Unknown | Code::Internal | Code::Cancelled => {
                if let Some(status) = self.process.ended_soon().await {
                    let (status, output) = (status.to_string(), self.log.tail());
                    return CallError::Crashed { provider, call, status, output };
                }
            }
            _ => {}
        }
        let text = self.secrets.redact(status.message());
        let message = format!("{} ({})", cut(&text, KEPT_TEXT), code_name(status.code()));
        CallError::Failed { provider, call, message }
    }
}

/// The name of a code, as gRPC has it.
fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
