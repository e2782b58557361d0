//! `landfast policy check`

use std::path::{Path, PathBuf};

use landfast::ExitCode;
use landfast::report::escape_line;
use landfast::safety::policy::{PolicyFinding, PolicyInput, PolicyVerdict};
use landfast::state::Document;
use serde_json::json;

use super::policy_set::{below, load, read, refused, unclear};
use crate::args::Global;
use crate::error::CliError;
use crate::input;
use crate::output::{Secrecy, write};
use crate::policy_args::{PolicyCheck, PolicyFormat};

pub(crate) fn run(args: &PolicyCheck, global: &Global) -> Result<ExitCode, CliError> {
    let policies = load(&args.policy.policies, &args.policy.how)?;
    policies.decides().map_err(|error| refused(&error))?;
    let given = given(&args.inputs, global)?;
    let verdict = policies.judge(&given).map_err(|error| unclear(&error))?;
    let text = match args.format {
        PolicyFormat::Text => text(&verdict),
        PolicyFormat::Json => {
            let document = json!({
                "format_version": "1.0",
                "clear": verdict.is_clear(),
                "rules": verdict.rules,
                "policies": policies.files(),
                "policy_digest": policies.digest().to_string(),
                "refusals": verdict.refusals,
                "warnings": verdict.warnings,
            });
            format!("{document:#}\n")
        }
    };
    write(global, text.as_bytes(), Secrecy::Ordinary)?;
    Ok(if verdict.is_clear() { ExitCode::Clean } else { ExitCode::Refused })
}

fn is_configuration(path: &Path) -> bool {
    path.is_dir() || path.extension().is_some_and(|extension| extension == "tf")
}

fn given(inputs: &[PathBuf], global: &Global) -> Result<PolicyInput, CliError> {
    if inputs.iter().all(|path| is_configuration(path)) {
        let mut files = Vec::new();
        for path in inputs {
            files.extend(below(path, "tf")?);
        }
        files.sort();
        files.dedup();
        let files = files.iter().map(|file| read(file)).collect::<Result<Vec<_>, _>>()?;
        return PolicyInput::of_configuration(&files).map_err(|error| {
            let why = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
            CliError::new(format!("{error}{why}"))
        });
    }
    let [source] = inputs else {
        return Err(CliError::usage("give one plan, or *.tf files and folders of one module"));
    };
    match input::document(source, global)? {
        Document::Plan(plan) => {
            PolicyInput::of_plan(&plan).map_err(|error| CliError::new(format!("{}: {error}", source.display())))
        }
        other => Err(CliError::new(format!("{}: this is {}, not a plan", source.display(), other.description()))
            .hint("give what `terraform show -json PLAN` prints, or *.tf files")),
    }
}

fn text(verdict: &PolicyVerdict) -> String {
    let mut text = String::new();
    for (word, findings) in [("refused", &verdict.refusals), ("warning", &verdict.warnings)] {
        for finding in findings {
            text.push_str(&line(word, finding));
        }
    }
    let count = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    text.push_str(&format!(
        "{}, {}, {}\n",
        count(verdict.refusals.len(), "refusal", "refusals"),
        count(verdict.warnings.len(), "warning", "warnings"),
        count(verdict.rules, "rule asked", "rules asked"),
    ));
    text
}

fn line(word: &str, finding: &PolicyFinding) -> String {
    let about = if finding.address.is_empty() { String::new() } else { format!(" {}:", finding.address) };
    let severity = finding.severity.as_ref().map(|severity| format!(", {severity}")).unwrap_or_default();
    let first = format!("{word}:{about} {} [{}{severity}]", finding.message, finding.id);
    let mut lines = format!("{}\n", escape_line(&first));
    if let Some(remediation) = &finding.remediation {
        lines.push_str(&format!("    {}\n", escape_line(remediation)));
    }
    lines
}
