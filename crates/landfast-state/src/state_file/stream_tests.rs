//! A stream gives what a file in memory gives, wherever its window ends.

use std::io::Cursor;

use proptest::prelude::*;
use proptest::sample::Index;

use super::super::StateFile;
use super::*;
use crate::address::{InstanceKey, ObjectAddress};
use crate::snapshot::ResourceObject;

const STATE: &str = include_str!("../../tests/data/stream.tfstate");

/// What is compared of an object.
fn line(object: &ResourceObject) -> String {
    let (sensitive, dependencies) = (&object.sensitive, &object.dependencies);
    let (schema, tainted) = (object.schema_version, object.tainted);
    format!(
        "{} {} {schema} {tainted} {} {sensitive:?} {dependencies:?}",
        object.address,
        object.provider,
        object.value()
    )
}

fn in_memory(text: &[u8]) -> Result<Vec<String>, String> {
    let state = StateFile::read(text.to_vec().into(), "f", &Limits::default()).map_err(|error| error.to_string())?;
    let mut lines: Vec<String> = state.snapshot().objects().iter().map(line).collect();
    lines.extend(
        state.ignored().iter().map(|ignored| format!("{} {} {}", ignored.address, ignored.place, ignored.reason)),
    );
    lines.push(format!("{:?}", state.snapshot().origins()));
    Ok(lines)
}

/// As above, or `None` where the text must be read as a whole.
fn streamed(text: &[u8], chunk: usize) -> Option<Result<Vec<String>, String>> {
    read_from(StateStream::open_in_chunks(Cursor::new(text), "f", &Limits::default(), chunk))
}

/// As above, read where it stands.
fn held(text: &[u8]) -> Option<Result<Vec<String>, String>> {
    read_from(StateStream::of_bytes(text, "f", &Limits::default()))
}

fn read_from<R: Read + Seek>(stream: Result<StateStream<R>, StreamError>) -> Option<Result<Vec<String>, String>> {
    let read = || {
        let mut stream = stream?;
        let mut objects: Vec<(ObjectAddress, String)> = Vec::new();
        let mut places = Vec::new();
        while let Some(object) = stream.advance()? {
            places.push((object.located(), line(&object.to_object())));
            objects.push((object.address(), line(&object.to_object())));
        }
        for (located, expected) in &places {
            assert_eq!(line(&stream.reread(located)?), *expected);
        }
        objects.sort();
        let mut lines: Vec<String> = objects.into_iter().map(|(_, line)| line).collect();
        let ignored = stream.ignored()?;
        lines.extend(ignored.iter().map(|it| format!("{} {} {}", it.address, it.place, it.reason)));
        lines.push(format!("{:?}", [stream.origin()]));
        Ok(lines)
    };
    match read() {
        Err(StreamError::Whole { .. }) => None,
        Err(error) => Some(Err(error.to_string())),
        Ok(lines) => Some(Ok(lines)),
    }
}

/// The two agree; a stream that meets one mistake need not meet the same as a reader that looks at all bytes first.
fn agree(text: &[u8], chunk: usize) {
    let whole = in_memory(text);
    match (held(text), &whole) {
        (None, _) => {}
        (Some(Err(held)), Err(whole)) if whole.contains("UTF-8") => assert_eq!(held, *whole),
        (Some(held), whole) => assert_same(&held, whole),
    }
    if let Some(streamed) = streamed(text, chunk) {
        assert_same(&streamed, &whole);
    }
}

fn assert_same(streamed: &Result<Vec<String>, String>, whole: &Result<Vec<String>, String>) {
    match (streamed, whole) {
        (Err(streamed), Err(whole)) => {
            let other = whole.contains("UTF-8") || whole.contains("stands twice") || streamed.contains("UTF-8");
            assert!(streamed == whole || other, "{streamed}\n{whole}");
        }
        (Ok(_), Err(twice)) if twice.contains("stands twice") => {}
        _ => assert_eq!(streamed, whole),
    }
}

#[test]
fn every_window_shows_the_same() {
    assert!(in_memory(STATE.as_bytes()).is_ok());
    for chunk in (1..80).chain([100, 1000, 5000, CHUNK]) {
        assert!(streamed(STATE.as_bytes(), chunk).is_some());
        agree(STATE.as_bytes(), chunk);
    }
    // Keys in the order of the alphabet: instances come before what names their resource.
    let sorted = serde_json::from_str::<serde_json::Value>(STATE).unwrap();
    let sorted =
        serde_json::to_string(&sorted).unwrap().replacen('{', "{\"version\":4,", 1).replace(",\"version\":4}", "}");
    for chunk in [1, 7, 64, CHUNK] {
        assert!(streamed(sorted.as_bytes(), chunk).is_some_and(|read| read.is_ok()), "{sorted}");
        agree(sorted.as_bytes(), chunk);
    }
}

