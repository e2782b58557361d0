//! Reading with shapes that are known, against reading each key with care.

use std::io::Cursor;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::json::{JsonError, Kind, Limits, Reader, Window, WindowError};

/// What reading the elements of an array one by one gives.
#[derive(Debug, PartialEq)]
struct Passed {
    elements: Vec<String>,
    noticed: Vec<Vec<usize>>,
    error: Option<JsonError>,
}

fn filter() -> Option<Arc<NameFilter>> {
    Some(Arc::new(NameFilter::new(["password", "b"])))
}

fn limits(max_depth: usize, max_values: usize) -> Limits {
    Limits { max_depth, max_values, ..Limits::default() }
}

/// With `careful`, nothing is predicted.
fn pass(text: &str, limits: &Limits, careful: bool) -> Passed {
    let mut reader = Reader::new(text.as_bytes(), limits).unwrap();
    if careful {
        reader.open.shapes.turn_off();
    }
    reader.open.expect("kind", filter());
    let mut passed = Passed { elements: Vec::new(), noticed: Vec::new(), error: None };
    passed.error = elements(&mut reader, &mut passed).err();
    passed
}

fn elements(reader: &mut Reader<'_>, passed: &mut Passed) -> Result<(), JsonError> {
    reader.enter_array()?;
    while reader.next_element()? {
        if reader.peek()? == Kind::Object {
            reader.enter_part("part")?;
            while let Some(member) = member(reader)? {
                passed.elements.push(member);
            }
            // Keys of parts are not watched for.
            reader.open.keys.take_noticed();
        } else {
            passed.elements.push(reader.raw()?.as_str().to_owned());
            passed.noticed.push(reader.open.keys.take_noticed());
        }
    }
    reader.at_end()
}

/// A member of an object, as a reader of a known part reads it.
fn member(reader: &mut Reader<'_>) -> Result<Option<String>, JsonError> {
    let Some(key) = reader.next_known_member(&["a", "name", "password"])? else { return Ok(None) };
    let value = reader.raw()?;
    Ok(Some(format!("{key}={}", value.as_str())))
}

/// As [`pass`], through a window that is filled with little at a time. Places are counted from its beginning: only their offsets
/// are those of the document.
fn pass_in_chunks(text: &str, limits: &Limits, chunk: usize) -> Passed {
    let mut window = Window::open(Cursor::new(text), limits, chunk).unwrap_or_else(|error| panic!("{error:?}"));
    window.open_mut().unwrap().expect("kind", filter());
    let mut passed = Passed { elements: Vec::new(), noticed: Vec::new(), error: None };
    let result = (|| {
        window.step(|reader| reader.enter_array())?;
        loop {
            let step = |reader: &mut Reader<'_>| {
                if !reader.next_element()? {
                    return Ok(None);
                }
                if reader.peek()? == Kind::Object {
                    return reader.enter_part("part").map(|()| Some(None));
                }
                Ok(Some(Some(reader.raw()?.as_str().to_owned())))
            };
            match window.step(step)? {
                None => break,
                Some(Some(element)) => {
                    passed.elements.push(element);
                    passed.noticed.push(window.open_mut().unwrap().keys().take_noticed());
                }
                Some(None) => {
                    while let Some(member) = window.step(member)? {
                        passed.elements.push(member);
                    }
                    window.open_mut().unwrap().keys().take_noticed();
                }
            }
        }
        window.step(|reader| reader.at_end())
    })();
    passed.error = match result {
        Err(WindowError::Json(error)) => Some(error),
        _ => None,
    };
    passed
}

fn told(passed: Passed) -> String {
    let error = passed.error.map(|error| {
        let kind = format!("{:?}", std::mem::discriminant(&error.kind));
        (kind, error.place.offset, error.path)
    });
    format!("{:?}", (passed.elements, passed.noticed, error))
}

/// White space as it may stand between tokens.
fn gap() -> impl Strategy<Value = &'static str> {
    prop_oneof![12 => Just("\n  "), 4 => Just(""), 1 => Just(" "), 1 => Just("\t\r\n")]
}

fn key() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        12 => prop::sample::select(vec!["a", "b", "c", "name", "password", "Password", "availability_zone", "A"]),
        1 => prop::sample::select(vec!["\\u0061", "n\\u0061me", "", "käse", "availability_zona", "bavailability_zone"]),
    ]
}

