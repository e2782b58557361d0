//! What checks know and refuse when plans are executed by the command.

use crate::place::{Place, STATE};

/// The place with these settings in `landfast.toml`, and a plan.
fn place(settings: &str) -> Place {
    let place = Place::new();
    place.0.file("landfast.toml", settings);
    place.plan();
    place
}

/// No journal has the intent of a step.
fn nothing_was_begun(place: &Place) {
    assert_eq!(place.read("t.tfstate"), STATE);
    for operation in place.operations() {
        let log = place.ok(&["op", "log", operation["id"].as_str().unwrap()]);
        assert!(!log.contains("applying"), "{log}");
    }
}

#[cfg(feature = "policy")]
#[test]
fn policies_refuse_and_no_verdict_refuses() {
    for (policy, says) in [
        ("deny contains \"not that\" if some change in input.plan.changes", "not that"),
        ("deny if input.nothing_such", "data.a.deny is undefined"),
        ("default allow := false", "a.allow is false"),
        // The engine panics over this one.
        ("deny contains 1 if strings.count(input.source, \"\") == -1", "the policies gave no verdict"),
        ("deny contains 1 if to_number(input.source) == 1", "could not parse string as number"),
        (
            "deny contains x if { some x in numbers.range(0, 900000); some y in numbers.range(0, 900000); x + y < 0 }",
            "policies",
        ),
    ] {
        let place = place("[safety]\npolicies = [\"policies\"]\n");
        std::fs::create_dir(place.0.path("policies")).unwrap();
        place.0.file("policies/p.rego", format!("package a\nimport rego.v1\n{policy}\n"));
        place.refused(&[], says);
        nothing_was_begun(&place);
        place.0.file(
            "policies/p.rego",
            "package a\nimport rego.v1\ndeny contains \"no\" if input.plan.kind == \"other\"\n",
        );
        place.ok(&["apply", "plan.json", "--yes"]);
    }
}

#[cfg(feature = "policy")]
#[test]
fn policies_that_cannot_be_read_stop_everything() {
    let place = place("[safety]\npolicies = [\"p.rego\"]\n");
    for text in ["package a\ndeny contains", "package a\nx := 1", "package a\ndeny contains 1 if http.send({}) == 1"] {
        place.0.file("p.rego", text);
        let run = place.run(&["apply", "plan.json", "--yes"]);
        assert_eq!(run.code, 1, "{}", run.err);
        assert!(place.operations().is_empty());
    }
    let text = "[safety]\npolicies = [\"pack:soc2\"]\n[safety.checks.no-policy-violation]\nrequired = [\"a\"]\n";
    place.0.file("landfast.toml", text);
    assert!(place.run(&["apply", "plan.json", "--yes"]).err.contains("only one can be there"));
    nothing_was_begun(&place);
    place.0.file(
        "landfast.toml",
        "[safety]\npolicies = [\"pack:soc2\"]\n[safety.levels]\nno-policy-violation = \"warn\"\n",
    );
    place.ok(&["apply", "plan.json", "--yes"]);
}

#[test]
fn what_cannot_be_overridden_is_not() {
    let place = place(
        "[[safety.checks.freeze.freezes]]\nfrom = \"2000-01-01\"\nto = \"2999-01-01\"\nzone = \"UTC\"\nreason = \"holidays\"\n",
    );
    place.refused(&[], "frozen from 2000-01-01 to 2999-01-01: holidays");
    let unreasoned = place.run(&["apply", "plan.json", "--yes", "--force", "freeze"]);
    assert_eq!(unreasoned.code, 64);
    let empty = place.run(&["apply", "plan.json", "--yes", "--force", "freeze", "--reason", " "]);
    assert_eq!(empty.code, 64, "{}", empty.err);
    for check in ["lock-held", "concurrent-operation", "authorised"] {
        place.refused(&["--force", check, "--reason", "hurry"], &format!("the check {check} cannot be overridden"));
    }
    let before = place.operations().len();
    let unknown = place.run(&["apply", "plan.json", "--yes", "--force", "no-such-check", "--reason", "hurry"]);
    assert!(unknown.code == 64 && unknown.err.contains("there is no such check"), "{}", unknown.err);
    assert_eq!(place.operations().len(), before);
    // What is overridden is not more than what is named.
    place.refused(&["--force", "blast-radius", "--reason", "hurry"], "frozen from");
    nothing_was_begun(&place);
    place.ok(&["apply", "plan.json", "--yes", "--force", "freeze", "--reason", "it burns"]);
    let audit = std::process::Command::new("grep").args(["-rl", "it burns"]).arg(place.0.path("home/state")).output();
    let audit = String::from_utf8(audit.unwrap().stdout).unwrap();
    assert!(audit.contains("audit"), "{audit}");
}

