//! `landfast policy`.

use crate::run::{Scratch, run, run_with_input};

const PLAN: &str = r#"{"format_version":"1.2","resource_changes":[
 {"address":"aws_ebs_volume.a","mode":"managed","type":"aws_ebs_volume","name":"a","provider_name":"p","change":{
  "actions":["create"],"before":null,"after":{"encrypted":false,"secret":"CANARY-1234"},"after_unknown":false,"before_sensitive":false,"after_sensitive":{"secret":true}}}],
 "planned_values":{},"prior_state":{"values":{}}}"#;

#[test]
fn a_plan_is_refused_and_passes() {
    let scratch = Scratch::new();
    let plan = scratch.file("plan.json", PLAN);
    let plan = plan.to_str().unwrap();
    let refused = run(["policy", "check", "--policy", "pack:soc2", plan]);
    assert_eq!((refused.code, refused.err.as_str()), (3, ""));
    insta::assert_snapshot!("refused_by_a_pack", refused.out);
    let json = run(["policy", "check", "--policy", "pack:soc2", "--format", "json", plan]);
    let document: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(
        (json.code, &document["clear"], &document["refusals"][0]["id"]),
        (3, &false.into(), &"lf-soc2-encryption-at-rest".into())
    );
    let clean = run_with_input(
        &["policy", "check", "--policy", "pack:soc2", "-"],
        PLAN.replace("\"encrypted\":false", "\"encrypted\":true").as_bytes(),
    );
    assert_eq!((clean.code, clean.err.as_str()), (0, ""));

    let leaking = scratch.file("leak.rego", "package a\ndeny contains msg if msg := json.marshal(input)");
    let leaking = run(["policy", "check", "--policy", leaking.to_str().unwrap(), plan]);
    assert_eq!(leaking.code, 3);
    assert!(leaking.out.contains("(sensitive value)") && !leaking.out.contains("CANARY"), "{}", leaking.out);
}

#[test]
fn a_configuration_is_judged_as_it_is_written() {
    let scratch = Scratch::new();
    let file =
        scratch.file("main.tf", "resource \"aws_db_instance\" \"a\" {\n  storage_encrypted = var.encrypted\n}\n");
    let checked = run(["policy", "check", "--policy", "pack:hipaa", file.to_str().unwrap()]);
    assert_eq!(checked.code, 3, "{}", checked.err);
    assert!(checked.out.contains("aws_db_instance.a: Stored data is encrypted"), "{}", checked.out);
    assert_eq!(
        run(["policy", "check", "--policy", "pack:hipaa", file.parent().unwrap().to_str().unwrap()]).out,
        checked.out
    );
    let bad = scratch.file("bad.tf", "resource \"a\" {\n  x = \n}\n");
    let bad = run(["policy", "check", "--policy", "pack:hipaa", bad.to_str().unwrap()]);
    assert_eq!(bad.code, 1);
    assert!(bad.err.contains("bad.tf:"), "{}", bad.err);
}

#[test]
fn no_verdict_is_an_error() {
    let scratch = Scratch::new();
    let plan = scratch.file("plan.json", PLAN);
    let plan = plan.to_str().unwrap();
    for (text, said) in [
        ("package a\nx := 1", "no rule"),
        (
            "package a\ndeny contains 1 if http.send({}) == 1",
            "p.rego:2:20: http.send is not given to policies: a policy has no network",
        ),
        ("package a\ndeny contains 1 if to_number(input.source) == 1", "could not parse string as number"),
        ("package a\ndeny if input.x", "data.a.deny is undefined"),
        ("package a\ndeny contains", "p.rego:2:"),
    ] {
        let policy = scratch.file("p.rego", text);
        let checked = run(["policy", "check", "--policy", policy.to_str().unwrap(), plan]);
        assert_eq!((checked.code, checked.out.as_str()), (1, ""), "{text}");
        assert!(checked.err.contains(said), "{text}: {}", checked.err);
    }
    assert_eq!(run(["policy", "check", "--policy", "pack:nothing", plan]).code, 1);
    assert_eq!(run(["policy", "check", plan]).code, 64);
    let state = run(["policy", "check", "--policy", "pack:soc2", "fixtures/aws-moto/recorded.tfstate"]);
    assert_eq!(state.code, 1);
    assert!(state.err.contains("not a plan"), "{}", state.err);
}

#[test]
fn queries_and_tests_run() {
    let scratch = Scratch::new();
    let policy = scratch.file(
        "p.rego",
        "package a\nx := input.n + 1\ntest_right if x == 2 with input as {\"n\": 1}\ntest_wrong if 1 == 2\n",
    );
    let policy = policy.to_str().unwrap();
    let evaluated = run_with_input(&["policy", "eval", "--policy", policy, "--query", "data.a.x", "-"], b"{\"n\": 6}");
    assert_eq!((evaluated.code, evaluated.out.as_str(), evaluated.err.as_str()), (0, "7\n", ""));
    assert_eq!(run_with_input(&["policy", "eval", "--policy", policy, "--query", "data.a.y", "-"], b"{}").code, 1);
    let tested = run(["policy", "test", policy]);
    assert_eq!(tested.code, 1);
    assert!(
        tested.out.contains("p.rego:4: fail: a.test_wrong") && tested.out.contains("1 of 2 tests passed"),
        "{}",
        tested.out
    );
    let tested = run(["policy", "test", "pack:soc2", "pack:hipaa"]);
    assert_eq!((tested.code, tested.err.as_str()), (0, ""), "{}", tested.out);
}
