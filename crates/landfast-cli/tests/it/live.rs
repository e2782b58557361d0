//! Against the real tools: terraform from PATH, and what `.ci/install-live-tools` installs. A tool that is not there
//! fails its test.

#[cfg(target_os = "linux")]
mod bad_input;
#[cfg(target_os = "linux")]
mod drift;
#[cfg(target_os = "linux")]
mod ended;
#[cfg(target_os = "linux")]
mod extremes;
#[cfg(target_os = "linux")]
mod odd;
#[cfg(target_os = "linux")]
mod old_states;
#[cfg(target_os = "linux")]
mod refused;
#[cfg(target_os = "linux")]
mod unmanaged;
#[cfg(target_os = "linux")]
mod unrecorded;
#[cfg(target_os = "linux")]
mod vault;

use std::path::{Path, PathBuf};
use std::process::Command;

use landfast::state::address::ObjectAddress;
use landfast::state::{Limits, StateFile, Value};

use crate::corpus::corpus;
use crate::run::{Scratch, finish, landfast, root, run};

/// Runs terraform in `folder`; its absence, and any failure of it, fails the test.
fn terraform(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("terraform")
        .args(arguments)
        .current_dir(folder)
        .env("TF_CLI_CONFIG_FILE", "/dev/null")
        .env("CHECKPOINT_DISABLE", "1")
        .env("TF_IN_AUTOMATION", "1")
        .output()
        .expect("terraform is on PATH: the live tests need it");
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "terraform {arguments:?}: {out}{err}");
    out
}

/// Every state below a folder.
fn states(folder: &Path) -> Vec<PathBuf> {
    let mut open = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "tfstate") {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no states in {}", folder.display());
    found
}

#[test]
fn state_list_prints_what_terraform_prints_for_every_fixture() {
    let scratch = Scratch::new();
    for state in states(&root().join("fixtures")).into_iter().chain(states(&corpus().join("terraform-1.11.4"))) {
        std::fs::copy(&state, scratch.path("terraform.tfstate")).unwrap();
        let theirs = terraform(&scratch.path(""), &["state", "list"]);
        let ours = run(["state".as_ref(), "list".as_ref(), "--state".as_ref(), state.as_os_str()]);
        assert_eq!((ours.code, ours.out), (0, theirs), "{}", state.display());
    }
}

