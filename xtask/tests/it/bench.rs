//! `cargo xtask bench` and `cargo xtask figure`.

use std::process::{Command, Output};

fn xtask(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().unwrap()
}

fn out(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn rows_are_listed_and_unknown_ones_refused() {
    let list = out(&xtask(&["bench", "--list"]));
    for row in ["read: ", "list: ", "compare: ", "peers: ", "layouts: ", "start: ", "graph: ", "growth (by hand): "] {
        assert!(list.lines().any(|line| line.starts_with(row)), "{row} is not in {list}");
    }
    let refused = xtask(&["bench", "no-such-row"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no row is called no-such-row"));
}

/// A yardstick that does not do its job measures nothing.
#[test]
fn yardsticks_do_their_jobs() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    out(&xtask(&["gen", "--instances", "300", "--drift", "20", "--out", folder.path().to_str().unwrap()]));
    let recorded = std::fs::read_to_string(path("recorded.tfstate")).unwrap();
    let lines = out(&xtask(&["figure", "newlines", &path("recorded.tfstate")]));
    assert_eq!(lines.trim(), recorded.lines().count().to_string());

    let truth = std::fs::read_to_string(path("truth.jsonl")).unwrap();
    let differ = |line: &&str| !line.contains("\"in_sync\"") && !line.contains("\"not_compared\"");
    let differences = truth.lines().filter(differ).count();
    let found = out(&xtask(&["figure", "values", &path("recorded.tfstate"), &path("observed.tfstate")]));
    assert_eq!(found.trim(), differences.to_string());

    out(&xtask(&["figure", "graph-state", "400", "1200", "--random", &path("graph.tfstate")]));
    let graph = xtask(&["figure", "graph", &path("graph.tfstate")]);
    assert!(out(&graph).trim().parse::<f64>().unwrap() > 0.0);
    assert!(String::from_utf8_lossy(&graph.stderr).starts_with("400 resources, 0 cycles, "));
}
