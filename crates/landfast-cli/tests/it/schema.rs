//! Whole reports of the binary against the JSON Schema that is published for them.

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::run::{root, run};

/// The schema as it is committed. It lets unknown members pass, since a later 1.x may add some.
fn published() -> Value {
    serde_json::from_str(&std::fs::read_to_string(root().join("docs/schema/report.schema.json")).unwrap()).unwrap()
}

/// The same, letting no member pass that it does not describe: what this version writes is described in full.
fn closed() -> Value {
    close_all(published())
}

fn close_all(mut schema: Value) -> Value {
    fn close(schema: &mut Value) {
        match schema {
            Value::Object(members) => {
                if members.contains_key("properties") {
                    members.insert("additionalProperties".into(), json!(false));
                }
                members.values_mut().for_each(close);
            }
            Value::Array(elements) => elements.iter_mut().for_each(close),
            _ => {}
        }
    }
    close(&mut schema);
    schema
}

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::new(schema).unwrap()
}

/// What the schema has against a document.
fn complaints(schema: &Validator, document: &Value) -> Vec<String> {
    schema.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// The reports of check and diff of these two, where both can be read.
fn reports(a: &str, b: &str) -> Vec<Value> {
    let commands = [vec!["check", "--recorded", a, "--observed", b], vec!["diff", a, b]];
    let runs = commands.map(|command| run([command, vec!["--format", "json"]].concat()));
    runs.iter().filter(|run| run.code != 1).map(|run| serde_json::from_str(&run.out).unwrap()).collect()
}

fn assert_valid(pairs: impl IntoIterator<Item = (String, String)>) -> usize {
    let (published, closed) = (validator(&published()), validator(&closed()));
    let mut seen = 0;
    for (a, b) in pairs {
        for report in reports(&a, &b) {
            assert_eq!(complaints(&published, &report), Vec::<String>::new(), "{a} {b}");
            assert_eq!(complaints(&closed, &report), Vec::<String>::new(), "{a} {b}");
            seen += 1;
        }
    }
    seen
}

/// That the published schema has nothing against a report, and describes every member of it.
#[cfg(all(feature = "live", target_os = "linux"))]
pub(crate) fn assert_described(report: &Value) {
    for schema in [published(), closed()] {
        assert_eq!(complaints(&validator(&schema), report), Vec::<String>::new(), "{report}");
    }
}

#[test]
fn the_schema_itself_is_one() {
    jsonschema::draft202012::meta::validate(&published()).unwrap();
    assert_eq!(published()["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn reports_of_all_fixtures_are_valid() {
    let mut pairs = Vec::new();
    for folder in ["aws-moto", "aws-clean", "aws-siblings"] {
        let file = |name: &str| format!("fixtures/{folder}/{name}");
        for a in ["recorded.tfstate", "observed.tfstate", "refresh.plan.json"] {
            for b in ["recorded.tfstate", "observed.tfstate", "refresh.plan.json"] {
                pairs.push((file(a), file(b)));
            }
        }
    }
    let mut old: Vec<String> = std::fs::read_dir(root().join("fixtures/old-terraform"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".tfstate"))
        .map(|name| format!("fixtures/old-terraform/{name}"))
        .collect();
    old.sort();
    pairs.extend(old.iter().zip(old.iter().skip(1)).map(|(a, b)| (a.clone(), b.clone())));
    assert_eq!(assert_valid(pairs.clone()), 2 * pairs.len());
}

#[cfg(feature = "corpus")]
#[test]
fn reports_of_the_corpus_are_valid() {
    use crate::corpus::corpus;
    let mut folders = vec![corpus().join("terraform-1.11.4"), corpus().join("state"), corpus().join("plan")];
    let mut names = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "tfstate" || extension == "json") {
                names.push(path.to_str().unwrap().to_owned());
            }
        }
    }
    names.sort();
    // Neighbours by name are the steps of one configuration, its plan and its shown state. All that we made ourselves, and
    // as many of the others as there is time for.
    let all = names.iter().zip(names.iter().skip(1)).enumerate();
    let pairs = all.filter(|(at, (a, _))| a.contains("terraform-1.11.4") || at % 8 == 0);
    let seen = assert_valid(pairs.map(|(_, (a, b))| (a.clone(), b.clone())));
    assert!(seen > 100, "{seen}");
}