fn value() -> impl Strategy<Value = String> {
    let right = prop::sample::select(vec![
        "1",
        "-20",
        "1.5e3",
        "true",
        "null",
        "\"x\"",
        "\"long enough to be passed in words\"",
        "\"\\n\"",
        "{}",
        "[]",
        "[ ]",
        "{ }",
        "\"k\u{e4}se\"",
        "[{\"a\":1},{\"a\":1,\"b\":2},{\"a\":1,\"b\":2}]",
    ]);
    let wrong = prop::sample::select(vec!["01", "tru", "\"\\q\"", "{\"a\":1,\"a\":2}"]);
    let scalar = prop_oneof![50 => right, 1 => wrong];
    scalar.prop_map(str::to_owned).prop_recursive(4, 24, 5, |inner| {
        let member = (gap(), gap(), gap(), inner.clone());
        prop_oneof![
            5 => (prop::collection::btree_map(key(), member, 0..6), gap()).prop_map(|(members, end)| {
                let member = |(key, (a, b, c, value)): (_, (_, _, _, String))| format!("{a}\"{key}\"{b}:{c}{value}");
                format!("{{{}{end}}}", members.into_iter().map(member).collect::<Vec<_>>().join(","))
            }),
            1 => prop::collection::vec(inner, 0..4).prop_map(|elements| format!("[{}]", elements.join(", "))),
        ]
    })
}

