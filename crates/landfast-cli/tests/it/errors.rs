//! Errors name the file and the place, give a hint where one helps, and choose the exit code.

use crate::run::{Scratch, run};

#[test]
fn usage_errors_exit_with_64() {
    for arguments in [
        vec!["check", "--observed", "x"],
        vec!["no-such"],
        vec!["state", "rm"],
        vec!["check", "--fail-on", "x"],
        vec![],
    ] {
        let run = run(&arguments);
        assert_eq!(run.code, 64, "{arguments:?}: {}", run.err);
        assert!(!run.err.is_empty());
    }
    for arguments in [vec!["--help"], vec!["--version"], vec!["check", "--help"]] {
        assert_eq!(run(&arguments).code, 0);
    }
}

#[test]
fn messages_and_hints() {
    let scratch = Scratch::new();
    let empty = scratch.file("terraform.tfstate", "");
    scratch.file("terraform.tfstate.backup", "{}");
    let encrypted =
        scratch.file("tofu.tfstate", r#"{"meta": {}, "encrypted_data": "AAAA", "encryption_version": "v0"}"#);
    let files = [
        scratch.path("absent.tfstate"),
        scratch.path(""),
        empty,
        encrypted,
        scratch.file("list.json", "[1, 2]"),
        scratch.file("other.json", "{\"a\": 1}"),
        scratch.file("future.tfstate", "{\"version\": 5}"),
        scratch.file("zero.tfstate", "{\"version\": 0}"),
        scratch.file("far.tfstate", "{\"version\": 99}"),
        scratch.file("text.tfstate", "{\"version\": \"4\"}"),
        scratch.file("fraction.tfstate", "{\"version\": 4.0}"),
        scratch.file("exponent.tfstate", "{\"version\": 1e0}"),
        scratch.file("negative.tfstate", "{\"version\": -1}"),
        scratch.file("odd-plan.json", "{\"format_version\": \"one\", \"planned_values\": {}}"),
        scratch.file("snapshot.json", "{\"landfast\": \"snapshot\",\n \"format_version\": \"2.0\"}"),
        scratch.file("run.jsonl", "{\"@level\":\"info\",\"@message\":\"Terraform 1.11.4\",\"type\":\"version\"}\n{}\n"),
        scratch.file("plan.json", "{\"format_version\": \"2.0\", \"planned_values\": {}}"),
        scratch.file("cut.tfstate", "{\"version\": 4,\n \"serial\": "),
    ];
    let mut shown = String::new();
    for file in files {
        let run = run(["state".as_ref(), "list".as_ref(), "--state".as_ref(), file.as_os_str()]);
        assert_eq!((run.code, run.out.as_str()), (1, ""), "{}", file.display());
        shown.push_str(&run.err);
    }
    let shown = shown.replace(scratch.path("").to_str().unwrap(), "FOLDER/");
    insta::assert_snapshot!(shown);
}

#[test]
fn an_absent_address_is_an_error() {
    let state = "fixtures/aws-moto/recorded.tfstate";
    let absent = run(["state", "show", "--state", state, "aws_vpc.no_such"]);
    assert_eq!(absent.code, 1);
    assert!(absent.err.contains("recorded.tfstate: no aws_vpc.no_such in it"), "{}", absent.err);
    let broken = run(["state", "show", "--state", state, "not an address"]);
    assert_eq!(broken.code, 64);
}

#[test]
fn a_file_that_cannot_be_written_is_left_alone() {
    let state = "fixtures/aws-moto/recorded.tfstate";
    let run = run(["state", "list", "--state", state, "--output", "no/such/folder/list.txt"]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("no/such/folder/list.txt: cannot be written"), "{}", run.err);
}
