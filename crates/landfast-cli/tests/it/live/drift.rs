//! What a check finds beside what terraform finds, on a deployment that a script changed at random.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use landfast::state::{AttributePath, PathStep};
use serde_json::Value;

use super::odd::{count, statuses};
use crate::live_terraform::deployment::{Answer, Deployment, Moto, SECRET, service, tools, wait_for_no_process};
use crate::run::root;
use crate::via::files_in;

const SEED: u64 = 20;
const CHANGES: usize = 50;

/// By address, the attributes in which both sides differ; none for an object that is gone.
pub(super) type Differences = BTreeMap<String, BTreeSet<String>>;

/// The differences that terraform finds, with both sides of each attribute.
type Theirs = BTreeMap<String, BTreeMap<String, (Value, Value)>>;

/// What one of them is told to be the same by: the attributes, with each rule and the path that it is about.
type Explained = BTreeMap<(String, String), BTreeSet<(String, AttributePath)>>;

/// The attributes that each object has in a state of format 4, those of blocks with the names of these before them.
pub(super) type Recorded = BTreeMap<String, BTreeSet<String>>;

pub(super) fn deploy(moto: &Moto, configuration: &str) -> Deployment {
    let mut deployment = Deployment::new(configuration, &tools().join("terraform.rc"));
    deployment.variables.insert("TF_VAR_endpoint", moto.url.clone());
    deployment.variables.insert("TF_VAR_iam_endpoint", moto.url.clone());
    deployment.variables.insert("TF_VAR_secret", SECRET.to_owned());
    deployment.terraform(&["apply", "-input=false", "-auto-approve"]);
    deployment
}

/// Checks the folder without terraform.
pub(super) fn check(deployment: &Deployment, more: &[&str]) -> (i32, Value, String) {
    let run = deployment.landfast(&[&["check", "stack", "--format", "json"][..], more].concat());
    let report = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}: {}", run.code, run.err));
    (run.code, report, run.err)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The attribute that a path leads into.
pub(super) fn attribute(path: &Value) -> String {
    text(path).split(['.', '[']).next().unwrap().to_owned()
}

/// Our differences, and what is no difference by a rule, or by the normaliser where that needs no rule.
pub(super) fn ours(report: &Value) -> (Differences, Explained) {
    let (mut found, mut explained) = (Differences::new(), Explained::new());
    for resource in report["resources"].as_array().unwrap() {
        let address = text(&resource["address"]);
        if resource["status"] != "in_sync" {
            let changes = resource["changes"].as_array().unwrap().iter();
            found.insert(address.clone(), changes.map(|it| attribute(&it["path"])).collect());
        }
        for it in resource["normalised"].as_array().into_iter().flatten() {
            let rule = if it["rule"].is_null() { &it["normaliser"] } else { &it["rule"] };
            let about = explained.entry((address.clone(), attribute(&it["path"]))).or_default();
            about.insert((text(rule), text(&it["path"]).parse().unwrap()));
        }
    }
    (found, explained)
}

/// What terraform finds, on a copy of the folder, after these commands in it.
pub(super) fn theirs(deployment: &Deployment, before: &[&[&str]]) -> Theirs {
    let copy = deployment.path("copy");
    let _ = std::fs::remove_dir_all(&copy);
    let copied = Command::new("cp").arg("-r").arg(deployment.folder()).arg(&copy).status().unwrap();
    assert!(copied.success());
    let run = |arguments: &[&str]| {
        let mut command = deployment.terraform_command(arguments);
        let output = command.current_dir(&copy).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    for arguments in before {
        run(arguments);
    }
    run(&["plan", "-refresh-only", "-input=false", "-out=refresh.plan"]);
    let plan: Value = serde_json::from_slice(&run(&["show", "-json", "refresh.plan"])).unwrap();
    let mut found = Theirs::new();
    for drift in plan["resource_drift"].as_array().into_iter().flatten() {
        let (before, after) = (&drift["change"]["before"], &drift["change"]["after"]);
        let mut differing = BTreeMap::new();
        if let (Some(before), Some(after)) = (before.as_object(), after.as_object()) {
            for name in before.keys().chain(after.keys()) {
                let side = |side: &serde_json::Map<String, Value>| side.get(name).cloned().unwrap_or_default();
                if side(before) != side(after) {
                    differing.insert(name.clone(), (side(before), side(after)));
                }
            }
        }
        found.insert(text(&drift["address"]), differing);
    }
    found
}

/// Whether two values are the same but for what is empty in either.
fn same_but_empty(before: &Value, after: &Value) -> bool {
    let empty = |value: &Value| {
        matches!(value, Value::Null | Value::Bool(false))
            || [r#""""#, "[]", "{}", "0"].contains(&value.to_string().as_str())
    };
    match (before, after) {
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            before.iter().zip(after).all(|(before, after)| same_but_empty(before, after))
        }
        (Value::Object(before), Value::Object(after)) if before.keys().eq(after.keys()) => {
            before.iter().all(|(name, before)| same_but_empty(before, &after[name]))
        }
        _ => before == after || (empty(before) && empty(after)),
    }
}

/// Whether rules may say that these are no difference: asked here again, apart from the code that is tested.
fn explain(
    rules: &BTreeSet<(String, AttributePath)>,
    attribute: &str,
    (before, after): &(Value, Value),
    of_object: &BTreeSet<String>,
    recorded: Option<&BTreeSet<String>>,
) -> bool {
    let (mut before, mut after) = (before.clone(), after.clone());
    let mut may_be_empty = false;
    for (rule, path) in rules {
        match rule.as_str() {
            "aws-sdk-null-zero" => may_be_empty = true,
            // What the tags say is not said twice.
            "aws-tags-all" if attribute == "tags_all" && of_object.contains("tags") => return true,
            // Of what a state does not have at all, nobody can say whether it changed.
            "unknown-value" => {
                let keys = path.steps.iter().filter_map(|step| match step {
                    PathStep::Key(key) => Some(&**key),
                    PathStep::Index(_) => None,
                });
                let name = keys.collect::<Vec<_>>().join(".");
                if recorded.is_none_or(|it| it.contains(&name)) || !at(&mut before, path).is_null() {
                    return false;
                }
                *at(&mut after, path) = Value::Null;
            }
            _ => return false,
        }
    }
    before == after || (may_be_empty && same_but_empty(&before, &after))
}

/// What is at a path below an attribute.
fn at<'v>(mut value: &'v mut Value, path: &AttributePath) -> &'v mut Value {
    for step in &path.steps[1..] {
        value = match step {
            PathStep::Key(key) => &mut value[&**key],
            PathStep::Index(at) => &mut value[*at],
        };
    }
    value
}

