//! Attributes as another reader of states saw them: the golden results of driftctl's reader.

use landfast_state::json::{Limits, Raw};
use landfast_state::{StateFile, Value};

use crate::corpus::{files_below, read};

/// The other reader leaves out what is empty: null, and empty collections.
fn pruned(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::List(elements) => {
            let kept: Vec<Value> = elements.iter().filter_map(pruned).collect();
            (!kept.is_empty()).then_some(Value::List(kept))
        }
        Value::Object(members) => {
            let kept = members.iter().filter_map(|(key, member)| Some((key.clone(), pruned(member)?)));
            let kept: landfast_state::Members = kept.collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        // Marks are ours alone: the other reader knows none.
        Value::Sensitive(sensitive) => pruned(sensitive.expose().unwrap()),
        other => Some(other.clone()),
    }
}

/// The other reader writes JSON documents in its own way.
fn document(value: &Value) -> Value {
    match value {
        Value::String(text) => match Raw::check(text.as_bytes(), &Limits::default()) {
            Ok(raw) if raw.members().is_some() => Value::from_raw(raw, &[]),
            _ => value.clone(),
        },
        other => other.clone(),
    }
}

/// Whether all that the other reader saw is there. Members that its schemas do not know it left out.
fn agrees(found: &Value, expected: &Value) -> bool {
    match (document(found), document(expected)) {
        (Value::Object(found), Value::Object(expected)) => {
            expected.iter().all(|(key, value)| found.get(key).is_some_and(|found| agrees(found, value)))
        }
        (Value::List(found), Value::List(expected)) => {
            found.len() == expected.len() && found.iter().zip(&expected).all(|(found, value)| agrees(found, value))
        }
        (found, expected) => found == expected,
    }
}

#[test]
fn attributes_equal_the_golden_results() {
    let (mut resources, mut attributes) = (0, 0);
    let (mut absent, mut differ) = (Vec::new(), Vec::new());
    for golden in files_below("state/driftctl-reader").iter().filter(|file| file.ends_with("results.golden.json")) {
        let state = golden.replace("results.golden.json", "terraform.tfstate");
        let state = StateFile::read(read(&state).into(), &state, &Limits::default()).unwrap();
        let bytes = read(golden);
        for expected in Raw::check(&bytes, &Limits::default()).unwrap().elements().unwrap() {
            let text = |name: &str| expected.get(name).unwrap().as_string().unwrap().into_owned();
            let (id, type_name) = (text("Id"), text("Type"));
            let expected = expected.get("Attrs").unwrap();
            let snapshot = state.snapshot();
            let found = snapshot.objects().iter().find_map(|object| {
                let value = object.value();
                let same = *object.address.instance.resource.type_name == *type_name
                    && value.get(&"id".parse().unwrap()) == Some(&Value::String(id.clone()));
                same.then_some(value)
            });
            let Some(Value::Object(found)) = found else {
                absent.push(format!("{type_name} {id} of {golden}"));
                continue;
            };
            resources += 1;
            for (name, expected) in expected.members().into_iter().flatten() {
                let Some(expected) = pruned(&Value::from_raw(expected, &[])) else { continue };
                let found = found.get(&*name).and_then(pruned);
                attributes += 1;
                if !found.as_ref().is_some_and(|found| agrees(found, &expected)) {
                    differ.push(format!("{type_name} {id} of {golden}: {name}: {found:?} is not {expected:?}"));
                }
            }
        }
    }
    assert_eq!(differ, Vec::<String>::new());
    // The other reader gives this one an id of its own making.
    assert_eq!(absent.len(), 1, "{absent:?}");
    assert!(absent[0].starts_with("aws_security_group_rule sgrule-850043874 of "), "{absent:?}");
    assert_eq!((resources, attributes), (148, 1123));
}
