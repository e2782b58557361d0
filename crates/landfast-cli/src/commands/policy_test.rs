//! `landfast policy test`

use landfast::ExitCode;
use landfast::report::escape_line;
use landfast::safety::policy::{TestOutcome, TestResult};
use serde_json::json;

use super::policy_set::load;
use crate::args::Global;
use crate::error::CliError;
use crate::output::{Secrecy, write};
use crate::policy_args::{PolicyFormat, PolicyTest};

pub(crate) fn run(args: &PolicyTest, global: &Global) -> Result<ExitCode, CliError> {
    let results = load(&args.paths, &args.how)?.test();
    if results.is_empty() {
        return Err(CliError::new("there is no test: no rule has a name that begins with test_"));
    }
    let text = match args.format {
        PolicyFormat::Text => text(&results),
        PolicyFormat::Json => {
            let results: Vec<_> = results.iter().map(document).collect();
            format!("{:#}\n", json!({"format_version": "1.0", "tests": results}))
        }
    };
    write(global, text.as_bytes(), Secrecy::Ordinary)?;
    let passed = results.iter().all(|result| result.outcome == TestOutcome::Passed);
    Ok(if passed { ExitCode::Clean } else { ExitCode::Error })
}

fn document(result: &TestResult) -> serde_json::Value {
    let (outcome, why) = said(&result.outcome);
    json!({
        "package": result.rule.package,
        "name": result.rule.name,
        "file": result.rule.place.file,
        "line": result.rule.place.line,
        "outcome": outcome,
        "why": why,
    })
}

fn said(outcome: &TestOutcome) -> (&'static str, Option<String>) {
    match outcome {
        TestOutcome::Passed => ("pass", None),
        TestOutcome::Failed => ("fail", None),
        TestOutcome::Error(error) => ("error", Some(error.to_string())),
    }
}

fn text(results: &[TestResult]) -> String {
    let mut text = String::new();
    let mut passed = 0;
    for result in results {
        let (outcome, why) = said(&result.outcome);
        if result.outcome == TestOutcome::Passed {
            passed += 1;
            continue;
        }
        let rule = &result.rule;
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        let line = format!("{}:{}: {outcome}: {}.{}{why}", rule.place.file, rule.place.line, rule.package, rule.name);
        text.push_str(&format!("{}\n", escape_line(&line)));
    }
    text.push_str(&format!("{passed} of {} tests passed\n", results.len()));
    text
}
