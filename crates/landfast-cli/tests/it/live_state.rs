//! The commands that change states, beside the real terraform: it goes on with what we wrote.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::workspace::Workspace;

const CONFIGURATION: &str = r#"
resource "terraform_data" "a" {
  input = "A"
}
resource "terraform_data" "b" {
  for_each = toset(["dev", "prod-1", "prod-2"])
  input    = "${terraform_data.a.output} ${each.key}"
}
output "a" {
  value = terraform_data.a.output
}
"#;

fn terraform(workspace: &Workspace, arguments: &[&str]) -> Command {
    let mut command = Command::new("terraform");
    command.args(arguments).current_dir(workspace.path(""));
    for (name, value) in [("TF_CLI_CONFIG_FILE", "/dev/null"), ("CHECKPOINT_DISABLE", "1"), ("TF_IN_AUTOMATION", "1")] {
        command.env(name, value);
    }
    command
}

fn run(workspace: &Workspace, arguments: &[&str]) -> Output {
    terraform(workspace, arguments).output().expect("terraform is on PATH: the live tests need it")
}

fn ok(workspace: &Workspace, arguments: &[&str]) -> String {
    let output = run(workspace, arguments);
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "terraform {arguments:?}: {out}{err}");
    out
}

/// A folder with what this configuration makes.
fn applied(configuration: &str) -> Workspace {
    let workspace = Workspace::with("");
    std::fs::remove_file(workspace.path("terraform.tfstate")).unwrap();
    workspace.folder.file("main.tf", configuration);
    ok(&workspace, &["init", "-no-color"]);
    ok(&workspace, &["apply", "-no-color", "-auto-approve"]);
    workspace
}

/// Terraform sees nothing to do with this configuration.
fn assert_no_changes(workspace: &Workspace, configuration: &str, after: &str) {
    workspace.folder.file("main.tf", configuration);
    ok(workspace, &["init", "-no-color"]);
    let plan = run(workspace, &["plan", "-no-color", "-detailed-exitcode"]);
    assert_eq!(plan.status.code(), Some(0), "after {after}: {}", String::from_utf8_lossy(&plan.stdout));
}

#[test]
fn terraform_goes_on_with_what_we_wrote() {
    let workspace = applied(CONFIGURATION);
    let first = serial(&workspace);
    workspace.ok(&["state", "mv", "terraform_data.a", "terraform_data.c"]);
    let moved =
        CONFIGURATION.replace("terraform_data.a", "terraform_data.c").replace("\"a\" {\n  input", "\"c\" {\n  input");
    assert_no_changes(&workspace, &moved, "mv");
    workspace.ok(&["state", "rm", "*[\"prod-*\"]"]);
    let fewer = moved.replace("[\"dev\", \"prod-1\", \"prod-2\"]", "[\"dev\"]");
    assert_no_changes(&workspace, &fewer, "rm");
    workspace.ok(&["state", "restore", "--state", &format!("terraform.tfstate@{first}")]);
    assert_no_changes(&workspace, CONFIGURATION, "restore");
    // An apply, and we go on with what terraform wrote.
    ok(&workspace, &["apply", "-no-color", "-auto-approve"]);
    workspace.ok(&["state", "pull", "--output", "pulled.tfstate"]);
    let changed = CONFIGURATION.replace("\"A\"", "\"B\"");
    workspace.folder.file("main.tf", &changed);
    ok(&workspace, &["apply", "-no-color", "-auto-approve"]);
    assert_eq!(workspace.run(&["state", "push", "pulled.tfstate"]).code, 1, "terraform wrote it since");
    workspace.ok(&["state", "push", "pulled.tfstate", "--force", "--reason", "a test"]);
    let stale = run(&workspace, &["plan", "-no-color", "-detailed-exitcode", "-refresh=false"]);
    assert_eq!(stale.status.code(), Some(2), "the old state is there");
    assert_no_changes(&workspace, CONFIGURATION, "push");
    // Modules, and keys that move.
    let module = "module \"m\" {\n  source = \"./m\"\n}\n";
    std::fs::create_dir(workspace.path("m")).unwrap();
    workspace.folder.file("m/main.tf", CONFIGURATION.replace("\"dev\"", "\"stage\""));
    workspace.ok(&["state", "mv", "terraform_data.a", "module.m.terraform_data.a"]);
    workspace.ok(&["state", "mv", "terraform_data.b", "module.m.terraform_data.b"]);
    let key = "module.m.terraform_data.b[\"dev\"]";
    workspace.ok(&["state", "mv", key, "module.m.terraform_data.b[\"stage\"]"]);
    workspace.folder.file("m/main.tf", CONFIGURATION);
    workspace.ok(&["state", "mv", "module.m.terraform_data.b[\"stage\"]", key]);
    // The output of the root module goes with the configuration, and nothing else does.
    workspace.folder.file("main.tf", module);
    ok(&workspace, &["init", "-no-color"]);
    let plan = ok(&workspace, &["plan", "-no-color", "-out=p"]);
    assert!(plan.contains("Changes to Outputs") && !plan.contains("Terraform will perform"), "{plan}");
    ok(&workspace, &["apply", "-no-color", "p"]);
    assert_no_changes(&workspace, module, "mv into a module");
}