/// That both name the same objects and attributes, but for what a rule explains.
pub(super) fn assert_same(report: &Value, theirs: &Theirs, recorded: &Recorded) {
    let (ours, explained) = ours(report);
    let status = statuses(report);
    for (address, attributes) in &ours {
        let theirs = theirs.get(address).unwrap_or_else(|| panic!("only we say that {address} differs"));
        assert_eq!(theirs.is_empty(), status[address] == "missing", "{address}: {}", status[address]);
        let only_ours: Vec<_> = attributes.iter().filter(|name| !theirs.contains_key(*name)).collect();
        assert!(only_ours.is_empty(), "{address}: {only_ours:?}");
    }
    let none = BTreeSet::new();
    for (address, attributes) in theirs {
        let of_object = ours.get(address).unwrap_or(&none);
        assert!(!attributes.is_empty() || ours.contains_key(address), "only terraform says that {address} is gone");
        for (name, sides) in attributes.iter().filter(|(name, _)| !of_object.contains(*name)) {
            let rules = explained.get(&(address.clone(), name.clone()));
            let rules =
                rules.unwrap_or_else(|| panic!("only terraform says that {name} of {address} differs: {sides:?}"));
            assert!(
                explain(rules, name, sides, of_object, recorded.get(address)),
                "{rules:?} do not explain {name} of {address}: {sides:?}"
            );
        }
    }
    // What a rule is said to have equalled does differ for terraform.
    for (address, name) in explained.keys() {
        assert!(theirs[address].contains_key(name), "{name} of {address} does not differ");
    }
}

/// One deployment, since making it takes the longest: unchanged, changed at random, and with a service that refuses.
#[test]
fn a_check_finds_what_terraform_finds() {
    let moto = Moto::start();
    let mut deployment = deploy(&moto, include_str!("main.tf"));
    let before = deployment.files();

    let (code, report, err) = check(&deployment, &["--strict"]);
    assert_eq!((code, err.as_str()), (0, ""), "{report}");
    let types: BTreeSet<String> =
        report["resources"].as_array().unwrap().iter().map(|resource| text(&resource["type"])).collect();
    assert!(count(&report, "in_sync") >= 20 && types.len() >= 10, "{types:?}");
    assert_eq!(count(&report, "in_sync"), report["resources"].as_array().unwrap().len());
    assert_same(&report, &theirs(&deployment, &[]), &Recorded::new());

    let changed = Command::new(tools().join("venv/bin/python"))
        .arg(root().join("crates/landfast-cli/tests/it/live/change.py"))
        .arg(&moto.url)
        .arg(deployment.folder().join("terraform.tfstate"))
        .args([SEED.to_string(), CHANGES.to_string()])
        .output()
        .unwrap();
    assert!(changed.status.success(), "{}", String::from_utf8_lossy(&changed.stderr));
    let changed = String::from_utf8(changed.stdout).unwrap();
    assert_eq!(changed.lines().count(), CHANGES);
    let events = deployment.path("events");
    let (code, report, err) = check(&deployment, &["--strict", "--events", events.to_str().unwrap()]);
    assert_eq!((code, err.as_str()), (2, ""), "{changed}");
    assert!(count(&report, "missing") >= 3 && count(&report, "drifted") >= 10, "{changed}{report}");
    assert_same(&report, &theirs(&deployment, &[]), &Recorded::new());
    for text in [report.to_string(), std::fs::read_to_string(events).unwrap()] {
        assert!(!text.contains("CANARY"), "{text}");
    }

    // What cannot be read is no drift and no proof that there is none.
    deployment.variables.insert("TF_VAR_iam_endpoint", service(Answer::Denied));
    let (code, denied, err) = check(&deployment, &["--strict", "--only", "type:aws_iam_*", "--only", "type:aws_vpc"]);
    assert_eq!(code, 4, "{err}");
    assert_eq!(count(&denied, "unreadable"), 7, "{denied}");
    assert!(err.contains("3 aws_iam_user: denied (ReadResource of aws_iam_user: ") && !err.contains(SECRET), "{err}");
    assert!(err.contains("3 aws_iam_role: denied (ReadResource of aws_iam_role: "), "{err}");
    assert!(!denied.to_string().contains(SECRET), "{denied}");

    assert_eq!(deployment.files(), before, "the folder is as it was");
    wait_for_no_process(&deployment.folder());
    assert_eq!(files_in(&deployment.temporary()), [""; 0]);
}
