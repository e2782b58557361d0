//! The same policies on the same inputs in the real OPA: the verdicts must be the same. `.ci/install-opa` installs it; that it
//! is not there is a failure.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use landfast_safety::policy::{PolicyFile, PolicyInput, PolicyOptions, PolicySet, TestOutcome, pack_files};
use landfast_state::json::Limits;
use serde_json::{Value, json};

fn tools() -> PathBuf {
    let named = std::env::var_os("LANDFAST_OPA").map(PathBuf::from);
    named.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/opa-tools"))
}

/// Has OPA evaluate jobs: `{"policies": [[NAME, TEXT]], "data": …, "input": …, "document": "a.deny"}`, each to its value, or null
/// where it is undefined, or `{"error": …}`.
fn opa(jobs: &Value) -> Vec<Value> {
    let folder = tools();
    assert!(
        folder.join("opa_bindings/libopabridge.so").is_file(),
        "OPA is not at {}: run .ci/install-opa",
        folder.display()
    );
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/opa/evaluate.py");
    let mut child = Command::new("python3")
        .arg(script)
        .env("PYTHONPATH", &folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs");
    child.stdin.take().unwrap().write_all(jobs.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the script that asks OPA failed");
    let answers: Value = serde_json::from_slice(&output.stdout).unwrap();
    answers.as_array().unwrap().clone()
}

/// Lists that stand for sets have no order.
fn unordered(value: &Value) -> Value {
    match value {
        Value::Array(elements) => {
            let mut texts: Vec<String> = elements.iter().map(|element| unordered(element).to_string()).collect();
            texts.sort();
            json!(texts)
        }
        Value::Object(members) => members.iter().map(|(key, member)| (key.clone(), unordered(member))).collect(),
        Value::Number(number) => json!(number.as_f64()),
        other => other.clone(),
    }
}

fn pairs(files: &[PolicyFile]) -> Vec<[&str; 2]> {
    files.iter().map(|file| [file.name.as_str(), file.text.as_str()]).collect()
}

#[test]
fn tests_of_packs_end_alike() {
    let files = pack_files(["hipaa", "soc2"]).unwrap();
    let policies = PolicySet::load(files.clone(), &PolicyOptions::default()).unwrap();
    let results = policies.test();
    let jobs: Vec<Value> = results
        .iter()
        .map(|result| json!({"policies": pairs(&files), "input": {}, "document": format!("{}.{}", result.rule.package, result.rule.name)}))
        .collect();
    let answers = opa(&json!(jobs));
    assert_eq!(answers.len(), results.len());
    for (result, answer) in results.iter().zip(&answers) {
        let ours = result.outcome == TestOutcome::Passed;
        assert_eq!(json!(ours), *answer, "{}", result.rule.name);
    }
}

/// Resources of every kind that the packs know, with odd values: what they say of them must be the same in both.
#[test]
fn packs_judge_alike() {
    let files = pack_files(["hipaa", "soc2"]).unwrap();
    let kinds = &files.iter().find(|file| file.name == "pack:kinds.rego").unwrap().text;
    let words: std::collections::BTreeSet<&str> = kinds.split('"').skip(1).step_by(2).collect();
    let types = words.iter().filter(|word| ["aws_", "azurerm_", "google_"].iter().any(|start| word.starts_with(start)));
    let keys: Vec<&&str> =
        words.iter().filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '_')).collect();
    let values = [
        json!(null),
        json!(true),
        json!(false),
        json!(""),
        json!("x"),
        json!([]),
        json!({}),
        json!(0),
        json!("(known after apply)"),
        json!(["0.0.0.0/0"]),
    ];
    let mut resources = Vec::new();
    for (number, kind) in types.enumerate() {
        for (at, value) in values.iter().enumerate() {
            let given: Value = keys.iter().map(|key| ((**key).to_owned(), value.clone())).collect();
            resources.push(
                json!({"address": format!("{kind}.n{number}_{at}"), "mode": "managed", "type": kind, "values": given}),
            );
        }
    }
    assert!(resources.len() > 300, "{}", resources.len());
    let data = json!({"pack_settings": {"regions": ["x"], "backup_days": 3, "required_tags": ["a", "b"]}});
    let mut options = PolicyOptions::default();
    options.data = data.clone();
    options.time_limit = std::time::Duration::from_secs(60);
    let policies = PolicySet::load(files.clone(), &options).unwrap();
    let documents = ["landfast.soc2.deny", "landfast.soc2.warn", "landfast.hipaa.deny"];
    let mut compared = 0;
    for chunk in resources.chunks(10) {
        let input = json!({"resources": chunk});
        let jobs: Vec<Value> = documents
            .iter()
            .map(|document| json!({"policies": pairs(&files), "data": data, "input": input, "document": document}))
            .collect();
        let given = PolicyInput::from_json(input.to_string().as_bytes(), &Limits::default()).unwrap();
        for (document, answer) in documents.iter().zip(opa(&json!(jobs))) {
            let ours = policies.query(&format!("data.{document}"), &given);
            let ours = ours.unwrap_or_else(|error| panic!("{error}: {input}")).unwrap();
            assert_eq!(unordered(&ours), unordered(&answer), "{document}: {input}");
            compared += 1;
        }
    }
    assert!(compared > 90);
}

