//! What stands in the way of a scan is told with its place, and nothing of a secret.

use serde_json::{Value, json};

use super::odd::{Stage, without_journal};
use crate::run::{Run, finish};

/// Fails with this, of which nothing is secret.
fn assert_fails(run: &Run, code: i32, parts: &[&str]) {
    assert_eq!((run.code, run.out.as_str()), (code, ""), "{}", run.err);
    for part in parts {
        assert!(run.err.contains(part), "{part:?} is not in: {}", run.err);
    }
    assert!(!run.err.contains("CANARY"), "{}", run.err);
}

#[test]
fn a_provider_that_is_not_there_is_named_with_the_places_that_were_searched() {
    let stage = Stage::new(2);
    let check = |arguments: &[&str]| {
        finish(&mut stage.landfast(&[&["check", "--recorded", "state.tfstate"], arguments].concat()))
    };
    let missing = "tests.example.org/tests/odd of any version is not there; searched: ";
    assert_fails(&check(&[]), 1, &[missing, ".terraform/providers (no such folder)", "hint: run `terraform init`"]);
    std::fs::create_dir(stage.path("empty")).unwrap();
    assert_fails(&check(&["--provider-dir", "empty"]), 1, &[missing, "provider folder empty (nothing of it)"]);
    for no_folder in ["nothing", "state.tfstate"] {
        assert_fails(&check(&["--provider-dir", no_folder]), 1, &[&format!("{no_folder}: this is no folder")]);
    }
    // What is there and is none.
    std::fs::write(stage.path("empty").join("terraform-provider-odd"), "#!/bin/sh\necho CANARY; exit 3\n").unwrap();
    let program = stage.path("empty/terraform-provider-odd");
    std::fs::set_permissions(program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let run = check(&["--provider-dir", "empty"]);
    assert_eq!((run.code, run.out.as_str()), (1, ""), "{}", run.err);
    assert!(run.err.contains("nothing can be read: provider[\"tests.example.org/tests/odd\"]: "), "{}", run.err);
}

#[test]
fn a_provider_that_the_lock_file_does_not_know_is_not_run() {
    let stage = Stage::new(2);
    let folder = "mirror/tests.example.org/tests/odd/1.2.3/linux_amd64";
    std::fs::create_dir_all(stage.path("").join(folder)).unwrap();
    let program = std::fs::read(stage.path("providers/terraform-provider-odd")).unwrap();
    let at = stage.path(folder).join("terraform-provider-odd_v1.2.3");
    std::fs::write(&at, program).unwrap();
    std::fs::set_permissions(&at, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let check = || finish(&mut stage.landfast(&["check", "--recorded", "state.tfstate", "--provider-dir", "mirror"]));
    let run = check();
    assert_eq!(run.code, 0, "{}", run.err);
    let lock = |version: &str| {
        let hash = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let text = format!(
            "provider \"tests.example.org/tests/odd\" {{\n  version = \"{version}\"\n  hashes = [\n    \"{hash}\",\n  ]\n}}\n"
        );
        std::fs::write(stage.path("").join(".terraform.lock.hcl"), text).unwrap();
    };
    lock("1.2.3");
    assert_fails(&check(), 1, &["nothing can be read", "tests.example.org/tests/odd", "1.2.3", ".terraform.lock.hcl"]);
    // Another version than the locked one is not taken.
    lock("1.2.4");
    assert_fails(&check(), 1, &["tests.example.org/tests/odd", "1.2.4 is not there"]);
    std::fs::write(stage.path("").join(".terraform.lock.hcl"), "provider {").unwrap();
    assert_fails(&check(), 1, &[".terraform.lock.hcl"]);
}

#[test]
fn an_expression_that_is_not_evaluated_names_its_place_and_how_to_give_the_value() {
    let stage = Stage::new(2);
    std::fs::create_dir(stage.path("stack")).unwrap();
    std::fs::rename(stage.path("state.tfstate"), stage.path("stack").join("terraform.tfstate")).unwrap();
    std::fs::remove_file(stage.path("landfast.toml")).unwrap();
    let check = |folder: &str| {
        let text = format!(
            "terraform {{\n  required_providers {{\n    odd = {{\n      source = \"tests.example.org/tests/odd\"\n    }}\n  }}\n\
             }}\n\nvariable \"folder\" {{}}\n\nprovider \"odd\" {{\n  folder   = {folder}\n  password = \"CANARY-password\"\n}}\n"
        );
        std::fs::write(stage.path("stack").join("main.tf"), text).unwrap();
        finish(&mut stage.landfast(&["check", "stack", "--provider-dir", "providers"]))
    };
    let how = "set it in landfast.toml, under [providers.\"tests.example.org/tests/odd\"]";
    assert_fails(&check("odd_thing.x[\"t00\"].name"), 1, &["folder of the provider", "stack/main.tf:12:", how]);
    assert_fails(&check("uuid()"), 1, &["stack/main.tf:12:", "uuid", how]);
    assert_fails(
        &check("var.folder"),
        1,
        &["stack/main.tf:9:1: the variable folder has no value", "TF_VAR_folder", how],
    );
    assert_fails(&check("var.nothing"), 1, &["stack/main.tf:12:", "nothing", how]);
    assert_fails(&check("\"unclosed"), 1, &["stack/main.tf:13:", "hint: `landfast check --recorded STATE`"]);
    // Said how, done so.
    let things = stage.path("things");
    let text = format!("[providers.\"tests.example.org/tests/odd\"]\nfolder = {things:?}\n");
    std::fs::write(stage.path("").join("landfast.toml"), text).unwrap();
    let run = check("uuid()");
    assert_eq!(run.code, 0, "{}", run.err);
}

#[test]
fn settings_that_mean_nothing_are_refused_with_their_place() {
    let stage = Stage::new(2);
    let fails = |settings: &str, parts: &[&str]| {
        stage.settings(settings);
        assert_fails(&stage.run(&[]), 1, &[&["landfast.toml"], parts].concat());
    };
    fails("[scan]\nrate = 7\nspeed = 3", &["line 3: unknown field `speed`"]);
    fails("[[scan.provider]]\nprovider = \"a/b\"\nspeed = 3", &["line 3: unknown field `speed`"]);
    fails(
        "[[scan.provider]]\nprovider = \"a/b\"\n\n[[scan.provider]]\nrate = 3",
        &["line 4: missing field `provider`"],
    );
    fails("[[scan.type]]\ntype = \"odd_thing\"\nrat = 3", &["line 3: unknown field `rat`"]);
    fails("[[scan.type]]\ntype = \"odd_thing\"\n\nburst = \"much\"", &["line 4: invalid type"]);
    fails("[scan]\nburst = 1\nrate = 0", &["line 3: ", "integer `0`, expected a whole number from 1 to 4294967295"]);
    fails("[scan]\nrate = \"fast\"", &["line 2: ", "expected a whole number from 1"]);
    fails("[scan]\ntime-limit = \"forever\"", &["line 2: a time is a number with s, m, h or d behind it"]);
    fails("[providers]\n\"a/b\" = 3", &["line 2: a provider is configured by a table"]);
    fails(
        "[providers.\"a/b\"]\na = 1\n\n[providers.\"no source/x/y/z\"]\nb = 1",
        &["line 4: \"no source/x/y/z\" is no source address of a provider"],
    );
    fails(
        "[providers.\"a/b\"]\na = 1\nb = { c = [1979-05-27] }",
        &["line 3: a date is written as a text here, in quotes"],
    );
    let of_provider = |members: &str, parts: &[&str]| {
        let text = format!("[providers.\"tests.example.org/tests/odd\"]\n{members}\n");
        std::fs::write(stage.path("landfast.toml"), text).unwrap();
        assert_fails(&stage.run(&[]), 1, parts);
    };
    of_provider(
        "folder = \".\"\npasword = \"CANARY\"",
        &["landfast.toml: pasword of the provider", "no such argument"],
    );
    of_provider("folder = [\"CANARY\"]", &["landfast.toml: folder of the provider", "a text is wanted"]);
    of_provider("password = \"CANARY\"", &["folder of the provider", "has no value: set it in landfast.toml"]);
    of_provider("folder = \"env://LANDFAST_TEST_NOT_THERE\"", &["env://LANDFAST_TEST_NOT_THERE is not there"]);
    of_provider(
        "folder = \"/no/such\"\npassword = \"CANARY-password\"",
        &["ValidateProviderConfig: folder: no such folder: password (sensitive value) does not help"],
    );
}

#[test]
fn a_journal_is_taken_up_for_the_same_scan_only() {
    let stage = Stage::new(3);
    assert_fails(&stage.run(&["--resume"]), 64, &["--journal <FILE>"]);
    assert_fails(&stage.run(&["--journal", "journal", "--resume"]), 1, &["journal: there is no such file"]);
    assert_fails(&stage.run(&["--journal", "no/such/journal"]), 1, &["no/such/journal"]);
    assert_fails(&stage.run(&["--events", "no/such/events"]), 1, &["no/such/events: cannot be written"]);
    let (first, report) = stage.check(&["--journal", "journal"]);
    assert_eq!(first.code, 0, "{}", first.err);
    let before = std::fs::read(stage.path("journal")).unwrap();
    assert_fails(
        &stage.run(&["--journal", "journal"]),
        1,
        &["there is a journal already", "hint: --resume takes it up"],
    );
    let resume = ["--journal", "journal", "--resume"];
    let only = [&resume[..], &["--only", "odd_thing.x[\"t00\"]"]].concat();
    assert_fails(
        &stage.run(&only),
        1,
        &["journal: the journal is of another scan: the choice of objects is not the same"],
    );
    let state = std::fs::read_to_string(stage.path("state.tfstate")).unwrap();
    let mut another: Value = serde_json::from_str(&state).unwrap();
    another["serial"] = json!(2);
    std::fs::write(stage.path("state.tfstate"), another.to_string()).unwrap();
    assert_fails(&stage.run(&resume), 1, &["the journal is of another scan: what was recorded is not the same"]);
    std::fs::write(stage.path("state.tfstate"), state).unwrap();
    std::fs::write(stage.path("").join("garbage"), "CANARY").unwrap();
    assert_fails(&stage.run(&["--journal", "garbage", "--resume"]), 1, &["garbage: it is not a log"]);
    // None of that has changed it.
    assert_eq!(std::fs::read(stage.path("journal")).unwrap(), before);
    let (again, resumed) = stage.check(&resume);
    assert_eq!((again.code, without_journal(resumed)), (0, (3, report)), "{}", again.err);
}

#[test]
fn a_choice_that_leaves_nothing_says_so() {
    let stage = Stage::new(2);
    let run = stage.run(&["--only", "type:nothing"]);
    assert_eq!(run.err, "warning: --only and --except leave nothing to read\n");
}
