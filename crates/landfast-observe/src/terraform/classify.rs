//! What kind of failure terraform's words mean. It has no codes for them, so this is the one place that reads the words.

use crate::error::FailureClass;
use crate::observer::{Diagnostic, DiagnosticSeverity};

/// Words, in lower case, and what they mean. The first line that fits counts.
const WORDS: &[(FailureClass, &[&str])] = &[
    (FailureClass::VersionConstraint, &["unsupported terraform core version", "unsupported opentofu core version"]),
    (
        FailureClass::UnsupportedVersion,
        &["flag provided but not defined", "usage: terraform ", "managed by newer provider version"],
    ),
    (FailureClass::Locked, &["error acquiring the state lock", "state is already locked", "lock is held by"]),
    (
        FailureClass::NotInitialised,
        &[
            "required plugins are not installed",
            "inconsistent dependency lock file",
            "initialization required",
            "module not installed",
            "terraform init",
            "tofu init",
        ],
    ),
    (
        FailureClass::MissingCredentials,
        &[
            "no valid credential",
            "nocredentialproviders",
            "failed to refresh cached credentials",
            "unable to locate credentials",
            "error validating provider credentials",
            "could not find default credentials",
            "invalid credentials",
            "expiredtoken",
            "invalidclienttokenid",
            "unrecognizedclientexception",
            "signaturedoesnotmatch",
            "authfailure",
            "az login",
            "application-default login",
            "required token could not be found",
            "status code: 401",
            "401 unauthorized",
        ],
    ),
    (
        FailureClass::Unreachable,
        &[
            "connection refused",
            "no such host",
            "i/o timeout",
            "dial tcp",
            "tls handshake timeout",
            "network is unreachable",
        ],
    ),
    (
        FailureClass::State,
        &[
            "state snapshot was created by",
            "unsupported state file format",
            "state file could not be",
            "failed to load state",
            "error loading state",
            "failed to read state",
            "error refreshing state",
        ],
    ),
];

/// Whether the tool got to looking at resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Before,
    Walking,
}

/// What kind of failure the diagnostics, or the text where there are none, speak of.
pub(super) fn classify(diagnostics: &[Diagnostic], text: &str, stage: Stage) -> FailureClass {
    let errors = || diagnostics.iter().filter(|it| it.severity == DiagnosticSeverity::Error);
    let mut said: Vec<String> = errors().map(|it| it.line().to_lowercase()).collect();
    if said.is_empty() {
        said.push(text.to_lowercase());
    }
    let known = WORDS.iter().find(|(_, words)| said.iter().any(|said| words.iter().any(|word| said.contains(word))));
    match known {
        Some((class, _)) => *class,
        // Errors before it looks at resources are about what it was given.
        None if stage == Stage::Before && errors().next().is_some() => FailureClass::Configuration,
        None => FailureClass::Other,
    }
}

/// Whether terraform could not put the plan where it was told to.
pub(super) fn could_not_write(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|it| it.severity == DiagnosticSeverity::Error && it.summary.contains("Failed to write plan"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(summary: &str, detail: &str, stage: Stage) -> FailureClass {
        let (summary, detail) = (summary.to_owned(), detail.to_owned());
        let diagnostic = Diagnostic { severity: DiagnosticSeverity::Error, summary, detail, address: None };
        classify(&[diagnostic], "", stage)
    }

    /// Texts of terraform 1.11.4 and of the AWS provider 3.39.0.
    #[test]
    fn words_of_real_failures_have_their_class() {
        use FailureClass as Class;
        let cases = [
            ("Required plugins are not installed", "", Class::NotInitialised),
            ("Backend initialization required, please run \"terraform init\"", "", Class::NotInitialised),
            ("Inconsistent dependency lock file", "run:\n  terraform init -upgrade", Class::NotInitialised),
            ("Unsupported Terraform Core version", "", Class::VersionConstraint),
            ("Resource instance managed by newer provider version", "", Class::UnsupportedVersion),
            ("Error acquiring the state lock", "", Class::Locked),
            ("No configuration files", "", Class::Configuration),
            ("No value for required variable", "", Class::Configuration),
            ("Unclosed configuration block", "", Class::Configuration),
            (
                "error configuring Terraform AWS Provider: no valid credential sources for Terraform AWS Provider found.",
                "",
                Class::MissingCredentials,
            ),
            (
                "error reading EC2 VPC (vpc-1): RequestError: send request failed\ncaused by: Post \"http://[::1]:1/\": dial tcp [::1]:1: connect: connection refused",
                "",
                Class::Unreachable,
            ),
        ];
        for (summary, detail, wanted) in cases {
            assert_eq!(class(summary, detail, Stage::Before), wanted, "{summary}");
        }
        assert_eq!(class("reading it went wrong", "", Stage::Walking), Class::Other);
    }

    #[test]
    fn versions_that_print_their_usage_are_too_old() {
        let text = "Error: Failed to parse command-line flags\n\nflag provided but not defined: -refresh-only";
        assert_eq!(classify(&[], text, Stage::Before), FailureClass::UnsupportedVersion);
        let usage = "Usage: terraform plan [options] [DIR]";
        assert_eq!(classify(&[], usage, Stage::Before), FailureClass::UnsupportedVersion);
        assert_eq!(classify(&[], "panic", Stage::Before), FailureClass::Other);
    }
}
