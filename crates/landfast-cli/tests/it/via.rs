//! `--via`: the command line, and how the tool is run, ended and cleaned up after. The tool is a script that replays what
//! real terraform printed, so that these run everywhere; `live_terraform` has the real one.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::run::{Run, Scratch, finish, landfast, root};

/// A folder with a program `bin/terraform`, a configuration `stack` and a place for temporary files.
pub(crate) struct Stage {
    scratch: Scratch,
}

impl Stage {
    fn new(script: &str) -> Self {
        let scratch = Scratch::new();
        for folder in ["bin", "stack", "tmp"] {
            std::fs::create_dir(scratch.path(folder)).unwrap();
        }
        let text = format!("#!/bin/sh\nFIXTURE='{}'\n{script}\n", root().join("fixtures/aws-moto").display());
        let program = scratch.file("bin/terraform", text);
        std::fs::set_permissions(program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { scratch }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path(name)
    }

    /// The command, which finds the script on its path.
    fn landfast(&self, arguments: &[&str]) -> Command {
        let mut command = landfast();
        let path = std::env::join_paths([self.path("bin"), "/usr/bin".into(), "/bin".into()]).unwrap();
        command.args(arguments).current_dir(self.path("")).env("PATH", path).env("TMPDIR", self.path("tmp"));
        command
    }

    fn run(&self, arguments: &[&str]) -> Run {
        finish(&mut self.landfast(arguments))
    }

    fn temporary_files(&self) -> Vec<String> {
        files_in(&self.path("tmp"))
    }
}

pub(crate) fn files_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Prints the stream of a real refresh-only plan, "writes" the plan, and shows the real plan's JSON.
const REPLAY: &str = r#"
case $1 in
plan)
    printf '%s\n' "$@" > arguments
    printf '%s\n' "$TMPDIR" > temporary
    for last; do :; done
    cat "$FIXTURE/plan.ui.jsonl"
    printf plan > "${last#-out=}" ;;
show)
    for last; do :; done
    [ "$(cat "$last")" = plan ] || exit 9
    cat "$FIXTURE/refresh.plan.json" ;;
esac
"#;

fn resources(run: &Run) -> Vec<(String, String)> {
    let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let resources = report["resources"].as_array().unwrap().iter();
    resources.map(|resource| (text(&resource["address"]), text(&resource["status"]))).collect()
}

#[test]
fn a_check_through_a_tool_finds_what_its_plan_holds() {
    let stage = Stage::new(REPLAY);
    let live = stage.run(&["check", "stack", "--via", "terraform", "--format", "json"]);
    assert_eq!((live.code, live.err.as_str()), (2, ""));
    let plan = root().join("fixtures/aws-moto/refresh.plan.json");
    let plan = plan.to_str().unwrap();
    let captured = stage.run(&["check", "--recorded", plan, "--observed", plan, "--format", "json"]);
    assert_eq!(resources(&live), resources(&captured));
    let arguments = std::fs::read_to_string(stage.path("stack/arguments")).unwrap();
    for word in ["-refresh-only", "-lock=false", "-input=false", "-destroy=false"] {
        assert!(arguments.lines().any(|line| line == word), "{arguments}");
    }
    // What the tool leaves in the temporary folder is its own, and goes.
    let temporary = std::fs::read_to_string(stage.path("stack/temporary")).unwrap();
    assert!(Path::new(temporary.trim()).starts_with(stage.path("tmp")), "{temporary}");
    assert_eq!(stage.temporary_files(), [""; 0]);
}

#[test]
fn the_working_folder_is_the_default() {
    let stage = Stage::new(REPLAY);
    let run = finish(stage.landfast(&["check", "--via", "terraform"]).current_dir(stage.path("stack")));
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.out.contains("recorded  . via terraform"), "{}", run.out);
}

