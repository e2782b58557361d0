//! Edits change what they touch and nothing else.

use landfast_state::address::ObjectAddress;
use landfast_state::{Limits, Sensitive, StateEdit, StateFile, Value};

use crate::corpus::corpus;

fn state() -> (String, StateFile) {
    let text = std::fs::read_to_string(corpus().join("terraform-1.11.4/hostile.1.tfstate")).unwrap();
    let state = StateFile::read(text.clone().into(), "hostile.1.tfstate", &Limits::default()).unwrap();
    (text, state)
}

/// The lines that differ, old before new.
fn changed_lines(old: &str, new: &str) -> String {
    let old: Vec<&str> = old.lines().collect();
    let new: Vec<&str> = new.lines().collect();
    let same_start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let same_end =
        old[same_start..].iter().rev().zip(new[same_start..].iter().rev()).take_while(|(a, b)| a == b).count();
    let part = |lines: &[&str], sign: &str| {
        lines[same_start..lines.len() - same_end].iter().map(|line| format!("{sign}{line}\n")).collect::<String>()
    };
    part(&old, "-") + &part(&new, "+")
}

fn edited(change: impl FnOnce(&mut StateEdit)) -> String {
    let (text, state) = state();
    let mut edit = state.edit();
    change(&mut edit);
    let new = edit.finish(&Limits::default()).unwrap();
    changed_lines(&text, std::str::from_utf8(new.as_bytes()).unwrap())
}

fn address(text: &str) -> ObjectAddress {
    text.parse().unwrap()
}

#[test]
fn the_serial_alone() {
    insta::assert_snapshot!(edited(|edit| {
        edit.set_serial(7).unwrap();
    }));
}

#[test]
fn an_attribute_replaced() {
    let value = Value::Sensitive(Sensitive::new(Value::String("<new & \u{2028}>".into())));
    insta::assert_snapshot!(edited(|edit| {
        edit.set_attribute(&address("terraform_data.esc"), &"input.value".parse().unwrap(), &value).unwrap();
    }));
}

#[test]
fn an_attribute_added_where_it_sorts() {
    let value = Value::List(vec![Value::Null, Value::Object([("k".into(), Value::Bool(true))].into())]);
    insta::assert_snapshot!(edited(|edit| {
        edit.set_attribute(&address("terraform_data.esc"), &"more".parse().unwrap(), &value).unwrap();
    }));
}

#[test]
fn an_instance_removed() {
    insta::assert_snapshot!(edited(|edit| {
        edit.remove(&address(r#"terraform_data.k["../../etc/passwd"]"#)).unwrap();
    }));
}

#[test]
fn the_last_instance_takes_its_resource_along() {
    let (_, state) = state();
    let mut edit = state.edit();
    for object in state.snapshot().objects() {
        edit.remove(&object.address).unwrap();
    }
    let empty = edit.finish(&Limits::default()).unwrap();
    let text = std::str::from_utf8(empty.as_bytes()).unwrap();
    assert!(text.contains("\"resources\": [],"), "{text}");
}

#[test]
fn what_is_not_there_is_refused() {
    let (_, state) = state();
    let mut edit = state.edit();
    insta::assert_snapshot!(edit.remove(&address("terraform_data.no")).unwrap_err());
    let esc = address("terraform_data.esc");
    insta::assert_snapshot!(edit.set_attribute(&esc, &"no.such".parse().unwrap(), &Value::Null).unwrap_err());
    insta::assert_snapshot!(edit.set_attribute(&esc, &"id".parse().unwrap(), &Value::Unknown).unwrap_err());
}

#[test]
fn members_in_another_case_are_found_and_no_second_one_is_written() {
    let text = r#"{"Version":4,"Serial":7,"lineage":"l","Outputs":{},"RESOURCES":[{"Mode":"managed","Type":"a_b","name":"c",
        "Provider":"provider[\"registry.terraform.io/a/a\"]","Instances":[{"Attributes":{"id":"x"}},{"Index_Key":1,"Attributes":{"ID":"y"}}]}]}"#;
    let state = StateFile::read(text.into(), "s", &Limits::default()).unwrap();
    assert_eq!((state.serial(), state.snapshot().objects().len()), (7, 2));
    let mut edit = state.edit();
    edit.set_serial(8).unwrap();
    edit.set_attribute(&address("a_b.c"), &"id".parse().unwrap(), &Value::String("z".into())).unwrap();
    edit.remove(&address("a_b.c[1]")).unwrap();
    let new = edit.finish(&Limits::default()).unwrap();
    let expected = text
        .replace("\"Serial\":7", "\"Serial\":8")
        .replace("\"x\"", "\"z\"")
        .replace(",{\"Index_Key\":1,\"Attributes\":{\"ID\":\"y\"}}", "");
    assert_eq!(std::str::from_utf8(new.as_bytes()).unwrap(), expected);
}