#[test]
fn members_are_known_in_any_case_as_terraform_knows_them() {
    let scratch = Scratch::new();
    let provider = r#""provider":"provider[\"registry.terraform.io/hashicorp/aws\"]""#;
    let resource =
        |name: &str, members: &str| format!(r#"{{"mode":"managed","type":"aws_vpc","name":"{name}",{members}}}"#);
    let plain = |name: &str| resource(name, &format!(r#"{provider},"instances":[{{"attributes":{{"id":"x"}}}}]"#));
    let state = |members: &str| {
        format!(r#"{{"terraform_version":"1.11.4","serial":1,"lineage":"l","outputs":{{}},{members}}}"#)
    };
    let odd = r#""Provider":"provider[\"registry.terraform.io/hashicorp/aws\"]","INSTANCES":[{"Index_Key":"k","Attributes":{"id":"x"}}]"#;
    for text in [
        state(&format!(r#""version":4,"Resources":[{}]"#, plain("a"))),
        state(&format!(r#""Version":4,"reſources":[{}]"#, plain("a"))),
        state(&format!(r#""version":4,"RESOURCES":[{}]"#, resource("a", odd))),
        // A key that only looks like a known one is none.
        state(&format!(r#""version":4,"resources":[{}],"re-sources":[{}]"#, plain("a"), plain("b"))),
    ] {
        let path = scratch.file("terraform.tfstate", &text);
        let theirs = terraform(&scratch.path(""), &["state", "list"]);
        let ours = run(["state".as_ref(), "list".as_ref(), "--state".as_ref(), path.as_os_str()]);
        assert_eq!((ours.code, ours.out), (0, theirs.clone()), "{text}: {}", ours.err);
        assert!(theirs.starts_with("aws_vpc.a"), "{theirs}");
    }
    // Of two spellings terraform takes the last one: neither may be believed.
    let text = state(&format!(r#""version":4,"resources":[{}],"Resources":[{}]"#, plain("a"), plain("b")));
    let path = scratch.file("terraform.tfstate", &text);
    assert_eq!(terraform(&scratch.path(""), &["state", "list"]), "aws_vpc.b\n");
    for arguments in [["state", "list", "--state"], ["graph", "--format", "text"]] {
        let ours = finish(landfast().args(arguments).arg(&path));
        assert_eq!((ours.code, &*ours.out), (1, ""));
        assert!(ours.err.contains("duplicate key \"Resources\" (first at 1:"), "{}", ours.err);
    }
    let ours = finish(landfast().arg("check").arg("--recorded").arg(&path).arg("--observed").arg(&path));
    assert!(ours.code == 1 && ours.err.contains("duplicate key"), "{}", ours.err);
}

#[test]
fn terraform_lists_the_same_after_our_conversion() {
    let scratch = Scratch::new();
    for state in
        states(&corpus().join("state/history-v1v2")).into_iter().chain(states(&root().join("fixtures/old-terraform")))
    {
        let target = scratch.path("terraform.tfstate");
        let converted = run([
            "state".as_ref(),
            "convert".as_ref(),
            "--state".as_ref(),
            state.as_os_str(),
            "--output".as_ref(),
            target.as_os_str(),
        ]);
        if converted.code != 0 {
            // Broken ones, which the corpus test names.
            continue;
        }
        let after = terraform(&scratch.path(""), &["state", "list"]);
        std::fs::copy(&state, &target).unwrap();
        assert_eq!(after, terraform(&scratch.path(""), &["state", "list"]), "{}", state.display());
    }
}

#[test]
fn terraform_reads_what_an_edit_wrote() {
    let scratch = Scratch::new();
    let bytes = std::fs::read(corpus().join("terraform-1.11.4/updates.1.tfstate")).unwrap();
    let state = StateFile::read(bytes.into(), "updates", &Limits::default()).unwrap();
    let address: ObjectAddress = state.snapshot().objects()[0].address.clone();
    let mut edit = state.edit();
    let marker = Value::String("edited <by> landfast".into());
    edit.set_attribute(&address, &"id".parse().unwrap(), &marker).unwrap();
    edit.set_serial(state.serial() + 1).unwrap();
    scratch.file("terraform.tfstate", edit.finish(&Limits::default()).unwrap().as_bytes());
    let pulled: serde_json::Value = serde_json::from_str(&terraform(&scratch.path(""), &["state", "pull"])).unwrap();
    assert_eq!(pulled["serial"], state.serial() + 1);
    assert!(pulled.to_string().contains("edited <by> landfast"));
}

/// Deploys with the real AWS provider against moto, changes things behind terraform's back, and checks what terraform
/// then sees: the same drift as in the committed fixture, found anew.
#[test]
fn drift_of_a_fresh_deployment_is_found() {
    let scratch = Scratch::new();
    let tools = root().join("target/live-tools");
    let python = tools.join("venv/bin/python");
    assert!(python.is_file(), "{} is not there: run .ci/install-live-tools", python.display());
    let made = Command::new(python)
        .arg(root().join("fixtures/make/make_aws.py"))
        .arg(scratch.path("made"))
        .args(["--only", "aws-moto", "--tools"])
        .arg(&tools)
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}{}",
        String::from_utf8_lossy(&made.stdout),
        String::from_utf8_lossy(&made.stderr)
    );
    let report = |folder: &Path| {
        let (recorded, observed) = (folder.join("recorded.tfstate"), folder.join("observed.tfstate"));
        let run = run([
            "check".as_ref(),
            "--recorded".as_ref(),
            recorded.as_os_str(),
            "--observed".as_ref(),
            observed.as_os_str(),
            "--format".as_ref(),
            "json".as_ref(),
        ]);
        assert_eq!(run.code, 2, "{}", run.err);
        let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        let resources = report["resources"].as_array().unwrap().iter().map(|resource| {
            let paths = resource["changes"].as_array().unwrap().iter().map(|change| change["path"].clone());
            (
                resource["address"].clone(),
                resource["status"].clone(),
                resource["severity"].clone(),
                paths.collect::<Vec<_>>(),
            )
        });
        resources.collect::<Vec<_>>()
    };
    assert_eq!(report(&scratch.path("made/aws-moto")), report(&root().join("fixtures/aws-moto")));
}
