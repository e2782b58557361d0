//! Streams give the report that memory gives.

use std::io::Cursor;

use landfast_drift::{Buffered, CompareOptions, DriftReport, InSync, compare, compare_streams};
use landfast_state::{Document, Limits, StateFile, StateStream, StreamError};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value as Json, json};

/// A resource of one of a few types, whose rules have hints, mirrors, secrets and noise.
fn resource() -> impl Strategy<Value = Json> {
    let kind = select(vec![
        ("managed", "aws_security_group"),
        ("managed", "aws_db_instance"),
        ("managed", "aws_lambda_function"),
        ("managed", "test_thing"),
        ("data", "aws_ami"),
    ]);
    let module = select(vec!["", "", "module.a", "module.a.module.b", "module.a[0]", "module.a[10]", "module.a[2]"]);
    (kind, module, "[a-d]", vec(instance(), 0..4)).prop_map(|((mode, type_name), module, name, instances)| {
        let mut keyed = Vec::new();
        for (at, mut instance) in instances.into_iter().enumerate() {
            if at > 0 {
                instance["index_key"] = if name == "a" { json!(at) } else { json!(format!("k{at}")) };
            }
            keyed.push(instance);
        }
        let mut resource = json!({"mode": mode, "type": type_name, "name": name,
            "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]", "instances": keyed});
        if !module.is_empty() {
            resource["module"] = json!(module);
        }
        resource
    })
}

fn instance() -> impl Strategy<Value = Json> {
    (attributes(), any::<bool>(), 0_u8..12).prop_map(|(attributes, marked, special)| {
        let mut instance = json!({"schema_version": 1, "attributes": attributes});
        if marked {
            instance["sensitive_attributes"] = json!([[{"type": "get_attr", "value": "name"}]]);
        }
        match special {
            0 => instance["deposed"] = json!("0badcafe"),
            1 => instance["attributes_flat"] = json!({"id": "i", "tags.%": "1", "tags.k": "v"}),
            2 => drop(instance.as_object_mut().and_then(|members| members.remove("attributes"))),
            _ => {}
        }
        instance
    })
}

fn attributes() -> impl Strategy<Value = Json> {
    let text = select(vec!["", "a", "long-secret-text", "see long-secret-text there", "<b>", "ü\u{202e}"]);
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (0_u64..130).prop_map(Json::from),
        Just(json!(1.5)),
        text.prop_map(Json::from),
        Just(json!("{\"Statement\": [{\"Effect\": \"Allow\"}]}")),
    ];
    let value = leaf.prop_recursive(2, 12, 4, |inner| {
        let names = select(vec!["a", "b", "tags", "password", "name"]);
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Json::from),
            vec((names, inner), 0..3).prop_map(|members| members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    });
    let names =
        select(vec!["id", "name", "ingress", "tags", "tags_all", "password", "policy", "latest_restorable_time"]);
    vec((names, value), 0..6).prop_map(|members| members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
}

#[derive(Debug, Clone)]
enum Edit {
    Drop(Index),
    Add(Json),
    Move(Index, Index),
    Change(Index, Json),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        any::<Index>().prop_map(Edit::Drop),
        resource().prop_map(Edit::Add),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Edit::Move(from, to)),
        (any::<Index>(), attributes()).prop_map(|(at, attributes)| Edit::Change(at, attributes)),
    ]
}

fn edited(mut resources: Vec<Json>, edits: Vec<Edit>) -> Vec<Json> {
    for edit in edits {
        match edit {
            Edit::Add(resource) => resources.push(resource),
            _ if resources.is_empty() => {}
            Edit::Drop(at) => drop(resources.remove(at.index(resources.len()))),
            Edit::Move(from, to) => {
                let moved = resources.remove(from.index(resources.len()));
                resources.insert(to.index(resources.len() + 1), moved);
            }
            Edit::Change(at, attributes) => {
                let at = at.index(resources.len());
                if let Some(instance) = resources[at]["instances"].get_mut(0) {
                    instance["attributes"] = attributes;
                }
            }
        }
    }
    resources
}