#[test]
fn forcing_reaches_no_further_than_checks() {
    let place = place("");
    place.0.file("t.tfstate", STATE.replace("\"serial\": 7", "\"serial\": 8"));
    let force = ["backup-taken", "no-drift", "resource-exists"].map(|check| ["--force", check]).concat();
    place.refused(&[&force[..], &["--reason", "hurry"]].concat(), "the state is");
}

#[test]
fn roles_say_who_may_do_what() {
    let roles = "[[safety.checks.authorised.roles]]\nname = \"planners\"\npeople = [\"*\"]\nenvironments = [\"*\"]\nmay = [\"plan\"]\n\
        [[safety.checks.authorised.roles]]\nname = \"operators\"\npeople = [\"olga\"]\nenvironments = [\"prod\"]\nmay = [\"apply\"]\n\
        [environments.prod]\n";
    let place = place(roles);
    place.refused(&[], "granted by no role");
    nothing_was_begun(&place);
    let mut forced = place.command(&["apply", "plan.json", "--yes", "--force", "no-drift", "--reason", "x"]);
    let forced = forced.env("USER", "olga").output().unwrap();
    assert_eq!(forced.status.code(), Some(3), "overriding is a right of its own");
    let applied = place.command(&["apply", "plan.json", "--yes"]).env("USER", "olga").output().unwrap();
    assert_eq!(applied.status.code(), Some(0), "{}", String::from_utf8_lossy(&applied.stdout));
}

#[test]
fn a_plan_holds_for_its_environment_alone() {
    let place = place("[environments.dev]\nkey = \"*.tfstate\"\n");
    place.0.file("landfast.toml", "[environments.prod]\nkey = \"*.tfstate\"\n");
    place.refused(&[], "the plan is for");
    nothing_was_begun(&place);
    place.plan();
    let shown = place.ok(&["plan", "show", "plan.json", "--format", "json"]);
    assert!(shown.contains("\"prod\""), "{shown}");
    place.ok(&["apply", "plan.json", "--yes"]);
}

#[test]
fn a_changed_configuration_is_refused() {
    let place = Place::new();
    std::fs::create_dir_all(place.0.path("infra/module")).unwrap();
    place.0.file("infra/main.tf", "resource \"aws_vpc\" \"a\" {}\n");
    place.0.file("infra/module/main.tf", "locals {}\n");
    place.0.file("landfast.toml", "[safety]\nconfiguration = [\"infra\"]\n");
    place.plan();
    place.0.file("infra/module/main.tf", "locals { a = 1 }\n");
    place.refused(&[], "config-hash-match");
    nothing_was_begun(&place);
    // What is no configuration does not count.
    place.0.file("infra/module/main.tf", "locals {}\n");
    place.0.file("infra/readme.md", "hello");
    place.ok(&["apply", "plan.json", "--yes"]);
}

#[test]
fn deletes_are_acknowledged_by_their_exact_number() {
    let place = Place::of_a_system();
    let settings = place.read("landfast.toml");
    place.0.file("landfast.toml", format!("{settings}[safety.checks.delete-threshold]\nmax = 0\n"));
    place.0.file("wanted.toml", "[[delete]]\naddress = \"dns_record.api\"\n");
    place.plan();
    let at = ["--state", "t.tfstate"];
    place.refused(&at, "1 objects are lost, which nobody has acknowledged");
    place.refused(
        &[&at[..], &["--acknowledge-deletes", "2"]].concat(),
        "2 lost objects were acknowledged, and 1 are lost",
    );
    assert!(place.0.path("world/dns_record.api").exists());
    place.ok(&[&["apply", "plan.json", "--yes", "--acknowledge-deletes", "1"], &at[..]].concat());
    assert!(!place.0.path("world/dns_record.api").exists());
}

