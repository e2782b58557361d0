//! Bad input is refused with the file, the place and the path, and never with a value.

use landfast_state::{Limits, StateFile};

/// Stands in every document where a value is: no message may repeat it.
const CANARY: &str = "hunter2-canary";

fn message(text: &[u8]) -> String {
    match StateFile::read(text.to_vec().into(), "a.tfstate", &Limits::default()) {
        Ok(_) => String::from("accepted"),
        Err(error) => error.to_string(),
    }
}

fn with_attributes(attributes: &str) -> Vec<u8> {
    format!(
        "{{\"version\": 4, \"serial\": 1, \"lineage\": \"l\", \"outputs\": {{}}, \"resources\": [\n{{\"mode\": \"managed\", \"type\": \"t\", \
         \"name\": \"n\", \"provider\": \"provider[\\\"registry.terraform.io/hashicorp/t\\\"]\", \"instances\": [\n{{\"schema_version\": 0, \
         \"attributes\": {{\"secret\": \"{CANARY}\", {attributes}}}}}]}}]}}"
    )
    .into_bytes()
}

#[test]
fn messages() {
    let deep = format!("{{\"version\": 4, \"x\": {}{}}}", "[".repeat(200), "]".repeat(200));
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("empty", b"".to_vec()),
        ("white space", b" \n\t".to_vec()),
        ("not json", CANARY.as_bytes().to_vec()),
        ("byte order mark", b"\xef\xbb\xbf{}".to_vec()),
        ("invalid utf-8", [b"{\"version\": 4,\n \"lineage\": \"".as_slice(), CANARY.as_bytes(), b"\xff\"}"].concat()),
        ("no version", b"{\"serial\": 1}".to_vec()),
        ("future version", b"{\"version\": 5}".to_vec()),
        ("version 0", b"{\"version\": 0}".to_vec()),
        ("version 99", b"{\"lineage\": \"l\",\n \"version\": 99}".to_vec()),
        ("version as text", b"{\"version\": \"4\"}".to_vec()),
        ("version with a fraction", b"{\"version\": 4.0}".to_vec()),
        ("version with an exponent", b"{\"version\": 1e0}".to_vec()),
        ("negative version", b"{\"version\": -1}".to_vec()),
        ("duplicate version", b"{\"version\":4,\n\"version\":3}".to_vec()),
        ("negative serial", b"{\"version\": 4, \"serial\": -1}".to_vec()),
        ("overflowing serial", b"{\"version\": 4, \"serial\": 18446744073709551616}".to_vec()),
        ("fractional serial", b"{\"version\": 4, \"serial\": 1.5}".to_vec()),
        ("NaN", b"{\"version\": 4, \"serial\": NaN}".to_vec()),
        ("trailing data", b"{\"version\": 4} {}".to_vec()),
        ("trailing comma", b"{\"version\": 4,}".to_vec()),
        ("cut off", b"{\"version\": 4, \"resources\": [{\"mode\": \"man".to_vec()),
        ("too deep", deep.into_bytes()),
        ("encrypted", b"{\"meta\": {}, \"encrypted_data\": \"AAAA\", \"encryption_version\": \"v0\"}".to_vec()),
        ("bad terraform version", b"{\"version\": 4, \"terraform_version\": \"hunter2-canary!\"}".to_vec()),
        ("duplicate attribute", with_attributes("\"a\": 1, \"\\u0061\": 2")),
        ("lone surrogate", with_attributes("\"a\": \"\\ud800 hunter2-canary\"")),
        ("control character", with_attributes("\"a\": \"\u{1}hunter2-canary\"")),
        ("bad escape", with_attributes("\"a\": \"\\x hunter2-canary\"")),
        ("bad number", with_attributes("\"a\": 01")),
        ("bad mode", b"{\"version\": 4, \"resources\": [{\"mode\": \"hunter2-canary\"}]}".to_vec()),
        ("wrong kind", b"{\"version\": 4, \"resources\": {\"a\": \"hunter2-canary\"}}".to_vec()),
    ];
    let mut shown = String::new();
    for (name, text) in &cases {
        let message = message(text);
        assert!(!message.contains(CANARY), "{name}: {message}");
        shown.push_str(&format!("{name}: {message}\n"));
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn two_objects_with_one_address_are_refused_with_both_places() {
    let one = "{\"schema_version\": 0, \"attributes\": {}}";
    let text = format!(
        "{{\"version\": 4, \"resources\": [{{\"mode\": \"managed\", \"type\": \"t\", \"name\": \"n\", \
         \"provider\": \"provider.t\", \"instances\": [{one},\n{one}]}}]}}"
    );
    insta::assert_snapshot!(message(text.as_bytes()));
}

#[test]
fn many_keys_are_checked_for_duplicates_too() {
    let mut members: Vec<String> = (0..1000).map(|at| format!("\"k{at}\": {at}")).collect();
    members.push(String::from("\"k500\": 1"));
    let message = message(&with_attributes(&members.join(",\n")));
    assert!(
        message.contains(
            "a.tfstate:1003:1: at resources[0].instances[0].attributes: duplicate key \"k500\" (first at 503:1)"
        ),
        "{message}"
    );
}

#[test]
fn limits_are_checked() {
    let limits = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        StateFile::read(with_attributes("\"a\": [1, 2, 3]").into(), "a", &limits).map(|_| ()).unwrap_err().to_string()
    };
    insta::assert_snapshot!(
        [
            limits(|limits| limits.max_bytes = 10),
            limits(|limits| limits.max_values = 10),
            limits(|limits| limits.max_depth = 3),
            limits(|limits| limits.max_instances = 0),
            limits(|limits| limits.max_number_len = 0),
        ]
        .join("\n")
    );
}

#[test]
fn two_spellings_of_a_member_are_one_that_stands_twice() {
    let resource = |instance: &str| {
        format!(
            r#"{{"version":4,"resources":[{{"mode":"managed","type":"a_b","name":"c","provider":"provider[\"registry.terraform.io/a/a\"]","instances":[{instance}]}}]}}"#
        )
    };
    for (text, error) in [
        (r#"{"version":4,"Version":4}"#.to_owned(), "a.tfstate:1:14: duplicate key \"Version\" (first at 1:2)"),
        (
            "{\"version\":4,\"resources\":[],\n\"Resources\":[]}".to_owned(),
            "a.tfstate:2:1: duplicate key \"Resources\" (first at 1:14)",
        ),
        (
            r#"{"version":4,"outputs":{"o":{"value":1,"type":"number","Value":2}}}"#.to_owned(),
            "a.tfstate:1:56: at outputs.o: duplicate key \"Value\" (first at 1:30)",
        ),
        (
            resource(r#"{"Attributes":{},"attributes":{"id":"hunter2-canary"}}"#),
            "a.tfstate:1:152: at resources[0].instances[0]: duplicate key \"attributes\" (first at 1:136)",
        ),
        // Free maps have the keys that they have.
        (resource(r#"{"attributes":{"id":"x","ID":"y","attributes":"z","Attributes":"z"}}"#), "accepted"),
        (
            r#"{"version":4,"outputs":{"value":{"value":1,"type":"number"},"Value":{"value":1,"type":"number"}}}"#
                .to_owned(),
            "accepted",
        ),
    ] {
        assert_eq!(message(text.as_bytes()), error, "{text}");
    }
}