/// A few objects, repeated in some order, of which some are changed by a byte or a key.
fn document() -> impl Strategy<Value = String> {
    let change = (any::<prop::sample::Index>(), prop::sample::select(b"{}[],:\"\\ \nab1tN".to_vec()), 0..5_u8);
    let element = (any::<prop::sample::Index>(), prop::option::weighted(0.2, change));
    (prop::collection::vec(value(), 1..4), prop::collection::vec(element, 1..12)).prop_map(|(values, elements)| {
        let element = |(which, change): &(prop::sample::Index, Option<(prop::sample::Index, u8, u8)>)| {
            let mut text = which.get(&values).clone().into_bytes();
            if let Some((at, byte, how)) = change {
                let at = at.index(text.len());
                match how {
                    0 => text[at] = *byte,
                    1 => text.insert(at, *byte),
                    2 | 3 => {
                        // One more key, which may stand there already in one way or another.
                        let more: &[u8] =
                            [&b"\n  \"\\u0061\":1,"[..], b"\n  \"a\":1,", b"\"A\": 1,"][usize::from(*byte) % 3];
                        let place =
                            text.iter().skip(at).position(|byte| matches!(byte, b',' | b'{')).map(|more| at + more + 1);
                        place.into_iter().for_each(|place| drop(text.splice(place..place, more.iter().copied())));
                    }
                    _ => drop(text.remove(at)),
                }
            }
            String::from_utf8_lossy(&text).into_owned()
        };
        // In an array, an element is read as a whole.
        let element = |(at, of): (usize, _)| if at % 3 == 0 { format!("[{}]", element(of)) } else { element(of) };
        format!("[{}]", elements.iter().enumerate().map(element).collect::<Vec<_>>().join(",\n"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn what_is_predicted_is_what_a_careful_look_finds(
        text in document(),
        depth in prop_oneof![3 => Just(20), 1 => 2_usize..9],
        values in prop_oneof![3 => Just(1000_usize), 1 => 1_usize..40],
        chunk in 1_usize..80,
    ) {
        let limits = limits(depth, values);
        let careful = pass(&text, &limits, true);
        prop_assert_eq!(&pass(&text, &limits, false), &careful);
        prop_assert_eq!(told(pass_in_chunks(&text, &limits, chunk)), told(careful));
    }
}

#[test]
fn keys_are_known_again() {
    let one = r#"{"id": "x", "tags": {"a": 1, "b": 2}, "list": [{"k": 1}, {"k": 2}], "password": "p"}"#;
    let text = format!("[{one}, {one}, {}]", one.replace("\"k\": 2", "\"l\": 2"));
    let mut reader = Reader::new(text.as_bytes(), &Limits::default()).unwrap();
    reader.open.expect("kind", filter());
    reader.enter_array().unwrap();
    let mut steps = Vec::new();
    while reader.next_element().unwrap() {
        reader.raw().unwrap();
        steps.push(reader.open.shapes.steps.len());
    }
    // The list's second element is known by its first already.
    assert_eq!(steps, [2 + 7, 2 + 7, 2 + 8]);
    assert_eq!(reader.open.keys.take_noticed().len(), 3 * 2);
}

#[test]
fn other_names_to_watch_for_are_another_kind() {
    let text = r#"[{"x": 1}, {"x": 1}, {"x": 1}]"#;
    let mut reader = Reader::new(text.as_bytes(), &Limits::default()).unwrap();
    reader.enter_array().unwrap();
    for (names, noticed) in [(None, 0), (Some("x"), 1), (Some("y"), 0)] {
        reader.open.expect("kind", names.map(|name| Arc::new(NameFilter::new([name]))));
        assert!(reader.next_element().unwrap());
        reader.raw().unwrap();
        assert_eq!(reader.open.keys.take_noticed().len(), noticed);
    }
}

#[test]
fn what_is_remembered_is_bounded() {
    let members =
        |from: usize| (from..from + 20).map(|at| format!("\"{at}\": {{\"a\": 1}}")).collect::<Vec<_>>().join(",");
    let objects = (0..4000).map(|at| format!("{{{}}}", members(at * 20))).collect::<Vec<_>>().join(",");
    let text = format!("[{objects}]");
    let mut reader = Reader::new(text.as_bytes(), &Limits::default()).unwrap();
    reader.enter_array().unwrap();
    let mut kind = 0..;
    while reader.next_element().unwrap() {
        reader.open.expect(&kind.next().unwrap().to_string(), None);
        reader.raw().unwrap();
        assert!(reader.open.shapes.steps.len() <= MAX_STEPS + 2);
        assert!(reader.open.shapes.named.len() <= MAX_STEPS);
    }
}

/// A reader of an object, behind its first member.
fn behind_the_first_member(text: &str, is_second_life: bool) -> Reader<'_> {
    let mut reader = Reader::new(text.as_bytes(), &Limits::default()).unwrap();
    if is_second_life {
        reader.open.shapes.forget();
    }
    reader.enter_part("part").unwrap();
    assert!(reader.next_known_member(&["a", "x"]).unwrap().is_some());
    reader.raw().unwrap();
    reader
}

#[test]
fn a_place_that_was_forgotten_is_not_gone_back_to() {
    let mut reader = behind_the_first_member(r#"{"a": 1, "a": 2}"#, false);
    let mark = reader.open.mark();
    // Everything is forgotten and something else is learnt: behind `x`, where `a` was, stands an `a` that comes first there.
    let mut other = behind_the_first_member(r#"{"x": 1, "a": 2}"#, true);
    assert!(other.next_known_member(&["a"]).unwrap().is_some());
    reader.open.shapes = other.open.shapes.clone();
    let place = slot_of(&reader);
    assert!(reader.open.shapes.predict(place, br#", "a": 2}"#, 0).is_some(), "the place means something else now");

    reader.open.rewind(mark);
    let error = reader.next_known_member(&["a"]).unwrap_err();
    assert!(matches!(error.kind, crate::json::JsonErrorKind::DuplicateKey { .. }), "{error:?}");
}

/// Where a reader stands in the shapes that are known.
fn slot_of(reader: &Reader<'_>) -> Slot {
    reader.open.frames.last().unwrap().slot
}

/// An error of the last of these objects, each of which is read by its members, in steps through a window, and as a whole.
fn errors(objects: &[&str]) -> Vec<String> {
    let parts = format!("[{}]", objects.join(","));
    let wholes = format!("[[{}]]", objects.join("],["));
    let kind = |passed: Passed| passed.error.map(|error| format!("{:?}", error.kind)).unwrap_or_default();
    let mut errors =
        vec![kind(pass(&parts, &Limits::default(), false)), kind(pass(&wholes, &Limits::default(), false))];
    for chunk in 1..64 {
        errors.push(kind(pass_in_chunks(&parts, &Limits::default(), chunk)));
        errors.push(kind(pass_in_chunks(&wholes, &Limits::default(), chunk)));
    }
    errors
}

#[test]
fn keys_that_stand_twice_are_found_among_known_ones() {
    let known = r#"{"x": 1, "a": {"x": 1}, "b": 1}"#;
    assert!(errors(&[known, known, known]).iter().all(String::is_empty));
    for twice in [
        r#"{"x": 1, "a": {"x": 1}, "b": 1, "a": 1}"#,
        r#"{"x": 1, "a": {"x": 1}, "a": 1, "b": 1}"#,
        r#"{"x": 1, "\u0061": {"x": 1}, "a": {"x": 1}}"#,
        r#"{"x": 1, "a": {"x": 1, "x": 1}, "b": 1}"#,
        r#"{"x": 1, "a": {"x": 1}, "x": 1}"#,
        r#"{"x": 1, "a": {"x": 1}, "\u0062": 1, "b": 1}"#,
    ] {
        let errors = errors(&[known, known, known, twice]);
        assert!(errors.iter().all(|error| error.starts_with("DuplicateKey")), "{twice}: {errors:?}");
    }
}
