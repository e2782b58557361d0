//! States that OpenTofu encrypted, at the command line.

use std::fs;

use landfast::backends::encrypt::Passphrase;
use landfast::backends::opentofu::{Parameters, is_encrypted, open, seal};

use crate::run::{finish, root};
use crate::workspace::{STATE, Workspace};

const PASSPHRASE: &str = "correct horse battery staple";
const WITH: [&str; 2] = ["--tofu-passphrase-file", "pass"];

fn passphrase() -> Passphrase {
    Passphrase::new(PASSPHRASE).unwrap()
}

/// A folder with an encrypted state.
fn encrypted(plain: &str) -> Workspace {
    let parameters = Parameters::default().with_iterations(200_000);
    let sealed = seal(plain.as_bytes(), &parameters, &passphrase(), "test").unwrap();
    let workspace = Workspace::new();
    fs::write(workspace.path("terraform.tfstate"), sealed).unwrap();
    fs::write(workspace.path("pass"), format!("{PASSPHRASE}\n")).unwrap();
    workspace
}

fn opened(workspace: &Workspace, name: &str) -> String {
    let bytes = fs::read(workspace.path(name)).unwrap();
    assert!(is_encrypted(&bytes), "{name} is in plain text");
    let opened = open(&bytes, &passphrase(), name).unwrap();
    assert_eq!(opened.parameters, Parameters::default().with_iterations(200_000));
    String::from_utf8(opened.plain.to_vec()).unwrap()
}

fn with(arguments: &[&'static str]) -> Vec<&'static str> {
    [arguments, &WITH].concat()
}

#[test]
fn an_encrypted_state_is_read_changed_and_taken_back_and_stays_encrypted() {
    let workspace = encrypted(STATE);
    let listed = workspace.ok(&with(&["state", "list"]));
    assert!(listed.contains("aws_instance.web[\"dev\"]"), "{listed}");
    let shown = workspace.ok(&with(&["state", "show", "module.db"]));
    assert!(shown.contains("db-1"), "{shown}");
    assert_eq!(workspace.ok(&with(&["state", "pull"])), STATE);
    assert!(workspace.ok(&with(&["state", "verify"])).contains("serial    7"));

    workspace.ok(&with(&["state", "mv", "module.db", "module.data"]));
    assert!(opened(&workspace, "terraform.tfstate").contains("module.data"));
    workspace.ok(&with(&["state", "rm", "aws_instance.web"]));
    let now = opened(&workspace, "terraform.tfstate");
    assert!(now.contains("\"serial\": 9") && !now.contains("aws_instance\""), "{now}");
    assert!(opened(&workspace, "terraform.tfstate.backup").contains("\"serial\": 8"));
    // Nothing that is kept of it is in plain text, though no other key was named.
    let kept = workspace.path(".landfast/history/terraform.tfstate");
    for entry in fs::read_dir(kept).unwrap() {
        let path = entry.unwrap().path();
        let is_plain = path.is_file() && fs::read(&path).unwrap().windows(6).any(|it| it == b"CANARY");
        assert!(!is_plain, "{}", path.display());
    }
    workspace.ok(&with(&["state", "restore", "--state", "@7"]));
    let back = opened(&workspace, "terraform.tfstate");
    assert_eq!(back, STATE.replace("\"serial\": 7", "\"serial\": 10"));

    workspace.folder.file("new.tfstate", back.replace("\"serial\": 10", "\"serial\": 11").replace("shop", "store"));
    workspace.ok(&with(&["state", "push", "new.tfstate"]));
    assert!(opened(&workspace, "terraform.tfstate").contains("store"));
    // A document of which the encrypted form is given is opened as well, wherever sources are read.
    let same = workspace.run(&with(&["state", "diff", "terraform.tfstate", "new.tfstate"]));
    assert_eq!(same.code, 0, "{}{}", same.out, same.err);
    let mut command = workspace.command(&["diff", "terraform.tfstate", "new.tfstate"]);
    let same = finish(command.env("LANDFAST_TOFU_PASSPHRASE", PASSPHRASE));
    assert_eq!(same.code, 0, "{}{}", same.out, same.err);
    // And a new state that takes objects of it is encrypted too.
    workspace.ok(&with(&["state", "mv", "--state-out", "other.tfstate", "module.db", "module.db"]));
    let other = fs::read(workspace.path("other.tfstate")).unwrap();
    assert!(is_encrypted(&other));
}

#[test]
fn without_the_passphrase_or_with_a_wrong_one_nothing_is_done() {
    let workspace = encrypted(STATE);
    workspace.folder.file("wrong", "incorrect horse battery staple");
    let attempts: [&[&str]; 5] = [
        &["state", "list"],
        &["state", "show", "module.db"],
        &["state", "mv", "module.db", "module.x"],
        &["state", "rm", "module.db"],
        &["state", "push", "new.tfstate"],
    ];
    workspace.folder.file("new.tfstate", STATE.replace("\"serial\": 7", "\"serial\": 8"));
    let mut shown = String::new();
    for attempt in attempts {
        let without = workspace.refused(attempt);
        assert!(without.contains("--tofu-passphrase-file") && without.contains("encrypted"), "{without}");
        shown.push_str(&without);
        let wrong = workspace.refused(&[attempt, &["--tofu-passphrase-file", "wrong"]].concat());
        assert!(wrong.contains("cannot be decrypted") && wrong.contains("--tofu-passphrase-file"), "{wrong}");
        shown.push_str(&wrong);
    }
    insta::assert_snapshot!(shown);
    let pulled = workspace.run(&["state", "pull"]);
    assert!(pulled.code == 1 && is_encrypted(pulled.out.as_bytes()), "{}", pulled.err);
    assert!(!workspace.path(".landfast").exists());
}

#[test]
fn a_state_in_plain_text_is_not_written_where_an_encrypted_one_is_expected() {
    let workspace = Workspace::new();
    workspace.folder.file("pass", PASSPHRASE);
    let refused = workspace.refused(&with(&["state", "rm", "module.db"]));
    assert!(refused.contains("no state that OpenTofu encrypted") && refused.contains("leave it out"), "{refused}");
    // Reading decides nothing.
    assert!(workspace.ok(&with(&["state", "list"])).contains("aws_instance.web"));
}

#[test]
fn the_fixtures_are_read_and_other_ways_of_encryption_named() {
    let workspace = Workspace::new();
    workspace.folder.file("pass", PASSPHRASE);
    let fixture = |name: &str| root().join("fixtures/opentofu").join(name);
    for name in ["default.encrypted", "sha256-short-salt.encrypted", "alias.encrypted", "first-alpha.encrypted"] {
        fs::copy(fixture(name), workspace.path("terraform.tfstate")).unwrap();
        let pulled = workspace.ok(&with(&["state", "pull"]));
        assert_eq!(pulled, fs::read_to_string(fixture("plain.tfstate")).unwrap(), "{name}");
    }
    fs::copy(fixture("aws-kms.encrypted"), workspace.path("terraform.tfstate")).unwrap();
    let refused = workspace.refused(&with(&["state", "rm", "module.db"]));
    assert!(refused.contains("aws_kms") && refused.contains("tofu state pull"), "{refused}");
}
