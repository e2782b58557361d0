//! `no-policy-violation`: the gate asks the policies.

use std::sync::Arc;

use super::error::PolicyError;
use super::input::PolicyInput;
use super::set::PolicySet;
use super::verdict::PolicyFinding;
use crate::check::{Check, CheckError, CheckFuture, CheckId, Evidence, Verdict};
use crate::context::Context;

/// The check `no-policy-violation` by policies in Rego. Add it to a gate by [`Gate::add`](crate::Gate::add).
///
/// It passes where no policy refuses. Policies that cannot be evaluated refuse.
///
/// ```
/// use std::sync::Arc;
/// use landfast_safety::policy::{PolicyCheck, PolicyFile, PolicyOptions, PolicySet};
/// use landfast_safety::{Gate, Level};
///
/// let text = r#"package ours
/// deny contains msg if {
///     some change in input.plan.changes
///     change.action == "delete"
///     msg := sprintf("%s would be destroyed", [change.address])
/// }"#;
/// let files = vec![PolicyFile { name: "ours.rego".to_owned(), text: text.to_owned() }];
/// let policies = PolicySet::load(files, &PolicyOptions::default())?;
/// let mut gate = Gate::empty();
/// gate.add(Arc::new(PolicyCheck::new(policies)?), Level::Deny)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct PolicyCheck {
    policies: Arc<PolicySet>,
}

impl PolicyCheck {
    /// The check by these policies.
    ///
    /// # Errors
    /// When no rule of them can refuse.
    pub fn new(policies: PolicySet) -> Result<Self, PolicyError> {
        policies.decides()?;
        Ok(Self { policies: Arc::new(policies) })
    }
}

impl Check for PolicyCheck {
    fn id(&self) -> CheckId {
        CheckId::builtin("no-policy-violation")
    }

    fn question(&self) -> &str {
        "Do all policies allow it?"
    }

    fn advice(&self) -> &str {
        "change the plan so that the policies allow it, as each finding says, or have the policy changed by who owns it"
    }

    fn settings(&self) -> String {
        format!("policies {}", self.policies.digest())
    }

    fn judge<'a>(&'a self, context: &'a Context) -> CheckFuture<'a> {
        let policies = Arc::clone(&self.policies);
        Box::pin(async move {
            let context = context.clone();
            // Evaluating keeps a processor busy.
            let judged = tokio::task::spawn_blocking(move || policies.judge(&PolicyInput::of_context(&context))).await;
            let verdict = match judged {
                Ok(Ok(verdict)) => verdict,
                Ok(Err(error)) => return Err(failed(Some(Box::new(error)))),
                // What it panicked over may hold a secret.
                Err(_) => return Err(failed(None)),
            };
            if !verdict.refusals.is_empty() {
                return Ok(Verdict::fail(verdict.refusals.iter().map(evidence).collect()));
            }
            let mut seen = vec![Evidence::of_all(format!("asked {} rules", verdict.rules))];
            seen.extend(verdict.warnings.iter().map(|finding| {
                let evidence = evidence(finding);
                Evidence { found: format!("warning: {}", evidence.found), ..evidence }
            }));
            Ok(Verdict::Pass(seen))
        })
    }
}

fn failed(source: Option<Box<dyn std::error::Error + Send + Sync>>) -> CheckError {
    CheckError::Failed { what: "the policies gave no verdict".to_owned(), source }
}

fn evidence(finding: &PolicyFinding) -> Evidence {
    let mut found = format!("{} [{}]", finding.message, finding.id);
    if let Some(remediation) = &finding.remediation {
        found.push_str(": ");
        found.push_str(remediation);
    }
    Evidence { about: finding.address.clone(), found }
}
