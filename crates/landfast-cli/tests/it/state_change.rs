//! The commands that change a state, and its history.

use std::os::unix::fs::PermissionsExt as _;

use crate::run::{Scratch, finish};
use crate::workspace::{STATE, Workspace};

/// What each command shows and does, one after another in one folder.
#[test]
fn a_state_is_changed_step_by_step_and_taken_back() {
    let workspace = Workspace::new();
    let mut shown = String::new();
    for arguments in [
        &["state", "mv", "aws_instance.web", "module.app.aws_instance.web", "--dry-run"][..],
        &["state", "mv", "aws_instance.web", "module.app.aws_instance.web"],
        &["state", "rm", "*[\"prod-*\"]", "data.*", "--dry-run"],
        &["state", "rm", "*[\"prod-*\"]", "data.*", "--reason", "the shop\u{1b}[2J has moved"],
        &["state", "replace-provider", "hashicorp/null", "acme/null", "--dry-run"],
        &["state", "replace-provider", "hashicorp/null", "acme/null"],
        &["state", "list"],
        &["state", "history"],
        &["state", "diff", "terraform.tfstate@7", "terraform.tfstate@9"],
        &["state", "restore", "--state", "terraform.tfstate@7", "--dry-run"],
        &["state", "restore", "--state", "terraform.tfstate@7"],
        &["state", "history"],
    ] {
        let run = workspace.run(arguments);
        let expected = i32::from(arguments[1] == "diff") * 2;
        assert_eq!(run.code, expected, "{arguments:?}: {}", run.err);
        shown.push_str(&format!(
            "$ landfast {}\n{}{}\n",
            arguments.join(" ").replace('\u{1b}', "ESC"),
            run.out,
            run.err
        ));
    }
    assert!(!shown.contains("CANARY") && !shown.contains('\u{1b}'));
    insta::assert_snapshot!(workspace.masked(&shown));
    // Old content, higher serial, and not a byte more.
    assert_eq!(workspace.read("terraform.tfstate"), STATE.replace("\"serial\": 7", "\"serial\": 11"));
    assert_eq!(workspace.ok(&["state", "pull", "--state", "terraform.tfstate@7"]), STATE);
}

#[test]
fn a_dry_run_takes_no_lock_and_writes_nothing() {
    let workspace = Workspace::new();
    let mut holder = workspace.hold();
    for arguments in [
        &["state", "mv", "aws_instance.web[\"dev\"]", "aws_instance.one", "--dry-run"][..],
        &["state", "rm", "module.db", "--dry-run"],
        &["state", "replace-provider", "null", "acme/null", "--dry-run"],
    ] {
        workspace.ok(arguments);
    }
    assert_eq!(workspace.read("terraform.tfstate"), STATE);
    assert!(!workspace.path(".landfast").exists());
    holder.kill().unwrap();
    holder.wait().unwrap();
}

#[test]
fn what_is_pulled_is_what_is_there() {
    let workspace = Workspace::new();
    assert_eq!(workspace.ok(&["state", "pull"]), STATE);
    workspace.ok(&["state", "pull", "--output", "copy.tfstate"]);
    assert_eq!(workspace.read("copy.tfstate"), STATE);
    assert_eq!(std::fs::metadata(workspace.path("copy.tfstate")).unwrap().permissions().mode() & 0o777, 0o600);
    // And pushed: the same is nothing to do, something newer is written as it is.
    assert_eq!(workspace.ok(&["state", "push", "copy.tfstate"]), "terraform.tfstate: nothing to do\n");
    let newer = STATE.replace("\"serial\": 7", "\"serial\": 12");
    workspace.folder.file("newer.tfstate", &newer);
    assert_eq!(workspace.ok(&["state", "push", "newer.tfstate"]), "terraform.tfstate: serial 7 -> 12\n");
    assert_eq!(workspace.read("terraform.tfstate"), newer);
    assert_eq!(workspace.read("terraform.tfstate.backup"), STATE);
    workspace.ok(&["state", "push", "--state", "new/other.tfstate", "newer.tfstate"]);
    assert_eq!(workspace.read("new/other.tfstate"), newer);
}

#[test]
fn a_push_that_may_not_be_needs_force_and_a_reason() {
    let workspace = Workspace::new();
    let mut shown = String::new();
    let older = STATE.replace("\"serial\": 7", "\"serial\": 6");
    let other = STATE.replace("11111111", "99999999");
    let same = STATE.replace("\"shop\"", "\"mart\"");
    for (name, text) in [("older", &older), ("other", &other), ("same", &same)] {
        workspace.folder.file(name, text);
        shown.push_str(&workspace.refused(&["state", "push", name]));
    }
    insta::assert_snapshot!(shown);
    assert_eq!(workspace.run(&["state", "push", "same", "--force"]).code, 64);
    let forced = workspace.ok(&["state", "push", "older", "--force", "--reason", "the backup is right"]);
    assert_eq!(forced, "terraform.tfstate: serial 7 -> 8\n");
    assert_eq!(workspace.read("terraform.tfstate"), STATE.replace("\"serial\": 7", "\"serial\": 8"));
    workspace.ok(&["state", "push", "other", "--force", "--reason", "moved here"]);
    assert_eq!(workspace.read("terraform.tfstate"), other.replace("\"serial\": 7", "\"serial\": 9"));
    let history = workspace.ok(&["state", "history"]);
    assert!(history.contains("the backup is right") && history.contains("moved here"), "{history}");
}