/// How a state is written: members in the order that states have, or sorted (`instances` before what names them).
#[derive(Debug, Clone, Copy)]
enum Written {
    Pretty,
    Compact,
    Sorted,
}

fn text(resources: &[Json], written: Written) -> String {
    let ordered = |resource: &Json| {
        let members: Vec<String> = ["module", "mode", "type", "name", "provider", "instances"]
            .iter()
            .filter_map(|name| Some(format!("{}:{}", json!(name), resource.get(name)?)))
            .collect();
        format!("{{{}}}", members.join(","))
    };
    let list: Vec<String> = match written {
        Written::Sorted => resources.iter().map(Json::to_string).collect(),
        _ => resources.iter().map(ordered).collect(),
    };
    let head = r#""version":4,"terraform_version":"1.11.4","serial":3,"lineage":"l","outputs":{"o":{"value":"long-output-secret","type":"string","sensitive":true}}"#;
    let compact = format!("{{{head},\"resources\":[{}]}}", list.join(","));
    match written {
        // White space between all tokens outside of strings, as far as a replacement does it.
        Written::Pretty => {
            compact.replace(",{\"mode\"", " ,\n  {\"mode\"").replace("\"attributes\":", "\"attributes\" : ")
        }
        _ => compact,
    }
}

fn in_memory(before: &str, after: &str, options: &CompareOptions) -> Option<DriftReport> {
    let read = |text: &str| StateFile::read(text.to_owned().into(), "s", &Limits::default()).ok().map(Document::State);
    let (before, after) = (read(before)?, read(after)?);
    let mut observation = after.observed();
    observation.gaps.extend(before.ignored());
    Some(compare(&before.recorded(), &observation, options))
}

fn streamed(before: &str, after: &str, options: &CompareOptions) -> Result<(DriftReport, Buffered), StreamError> {
    let open = |text: &str| StateStream::open(Cursor::new(text.to_owned()), "s", &Limits::default());
    compare_streams(&mut open(before)?, &mut open(after)?, options)
}

/// As [`streamed`], the texts read where they stand.
fn held(before: &str, after: &str, options: &CompareOptions) -> Result<(DriftReport, Buffered), StreamError> {
    let open = |text| StateStream::of_bytes(text, "s", &Limits::default());
    let (mut before, mut after) = (open(before.as_bytes())?, open(after.as_bytes())?);
    compare_streams(&mut before, &mut after, options)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn in_memory_and_streaming_reports_are_equal(
        resources in vec(resource(), 0..8),
        edits in vec(edit(), 0..4),
        shuffled in any::<bool>(),
        written in select(vec![Written::Pretty, Written::Compact, Written::Sorted]),
        listed in any::<bool>(),
    ) {
        let mut after = edited(resources.clone(), edits);
        if shuffled {
            after.reverse();
        }
        let (before, after) = (text(&resources, Written::Compact), text(&after, written));
        let mut options = CompareOptions::default();
        options.in_sync = if listed { InSync::List } else { InSync::Count };
        let whole = held(&before, &after, &options);
        match (in_memory(&before, &after, &options), streamed(&before, &after, &options)) {
            (Some(memory), Ok((stream, _))) => {
                prop_assert_eq!(&stream, &memory);
                prop_assert_eq!(whole.map(|(report, _)| report).ok(), Some(memory.clone()));
                prop_assert_eq!(stream.counts(), memory.counts());
                for secret in ["long-secret-text", "long-output-secret"] {
                    prop_assert_eq!(stream.redactor.redact(secret), memory.redactor.redact(secret));
                }
            }
            // An address that stands twice.
            (None, Err(StreamError::Read(error))) => {
                prop_assert_eq!(whole.map(drop).map_err(|error| error.to_string()), Err(error.to_string()));
            }
            (memory, stream) => prop_assert!(false, "{:?} {:?}", memory.is_some(), stream.err()),
        }
    }
}

