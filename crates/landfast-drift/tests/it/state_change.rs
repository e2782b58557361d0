//! What becomes of a state when another one takes its place.

use landfast_drift::{CompareOptions, StateChange};
use landfast_state::address::ObjectAddress;
use landfast_state::{Limits, StateFile};

/// A state with these resources, each with the members of its only instance.
fn state(serial: u64, resources: &[(&str, &str, &str)], output: &str) -> StateFile {
    let resources: Vec<String> = resources
        .iter()
        .map(|(mode_and_name, provider, instance)| {
            let (mode, name) = mode_and_name.split_once(' ').unwrap();
            format!(
                r#"{{"mode": "{mode}", "type": "a_thing", "name": "{name}",
                "provider": "provider[\"registry.terraform.io/acme/{provider}\"]", "instances": [{instance}]}}"#
            )
        })
        .collect();
    let text = format!(
        r#"{{"version": 4, "serial": {serial}, "lineage": "l", "outputs": {{"o": {{"value": "{output}", "type": "string"}}}},
        "resources": [{}]}}"#,
        resources.join(", ")
    );
    StateFile::read(text.into(), "test", &Limits::default()).unwrap()
}

fn address(text: &str) -> ObjectAddress {
    text.parse().unwrap()
}

/// The change in a few words.
fn words(before: Option<&StateFile>, after: &StateFile, moved: &[(&str, &str)]) -> Vec<String> {
    let moved: Vec<_> = moved.iter().map(|(from, to)| (address(from), address(to))).collect();
    let change = StateChange::between(before, after, &moved, &CompareOptions::default());
    let mut words = Vec::new();
    words.extend(change.removed.iter().map(|it| format!("- {it}")));
    words.extend(change.added.iter().map(|it| format!("+ {it}")));
    words.extend(change.moved.iter().map(|(from, to)| format!("{from} > {to}")));
    words.extend(change.changed.iter().map(|it| {
        let attributes: Vec<String> = it.attributes.iter().map(|change| change.path.to_string()).collect();
        format!("~ {}{} {}", it.address, if it.providers.is_some() { " provider" } else { "" }, attributes.join(" "))
    }));
    words.extend(change.outputs.iter().map(|it| format!("output {it}")));
    assert_eq!(change.is_empty(), words.is_empty());
    words
}

const PLAIN: &str = r#"{"attributes": {"id": "1", "tags": null}}"#;

#[test]
fn every_object_counts_and_nothing_is_normalised() {
    let before = state(1, &[("data d", "x", PLAIN), ("managed a", "x", PLAIN), ("managed b", "x", PLAIN)], "1");
    assert_eq!(words(Some(&before), &before, &[]), [""; 0]);
    assert_eq!(words(None, &before, &[]), ["+ data.a_thing.d", "+ a_thing.a", "+ a_thing.b", "output o"]);
    let other = r#"{"attributes": {"id": "1", "tags": ""}}"#;
    let after = state(2, &[("data d", "x", other), ("managed a", "y", PLAIN), ("managed c", "x", PLAIN)], "2");
    assert_eq!(
        words(Some(&before), &after, &[]),
        ["- a_thing.b", "+ a_thing.c", "~ data.a_thing.d ", "~ a_thing.a provider ", "output o"]
    );
    // Null against an empty text is no drift, but it is written.
    let after = state(2, &[("data d", "x", PLAIN), ("managed a", "x", other), ("managed b", "x", PLAIN)], "1");
    assert_eq!(words(Some(&before), &after, &[]), ["~ a_thing.a tags"]);
    let tainted = r#"{"status": "tainted", "attributes": {"id": "1", "tags": null}}"#;
    let after = state(2, &[("data d", "x", PLAIN), ("managed a", "x", tainted), ("managed b", "x", PLAIN)], "1");
    assert_eq!(words(Some(&before), &after, &[]), ["~ a_thing.a "]);
}

#[test]
fn what_moves_neither_goes_nor_appears() {
    let before = state(1, &[("managed a", "x", PLAIN), ("managed b", "x", PLAIN)], "1");
    let other = r#"{"attributes": {"id": "2", "tags": null}}"#;
    let after = state(2, &[("managed b", "x", PLAIN), ("managed c", "x", other)], "1");
    let moves = [("a_thing.a", "a_thing.c")];
    assert_eq!(words(Some(&before), &after, &moves), ["a_thing.a > a_thing.c", "~ a_thing.c id"]);
    assert_eq!(words(Some(&before), &after, &[]), ["- a_thing.a", "+ a_thing.c"]);
    // What is said to move and does not, counts as what it is.
    assert_eq!(words(Some(&before), &before, &moves), [""; 0]);
    let two = state(1, &[("managed a", "x", PLAIN), ("managed b", "x", other)], "1");
    let swapped = state(2, &[("managed a", "x", other), ("managed b", "x", PLAIN)], "1");
    let swap = [("a_thing.a", "a_thing.b"), ("a_thing.b", "a_thing.a")];
    assert_eq!(words(Some(&two), &swapped, &swap), ["a_thing.b > a_thing.a", "a_thing.a > a_thing.b"]);
}

#[test]
fn a_secret_is_no_part_of_it() {
    let secret = |value: &str| {
        format!(
            r#"{{"attributes": {{"id": "1", "note": "{value}"}}, "sensitive_attributes": [[{{"type": "get_attr", "value": "note"}}]]}}"#
        )
    };
    let (before, after) = (secret("CANARY-before"), secret("CANARY-after"));
    let (before, after) = (state(1, &[("managed a", "x", &before)], "1"), state(2, &[("managed a", "x", &after)], "1"));
    assert_eq!(words(Some(&before), &after, &[]), ["~ a_thing.a note"]);
    let change = StateChange::between(Some(&before), &after, &[], &CompareOptions::default());
    assert!(!format!("{:?}", change.changed).contains("CANARY"));
    assert_eq!(change.redactor.redact("CANARY-before and CANARY-after"), "(sensitive value) and (sensitive value)");
}
