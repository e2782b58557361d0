//! Failures of calls, as a scan understands them.

use std::error::Error;
use std::fmt::Write as _;

use landfast_observe::scan::{Unreadable, UnreadableClass};

use crate::diagnostic::{Diagnostic, DiagnosticSeverity};
use crate::provider::{CallError, StartError, StoredStateError};

/// How many errors of one call are repeated.
const SHOWN: usize = 3;

/// What a call that failed says about the object that it was made for.
pub(super) fn of_call(error: &CallError) -> Unreadable {
    match error {
        CallError::Refused { call, diagnostics, .. } => {
            let said = said(diagnostics);
            Unreadable::new(UnreadableClass::of_message(&said), call, said)
        }
        CallError::Crashed { call, status, output, .. } => {
            let output = output.split_whitespace().collect::<Vec<_>>().join(" ");
            let printed = if output.is_empty() { String::new() } else { format!(": {output}") };
            Unreadable::new(UnreadableClass::Crashed, call, format!("the provider ended ({status}){printed}"))
        }
        CallError::TimedOut { call, limit, .. } => {
            let reason = format!("no answer within {} s", limit.as_secs_f64());
            Unreadable::new(UnreadableClass::TimedOut, call, reason)
        }
        CallError::TooLarge { call, limit, .. } => {
            let reason = format!("the answer is a message of more than {limit} bytes");
            Unreadable::new(UnreadableClass::Invalid, call, reason)
        }
        CallError::Unsupported { call, .. } => {
            Unreadable::new(UnreadableClass::Unsupported, call, "the provider does not know this call")
        }
        CallError::Failed { call, message, .. } => Unreadable::new(UnreadableClass::of_message(message), call, message),
        CallError::Value { .. } => Unreadable::new(UnreadableClass::Invalid, "", chain(error)),
        CallError::NoSchema { .. } => Unreadable::new(UnreadableClass::Unsupported, "", chain(error)),
    }
}

/// A provider that cannot be started says nothing about any of its objects.
pub(super) fn of_start(error: &StartError) -> Unreadable {
    Unreadable::new(UnreadableClass::Refused, "starting the provider", chain(error))
}

/// What is recorded cannot be given to a provider.
pub(super) fn of_stored(error: StoredStateError) -> Unreadable {
    Unreadable::new(UnreadableClass::Invalid, "", chain(&error))
}

fn said(diagnostics: &[Diagnostic]) -> String {
    let errors = || diagnostics.iter().filter(|it| it.severity == DiagnosticSeverity::Error);
    let mut text = errors().take(SHOWN).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let more = errors().count().saturating_sub(SHOWN);
    if more > 0 {
        // Writing to a string cannot fail.
        let _ = write!(text, "; and {more} more");
    }
    text
}

/// An error and what caused it, on one line.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}