/// The value with lists turned round and documents written otherwise.
fn rewritten(value: &Json, turn: bool) -> Json {
    match value {
        Json::Array(elements) => {
            let mut elements: Vec<Json> = elements.iter().map(|element| rewritten(element, turn)).collect();
            if turn {
                elements.reverse();
            }
            Json::Array(elements)
        }
        Json::Object(members) => members.iter().map(|(name, value)| (name.clone(), rewritten(value, turn))).collect(),
        Json::String(text) if text.starts_with('{') => json!(text.replace(": ", " :\n")),
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// What is only counted is known by looser hashes than what is listed, and comes to the same.
    #[test]
    fn counting_says_what_listing_says(
        resources in vec(resource(), 1..6),
        edits in vec(edit(), 0..2),
        turn in any::<bool>(),
    ) {
        let mut after = edited(resources.clone(), edits);
        for instance in after.iter_mut().filter_map(|resource| resource["instances"].as_array_mut()).flatten() {
            if let Some(attributes) = instance.get_mut("attributes") {
                *attributes = rewritten(attributes, turn);
            }
        }
        let (before, after) = (text(&resources, Written::Compact), text(&after, Written::Sorted));
        let listed = CompareOptions::default();
        let mut counted = CompareOptions::default();
        counted.in_sync = InSync::Count;
        let Some(mut expected) = in_memory(&before, &after, &listed) else { return Ok(()) };
        expected.in_sync_counted = expected.counts().in_sync;
        expected.resources.retain(|resource| resource.status != landfast_drift::DriftStatus::InSync);
        prop_assert_eq!(&in_memory(&before, &after, &counted).unwrap(), &expected);
        prop_assert_eq!(&streamed(&before, &after, &counted).unwrap().0, &expected);
    }
}

#[test]
fn states_in_one_order_wait_for_nothing() {
    let resource = |name: usize| {
        json!({"mode": "managed", "type": "test_thing", "name": format!("r{name:05}"),
            "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
            "instances": [{"schema_version": 0, "attributes": {"id": name, "text": "x".repeat(300)}}]})
    };
    let all: Vec<Json> = (0..3000).map(resource).collect();
    let one_less: Vec<Json> = all.iter().filter(|resource| resource["name"] != "r00007").cloned().collect();
    let mut options = CompareOptions::default();
    options.in_sync = InSync::Count;
    let (report, buffered) =
        streamed(&text(&all, Written::Compact), &text(&one_less, Written::Compact), &options).unwrap();
    assert_eq!((report.counts().missing, report.counts().in_sync), (1, 2999));
    assert_eq!(buffered.waiting, 1);
    assert!(buffered.text < 600_000, "{buffered:?}");
    let texts = [&all, &one_less].map(|resources| text(resources, Written::Compact));
    let (report, buffered) = held(&texts[0], &texts[1], &options).unwrap();
    assert_eq!((report.counts().missing, report.counts().in_sync), (1, 2999));
    assert_eq!((buffered.waiting, buffered.text), (1, texts[0].len() + texts[1].len()));
    let reversed: Vec<Json> = all.iter().rev().cloned().collect();
    let (report, buffered) =
        streamed(&text(&all, Written::Compact), &text(&reversed, Written::Compact), &options).unwrap();
    assert_eq!(report.counts().in_sync, 3000);
    assert!(buffered.waiting > 1000);
}

#[cfg(feature = "corpus")]
#[test]
fn corpus_pairs_give_equal_reports() {
    let states = crate::corpus::states();
    let options = CompareOptions::default();
    let mut compared = 0;
    for pair in states.windows(2) {
        for (before, after) in [(&pair[0], &pair[0]), (&pair[0], &pair[1]), (&pair[1], &pair[0])] {
            let (Ok(before), Ok(after)) = (std::str::from_utf8(before), std::str::from_utf8(after)) else { continue };
            match (in_memory(before, after, &options), streamed(before, after, &options)) {
                (Some(memory), Ok((stream, _))) => {
                    assert_eq!(stream, memory);
                    assert_eq!(held(before, after, &options).unwrap().0, memory);
                    compared += 1;
                }
                (None, Err(_)) | (Some(_), Err(StreamError::Whole { .. })) => {}
                (memory, stream) => panic!("{} {:?}", memory.is_some(), stream.err()),
            }
        }
    }
    assert!(compared > 300, "{compared}");
}
