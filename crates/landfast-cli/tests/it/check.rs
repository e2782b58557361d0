//! `landfast check` on the pair that the README uses.

use crate::run::{Run, Scratch, run, run_with_input};

const RECORDED: &str = "fixtures/aws-moto/recorded.tfstate";
const OBSERVED: &str = "fixtures/aws-moto/observed.tfstate";

fn check(more: &[&str]) -> Run {
    run([&["check", "--recorded", RECORDED, "--observed", OBSERVED], more].concat())
}

#[test]
fn the_report_of_the_quick_start() {
    let run = check(&[]);
    assert_eq!((run.code, run.err.as_str()), (2, ""));
    insta::assert_snapshot!(run.out);
}

#[test]
fn everything_with_verbose() {
    let run = check(&["-v"]);
    assert_eq!(run.code, 2);
    insta::assert_snapshot!(run.out);
}

#[test]
fn the_machine_format() {
    let run = check(&["--format", "json"]);
    assert_eq!((run.code, run.err.as_str()), (2, ""));
    insta::assert_snapshot!(run.out);
}

#[test]
fn severities_are_as_the_fixture_expects() {
    let report: serde_json::Value = serde_json::from_str(&check(&["--format", "json"]).out).unwrap();
    let expected = std::fs::read_to_string(crate::run::root().join("fixtures/aws-moto/expected.tsv")).unwrap();
    let mut lines = expected.lines();
    let header: Vec<&str> = lines.next().unwrap().split('\t').collect();
    let column = |name: &str| header.iter().position(|cell| *cell == name).unwrap();
    let (address, status, severity) = (column("address"), column("status"), column("level"));
    for line in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        let resources = report["resources"].as_array().unwrap();
        let resource = resources.iter().find(|resource| resource["address"] == cells[address]).unwrap();
        assert_eq!(resource["status"], cells[status], "{line}");
        let found = resource["severity"].as_str().unwrap();
        let rank = |name: &str| ["none", "minor", "moderate", "major", "critical"].iter().position(|it| *it == name);
        // By number at least; a rule may raise it.
        assert!(rank(found) >= rank(cells[severity]), "{line}: {found}");
    }
}

#[test]
fn noise_of_a_clean_deploy_is_no_drift() {
    let run = run([
        "check",
        "--recorded",
        "fixtures/aws-clean/recorded.tfstate",
        "--observed",
        "fixtures/aws-clean/observed.tfstate",
    ]);
    assert_eq!(run.code, 0, "{}", run.out);
    assert!(run.out.starts_with("no drift in "), "{}", run.out);
}

#[test]
fn a_refresh_only_plan_stands_for_either_side() {
    let plan = "fixtures/aws-moto/refresh.plan.json";
    let observed = run(["check", "--recorded", RECORDED, "--observed", plan, "--format", "json"]);
    let both = run(["check", "--recorded", plan, "--observed", plan, "--format", "json"]);
    let drifted = |run: &Run| {
        let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        let resources = report["resources"].as_array().unwrap().clone();
        let drifted = resources.iter().filter(|it| it["status"] == "drifted" || it["status"] == "missing");
        drifted.map(|it| (it["address"].to_string(), it["changes"].as_array().unwrap().len())).collect::<Vec<_>>()
    };
    assert!(!drifted(&observed).is_empty());
    assert_eq!(drifted(&observed), drifted(&both));
}

#[test]
fn fail_on_and_strict_choose_the_code() {
    assert_eq!(check(&["--fail-on", "critical"]).code, 2);
    let same = run(["check", "--recorded", RECORDED, "--observed", RECORDED, "--strict"]);
    assert_eq!(same.code, 0);
    // A resource that terraform passes over is a gap.
    let scratch = Scratch::new();
    let text = std::fs::read_to_string(crate::run::root().join(RECORDED)).unwrap();
    let broken = text.replace("provider[\\\"registry.terraform.io/hashicorp/aws\\\"]", "provider[\\\"a_b/aws\\\"]");
    assert_ne!(broken, text);
    let path = scratch.file("broken.tfstate", broken);
    let path = path.to_str().unwrap();
    assert_eq!(run(["check", "--recorded", path, "--observed", path]).code, 0);
    let strict = run(["check", "--recorded", path, "--observed", path, "--strict"]);
    assert_eq!(strict.code, 4, "{}", strict.out);
    assert!(strict.out.starts_with("no drift found, but not everything was read"), "{}", strict.out);
}

