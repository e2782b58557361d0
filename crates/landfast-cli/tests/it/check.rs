//! `landfast check` on the pair that the README uses.

use std::collections::{BTreeMap, BTreeSet};

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

/// The rows of a table with tabs, each as cells by the names in the first row.
fn table(path: &str) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(crate::run::root().join(path)).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split('\t').collect();
    let row =
        |line: &str| header.iter().map(|name| (*name).to_owned()).zip(line.split('\t').map(str::to_owned)).collect();
    lines.map(row).collect()
}

fn words(cell: &str) -> BTreeSet<&str> {
    cell.split(' ').filter(|word| !word.is_empty()).collect()
}

/// `expected.tsv` is what the fixture's script counts, by position in lists and without rules; `graded.tsv` is how the rules
/// grade it.
#[test]
fn changes_and_severities_are_as_the_fixtures_expect() {
    let mut seen = 0;
    for folder in ["fixtures/aws-moto", "fixtures/aws-clean", "fixtures/aws-siblings"] {
        let path = |name: &str| format!("{folder}/{name}");
        let (recorded, observed) = (path("recorded.tfstate"), path("observed.tfstate"));
        let run = run(["check", "--recorded", &recorded, "--observed", &observed, "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        let resources = report["resources"].as_array().unwrap();
        let graded = if folder.ends_with("clean") { Vec::new() } else { table(&path("graded.tsv")) };
        let expected = table(&path("expected.tsv"));
        assert_eq!(resources.len(), expected.len());
        assert_eq!(
            graded.iter().map(|row| &row["address"]).collect::<Vec<_>>(),
            expected.iter().filter(|row| row["status"] != "in_sync").map(|row| &row["address"]).collect::<Vec<_>>()
        );
        for row in &expected {
            let resource = resources.iter().find(|resource| resource["address"] == row["address"]).unwrap();
            seen += 1;
            as_counted(row, resource);
            match graded.iter().find(|graded| graded["address"] == row["address"]) {
                Some(graded) => as_graded(graded, resource),
                None => assert_eq!(resource["severity"], "none"),
            }
        }
    }
    assert_eq!(seen, 45);
}

/// Status, changed places, noise and the severity by their number.
fn as_counted(row: &BTreeMap<String, String>, resource: &serde_json::Value) {
    assert_eq!(resource["status"], row["status"].as_str(), "{row:?}");
    let entries = |member: &str| resource[member].as_array().cloned().unwrap_or_default();
    let changed = words(&row["changed paths"]);
    let places: BTreeSet<String> = entries("changes")
        .iter()
        .flat_map(|change| {
            let path = change["path"].as_str().unwrap();
            let list = path.split_once('[').map(|(list, _)| list).unwrap_or_default();
            let (gone, come) = (format!("{list}[-]"), format!("{list}[+]"));
            // Of an element that came or went, the script does not say where it stood; and it takes one of which anything
            // changed for two.
            match (changed.contains(path), change["kind"].as_str().unwrap()) {
                (false, "added") if path.ends_with(']') => vec![come],
                (false, "removed") if path.ends_with(']') => vec![gone],
                (false, _) if changed.contains(&*gone) && changed.contains(&*come) => vec![gone, come],
                _ => vec![path.to_owned()],
            }
        })
        .collect();
    assert_eq!(places.iter().map(String::as_str).collect::<BTreeSet<_>>(), changed, "{row:?}");
    let normalised = entries("normalised");
    // The script looks past mirrors such as `tags_all` without counting them as noise.
    let noise = normalised.iter().filter(|it| it["normaliser"] != "mirror").map(|it| it["path"].as_str().unwrap());
    assert_eq!(noise.collect::<BTreeSet<_>>(), words(&row["noise paths"]), "{row:?}");
    if row["status"] == "drifted" {
        assert_eq!(places.len().to_string(), row["changed"], "{row:?}");
        let by_count = match places.len() {
            1..=2 => "minor",
            3..=5 => "moderate",
            6..=10 => "major",
            _ => "critical",
        };
        assert_eq!(by_count, row["level"], "{row:?}");
    }
}

/// The severity, the number of changes and the rules that raised the severity.
fn as_graded(row: &BTreeMap<String, String>, resource: &serde_json::Value) {
    assert_eq!(resource["severity"], row["severity"].as_str(), "{row:?}");
    let changes = resource["changes"].as_array().map_or(0, Vec::len);
    assert_eq!(changes.to_string(), row["changes"], "{row:?}");
    let rules: BTreeSet<&str> =
        resource["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert!(words(&row["raised by"]).is_subset(&rules), "{row:?}: {rules:?}");
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
fn states_give_one_report_in_whatever_way_they_are_read() {
    let text = std::fs::read(crate::run::root().join(OBSERVED)).unwrap();
    let named = |text: String| text.replace("(standard input)", OBSERVED);
    for format in [&["--format", "text"], &["--format", "json"]] {
        let streamed = check(&[format, ["--streaming", "always"].as_slice()].concat());
        assert_eq!(streamed.code, 2);
        for when in ["auto", "never"] {
            assert_eq!(check(&[format, ["--streaming", when].as_slice()].concat()).out, streamed.out);
            let arguments = ["check", "--recorded", RECORDED, "--observed", "-", "--streaming", when];
            assert_eq!(named(run_with_input(&[&arguments, format.as_slice()].concat(), &text).out), streamed.out);
        }
    }
    let twice = run(["check", "--recorded", "-", "--observed", "-"]);
    assert_eq!(twice.code, 64);
}

/// A resource that terraform passes over shows while the state is read: then both are read again as documents, standard input
/// too, which gives its bytes once only.
#[test]
fn what_comes_through_a_pipe_can_be_read_as_a_whole() {
    let text = std::fs::read_to_string(crate::run::root().join(OBSERVED)).unwrap();
    let provider = r#""provider": "provider[\"registry.terraform.io/hashicorp/aws\"]""#;
    let (before, managed) = text.split_at(text.find(r#""mode": "managed""#).unwrap());
    let odd = before.to_owned() + &managed.replacen(provider, r#""provider": "nonsense""#, 1);
    assert_ne!(odd, text);
    let scratch = Scratch::new();
    let path = scratch.file("odd.tfstate", &odd);
    let path = path.to_str().unwrap();
    let refused = run(["check", "--recorded", RECORDED, "--observed", path, "--streaming", "always"]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("passes over a resource"), "{}", refused.err);
    let arguments = ["check", "--recorded", RECORDED, "--format", "json", "--strict", "--observed"];
    let file = run([&arguments, [path].as_slice()].concat());
    assert_eq!(file.code, 4, "{}", file.err);
    let never = run([&arguments, [path, "--streaming", "never"].as_slice()].concat());
    assert_eq!((never.code, &never.out), (4, &file.out));
    let piped = run_with_input(&[&arguments, ["-"].as_slice()].concat(), odd.as_bytes());
    assert_eq!(piped.out.replace("(standard input)", path), file.out);
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

#[test]
fn the_order_of_recorded_states_does_not_show() {
    let scratch = Scratch::new();
    let state = |name: &str| {
        let state = serde_json::json!({"version": 4, "serial": 1, "lineage": name, "outputs": {}, "resources": [{
            "mode": "managed", "type": "a_b", "name": name, "provider": "provider[\"registry.terraform.io/a/a\"]",
            "instances": [{"schema_version": 0, "attributes": {"n": 1}}],
        }]});
        scratch.file(name, state.to_string()).to_str().unwrap().to_owned()
    };
    let states = ["x", "z", "y"].map(state);
    let [x, z, y] = &states;
    for format in ["text", "json"] {
        let check = |order: [&str; 3]| {
            let recorded = order.iter().flat_map(|state| ["--recorded", state]);
            let run = run(["check", "--observed", x, "--format", format].into_iter().chain(recorded));
            (run.code, run.out, run.err)
        };
        let expected = check([x, y, z]);
        assert!(expected.0 == 2 && expected.1.contains("a_b.z"), "{}{}", expected.1, expected.2);
        for order in [[x, z, y], [z, y, x], [y, x, z]] {
            assert_eq!(check(order.map(String::as_str)), expected);
        }
    }
}
