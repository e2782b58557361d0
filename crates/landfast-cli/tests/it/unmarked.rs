//! Secrets that a state does not mark stay secret all the same; what only looks like one is shown.

use crate::run::{Scratch, finish, landfast, run};

const UNMARKED: [&str; 2] = [
    "crates/landfast-cli/tests/data/unmarked.recorded.tfstate",
    "crates/landfast-cli/tests/data/unmarked.observed.tfstate",
];

#[test]
fn secrets_that_a_state_does_not_mark_appear_nowhere() {
    let scratch = Scratch::new();
    let rules = scratch.file("own.toml", "[pack]\nid = \"own\"\nversion = 1\ndescription = \"No rules.\"\n");
    let rules = rules.to_str().unwrap();
    let key = scratch.path("key");
    let show = |arguments: &[&str]| {
        let run = finish(landfast().args(arguments).env("LANDFAST_FINGERPRINT_KEY_FILE", &key));
        let all = run.out.clone() + &run.err;
        assert!(!all.contains("CANARY"), "{arguments:?}: {all}");
        assert!([0, 2].contains(&run.code), "{arguments:?}: {}", run.err);
        run.out
    };
    let [a, b] = UNMARKED;
    let snapshots = ["a.json", "b.json"].map(|name| scratch.path(name).to_str().unwrap().to_owned());
    for (state, snapshot) in UNMARKED.iter().zip(&snapshots) {
        let text = show(&["snapshot", "create", state]);
        assert!(text.contains("visible-admin") && text.contains("\"fingerprint\""), "{text}");
        show(&["snapshot", "create", state, "--output", snapshot]);
        assert!(!std::fs::read_to_string(snapshot).unwrap().contains("CANARY"));
    }
    let [kept_a, kept_b] = &snapshots;
    for more in [&[][..], &["-v"], &["-vv"], &["--rules", rules], &["-v", "--format", "json", "--rules", rules]] {
        for format in ["text", "json"] {
            let format = if more.contains(&"--format") { &[][..] } else { &["--format", format] };
            let show = |arguments: &[&str]| show(&[arguments, format, more].concat());
            for (one, other) in [(a, b), (b, a), (a, kept_b), (kept_a, b), (kept_b, kept_a), (a, a)] {
                show(&["diff", one, other]);
                show(&["check", "--recorded", one, "--observed", other]);
            }
            for state in UNMARKED {
                show(&["state", "show", "--state", state]);
            }
        }
    }
}