#[test]
fn several_recorded_states_are_taken_together() {
    let other = "fixtures/terraform-data/addresses.tfstate";
    let run_ = run(["check", "--recorded", RECORDED, "--recorded", other, "--observed", RECORDED]);
    assert_eq!(run_.code, 2);
    assert!(run_.out.contains("missing"), "{}", run_.out);
    let twice = run(["check", "--recorded", RECORDED, "--recorded", OBSERVED, "--observed", RECORDED]);
    assert_eq!(twice.code, 1);
    assert!(twice.err.contains("stands twice, in fixtures/aws-moto/recorded.tfstate:"), "{}", twice.err);
    let error = twice.err.lines().find(|line| line.starts_with("error: ")).unwrap();
    let places = error.split(" stands twice, in ").nth(1).unwrap().split(" and in ");
    let places: Vec<_> = places.collect();
    for (place, file) in places.iter().zip([RECORDED, OBSERVED]) {
        let text = std::fs::read_to_string(crate::run::root().join(file)).unwrap();
        let numbers: Vec<usize> =
            place.strip_prefix(file).unwrap().split(':').skip(1).map(|it| it.parse().unwrap()).collect();
        let [line, column] = numbers[..] else { panic!("{place}") };
        let there = text.lines().nth(line - 1).unwrap().get(column - 1..).unwrap();
        assert!(there.starts_with('{') && text.lines().nth(line - 1).unwrap().contains("\"attributes\""), "{place}");
    }
}

#[test]
fn states_that_may_not_belong_together_are_compared_with_a_warning() {
    let older = run(["check", "--recorded", OBSERVED, "--observed", RECORDED]);
    assert_eq!(older.code, 2);
    let other = run(["check", "--recorded", RECORDED, "--observed", "fixtures/aws-clean/recorded.tfstate"]);
    assert_eq!(other.code, 2);
    insta::assert_snapshot!(older.err + &other.err);
    // A diff is of any two.
    for (a, b) in [(OBSERVED, RECORDED), (RECORDED, "fixtures/aws-clean/recorded.tfstate")] {
        let diff = run(["diff", a, b]);
        assert_eq!((diff.code, diff.err.as_str()), (2, ""));
    }
}

#[test]
fn standard_input_is_a_source() {
    let text = std::fs::read(crate::run::root().join(OBSERVED)).unwrap();
    let run = run_with_input(&["check", "--recorded", RECORDED, "--observed", "-"], &text);
    assert_eq!(run.code, 2);
    assert!(run.out.contains("(standard input)"), "{}", run.out);
}

#[test]
fn output_goes_to_a_file_as_a_whole() {
    let scratch = Scratch::new();
    let path = scratch.file("report.json", "old");
    let run = check(&["--format", "json", "--output", path.to_str().unwrap()]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, check(&["--format", "json"]).out);
}

#[test]
fn colours_are_there_when_asked_for() {
    assert!(check(&["--color", "always"]).out.contains('\x1b'));
    assert!(!check(&["--color", "never"]).out.contains('\x1b'));
}

#[test]
fn rules_can_be_replaced() {
    let scratch = Scratch::new();
    let rules = scratch.file(
        "own.toml",
        "[pack]\nid = \"own\"\nversion = 1\ndescription = \"Ours.\"\n\n[[rule]]\nid = \"own-everything\"\n\
         description = \"All of it.\"\nresource_types = [\"*\"]\nattributes = [\"**\"]\nimpacts = [\"cost\"]\n\
         class = \"informational\"\n",
    );
    let run_ = check(&["--rules", rules.to_str().unwrap()]);
    assert!(run_.out.contains("own-everything") && !run_.out.contains("[security_critical]"), "{}", run_.out);
    let broken = scratch.file("broken.toml", "[pack]\nid = \"x\"\nversion = 1\ndescription = \"\"\nno_such = 1\n");
    let run = check(&["--rules", broken.to_str().unwrap()]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("broken.toml"), "{}", run.err);
}

#[test]
fn the_secret_of_the_quick_start_is_reported_as_changed_and_never_shown() {
    let run = run([
        "check",
        "--recorded",
        "fixtures/aws-moto/recorded.tfstate",
        "--observed",
        "fixtures/aws-moto/observed.tfstate",
        "-vv",
    ]);
    assert!(run.out.contains("(sensitive value) changed"), "{}", run.out);
    assert!(!(run.out + &run.err).contains("CANARY"));
}