#[test]
fn prices_and_budgets_come_from_files() {
    let place = Place::of_a_system();
    let settings = place.read("landfast.toml");
    let safety = "[safety]\nprices = \"prices.toml\"\nbudgets = \"budgets.toml\"\n[safety.checks.cost-impact]\nmax-increase = \"1\"\n\
        [[safety.checks.no-slo-violation.budgets]]\nname = \"records\"\nkind = \"count\"\nlimit = 10\n";
    place.0.file("landfast.toml", format!("{settings}{safety}"));
    place.0.file("budgets.toml", "records = 9\n");
    let prices =
        |monthly: &str| format!("currency = \"EUR\"\n[[price]]\ntype = \"dns_record\"\nmonthly = \"{monthly}\"\n");
    place.0.file("prices.toml", prices("2"));
    place.plan();
    let values = ["--values", "wanted.toml", "--state", "t.tfstate"];
    place.refused(&values, "it costs 2 EUR more, and at most 1 pass");
    place.0.file("prices.toml", prices("0.5"));
    place.0.file("budgets.toml", "records = 10\n");
    place.refused(&values, "10 of 10 is used, the plan adds 1, which exceeds it");
    place.0.file("budgets.toml", "records = 9\n");
    place.ok(&[&["apply", "plan.json", "--yes"], &values[..]].concat());
    // A file that is not there is an error, and no permission.
    std::fs::remove_file(place.0.path("prices.toml")).unwrap();
    assert_eq!(place.run(&[&["apply", "plan.json", "--yes"], &values[..]].concat()).code, 1);
}

#[test]
fn what_changed_lately_counts() {
    let place = Place::of_a_system();
    let settings = place.read("landfast.toml");
    place.0.file(
        "landfast.toml",
        format!("{settings}[safety.checks.rate-of-change]\nmax-per-hour = 3\nmax-per-day = 3\n"),
    );
    place.plan();
    let values = ["--values", "wanted.toml", "--state", "t.tfstate"];
    place.ok(&[&["apply", "plan.json", "--yes"], &values[..]].concat());
    // Two have changed, and two would change again.
    let run = place.run(&[&["rollback", &place.last(), "--yes"], &values[..]].concat());
    assert_eq!(run.code, 3, "{}{}", run.out, run.err);
    assert!(
        run.out.contains("2 objects have changed within an hour, the plan changes 2, and at most 3 may"),
        "{}",
        run.out
    );
    // What was refused changed nothing, and does not count.
    let again =
        place.run(&[&["rollback", place.operations()[0]["id"].as_str().unwrap(), "--yes"], &values[..]].concat());
    assert!(again.out.contains("2 objects have changed within an hour"), "{}", again.out);
}

#[test]
fn commands_run_in_the_folder_that_names_them() {
    let place = place(
        "[[safety.commands]]\nid = \"our-check\"\nquestion = \"Is it here?\"\nadvice = \"look\"\nargv = [\"./tools/check\"]\n",
    );
    for folder in ["tools", "below", "below/tools"] {
        std::fs::create_dir(place.0.path(folder)).unwrap();
    }
    let says = |script: &str, outcome: &str| {
        let text = format!("#!/bin/sh\npwd > ran\ncat > /dev/null\necho '{{\"outcome\": \"{outcome}\"}}'\n");
        let path = place.0.file(script, text);
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    };
    says("tools/check", "fail");
    // One that whoever executes the plan puts in his folder.
    says("below/tools/check", "pass");
    let mut apply = place.command(&["apply", "../plan.json", "--yes"]);
    let run = crate::run::finish(apply.current_dir(place.0.path("below")));
    assert!(run.code == 3 && run.out.contains("fail  our-check"), "{}{}", run.out, run.err);
    assert!(place.0.path("ran").exists() && !place.0.path("below/ran").exists());
    nothing_was_begun(&place);
}
