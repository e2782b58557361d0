//! Operations that are interrupted, wait, fail and go on, through the command.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::place::Place;

const COMMON: [&str; 5] = ["--yes", "--values", "wanted.toml", "--state", "t.tfstate"];

/// A place with a system of its own, and a plan whose update runs alone and before its create.
fn place(create: &[&str]) -> Place {
    let place = Place::of_a_system();
    let common = ["plan", "create", "wanted.toml", "--canary", "1", "--state", "t.tfstate", "--output", "plan.json"];
    place.ok(&[&common[..], create].concat());
    place
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process is there and has not ended.
fn is_alive(pid: &str) -> bool {
    let status = std::process::Command::new("ps").args(["-o", "stat=", "-p", pid]).output().unwrap();
    let status = String::from_utf8(status.stdout).unwrap();
    !status.trim().is_empty() && !status.trim().starts_with('Z')
}

/// Begins to apply the plan and comes back when the first command is at work, with the numbers of its processes.
fn begin(place: &Place) -> (Child, Vec<String>) {
    place.0.file("slow-first", "");
    let child = place.command(&[&["apply", "plan.json"], &COMMON[..]].concat()).stdout(Stdio::null()).spawn().unwrap();
    until("no command was ever at work", || place.0.path("pids").exists());
    let pids: Vec<String> = place.read("pids").split_whitespace().map(str::to_owned).collect();
    assert!(pids.len() == 2 && pids.iter().all(|pid| is_alive(pid)), "{pids:?}");
    (child, pids)
}

fn signal(child: &Child, signal: &str) {
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
}

fn at_work_no_more(place: &Place, pids: &[String]) {
    until("the command goes on without landfast", || !pids.iter().any(|pid| is_alive(pid)));
    std::fs::remove_file(place.0.path("slow-first")).unwrap();
    assert!(place.read("world/dns_record.api").contains("\"1\""));
}

fn resume(place: &Place, arguments: &[&str]) -> crate::run::Run {
    place.run(&[&["op", "resume", place.last().as_str()], arguments, &COMMON[..]].concat())
}

fn is_applied(place: &Place) -> bool {
    place.read("world/dns_record.api").contains("\"2\"") && place.0.path("world/dns_record.www").exists()
}

#[test]
fn a_killed_landfast_takes_its_command_along_and_the_step_is_done_later() {
    let place = place(&[]);
    let (mut child, pids) = begin(&place);
    child.kill().unwrap();
    child.wait().unwrap();
    at_work_no_more(&place, &pids);
    let run = resume(&place, &[]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(is_applied(&place));
    // What it was doing was read, found to have had no effect, and done then.
    let log = place.ok(&["op", "log", &place.last()]);
    assert!(log.contains("no effect") || log.contains("no_effect"), "{log}");
}

#[test]
fn a_second_ctrl_c_ends_at_once_and_the_operation_is_taken_up() {
    let place = place(&[]);
    let (mut child, pids) = begin(&place);
    signal(&child, "INT");
    std::thread::sleep(Duration::from_millis(500));
    assert!(child.try_wait().unwrap().is_none(), "a step that has begun is finished");
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(4));
    at_work_no_more(&place, &pids);
    let run = resume(&place, &[]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(is_applied(&place));
}

#[test]
fn ctrl_c_lets_the_step_end_and_no_further_one_begin() {
    let place = place(&[]);
    place.0.file("slow", "");
    let apply = [&["apply", "plan.json"], &COMMON[..]].concat();
    let mut child = place.command(&apply).stdout(Stdio::null()).spawn().unwrap();
    until("it never began", || place.read("world/dns_record.api").contains("\"2\""));
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(4));
    std::fs::remove_file(place.0.path("slow")).unwrap();
    assert!(place.read("world/dns_record.api").contains("\"2\"") && !place.0.path("world/dns_record.www").exists());
    let shown = place.ok(&["op", "show", &place.last()]);
    assert!(shown.contains("failed") && shown.contains("cancelled"), "{shown}");
    let back = place.run(&[&["rollback", place.last().as_str()], &COMMON[..]].concat());
    assert_eq!(back.code, 0, "{}{}", back.out, back.err);
    assert!(place.read("world/dns_record.api").contains("\"1\""));
}

#[test]
fn a_failure_is_taken_back_or_handed_over() {
    let place = place(&[]);
    place.0.file("broken-dns_record.www", "");
    let run = place.run(&[&["apply", "plan.json"], &COMMON[..]].concat());
    assert_eq!(run.code, 5, "{}{}", run.out, run.err);
    assert!(place.read("world/dns_record.api").contains("\"1\""));
    place.ok(&["plan", "create", "wanted.toml", "--canary", "1", "--state", "t.tfstate", "--output", "plan.json"]);
    let run = place.run(&[&["apply", "plan.json", "--no-rollback"], &COMMON[..]].concat());
    assert_eq!(run.code, 6, "{}{}", run.out, run.err);
    assert!(run.err.contains("landfast op handover"), "{}", run.err);
    assert!(place.read("world/dns_record.api").contains("\"2\""));
    let report = place.ok(&["op", "handover", &place.last()]);
    assert!(report.contains("dns_record.www") && report.contains("out of order"), "{report}");
    // Somebody looked, and has it taken back after all.
    place.ok(&[&["rollback", place.last().as_str()], &COMMON[..]].concat());
    assert!(place.read("world/dns_record.api").contains("\"1\""));
}

#[test]
fn what_cannot_be_taken_back_is_for_somebody_to_look_at() {
    let place = place(&["--confirm"]);
    assert_eq!(place.run(&[&["apply", "plan.json"], &COMMON[..]].concat()).code, 4);
    place.0.file("broken-dns_record.api", "");
    let back = resume(&place, &["--back"]);
    assert_eq!(back.code, 6, "{}{}", back.out, back.err);
    assert!(place.operations()[0]["state"] == "rollback_failed");
}

#[test]
fn what_somebody_changed_since_stays_unless_it_is_overwritten() {
    let place = place(&[]);
    place.ok(&[&["apply", "plan.json"], &COMMON[..]].concat());
    let id = place.last();
    place.0.file("world/dns_record.api", r#"{"value":"3"}"#);
    let run = place.run(&[&["rollback", &id], &COMMON[..]].concat());
    assert_eq!(run.code, 4, "{}{}", run.out, run.err);
    assert!(run.err.contains("dns_record.api will not be as it was"), "{}", run.err);
    assert!(place.read("world/dns_record.api").contains("\"3\"") && !place.0.path("world/dns_record.www").exists());
    place.ok(&[&["rollback", &id, "--overwrite"], &COMMON[..]].concat());
    assert!(place.read("world/dns_record.api").contains("\"1\""));
}

#[test]
fn between_batches_it_waits_for_somebody() {
    let place = place(&["--confirm"]);
    let run = place.run(&[&["apply", "plan.json"], &COMMON[..]].concat());
    assert_eq!(run.code, 4, "{}{}", run.out, run.err);
    assert!(run.err.contains("waiting for confirmation") && run.err.contains("op resume"), "{}", run.err);
    assert!(place.read("world/dns_record.api").contains("\"2\"") && !place.0.path("world/dns_record.www").exists());
    let shown = place.ok(&["op", "show", &place.last()]);
    assert!(shown.contains("applying"), "{shown}");
    // Meanwhile nothing else is executed here.
    place.ok(&["plan", "create", "wanted.toml", "--state", "t.tfstate", "--output", "other.json"]);
    let other = place.run(&[&["apply", "other.json"], &COMMON[..]].concat());
    assert!(other.code == 3 && other.out.contains("has not ended"), "{}{}", other.out, other.err);
    let id = place.operations()[0]["id"].as_str().unwrap().to_owned();
    place.ok(&[&["op", "resume", &id], &COMMON[..]].concat());
    assert!(is_applied(&place));
}

#[test]
fn probes_are_asked_after_every_batch() {
    let place = place(&[]);
    let settings = place.read("landfast.toml").replace(
        "traits = [\"traits.toml\"]",
        "traits = [\"traits.toml\"]\nprobes = [{ name = \"health\", command = [\"./healthy\", \"now\"], timeout-seconds = 10 }]",
    );
    let healthy = |says: &str| {
        let path = place.0.file("healthy", format!("#!/bin/sh\necho \"$1\" >> asked\n{says}\n"));
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    };
    place.0.file("landfast.toml", settings);
    healthy("echo 'CANARY-SECRET-2 gives 503' >&2; exit 1");
    let run = place.run(&[&["apply", "plan.json"], &COMMON[..]].concat());
    assert_eq!(run.code, 5, "{}{}", run.out, run.err);
    assert!(run.out.contains("the probe health says: (sensitive value) gives 503"), "{}", run.out);
    // The first batch was taken back, and the second one never began.
    assert!(place.read("world/dns_record.api").contains("\"1\"") && place.read("asked") == "now\n");
    healthy("");
    place.ok(&["plan", "create", "wanted.toml", "--canary", "1", "--state", "t.tfstate", "--output", "plan.json"]);
    place.ok(&[&["apply", "plan.json"], &COMMON[..]].concat());
    assert!(is_applied(&place));
    // After each of two batches, and at the end.
    assert_eq!(place.read("asked"), "now\n".repeat(4));
}

#[test]
fn a_command_whose_time_is_up_is_gone_before_anything_is_read() {
    let place = place(&[]);
    let settings = place.read("landfast.toml");
    place.0.file("landfast.toml", format!("{settings}timeout-seconds = 1\n"));
    place.0.file("slow-first", "");
    let run = place.run(&[&["apply", "plan.json"], &COMMON[..]].concat());
    // Nothing had been done, so nothing had to be taken back.
    assert_eq!(run.code, 5, "{}{}", run.out, run.err);
    assert!(run.out.contains("did not end within 1 s"), "{}", run.out);
    let pids: Vec<String> = place.read("pids").split_whitespace().map(str::to_owned).collect();
    at_work_no_more(&place, &pids);
}

#[test]
fn a_command_that_cannot_be_started_is_named() {
    let place = place(&[]);
    place.0.file("landfast.toml", place.read("landfast.toml").replace("[\"./system\", \"update\"]", "[\"./nothing\"]"));
    let run = place.run(&[&["apply", "plan.json"], &COMMON[..]].concat());
    assert_eq!(run.code, 5, "{}{}", run.out, run.err);
    assert!(run.out.contains("./nothing cannot be started: No such file or directory"), "{}", run.out);
}