#[test]
fn import_blocks_quote_what_the_language_would_read() {
    let workspace = Workspace::new();
    let run = workspace.run(&["state", "import-block"]);
    assert_eq!(run.code, 0);
    insta::assert_snapshot!(run.out + &run.err);
    let one = workspace.ok(&["state", "import-block", "module.db*"]);
    assert_eq!(one, "import {\n  to = module.db.aws_db_instance.main\n  id = \"db-1\"\n}\n");
}

#[test]
fn the_state_is_that_of_the_working_folder() {
    let workspace = Workspace::new();
    let list = |arguments: &[&str]| workspace.ok(&[&["state", "list"], arguments].concat());
    assert_eq!(list(&["module.*"]), "module.db.aws_db_instance.main\n");
    std::fs::create_dir_all(workspace.path("terraform.tfstate.d/blue")).unwrap();
    workspace.folder.file("terraform.tfstate.d/blue/terraform.tfstate", STATE.replace("aws_ami", "aws_vpc"));
    assert!(list(&["--workspace", "blue"]).starts_with("data.aws_vpc.base\n"));
    let mut with_variable = workspace.command(&["state", "list"]);
    assert!(finish(with_variable.env("TF_WORKSPACE", "blue")).out.starts_with("data.aws_vpc.base\n"));
    workspace.folder.file("elsewhere.tfstate", STATE.replace("aws_ami", "aws_eip"));
    std::fs::create_dir(workspace.path(".terraform")).unwrap();
    let record = r#"{"version": 3, "backend": {"type": "local", "config": {"path": "elsewhere.tfstate"}}}"#;
    workspace.folder.file(".terraform/terraform.tfstate", record);
    assert!(list(&[]).starts_with("data.aws_eip.base\n"));
    workspace.ok(&["state", "rm", "data.*"]);
    assert!(workspace.read("elsewhere.tfstate").contains("\"serial\": 8"));
    assert_eq!(workspace.read("terraform.tfstate"), STATE);
}

#[test]
fn a_folder_that_names_no_state_we_have_is_said() {
    let mut shown = String::new();
    for (name, text) in [
        ("main.tf", "terraform {\n  backend \"s3\" {}\n}\n"),
        ("main.tf", "terraform {\n  cloud {}\n}\n"),
        (".terraform/terraform.tfstate", r#"{"backend": {"type": "consul", "config": {"path": "a"}}}"#),
        (".terraform/terraform.tfstate", "half {"),
    ] {
        let workspace = Workspace::new();
        std::fs::create_dir(workspace.path(".terraform")).unwrap();
        workspace.folder.file(name, text);
        for command in [&["state", "list"][..], &["state", "rm", "module.db"]] {
            shown.push_str(&workspace.refused(command));
        }
        // What is named is taken whatever the folder says.
        workspace.ok(&["state", "list", "--state", "terraform.tfstate"]);
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn sources_are_one_grammar_everywhere() {
    let workspace = Workspace::new();
    workspace.ok(&["state", "rm", "module.db"]);
    let diff = workspace.run(&["diff", "terraform.tfstate@7", "terraform.tfstate"]);
    assert!(diff.code == 2 && diff.out.contains("- module.db.aws_db_instance.main"), "{}{}", diff.out, diff.err);
    let check = workspace.run(&["check", "--recorded", "terraform.tfstate@7", "--observed", "terraform.tfstate@8"]);
    assert!(check.code == 2 && check.out.contains("missing"), "{}{}", check.out, check.err);
    assert!(workspace.ok(&["state", "show", "--state", "terraform.tfstate@7", "module.db"]).contains("db-1"));
    // A file that is called so comes first.
    workspace.folder.file("terraform.tfstate@7", STATE.replace("db-1", "db-2"));
    assert!(workspace.ok(&["state", "show", "--state", "terraform.tfstate@7", "module.db"]).contains("db-2"));
    assert_eq!(workspace.run(&["state", "rm", "--state", "-", "module.db"]).code, 64);
}

#[test]
fn a_lock_is_held_while_a_command_runs() {
    let workspace = Workspace::new();
    let binary = env!("CARGO_BIN_EXE_landfast");
    let run = workspace.run(&["state", "lock", "--reason", "by hand", "--", binary, "state", "rm", "module.db"]);
    assert_eq!(run.code, 1);
    let shown = workspace.masked(&run.err).replace(binary, "landfast");
    assert!(
        shown.contains("terraform.tfstate: the state is locked by alice@HOST (state lock, TIME, id ID);"),
        "{shown}"
    );
    assert!(shown.ends_with("error: landfast: exit status: 1\n"), "{shown}");
    assert_eq!(workspace.read("terraform.tfstate"), STATE);
    assert!(!workspace.path(".terraform.tfstate.lock.info").exists());
    workspace.ok(&["state", "rm", "module.db"]);
    let scratch = Scratch::new();
    let marker = scratch.path("ran");
    workspace.ok(&["state", "lock", "--", "touch", marker.to_str().unwrap()]);
    assert!(marker.exists());
}