#[test]
fn what_the_tool_did_not_read_is_a_gap() {
    // The plan ends early: two resources were not refreshed, and one error says why.
    let stage = Stage::new(&REPLAY.replace(
        r#"cat "$FIXTURE/plan.ui.jsonl""#,
        r#"grep -v -e 'aws_iam_role.app: Refresh complete' -e 'aws_subnet.private: Refresh complete' "$FIXTURE/plan.ui.jsonl"
    printf '%s\n' '{"type":"diagnostic","diagnostic":{"severity":"error","summary":"no entry \u202e\u001b[2J","detail":"with CANARY-environment","address":"aws_iam_role.app"}}' \
        '{"type":"diagnostic","diagnostic":{"severity":"error","summary":"lost","detail":"","address":"provider"}}'"#,
    ));
    let mut command = stage.landfast(&["check", "stack", "--via", "terraform", "--strict", "--format", "json"]);
    let run = finish(command.env("A_SECRET_THING", "CANARY-environment"));
    let gaps: Vec<_> = resources(&run).into_iter().filter(|(_, status)| status == "unreadable").collect();
    let gap = |address: &str| (address.to_owned(), String::from("unreadable"));
    assert_eq!((run.code, gaps), (4, vec![gap("aws_iam_role.app"), gap("aws_subnet.private")]));
    let text =
        finish(stage.landfast(&["check", "stack", "--via", "terraform"]).env("A_SECRET_THING", "CANARY-environment"));
    assert!(text.out.contains("no entry \\u202e\\u001b[2J"), "{}", text.out);
    // What is about a gap stands there; the other error is nowhere else.
    assert_eq!(text.err, "warning: provider: lost\n");
    assert!(!text.out.contains("CANARY") && !run.out.contains("CANARY"), "{}", text.out);
}

#[test]
fn an_observation_escapes_what_a_terminal_would_not_show() {
    let stage = Stage::new(&REPLAY.replace(
        "cat \"$FIXTURE/refresh.plan.json\"",
        "sed 's/\"default\"/\"\u{9b}\u{202e}\u{200b}\"/g' \"$FIXTURE/refresh.plan.json\"",
    ));
    let key = stage.path("key");
    let run =
        finish(stage.landfast(&["observe", "stack", "--via", "terraform"]).env("LANDFAST_FINGERPRINT_KEY_FILE", &key));
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("\\u009b\\u202e\\u200b"), "{}", run.out);
    assert_eq!(run.out.chars().find(|c| *c != '\n' && !landfast::state::is_printable(*c)), None);
}

#[test]
fn an_observation_file_stands_for_the_observed_side() {
    let stage = Stage::new(REPLAY);
    let (key, file) = (stage.path("key"), stage.path("observed.json"));
    let with_key = |arguments: &[&str]| finish(stage.landfast(arguments).env("LANDFAST_FINGERPRINT_KEY_FILE", &key));
    let observe = with_key(&["observe", "stack", "--via", "terraform", "--output", file.to_str().unwrap()]);
    assert_eq!((observe.code, observe.out.as_str(), observe.err.as_str()), (0, "", ""));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!std::fs::read_to_string(&file).unwrap().contains("CANARY"));
    let recorded = root().join("fixtures/aws-moto/recorded.tfstate");
    let arguments = ["check", "--recorded", recorded.to_str().unwrap(), "--observed"];
    let later = with_key(&[&arguments[..], &[file.to_str().unwrap(), "--format", "json"]].concat());
    let plan = root().join("fixtures/aws-moto/refresh.plan.json");
    let direct = with_key(&[&arguments[..], &[plan.to_str().unwrap(), "--format", "json"]].concat());
    assert_eq!((later.code, resources(&later)), (2, resources(&direct)));
}