fn serial(workspace: &Workspace) -> u64 {
    let state: serde_json::Value = serde_json::from_str(&workspace.read("terraform.tfstate")).unwrap();
    state["serial"].as_u64().unwrap()
}

/// A state without what says when and by whom it was written.
fn content(workspace: &Workspace) -> serde_json::Value {
    let mut state: serde_json::Value = serde_json::from_str(&workspace.read("terraform.tfstate")).unwrap();
    state["serial"] = 0.into();
    state["lineage"] = "".into();
    state
}

fn drop_dependencies(state: &mut serde_json::Value) {
    for resource in state["resources"].as_array_mut().unwrap() {
        for instance in resource["instances"].as_array_mut().unwrap() {
            instance.as_object_mut().unwrap().remove("dependencies");
        }
    }
}

#[test]
fn mv_and_rm_do_what_terraform_does() {
    let started = applied(CONFIGURATION);
    for arguments in [
        &["mv", "terraform_data.a", "terraform_data.c"][..],
        &["mv", "terraform_data.b", "module.m.terraform_data.x"],
        &["mv", "terraform_data.b[\"dev\"]", "terraform_data.alone"],
        &["mv", "terraform_data.a", "terraform_data.a[0]"],
        &["rm", "terraform_data.b[\"dev\"]"],
        &["rm", "terraform_data.b"],
        &["rm", "terraform_data.a", "terraform_data.b[\"prod-1\"]"],
    ] {
        let (ours, theirs) = (Workspace::new(), Workspace::new());
        for workspace in [&ours, &theirs] {
            workspace.folder.file("terraform.tfstate", started.read("terraform.tfstate"));
        }
        ours.ok(&[&["state"], arguments].concat());
        ok(&theirs, &[&["state"], arguments].concat());
        assert_eq!(ok(&ours, &["state", "list"]), ok(&theirs, &["state", "list"]), "{arguments:?}");
        let (mut content, mut expected) = (content(&ours), content(&theirs));
        if arguments[0] == "mv" {
            // Terraform drops them from what depends on the moved object until the next apply; ours follow it.
            drop_dependencies(&mut content);
            drop_dependencies(&mut expected);
        }
        assert_eq!(content, expected, "{arguments:?}");
        let (a, b) = (ours.path("terraform.tfstate"), theirs.path("terraform.tfstate"));
        let diff = ours.run(&["diff", a.to_str().unwrap(), b.to_str().unwrap()]);
        assert_eq!(diff.code, 0, "{arguments:?}: {}", diff.out);
    }
    for refused in [
        &["mv", "terraform_data.none", "terraform_data.c"][..],
        &["mv", "terraform_data.a", "terraform_data.b[\"dev\"]"],
        &["rm", "terraform_data.none"],
    ] {
        let arguments = [&["state"], refused].concat();
        assert!(!run(&started, &arguments).status.success(), "{refused:?}");
        assert_eq!(started.run(&arguments).code, 1, "{refused:?}");
    }
}

#[test]
fn a_terraform_that_holds_the_lock_stops_us_and_we_stop_it() {
    let workspace = applied(CONFIGURATION);
    let mut holder = workspace.hold();
    let plan = run(&workspace, &["plan", "-no-color"]);
    let message = String::from_utf8(plan.stderr).unwrap();
    assert!(!plan.status.success() && message.contains("Who:       alice@"), "{message}");
    assert!(message.contains("Info:      a long apply"), "{message}");
    holder.kill().unwrap();
    holder.wait().unwrap();

    let slow = format!(
        "{CONFIGURATION}resource \"terraform_data\" \"slow\" {{\n  provisioner \"local-exec\" {{\n    command = \"sleep 6\"\n  }}\n}}\n"
    );
    workspace.folder.file("main.tf", slow);
    let mut apply = terraform(&workspace, &["apply", "-no-color", "-auto-approve"]);
    let apply = apply.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    let refused = loop {
        let run = workspace.run(&["state", "rm", "terraform_data.b", "--dry-run"]);
        assert_eq!(run.code, 0, "a dry run asks for no lock: {}", run.err);
        let verify = workspace.ok(&["state", "verify"]);
        if verify.contains("held by") {
            break workspace.run(&["state", "rm", "terraform_data.b"]);
        }
        assert!(Instant::now() < until, "terraform takes no lock: {verify}");
    };
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert!(refused.err.contains("(OperationTypeApply, "), "{}", refused.err);
    let waited = workspace.run(&["state", "rm", "terraform_data.b", "--lock-timeout", "60s"]);
    assert_eq!(waited.code, 0, "{}", waited.err);
    assert!(apply.wait_with_output().unwrap().status.success());
    let list = ok(&workspace, &["state", "list"]);
    assert_eq!(list, "terraform_data.a\nterraform_data.slow\n", "both writes are there");
}