#[test]
fn members_are_known_in_any_case() {
    let mut odd = STATE.to_owned();
    for name in ["serial", "resources", "mode", "provider", "instances", "attributes", "index_key", "dependencies"] {
        odd = odd.replace(&format!("\"{name}\":"), &format!("\"{}\":", name.to_uppercase()));
    }
    assert_ne!(odd, STATE);
    assert_eq!(in_memory(odd.as_bytes()), in_memory(STATE.as_bytes()));
    let twice = odd.replacen("\"MODE\":", "\"mode\": \"managed\", \"MODE\":", 1);
    let late = odd.trim_end().strip_suffix('}').unwrap().to_owned() + ", \"resources\": []}";
    for text in [odd, twice, late] {
        for chunk in [1, 7, 64, CHUNK] {
            assert!(streamed(text.as_bytes(), chunk).is_some());
            agree(text.as_bytes(), chunk);
        }
    }
}

#[test]
fn what_must_be_read_as_a_whole_says_so() {
    for text in [
        r#"{"version": 3, "serial": 1, "modules": []}"#,
        r#"{"format_version": "1.0"}"#,
        r#"{"encrypted_data": "x"}"#,
        r#"{"serial": "late version", "version": 4}"#,
        "[]",
    ] {
        assert!(streamed(text.as_bytes(), 4).is_none(), "{text}");
    }
}

/// A state of managed resources with these names.
fn named(names: &[&str]) -> String {
    let resource = |name: &&str| {
        format!(
            r#"{{"mode":"managed","type":"t","name":"{name}","provider":"provider[\"registry.terraform.io/a/b\"]",
                "instances":[{{"attributes":{{}}}}]}}"#
        )
    };
    let resources: Vec<String> = names.iter().map(resource).collect();
    format!("{{\"version\":4,\"resources\":[{}]}}", resources.join(","))
}

#[test]
fn addresses_that_stand_twice_are_found_wherever_they_stand() {
    for (names, twice) in [
        (vec!["a", "b", "c", "d"], false),
        (vec!["d", "c", "b", "a"], false),
        (vec!["b", "c", "d", "a"], false),
        (vec!["a", "a"], true),
        (vec!["a", "b", "c", "a"], true),
        (vec!["c", "d", "a", "b", "d"], true),
        (vec!["c", "d", "a", "b", "a"], true),
        (vec!["b", "a", "c", "c"], true),
    ] {
        let text = named(&names);
        let mut stream = StateStream::open(Cursor::new(&text), "f", &Limits::default()).unwrap();
        while stream.advance().unwrap().is_some() {}
        let refused = stream.check_unique().map_err(|error| error.to_string());
        assert_eq!(refused.is_err(), twice, "{names:?}");
        assert_eq!(refused.err(), in_memory(text.as_bytes()).err(), "{names:?}");
    }
}

#[test]
fn names_are_noticed() {
    let filter = Arc::new(NameFilter::new(["secret_string"]));
    let mut stream = StateStream::open(Cursor::new(STATE), "f", &Limits::default()).unwrap();
    stream.watch(move |type_name| (type_name == "aws_secretsmanager_secret_version").then(|| Arc::clone(&filter)));
    let mut noticed = Vec::new();
    while let Some(object) = stream.advance().unwrap() {
        for at in object.noticed() {
            let key = object.attributes().unwrap().as_str()[*at..].split('"').nth(1).unwrap();
            noticed.push(format!("{} {key}", object.address()));
        }
        assert_eq!(object.key() == &InstanceKey::None, object.address().instance.key == InstanceKey::None);
    }
    assert_eq!(noticed, ["aws_secretsmanager_secret_version.a secret_string"]);
}

proptest! {
    #[test]
    fn broken_states_are_refused_alike(at in any::<Index>(), with in prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        prop::sample::select(vec!["\"", "{", "}", "[", "]", ",", ":", "null", "\\u12", "\"version\":4,", "1e9", "tru"])
            .prop_map(|text| text.as_bytes().to_vec()),
    ], cut in 0_usize..3, chunk in 1_usize..300) {
        let mut text = STATE.as_bytes().to_vec();
        let at = at.index(text.len());
        let end = (at + cut).min(text.len());
        text.splice(at..end, with);
        agree(&text, chunk);
    }

    #[test]
    fn cut_off_states_are_refused_alike(at in any::<Index>(), chunk in 1_usize..300) {
        let text = STATE.as_bytes();
        agree(&text[..at.index(text.len())], chunk);
    }
}