/// Policies, each with inputs. The binding reads v1 alone, so a policy in v0 stands beside its twin in v1: ours judges the
/// one, OPA the other.
#[test]
fn small_policies_judge_alike() {
    let cases: Value = serde_json::from_str(include_str!("../opa/policies.json")).unwrap();
    let cases = cases.as_array().unwrap();
    let mut jobs = Vec::new();
    let mut ours = Vec::new();
    for case in cases {
        let text = |key: &str| case[key].as_str().map(ToOwned::to_owned);
        let v1 = text("v1").unwrap();
        for version in [Some(v1.clone()), text("v0")].into_iter().flatten() {
            let files = vec![PolicyFile { name: "p.rego".to_owned(), text: version.clone() }];
            let policies =
                PolicySet::load(files, &PolicyOptions::default()).unwrap_or_else(|error| panic!("{error}: {version}"));
            for input in case["inputs"].as_array().unwrap() {
                let given = PolicyInput::from_json(input.to_string().as_bytes(), &Limits::default()).unwrap();
                let value = policies.query("data.a", &given);
                ours.push(value.unwrap_or_else(|error| panic!("{error}: {version}")).unwrap_or_default());
                jobs.push(json!({"policies": [["p.rego", v1]], "input": input, "document": "a"}));
            }
        }
    }
    assert!(cases.len() >= 40, "{} cases", cases.len());
    for ((ours, job), theirs) in ours.iter().zip(&jobs).zip(opa(&json!(jobs))) {
        assert_eq!(unordered(ours), unordered(&theirs), "{job:#}");
    }
}

/// What OPA gives policies and we do not is refused here, and does run there: the refusal is ours, not a mistake in the text.
#[test]
fn what_is_refused_here_runs_there() {
    let calls = ["opa.runtime()", "time.now_ns()", "rand.intn(\"a\", 7)", "uuid.rfc4122(\"a\")"];
    let text = |call: &str| format!("package a\nx := is_null({call})\ndeny contains 1 if x\n");
    let jobs: Vec<Value> = calls
        .iter()
        .map(|call| json!({"policies": [["p.rego", text(call)]], "input": {}, "document": "a.x"}))
        .collect();
    for (call, answer) in calls.iter().zip(opa(&json!(jobs))) {
        assert_eq!(answer, json!(false), "{call}");
        let files = vec![PolicyFile { name: "p.rego".to_owned(), text: text(call) }];
        assert!(PolicySet::load(files, &PolicyOptions::default()).is_err(), "{call}");
    }
}