#[test]
fn what_is_missing_is_refused_and_what_is_new_is_not() {
    let schema = published();
    let (published, closed) = (validator(&schema), validator(&closed()));
    let report = reports("fixtures/aws-moto/recorded.tfstate", "fixtures/aws-moto/observed.tfstate").remove(0);
    let required = |pointer: &str| {
        let required = schema.pointer(pointer).unwrap()["required"].as_array().unwrap().clone();
        required.iter().map(|name| name.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let drifted = report["resources"].as_array().unwrap().iter();
    let at =
        drifted.clone().position(|it| it["changes"].as_array().is_some_and(|changes| !changes.is_empty())).unwrap();
    let change = format!("/resources/{at}/changes/0");
    for (schema_at, at) in [
        ("", String::new()),
        ("/$defs/Summary", String::from("/summary")),
        ("/$defs/ResourceEntry", format!("/resources/{at}")),
        ("/$defs/ChangeEntry", change.clone()),
        ("/$defs/OriginEntry", String::from("/recorded/0")),
    ] {
        let names = required(schema_at);
        assert!(!names.is_empty(), "{schema_at}");
        for name in names {
            let mut less = report.clone();
            assert!(less.pointer_mut(&at).unwrap().as_object_mut().unwrap().remove(&name).is_some(), "{at} {name}");
            assert_eq!(complaints(&published, &less).len(), 1, "{at} without {name}");
        }
        // Readers must let members pass that they do not know; this version must not write any that it does not describe.
        let mut more = report.clone();
        more.pointer_mut(&at).unwrap().as_object_mut().unwrap().insert("no_such_member".into(), json!(1));
        assert_eq!(complaints(&published, &more), Vec::<String>::new(), "{at}");
        assert_eq!(complaints(&closed, &more).len(), 1, "{at}");
    }
    for (at, wrong) in [
        (String::from("/kind"), json!("drft")),
        (String::from("/summary/total"), json!("17")),
        (format!("/resources/{at}/severity"), json!("grave")),
        (format!("{change}/kind"), json!(null)),
    ] {
        let mut broken = report.clone();
        *broken.pointer_mut(&at).unwrap() = wrong;
        assert!(!complaints(&published, &broken).is_empty(), "{at}");
    }
}

#[cfg(unix)]
#[test]
fn dry_runs_are_valid_show_no_secret_and_write_nothing() {
    use crate::workspace::{STATE, Workspace};
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(root().join("docs/schema/state-change.schema.json")).unwrap())
            .unwrap();
    let closed = validator(&close_all(schema));
    let workspace = Workspace::new();
    workspace.folder.file("new.tfstate", STATE.replace("\"serial\": 7", "\"serial\": 8").replace("hunter2", "hunter3"));
    let mut shown = String::new();
    for arguments in [
        &["state", "mv", "aws_instance.web", "module.app.aws_instance.web"][..],
        &["state", "rm", "module.db"],
        &["state", "replace-provider", "hashicorp/null", "acme/null"],
        &["state", "push", "new.tfstate"],
        &["state", "push", "terraform.tfstate"],
        &["state", "push", "--state", "other.tfstate", "terraform.tfstate"],
    ] {
        let text = workspace.ok(&[arguments, &["--dry-run", "--format", "json"]].concat());
        assert!(!text.contains("hunter"), "{text}");
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(complaints(&closed, &document), Vec::<String>::new(), "{text}");
        shown.push_str(&text);
    }
    insta::assert_snapshot!(shown);
    assert_eq!(workspace.read("terraform.tfstate"), STATE);
    assert!(!workspace.path("other.tfstate").exists());
    // It is for dry runs: of what is written, the text says what there is to say.
    assert_eq!(workspace.run(&["state", "rm", "module.db", "--format", "json"]).code, 64);
}
