//! Generated states against the real terraform, which must be on PATH.

use std::path::Path;
use std::process::Command;

use crate::generated::Generated;

fn terraform(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("terraform")
        .args(arguments)
        .current_dir(folder)
        .env("TF_CLI_CONFIG_FILE", "/dev/null")
        .env("CHECKPOINT_DISABLE", "1")
        .output()
        .expect("terraform is on PATH: the live tests need it");
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "terraform {arguments:?}: {out}{err}");
    out
}

/// Terraform reads a state, sorts it and writes it: what it wrote itself comes out as it went in.
#[test]
fn terraform_would_have_written_the_same_bytes() {
    for seed in ["1", "2", "3"] {
        let generated = Generated::new(&["--instances", "2500", "--seed", seed]);
        let path = generated.path("terraform.tfstate");
        std::fs::rename(generated.path("recorded.tfstate"), &path).unwrap();
        let pulled = terraform(path.parent().unwrap(), &["state", "pull"]);
        let written = std::fs::read_to_string(&path).unwrap();
        let first = pulled.lines().zip(written.lines()).position(|(a, b)| a != b);
        assert_eq!(first, None, "seed {seed}: the first line that differs");
        assert_eq!(pulled.trim_end(), written.trim_end());
    }
}

#[test]
fn terraform_lists_what_was_generated() {
    let generated = Generated::new(&["--instances", "1200", "--seed", "9", "--drift", "0", "--layout", "shuffled"]);
    let read = |side: &str| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(generated.path(side), folder.path().join("terraform.tfstate")).unwrap();
        terraform(folder.path(), &["state", "list"])
    };
    let recorded = read("recorded.tfstate");
    assert_eq!(recorded, read("observed.tfstate"), "the shuffled twin lists differently");
    let mut listed: Vec<&str> = recorded.lines().collect();
    let truth = std::fs::read_to_string(generated.path("truth.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = truth.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut told: Vec<&str> = lines
        .iter()
        .filter(|line| line.get("deposed").is_none())
        .map(|line| line["address"].as_str().unwrap())
        .collect();
    listed.sort_unstable();
    told.sort_unstable();
    assert_eq!(listed, told);
}