#[test]
fn what_only_looks_like_a_secret_is_shown() {
    let state = std::fs::read_to_string(crate::run::root().join(UNMARKED[0])).unwrap();
    let shown = run(["state", "show", "--state", UNMARKED[0]]).out;
    let mut seen = 0;
    for (at, _) in state.match_indices("visible") {
        let text: String = state[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        // The connection string holds the key and is hidden as a whole.
        assert!(shown.contains(&text), "{text}: {shown}");
        seen += 1;
    }
    assert!(seen > 15, "{seen}");
    for lookalike in ["max_password_age", "token_ttl", "private_key_type", "AKIAVISIBLEEXAMPLE00"] {
        assert!(shown.contains(lookalike), "{lookalike}");
    }
    let [recorded, observed] = UNMARKED;
    let report = run(["diff", recorded, observed, "--format", "json"]).out;
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let resources = report["resources"].as_array().unwrap();
    let changes = |address: &str| {
        let resource = resources.iter().find(|resource| resource["address"] == address).unwrap();
        let changes = resource["changes"].as_array().unwrap().iter();
        changes
            .map(|it| format!("{} {} {}", it["path"].as_str().unwrap(), it["before"], it["after"]))
            .collect::<Vec<_>>()
    };
    let hidden = |path: &str| format!("{path} \"(sensitive value)\" \"(sensitive value)\"");
    assert_eq!(changes("aws_db_instance.main"), ["allocated_storage 20 27".to_owned(), hidden("password")]);
    assert_eq!(changes("aws_db_instance.old"), [hidden("password")]);
    assert_eq!(changes("aws_iam_account_password_policy.strict"), ["max_password_age 90 97"]);
    assert_eq!(changes("kubernetes_secret.app"), [hidden("data")]);
    assert_eq!(changes("local_file.script"), [hidden("content")], "a copy of random_password.db");
    assert_eq!(changes("random_password.db"), [hidden("result")]);
    assert_eq!(changes("vault_approle_auth_backend_role.app"), ["token_ttl 3600 3607"]);
}

#[test]
fn a_snapshot_stands_for_a_state_with_unmarked_secrets() {
    let scratch = Scratch::new();
    let key = scratch.path("key");
    let with_key = |arguments: &[&str]| finish(landfast().args(arguments).env("LANDFAST_FINGERPRINT_KEY_FILE", &key));
    let kept = scratch.path("kept.json");
    let kept = kept.to_str().unwrap();
    assert_eq!(with_key(&["snapshot", "create", UNMARKED[0], "--output", kept]).code, 0);
    let same = with_key(&["check", "--recorded", kept, "--observed", UNMARKED[0], "--strict"]);
    assert_eq!(same.code, 0, "{}", same.out);
    let paths = |recorded: &str| {
        let run = with_key(&["check", "--recorded", recorded, "--observed", UNMARKED[1], "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        let resources = report["resources"].as_array().unwrap().clone();
        let changes = resources.iter().flat_map(|it| it["changes"].as_array().unwrap().clone());
        changes.map(|change| change["path"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(paths(kept), paths(UNMARKED[0]));
}

#[test]
fn copies_in_keys_and_addresses_are_masked_or_warned_about() {
    let scratch = Scratch::new();
    let state = serde_json::json!({"version": 4, "serial": 1, "lineage": "l", "outputs": {}, "resources": [
        {"mode": "managed", "type": "random_password", "name": "p", "provider": "provider[\"registry.terraform.io/hashicorp/random\"]",
         "instances": [{"schema_version": 0, "attributes": {"result": "CANARY-in-a-key", "note": "CANARY-in-a-key\n"}}]},
        {"mode": "managed", "type": "a_b", "name": "c", "provider": "provider[\"registry.terraform.io/a/a\"]",
         "instances": [{"index_key": "CANARY-in-a-key", "schema_version": 0, "attributes": {"map": {"x CANARY-in-a-key": 1}}}]},
        {"mode": "managed", "type": "a_b", "name": "d", "provider": "provider[\"registry.terraform.io/a/a\"]",
         "instances": [{"schema_version": 0, "attributes": {"map": {"x CANARY-in-a-key": 1}}}]},
    ]});
    let state = scratch.file("state.json", state.to_string());
    for format in ["text", "json"] {
        let shown = run([
            "state".as_ref(),
            "show".as_ref(),
            "--state".as_ref(),
            state.as_os_str(),
            "--format".as_ref(),
            format.as_ref(),
        ]);
        assert_eq!((shown.code, &*shown.err), (0, ""));
        assert!(!shown.out.contains("CANARY"), "{}", shown.out);
        assert!(shown.out.contains("x (sensitive value)"), "{}", shown.out);
    }
    let mut create = landfast();
    let create =
        create.args(["snapshot", "create"]).arg(&state).env("LANDFAST_FINGERPRINT_KEY_FILE", scratch.path("key"));
    let kept = finish(create);
    let warning = |object: &str, place: &str| {
        format!("warning: {object}: what was written has a copy of a sensitive value in clear, in its {place}\n")
    };
    let expected = [
        warning("a_b.c[\"(sensitive value)\"]", "address"),
        warning("a_b.c[\"(sensitive value)\"]", "keys"),
        warning("a_b.d", "keys"),
    ];
    assert_eq!((kept.code, kept.err), (0, expected.concat()));
    assert!(!kept.out.contains("\"note\": \"CANARY"), "{}", kept.out);
}
