//! Operations and plans on another state than theirs: refused before anything is opened.

use std::collections::BTreeMap;
use std::path::Path;

use crate::place::{Place, STATE};

/// Two states with the same lineage, a plan for one of them, and no state in the folder itself.
fn place() -> Place {
    let place = Place::new();
    std::fs::remove_file(place.0.path("t.tfstate")).unwrap();
    place.0.file("prod.tfstate", STATE);
    place.0.file("staging.tfstate", STATE);
    place.0.file("wanted.toml", "[[forget]]\naddress = \"aws_vpc.old\"\n");
    place.ok(&["plan", "create", "wanted.toml", "--state", "prod.tfstate", "--output", "plan.json"]);
    place
}

/// Every file below a folder with what it holds.
fn files(folder: &Path, into: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else {
            into.insert(path.display().to_string(), std::fs::read(&path).unwrap());
        }
    }
}

/// Refused with this, and not a byte has changed.
#[track_caller]
fn refused(place: &Place, arguments: &[&str], why: &str) {
    let all = || {
        let mut all = BTreeMap::new();
        files(&place.0.path(""), &mut all);
        all
    };
    let before = all();
    let run = place.run(arguments);
    assert_eq!(run.code, 3, "{arguments:?}: {}{}", run.out, run.err);
    assert!(run.err.contains(why), "{arguments:?}: {}", run.err);
    let after = all();
    assert!(
        after == before,
        "{:?}",
        after.keys().filter(|path| before.get(*path) != after.get(*path)).collect::<Vec<_>>()
    );
}

#[test]
fn an_operation_is_not_taken_back_on_another_state() {
    let place = place();
    place.ok(&["apply", "plan.json", "--yes"]);
    let id = place.last();
    refused(&place, &["rollback", &id, "--yes", "--state", "staging.tfstate"], "the plan is for");
    refused(&place, &["rollback", &id, "--yes", "--state", "prod.tfstate", "--workspace", "dev"], "the plan is for");
    // Another state stands where it was.
    let applied = place.read("prod.tfstate");
    place.0.file("prod.tfstate", applied.replace("\"l-1\"", "\"l-2\""));
    refused(&place, &["rollback", &id, "--yes"], "another state is by now");
    std::fs::remove_file(place.0.path("prod.tfstate")).unwrap();
    refused(&place, &["rollback", &id, "--yes"], "there is no state any more");
    // Nor on the state of the folder, which nobody named.
    place.0.file("terraform.tfstate", STATE);
    refused(&place, &["rollback", &id, "--yes"], "there is no state any more");
    place.0.file("prod.tfstate", applied);
    place.ok(&["rollback", &id, "--yes"]);
    assert_eq!(place.operations().len(), 2);
}

#[test]
fn a_plan_is_not_executed_on_another_state() {
    let place = place();
    refused(&place, &["apply", "plan.json", "--yes", "--state", "staging.tfstate"], "the plan is for");
    std::fs::rename(place.0.path("prod.tfstate"), place.0.path("moved.tfstate")).unwrap();
    place.0.file("terraform.tfstate", STATE);
    refused(&place, &["apply", "plan.json", "--yes"], "there is no state any more");
    refused(&place, &["apply", "plan.json", "--yes", "--state", "moved.tfstate"], "the plan is for");
}

#[test]
fn an_operation_is_not_taken_up_on_another_state() {
    let place = Place::of_a_system();
    let create = ["plan", "create", "wanted.toml", "--canary", "1", "--confirm", "--state", "t.tfstate"];
    place.ok(&[&create[..], &["--output", "plan.json"]].concat());
    let values = ["--yes", "--values", "wanted.toml"];
    assert_eq!(place.run(&[&["apply", "plan.json"], &values[..]].concat()).code, 4);
    let id = place.last();
    place.0.file("staging.tfstate", STATE);
    let resume = ["op", "resume", &id];
    let staging = ["--state", "staging.tfstate"];
    refused(&place, &[&resume[..], &["--back"], &values, &staging].concat(), "the plan is for");
    refused(&place, &[&resume[..], &values, &staging].concat(), "the plan is for");
    refused(&place, &[&resume[..], &values, &["--state", "nothing.tfstate"]].concat(), "the plan is for");
    // The file of the operation's own state is away.
    std::fs::rename(place.0.path("t.tfstate"), place.0.path("away")).unwrap();
    refused(&place, &[&resume[..], &values].concat(), "there is no state any more");
    refused(&place, &[&resume[..], &["--back"], &values].concat(), "there is no state any more");
    std::fs::rename(place.0.path("away"), place.0.path("t.tfstate")).unwrap();
    place.ok(&[&resume[..], &values].concat());
    assert!(place.0.path("world/dns_record.www").exists());
}
