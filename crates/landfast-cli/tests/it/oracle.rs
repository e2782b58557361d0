//! The binary against what the real terraform 1.11.4 printed for every state of the corpus.

use crate::corpus::corpus;
use crate::run::run;

#[test]
fn state_list_prints_what_terraform_prints() {
    let table = std::fs::read_to_string(corpus().join("oracle.tsv")).unwrap();
    let mut accepted = 0;
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let state = corpus().join(cells[0]);
        let run = run(["state".as_ref(), "list".as_ref(), "--state".as_ref(), state.as_os_str()]);
        // Duplicate keys are refused, whatever terraform makes of them.
        let duplicates = cells[0].contains("opentofu") && cells[0].ends_with("v4-legacy-modules.out.tfstate");
        if cells[2] != "0" || duplicates {
            assert_eq!(run.code, 1, "{}", cells[0]);
            continue;
        }
        let expected = std::fs::read_to_string(corpus().join("oracle").join(cells[1]).join("list.txt")).unwrap();
        assert_eq!((run.code, run.out), (0, expected), "{}", cells[0]);
        accepted += 1;
    }
    assert_eq!(accepted, 195);
}

#[test]
fn state_convert_leaves_format_4_as_it_is_and_upgrades_the_rest() {
    for name in ["taint.1.tfstate", "hostile.1.tfstate", "sens.1.tfstate"] {
        let path = corpus().join("terraform-1.11.4").join(name);
        let run = run(["state".as_ref(), "convert".as_ref(), "--state".as_ref(), path.as_os_str()]);
        assert_eq!((run.code, run.out), (0, std::fs::read_to_string(path).unwrap()));
    }
    let old = corpus().join("state/history-v1v2/hashicorp+terraform/state-filter.complete.tfstate");
    let run = run(["state".as_ref(), "convert".as_ref(), "--state".as_ref(), old.as_os_str()]);
    let state: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((run.code, &state["version"]), (0, &serde_json::json!(4)));
}
