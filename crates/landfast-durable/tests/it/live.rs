//! Against the real terraform from PATH, which must be there: its lock stops us, ours stops it, and no write of either is lost.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use landfast_durable::{Holder, LockError, LockOptions, LockedFile, ReplaceOptions, Symlinks, create, read, replace};

use crate::TOMBSTONE;

const SIZE: u64 = 1 << 20;

/// A folder with a configuration and a state of it, by a terraform that has gone through.
struct Stage {
    folder: tempfile::TempDir,
    state: PathBuf,
}

impl Stage {
    fn new() -> Self {
        // Terraform knows its folder by its real path.
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().canonicalize().unwrap().join("terraform.tfstate");
        let stage = Self { folder, state };
        stage.configure("one");
        stage.terraform(&["init"]);
        stage.terraform(&["apply", "-auto-approve"]);
        stage
    }

    fn configure(&self, input: &str) {
        let text = format!("resource \"terraform_data\" \"a\" {{\n  input = \"{input}\"\n}}\n");
        fs::write(self.folder.path().join("main.tf"), text).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("terraform");
        command
            .args(arguments)
            .arg("-no-color")
            .current_dir(self.folder.path())
            .env("TF_CLI_CONFIG_FILE", "/dev/null")
            .env("CHECKPOINT_DISABLE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs it to its end, which must be a good one.
    fn terraform(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("terraform is on PATH: the live tests need it");
        assert!(output.status.success(), "terraform {arguments:?}: {}", said(&output));
        said(&output)
    }

    fn lock(&self) -> LockedFile {
        LockedFile::acquire(&self.state, &LockOptions::default()).unwrap()
    }

    /// The description of our lock, which terraform shows.
    fn describe(&self) -> PathBuf {
        let info = serde_json::json!({
            "ID": "0d4ef0a9-2d3c-4b8c-9d3e-1f6f3a1d7c55",
            "Operation": "landfast state mv",
            "Info": "",
            "Who": "ada@workstation",
            "Version": "0.1.0",
            "Created": "2026-11-21T10:00:00.000000000Z",
            "Path": "terraform.tfstate",
        });
        let path = self.state.with_file_name(".terraform.tfstate.lock.info");
        create(&path, info.to_string().as_bytes(), &ReplaceOptions::default()).unwrap();
        path
    }

    /// The state with another input and a higher serial, as a change of ours would leave it.
    fn changed(text: &[u8]) -> Vec<u8> {
        let mut state: serde_json::Value = serde_json::from_slice(text).unwrap();
        state["serial"] = (state["serial"].as_u64().unwrap() + 1).into();
        let attributes = &mut state["resources"][0]["instances"][0]["attributes"];
        attributes["input"]["value"] = "ours".into();
        attributes["output"]["value"] = "ours".into();
        serde_json::to_vec_pretty(&state).unwrap()
    }

    fn content(&self) -> Vec<u8> {
        read(&self.state, SIZE, Symlinks::Refuse).unwrap()
    }

    /// Starts an apply that waits for the lock, and returns when it has the state open.
    fn waiting_apply(&self) -> Child {
        let child = self.command(&["apply", "-auto-approve", "-lock-timeout=20s"]).spawn().unwrap();
        let start = Instant::now();
        while !has_open(child.id(), &self.state) {
            assert!(start.elapsed() < Duration::from_secs(20), "terraform did not open the state");
            std::thread::sleep(Duration::from_millis(5));
        }
        // It has the file open, and now it has been refused at least once.
        std::thread::sleep(Duration::from_millis(700));
        child
    }
}

fn has_open(pid: u32, path: &Path) -> bool {
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten();
    descriptors.flatten().any(|descriptor| fs::read_link(descriptor.path()).is_ok_and(|target| target == path))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn our_lock_stops_terraform_which_names_us() {
    let stage = Stage::new();
    stage.configure("two");
    let before = stage.content();
    let locked = stage.lock();
    let info = stage.describe();
    let output = stage.command(&["apply", "-auto-approve", "-lock-timeout=0s"]).output().unwrap();
    let text = said(&output);
    assert!(!output.status.success(), "{text}");
    for expected in ["Error acquiring the state lock", "ada@workstation", "landfast state mv"] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
    assert_eq!(locked.read_all(SIZE).unwrap(), before);
    fs::remove_file(info).unwrap();
    locked.release().unwrap();
    stage.terraform(&["apply", "-auto-approve"]);
}

#[test]
fn terraform_that_waited_before_our_change_fails_loudly_and_our_change_stays() {
    let stage = Stage::new();
    stage.configure("two");
    let mut locked = stage.lock();
    let info = stage.describe();
    let waiting = stage.waiting_apply();
    let ours = Stage::changed(&locked.read_all(SIZE).unwrap());
    locked.replace_with(&ours, TOMBSTONE, &ReplaceOptions::default()).unwrap();
    fs::remove_file(info).unwrap();
    locked.release().unwrap();
    let output = waiting.wait_with_output().unwrap();
    let text = said(&output);
    assert!(!output.status.success(), "{text}");
    assert!(text.contains("Unsupported state file format"), "{text}");
    assert!(!text.contains("Apply complete"), "{text}");
    assert_eq!(String::from_utf8(stage.content()).unwrap(), String::from_utf8(ours).unwrap());
    // And the next one works on what we wrote.
    let text = stage.terraform(&["plan"]);
    assert!(text.contains("\"ours\" -> \"two\""), "{text}");
    stage.terraform(&["apply", "-auto-approve"]);
    assert!(stage.terraform(&["plan"]).contains("No changes."));
}

#[test]
fn without_the_tombstone_terraform_would_write_into_the_void() {
    // What the tombstone is for. Should this fail one day, terraform has learnt to look at the name again.
    let stage = Stage::new();
    stage.configure("two");
    let locked = stage.lock();
    let info = stage.describe();
    let waiting = stage.waiting_apply();
    let ours = Stage::changed(&locked.read_all(SIZE).unwrap());
    replace(&stage.state, &ours, &ReplaceOptions::default()).unwrap();
    fs::remove_file(info).unwrap();
    locked.release().unwrap();
    let output = waiting.wait_with_output().unwrap();
    assert!(output.status.success() && said(&output).contains("Apply complete"), "{}", said(&output));
    assert_eq!(stage.content(), ours, "and nothing of what it applied is in the state");
}

#[test]
fn terraform_that_comes_after_our_change_waits_and_works_on_it() {
    let stage = Stage::new();
    stage.configure("two");
    let mut locked = stage.lock();
    let info = stage.describe();
    let ours = Stage::changed(&locked.read_all(SIZE).unwrap());
    locked.replace_with(&ours, TOMBSTONE, &ReplaceOptions::default()).unwrap();
    let mut waiting = stage.waiting_apply();
    assert!(waiting.try_wait().unwrap().is_none(), "it did not wait");
    assert_eq!(locked.read_all(SIZE).unwrap(), ours);
    fs::remove_file(info).unwrap();
    locked.release().unwrap();
    let output = waiting.wait_with_output().unwrap();
    let text = said(&output);
    assert!(output.status.success() && text.contains("1 changed"), "{text}");
    assert!(text.contains("\"ours\" -> \"two\""), "{text}");
    let after: serde_json::Value = serde_json::from_slice(&stage.content()).unwrap();
    assert_eq!(after["resources"][0]["instances"][0]["attributes"]["output"]["value"], "two");
}

#[test]
fn terraforms_lock_stops_us() {
    let stage = Stage::new();
    stage.configure("two");
    // It holds the lock while it waits for an answer.
    let mut asking = stage.command(&["apply"]).stdin(Stdio::piped()).spawn().unwrap();
    let pid = asking.id();
    let mut output = BufReader::new(asking.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("Only 'yes' will be accepted") {
        line.clear();
        assert!(output.read_line(&mut line).unwrap() > 0, "terraform did not ask");
    }
    let error = LockedFile::acquire(&stage.state, &LockOptions::default()).unwrap_err();
    assert!(matches!(error, LockError::Held { holder: Holder::Process(process), .. } if process == pid), "{error}");
    asking.stdin.take().unwrap().write_all(b"yes\n").unwrap();
    let rest: Vec<String> = output.lines().map_while(Result::ok).collect();
    assert!(asking.wait().unwrap().success(), "{rest:?}");
    let after: serde_json::Value = serde_json::from_slice(&stage.lock().read_all(SIZE).unwrap()).unwrap();
    assert_eq!(after["resources"][0]["instances"][0]["attributes"]["input"]["value"], "two");
}
