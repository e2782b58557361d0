//! Policies: what is refused when they are read, what they say, and that whatever is unclear refuses.

use std::sync::Arc;
use std::time::Duration;

use landfast_drift::CompareOptions;
use landfast_safety::policy::{
    EvaluationError, PolicyCheck, PolicyError, PolicyFile, PolicyInput, PolicyOptions, PolicySet, RegoVersion,
    TestOutcome, pack_files, packs,
};
use landfast_safety::{ActionKind, Verdict};
use landfast_safety::{Check as _, Context, Facts, Gate, Level, Outcome, Proposal, ProposedChange, Target};
use landfast_state::json::Limits;
use landfast_state::plan::Plan;
use landfast_state::{AuditError, AuditEvent, AuditSink, BytesDigest, Document, Observation, Snapshot};
use serde_json::json;

fn file(text: &str) -> PolicyFile {
    PolicyFile { name: "p.rego".to_owned(), text: text.to_owned() }
}

fn load(text: &str) -> Result<PolicySet, PolicyError> {
    PolicySet::load(vec![file(text)], &PolicyOptions::default())
}

fn input(text: &str) -> PolicyInput {
    PolicyInput::from_json(text.as_bytes(), &Limits::default()).unwrap()
}

fn refusals(text: &str, given: &str) -> Result<Vec<String>, EvaluationError> {
    let verdict = load(text).unwrap().judge(&input(given))?;
    Ok(verdict.refusals.into_iter().map(|finding| finding.message).collect())
}

#[test]
fn what_reaches_out_is_refused_where_it_stands() {
    for (call, name) in [
        ("http.send({})", "http.send"),
        ("opa.runtime()", "opa.runtime"),
        ("time.now_ns()", "time.now_ns"),
        ("time.parse_rfc3339_ns(\"\")", "time.parse_rfc3339_ns"),
        ("rand.intn(\"a\", 7)", "rand.intn"),
        ("uuid.rfc4122(\"a\")", "uuid.rfc4122"),
        ("net.lookup_ip_addr(\"a\")", "net.lookup_ip_addr"),
        ("net.cidr_expand(\"10.0.0.0/8\")", "net.cidr_expand"),
        ("rego.metadata.rule()", "rego.metadata.rule"),
        ("io.jwt.decode(\"a\")", "io.jwt.decode"),
        ("crypto.sha256(\"a\")", "crypto.sha256"),
    ] {
        let text = format!("package a\n\ndeny contains 1 if {{\n\tinput.x == {call}\n}}\n");
        let Err(PolicyError::Forbidden { place, name: found, .. }) = load(&text) else { panic!("{call}") };
        assert_eq!((place.to_string().as_str(), found.as_str()), ("p.rego:4:16", name));
        // As it does where it is only handed on.
        let text = format!("package a\nf(_) := 1\ndeny contains 1 if {{\n\tf(1) == 1 with f as {name}\n}}\n");
        assert!(matches!(load(&text), Err(PolicyError::Forbidden { .. })), "{name}");
    }
}

#[test]
fn what_nobody_defines_is_refused_and_what_others_define_is_found() {
    let text = "package a\ndeny contains 1 if nosuch(1)\n";
    assert_eq!(load(text).unwrap_err().to_string(), "p.rego:2:20: there is no function nosuch");
    let library = PolicyFile { name: "l.rego".to_owned(), text: "package lib.time\nnow(x) := x\n".to_owned() };
    for (import, call) in [
        ("import data.lib.time as clock", "clock.now(1)"),
        ("import data.lib.time", "time.now(1)"),
        ("import data.lib", "lib.time.now(1)"),
        ("", "data.lib.time.now(1)"),
    ] {
        let text = format!("package a\n{import}\ndeny contains \"no\" if {call} == 1\n");
        let policies = PolicySet::load(vec![file(&text), library.clone()], &PolicyOptions::default());
        let verdict = policies.unwrap_or_else(|error| panic!("{call}: {error}")).judge(&input("{}")).unwrap();
        assert_eq!(verdict.refusals[0].message, "no", "{call}");
    }
}

