//! `landfast state list` and `state show` of whatever holds a state.

use crate::run::{Scratch, finish, landfast, root, run};

const STATE: &str = "fixtures/aws-moto/recorded.tfstate";
const PLAN: &str = "fixtures/aws-moto/refresh.plan.json";

/// The state that a plan started from, as `terraform show -json` writes it.
fn show_json(scratch: &Scratch) -> std::path::PathBuf {
    let plan: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(root().join(PLAN)).unwrap()).unwrap();
    scratch.file("show.json", plan["prior_state"].to_string())
}

#[test]
fn show_json_and_snapshots_are_listed_and_shown() {
    let scratch = Scratch::new();
    let show = show_json(&scratch);
    let (snapshot, key) = (scratch.path("snapshot.json"), scratch.path("key"));
    let mut command = landfast();
    command.args(["snapshot", "create", STATE, "--output", snapshot.to_str().unwrap()]);
    assert_eq!(finish(command.env("LANDFAST_FINGERPRINT_KEY_FILE", &key)).code, 0);
    let list = |file: &str| {
        let run = run(["state", "list", "--state", file]);
        assert_eq!((run.code, run.err.as_str()), (0, ""));
        run.out
    };
    assert_eq!(list(snapshot.to_str().unwrap()), list(STATE));
    // The plan refreshed: what it no longer found is not in it.
    let (shown, recorded) = (list(show.to_str().unwrap()), list(STATE));
    assert!(shown.lines().count() > 10 && shown.lines().all(|line| recorded.lines().any(|known| known == line)));
    for file in [show.to_str().unwrap(), snapshot.to_str().unwrap(), STATE] {
        for format in ["text", "json"] {
            let run = run(["state", "show", "--state", file, "--format", format, "aws_ssm_parameter.api_token"]);
            assert_eq!((run.code, run.err.as_str()), (0, ""), "{file}");
            assert!(
                run.out.contains("aws_ssm_parameter.api_token") && run.out.contains("(sensitive value)"),
                "{}",
                run.out
            );
            assert!(!run.out.contains("CANARY"));
        }
    }
}

#[test]
fn what_is_no_state_is_called_what_it_is() {
    let scratch = Scratch::new();
    let show = show_json(&scratch);
    let mut shown = String::new();
    for (command, file) in [("list", PLAN), ("show", PLAN), ("convert", PLAN), ("convert", show.to_str().unwrap())] {
        let run = run(["state", command, "--state", file]);
        assert_eq!((run.code, run.out.as_str()), (1, ""));
        shown.push_str(&run.err);
    }
    insta::assert_snapshot!(shown.replace(scratch.path("").to_str().unwrap(), "FOLDER/"));
}