#[test]
fn the_command_line_is_checked() {
    let stage = Stage::new(REPLAY);
    for arguments in [
        &["check", "stack", "--recorded", "a"][..],
        &["check", "stack", "--recorded", "a", "--observed", "b"],
        &["check", "--observed", "b"],
        &["check", "--via", "terraform", "--recorded", "a"],
        &["check", "stack", "--via", "terraform", "--observed", "b"],
        &["check", "--recorded", "a", "--observed", "b", "--time-limit", "3"],
        &["check", "stack", "--via", "terraform", "--time-limit", "0"],
        &["check", "stack", "--via", "pulumi"],
        &["check", "stack", "--via", "terraform", "--only", "type:a"],
        &["check", "--recorded", "a", "--observed", "b", "--journal", "j"],
        &["check", "--recorded", "a", "--resume"],
        &["check", "--recorded", "a", "--journal", "j", "--max-age", "1m"],
        &["check", "--recorded", "a", "--sample", "0%"],
        &["check", "--recorded", "a", "--only", "colour:red"],
        &["check", "--recorded", "a", "--rate", "0"],
        &["observe", "stack", "--recorded", "a"],
        &["observe", "stack", "--time-limit", "3"],
    ] {
        let run = stage.run(arguments);
        assert_eq!((run.code, run.out.as_str()), (64, ""), "{arguments:?}: {}", run.err);
    }
    assert!(!stage.path("stack/arguments").exists());
}

#[test]
fn failures_come_with_a_hint() {
    let shows = |script: &str, arguments: &[&str], message: &str, hint: &str| {
        let stage = Stage::new(script);
        let run = stage.run(arguments);
        assert_eq!((run.code, run.out.as_str()), (1, ""), "{}", run.err);
        assert!(run.err.contains(message) && run.err.contains(hint), "{}", run.err);
        assert_eq!(stage.temporary_files(), [""; 0]);
    };
    let check = ["check", "stack", "--via", "terraform"];
    shows(REPLAY, &["check", "stack", "--via", "tofu"], "tofu: no such program", "--tool-path");
    shows(REPLAY, &["check", "nothing", "--via", "terraform"], "nothing: cannot be used as a folder: No such", "");
    shows("echo Usage: terraform plan; exit 1", &check, "it does not know `plan -refresh-only -json`", "0.15.4");
    shows("echo 'out of order' >&2; exit 7", &check, "terraform failed: out of order", "");
    // A plan that nobody can show, and one without an end.
    shows("[ $1 = show ] && exit 1; for last; do :; done; echo plan > ${last#-out=}", &check, "terraform failed", "");
    shows("head -c 20000000 /dev/zero; sleep 60", &check, "it prints more than the limit", "");
    let limited = ["check", "stack", "--via", "terraform", "--time-limit", "1"];
    shows("sleep 60", &limited, "terraform did not end within 1 s", "--time-limit");
}

/// The processes that run in this folder, zombies left out.
pub(crate) fn processes_in(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap() {
        let process = entry.unwrap().path();
        // Processes come and go while this looks.
        if std::fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == folder) {
            let command = std::fs::read_to_string(process.join("cmdline")).unwrap_or_default();
            found.push(command.replace('\0', " "));
        }
    }
    found
}

/// Waits until it is so; fails after ten seconds.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(10), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
    start.elapsed()
}

/// Sends the signal to the process alone, and waits for its end.
pub(crate) fn end(child: &mut Child, signal: &str) -> std::process::ExitStatus {
    let status = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
    child.wait().unwrap()
}

#[test]
fn nothing_is_left_when_the_command_is_killed() {
    // The tool takes no notice of Ctrl-C, and neither does what it started.
    let script = r#"
trap '' INT TERM
(trap '' INT TERM; touch "$TMPDIR/socket"; while :; do sleep 0.1; done) &
while :; do sleep 0.1; done"#;
    for (signal, code) in [("INT", Some(4)), ("TERM", Some(4)), ("KILL", None)] {
        let stage = Stage::new(script);
        let folder = stage.path("stack").canonicalize().unwrap();
        let mut command = stage.landfast(&["check", "stack", "--via", "terraform"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let tmp = stage.path("tmp");
        wait_until("the tool is there", || {
            files_in(&tmp).first().is_some_and(|private| tmp.join(private).join("socket").exists())
        });
        assert!(processes_in(&folder).len() >= 3, "{:?}", processes_in(&folder));
        assert_eq!(end(&mut child, signal).code(), code, "{signal}");
        let took = wait_until("no process is left", || processes_in(&folder).is_empty());
        assert!(took < Duration::from_secs(5), "{signal}: {took:?}");
        wait_until("no file is left", || stage.temporary_files().is_empty());
    }
}