#[test]
fn queries_get_no_more_than_policies() {
    let policies = load("package a\nallow := true").unwrap();
    for query in
        ["rand.intn(\"a\", 7)", "http.send({})", "net.cidr_expand(\"10.0.0.0/8\")", "time.now_ns()", "opa.runtime()"]
    {
        assert!(matches!(policies.query(query, &input("{}")), Err(EvaluationError::Failed { .. })), "{query}");
    }
    assert_eq!(policies.query("numbers.range(3, 1)", &input("{}")).unwrap(), Some(json!([3, 2, 1])));
    assert!(policies.query("numbers.range(1, 100000000)", &input("{}")).is_err());
    assert_eq!(policies.query("data.a.nothing", &input("{}")).unwrap(), None);
    assert_eq!(policies.query("x := input.n + 1", &input("{\"n\": 1}")).unwrap(), Some(json!({"x": 2})));
}

#[test]
fn both_versions_are_read() {
    let v0 = "package a\ndeny[msg] { input.x; msg := \"no\" }";
    let v1 = "package a\ndeny contains msg if { input.x; msg := \"no\" }";
    let switched = "package a\nimport rego.v1\ndeny contains msg if { input.x; msg := \"no\" }";
    for text in [v0, v1, switched] {
        assert_eq!(refusals(text, r#"{"x": true}"#).unwrap(), ["no"], "{text}");
        assert_eq!(refusals(text, "{}").unwrap(), Vec::<String>::new(), "{text}");
    }
    let with = |rego, text: &str| {
        let mut options = PolicyOptions::default();
        options.rego = rego;
        PolicySet::load(vec![file(text)], &options)
    };
    assert!(with(RegoVersion::V0, v0).is_ok() && with(RegoVersion::V1, v1).is_ok());
    let error = with(RegoVersion::V1, v0).unwrap_err().to_string();
    assert!(error.starts_with("p.rego:2:"), "{error}");
}

#[test]
fn results_of_every_shape_refuse() {
    let message = |rule: &str| refusals(&format!("package a\n{rule}"), "{}").unwrap();
    assert_eq!(message("deny contains \"no\""), ["no"]);
    assert_eq!(message("deny := [\"a\", \"b\"]"), ["a", "b"]);
    assert_eq!(message("deny := \"no\""), ["no"]);
    assert_eq!(message("deny := true"), ["a.deny is true"]);
    assert_eq!(message("deny := false"), Vec::<String>::new());
    assert_eq!(message("deny contains {\"msg\": \"no\", \"x\": 1}"), ["no"]);
    assert_eq!(message("deny contains {\"x\": 1}"), ["{\"x\":1}"]);
    assert_eq!(message("deny contains 7"), ["7"]);
    assert_eq!(message("deny_all contains \"no\""), ["no"]);
    assert_eq!(message("violation contains \"no\""), ["no"]);
    assert_eq!(message("allow := true"), Vec::<String>::new());
    assert_eq!(message("allow := false"), ["a.allow is false"]);
    assert_eq!(message("allow if input.x"), ["a.allow is undefined"]);
    assert_eq!(message("allow := 1"), ["a.allow is neither true nor false"]);
}

#[test]
fn what_is_unclear_refuses() {
    assert!(matches!(refusals("package a\ndeny := true if input.x", "{}"), Err(EvaluationError::Undefined { .. })));
    let error = refusals("package a\ndeny contains 1 if to_number(input.x) == 1", r#"{"x": "abc"}"#).unwrap_err();
    assert_eq!(error.to_string(), "data.a.deny cannot be evaluated: p.rego:2:35: could not parse string as number");
    assert!(refusals("package a\ndeny contains 1 if 1 / input.x == 1", r#"{"x": 0}"#).is_err());
    assert!(refusals("package a\nx := 1\nx := 2\ndeny contains x", "{}").is_err());
    let undecided = load("package a\nwarn contains 1").unwrap();
    assert!(matches!(undecided.decides(), Err(PolicyError::DecidesNothing { .. })));
    assert_eq!(undecided.judge(&input("{}")), Err(EvaluationError::DecidesNothing));
    assert!(matches!(PolicyCheck::new(undecided), Err(PolicyError::DecidesNothing { .. })));
    assert_eq!(PolicySet::load(Vec::new(), &PolicyOptions::default()).unwrap_err(), PolicyError::Nothing);
    assert!(matches!(load("package a\ndeny contains x if input.y == z"), Err(PolicyError::Invalid { .. })));
    assert!(refusals("package a\ndeny contains 1 if allow\nallow if deny", "{}").is_err());
    assert!(matches!(load(&format!("package a\n{}", "#".repeat(300_000))), Err(PolicyError::TooLarge { .. })));
}

#[test]
fn an_endless_evaluation_is_a_refusal() {
    let text = "package a\ndeny contains 1 if {\n\tsome a in numbers.range(1, 100000)\n\tsome b in numbers.range(1, 100000)\n\ta * b == -1\n}";
    let mut options = PolicyOptions::default();
    options.time_limit = Duration::from_millis(200);
    let policies = PolicySet::load(vec![file(text)], &options).unwrap();
    assert!(matches!(policies.judge(&input("{}")), Err(EvaluationError::OutOfTime { .. })));
}

#[test]
fn a_long_chain_of_rules_does_not_end_the_process() {
    let mut text = String::from("package a\ndeny contains x if x := r0\n");
    for number in 0..1_990 {
        // Nested expressions make each call deeper.
        let (open, close) = ("0 + (".repeat(5), ")".repeat(5));
        text.push_str(&format!("r{number} := {open}r{} + 1{close}\n", number + 1));
    }
    text.push_str("r1990 := 1\n");
    assert_eq!(refusals(&text, "{}").unwrap(), ["1991"]);
    text.push_str(&"more := 1\n".repeat(20));
    assert!(matches!(load(&text), Err(PolicyError::TooManyRules { .. })));
}

#[test]
fn tests_of_policies_are_run() {
    let text = "package a\ntest_right if 1 == 1\ntest_wrong if 1 == 2\ntest_undefined if input.x\ntest_builtin if not to_number(\"abc\")\ntodo_test_later if 1 == 2\ntest_input if { input.x == 1 with input.x as 1 }";
    let results: Vec<_> = load(text).unwrap().test();
    let results: Vec<_> = results.iter().map(|result| (result.rule.name.as_str(), result.outcome.clone())).collect();
    assert_eq!(
        results,
        [
            ("test_builtin", TestOutcome::Passed),
            ("test_input", TestOutcome::Passed),
            ("test_right", TestOutcome::Passed),
            ("test_undefined", TestOutcome::Failed),
            ("test_wrong", TestOutcome::Failed),
        ]
    );
}

#[test]
fn packs_pass_their_own_tests() {
    for pack in packs() {
        let files = pack_files([pack.name]).unwrap();
        let policies = PolicySet::load(files, &PolicyOptions::default()).unwrap_or_else(|error| panic!("{error}"));
        policies.decides().unwrap();
        let results = policies.test();
        assert!(results.len() > 40, "{}: {}", pack.name, results.len());
        let failed: Vec<_> = results.iter().filter(|result| result.outcome != TestOutcome::Passed).collect();
        assert!(failed.is_empty(), "{}: {failed:#?}", pack.name);
    }
    let both = PolicySet::load(pack_files(["hipaa", "soc2"]).unwrap(), &PolicyOptions::default());
    assert!(both.is_ok());
    assert!(matches!(pack_files(["pci"]), Err(PolicyError::NoSuchPack { .. })));
}

const PLAN: &str = r#"{"format_version":"1.2","terraform_version":"1.9.0","resource_changes":[
 {"address":"aws_db_instance.main","mode":"managed","type":"aws_db_instance","name":"main","provider_name":"p","change":{
  "actions":["create"],"before":null,"after":{"password":"CANARY-secret","copy":"has CANARY-secret in it","storage_encrypted":false,"size":123456789012345678901234567890},
  "after_unknown":{"arn":true},"before_sensitive":false,"after_sensitive":{"password":true}}},
 {"address":"aws_ebs_volume.old","mode":"managed","type":"aws_ebs_volume","name":"old","provider_name":"p","change":{
  "actions":["delete"],"before":{"encrypted":false},"after":null,"after_unknown":false,"before_sensitive":false,"after_sensitive":false}}],
 "planned_values":{},"prior_state":{"values":{}}}"#;

#[test]
fn a_plan_is_shown_without_secrets() {
    let plan = Plan::read(PLAN.into(), "plan.json", &Limits::default()).unwrap();
    let given = PolicyInput::of_plan(&plan).unwrap();
    let text = given.as_json().to_string();
    assert!(!text.contains("CANARY"), "{text}");
    let resources = &given.as_json()["resources"];
    assert_eq!(resources.as_array().unwrap().len(), 1, "what is deleted will not be there");
    assert_eq!(resources[0]["values"]["arn"], "(known after apply)");
    assert_eq!(resources[0]["values"]["password"], "(sensitive value)");
    assert_eq!(resources[0]["values"]["size"], "123456789012345678901234567890");
    assert_eq!(resources[0]["sensitive"], json!(["password"]));
    assert_eq!(given.as_json()["plan"]["changes"][1]["action"], "delete");
    let packs = PolicySet::load(pack_files(["soc2"]).unwrap(), &PolicyOptions::default()).unwrap();
    let verdict = packs.judge(&given).unwrap();
    let ids: Vec<_> = verdict.refusals.iter().map(|finding| (&*finding.address, &*finding.id)).collect();
    assert_eq!(ids, [("aws_db_instance.main", "lf-soc2-encryption-at-rest")]);
}

#[test]
fn a_configuration_is_shown_as_it_is_written() {
    let text = r#"
resource "aws_db_instance" "main" {
  storage_encrypted = true
  password          = "CANARY-secret"
  size              = 9007199254740993
  name              = "db-${var.env}"
  subnet            = aws_subnet.a.id
  zones             = ["a", var.b]
  tags              = { owner = "us", "a b" = 1 }
  timeouts { create = "1h" }
}
data "aws_ami" "a" {}
output "o" { value = "CANARY-secret" }
"#;
    let file = |name: &str, text: &str| PolicyFile { name: name.to_owned(), text: text.to_owned() };
    let given = PolicyInput::of_configuration(&[file("main.tf", text)]).unwrap();
    let json = given.as_json();
    assert!(!json.to_string().contains("CANARY"), "{json}");
    let values = &json["resources"][0]["values"];
    let ami = json["resources"].as_array().unwrap().iter().position(|resource| resource["type"] == "aws_ami");
    let values = if ami == Some(0) { &json["resources"][1]["values"] } else { values };
    assert_eq!(
        *values,
        json!({
            "storage_encrypted": true, "password": "(sensitive value)", "size": 9_007_199_254_740_993_u64,
            "name": "db-${var.env}", "subnet": "${aws_subnet.a.id}", "zones": ["a", "${var.b}"],
            "tags": {"owner": "us", "a b": 1}, "timeouts": [{"create": "1h"}],
        })
    );
    assert_eq!(json["configuration"]["resource"]["aws_db_instance"]["main"][0]["subnet"], "${aws_subnet.a.id}");
    assert_eq!(json["configuration"]["output"]["o"][0]["value"], "(sensitive value)");

    let error = PolicyInput::of_configuration(&[file("a.tf", "resource \"a\" {\n")]).unwrap_err().to_string();
    assert!(error.starts_with("a.tf:"), "{error}");
    let error = PolicyInput::of_configuration(&[file("a.tf", "\nresource \"a\" {}\n")]).unwrap_err().to_string();
    assert_eq!(error, "a.tf:2: this is no block of a resource: it needs a type and a name");
    let twice = [file("a.tf", "resource \"a_b\" \"c\" {}"), file("b.tf", "resource \"a_b\" \"c\" {}")];
    assert!(PolicyInput::of_configuration(&twice).is_err());
}

#[derive(Debug)]
struct Unheard;

impl AuditSink for Unheard {
    fn record(&self, _: &AuditEvent) -> Result<(), AuditError> {
        Ok(())
    }
}

fn state(resources: &str) -> Snapshot {
    let text = format!(r#"{{"version": 4, "serial": 1, "lineage": "l", "outputs": {{}}, "resources": [{resources}]}}"#);
    Document::read(text.into(), "s.tfstate", &Limits::default()).unwrap().recorded()
}

fn context() -> Context {
    let volume = |encrypted: bool| {
        state(&format!(
            r#"{{"mode": "managed", "type": "aws_ebs_volume", "name": "a", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
             "instances": [{{"attributes": {{"id": "vol-1", "encrypted": {encrypted}}}}}]}}"#
        ))
    };
    let target = Target {
        environment: "prod".to_owned(),
        store: "s.tfstate".to_owned(),
        workspace: "default".to_owned(),
        lineage: "l".to_owned(),
        serial: 1,
    };
    let mut proposal = Proposal::new(BytesDigest::of(b"plan"), target, volume(true), volume(false));
    proposal.changes.push(ProposedChange::new("aws_ebs_volume.a".parse().unwrap(), ActionKind::Update));
    let (recorded, now) = (volume(true), std::time::SystemTime::now());
    let observed = Observation::complete(volume(true));
    Context::new(Arc::new(proposal), recorded, observed, Facts::default(), now, &CompareOptions::default())
}

#[tokio::test]
async fn the_gate_asks_the_policies() {
    let check = |text: &str| PolicyCheck::new(load(text).unwrap()).unwrap();
    let refusing = "package a\ndeny contains msg if {\n\tsome change in input.plan.changes\n\tchange.before.encrypted\n\tnot change.after.encrypted\n\tinput.plan.target.environment == \"prod\"\n\tmsg := \"would lose its encryption\"\n}";
    let verdict = check(refusing).judge(&context()).await.unwrap();
    let Verdict::Fail { evidence, .. } = verdict else { panic!("it passed") };
    assert_eq!(evidence[0].found, "would lose its encryption [a.deny]");
    let drifted = "package a\nallow if every resource in input.drift.resources { resource.status == \"in_sync\" }";
    assert!(matches!(check(drifted).judge(&context()).await, Ok(Verdict::Pass(_))));

    let mut gate = Gate::empty();
    gate.add(Arc::new(check("package a\nallow if 1 / input.nothing == 1")), Level::Deny).unwrap();
    let report = gate.judge(&context(), None, &Unheard).await.unwrap();
    assert_eq!(report.worst(), Outcome::Fail, "undefined is no permission");
    let mut gate = Gate::empty();
    gate.add(Arc::new(check("package a\ndeny contains 1 if to_number(input.source) == 1")), Level::Warn).unwrap();
    let report = gate.judge(&context(), None, &Unheard).await.unwrap();
    assert_eq!(report.worst(), Outcome::Error, "an error refuses at every level");
    assert!(report.into_clearance().is_err());
}

#[test]
fn every_byte_of_the_policies_is_in_the_digest() {
    let settings = |text: &str| PolicyCheck::new(load(text).unwrap()).unwrap().settings();
    let one = settings("package a\nallow := true\n");
    assert_eq!(one, settings("package a\nallow := true\n"));
    assert_ne!(one, settings("package a\nallow := true\n#\n"));
    let mut options = PolicyOptions::default();
    options.data = json!({"pack_settings": {"regions": ["a"]}});
    let other = PolicySet::load(vec![file("package a\nallow := true\n")], &options).unwrap();
    assert_ne!(load("package a\nallow := true\n").unwrap().digest(), other.digest());
}

#[test]
fn what_the_engine_panics_over_is_a_refusal() {
    // If the engine has learnt this, look for another panic: the fence must be seen to hold.
    let text = "package a\ndeny contains 1 if strings.count(input.text, \"\") == -1";
    let error = refusals(text, r#"{"text": "some text"}"#).unwrap_err();
    assert!(matches!(error, EvaluationError::Panicked { .. }), "{error:?}");
}
