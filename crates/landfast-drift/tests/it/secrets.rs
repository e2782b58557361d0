//! Sensitive values: compared, never shown.

use landfast_drift::rules::{Hint, HintKind};
use landfast_drift::{CompareOptions, DriftStatus};
use landfast_state::ResourceObject;

use crate::world::{bare, changes, compared, drift, normalised, object, paths, with_rules};

fn marked(attributes: &str, sensitive: &[&str]) -> ResourceObject {
    let mut object = object("test_thing.x", attributes);
    object.sensitive = paths(sensitive);
    object
}

#[test]
fn a_changed_secret_is_told_and_not_shown() {
    let found = compared(
        marked(r#"{"password":"hunter22","n":1}"#, &["password"]),
        marked(r#"{"password":"hunter23","n":1}"#, &["password"]),
        &bare(),
    );
    assert_eq!(changes(&found), [r#"password changed "(sensitive value)" -> "(sensitive value)""#]);
    assert!(found.changes[0].sensitive);
    assert!(!format!("{found:?}").contains("hunter2"));
}

#[test]
fn a_secret_marked_on_one_side_only_is_compared_and_not_shown() {
    let plain = marked(r#"{"password":"hunter22"}"#, &[]);
    let same = compared(plain.clone(), marked(r#"{"password":"hunter22"}"#, &["password"]), &bare());
    assert_eq!((same.status, same.normalised.len()), (DriftStatus::InSync, 0), "marks alone are no difference");
    for other in [marked(r#"{"password":"hunter23"}"#, &["password"]), marked(r#"{"password":null}"#, &["password"])] {
        for found in [compared(plain.clone(), other.clone(), &bare()), compared(other, plain.clone(), &bare())] {
            assert_eq!(found.changes.len(), 1);
            assert!(found.changes[0].sensitive);
            assert!(!format!("{found:?}").contains("hunter2"), "{found:?}");
        }
    }
}

#[test]
fn many_changes_in_one_secret_are_one() {
    let found = compared(
        marked(r#"{"creds":{"user":"one-long","pass":"two-long"}}"#, &["creds"]),
        marked(r#"{"creds":{"user":"three-long","pass":"four-long"}}"#, &["creds.pass"]),
        &bare(),
    );
    assert_eq!(changes(&found), [r#"creds changed "(sensitive value)" -> "(sensitive value)""#]);
    assert!(!format!("{found:?}").contains("-long"));
}

#[test]
fn a_secret_in_an_added_block_stays_one() {
    let found = compared(
        marked(r#"{"block":[]}"#, &[]),
        marked(r#"{"block":[{"name":"x","key":"hunter22"}]}"#, &["block[0].key"]),
        &bare(),
    );
    assert_eq!(changes(&found), [r#"block[0] added - -> {"key":"(sensitive value)","name":"x"}"#]);
    assert!(found.changes[0].sensitive);
}

#[test]
fn normalisers_reach_secrets_and_do_not_show_them() {
    let options = with_rules(
        "[[normalise]]\nid = \"sdk\"\nnormaliser = \"sdk-null-zero\"\nresource_types = [\"*\"]\n\
         [[normalise]]\nid = \"docs\"\nnormaliser = \"json-document\"\nresource_types = [\"*\"]\n",
    );
    let found = compared(
        marked(r#"{"a":null,"doc":"{\"k\":\"hunter22\"}","gone":null}"#, &["a", "doc", "gone"]),
        marked(r#"{"a":"","doc":"{ \"k\": \"hunter22\" }"}"#, &["doc"]),
        &options,
    );
    assert_eq!(found.status, DriftStatus::InSync);
    assert_eq!(normalised(&found), ["a sdk-null-zero by sdk", "doc json-document by docs", "gone null-absent"]);
    assert!(!format!("{found:?}").contains("hunter"));
}

#[test]
fn the_default_options_have_no_key() {
    assert!(CompareOptions::default().fingerprint_key.is_none());
    assert_eq!(drift("{}", "{}", &CompareOptions::default()).status, DriftStatus::InSync);
}

#[test]
fn what_one_side_marks_is_masked_wherever_the_other_side_copies_it() {
    let before = || marked(r#"{"password":"hunter22","url":"db://u:hunter22@h"}"#, &["password"]);
    let after = || marked(r#"{"password":"hunter33","url":"db://u:hunter33@h"}"#, &[]);
    for found in [compared(before(), after(), &bare()), compared(after(), before(), &bare())] {
        assert_eq!(found.changes.len(), 2);
        assert!(found.changes.iter().all(|change| change.sensitive));
        assert!(!format!("{found:?}").contains("hunter"), "{found:?}");
    }
}

#[test]
fn an_element_that_has_moved_is_as_secret_as_its_mark() {
    for (recorded, marks, observed, expected) in [
        // Before the mark, at it, behind it, alone, and where nothing else is the same.
        (r#"["n","ooooooooo"]"#, &["l[1]"][..], r#"["n","m","CANARY"]"#, 2),
        (r#"["n","ooooooooo"]"#, &["l[1]"], r#"["CANARY","n"]"#, 2),
        (r#"["n","ooooooooo"]"#, &["l[1]"], r#"["CANARY","x"]"#, 2),
        (r#"["n","ooooooooo"]"#, &["l[1]"], r#"["n","ooooooooo","CANARY"]"#, 1),
        (r#"["n","ooooooooo"]"#, &["l[0]", "l[1]"], r#"["CANARY",["CANARY"],{"a":"CANARY"}]"#, 3),
        (r#"[{"p":"oo","u":"a"}]"#, &["l[0].p"], r#"[{"p":"oo","u":"a"},{"p":"CANARY","u":"visible"}]"#, 1),
        (r#"[{"p":["o","o"]}]"#, &["l[0].p[1]"], r#"[{"p":["CANARY","o","CANARY"]}]"#, 2),
    ] {
        let [recorded, observed] = [recorded, observed].map(|list| format!(r#"{{"l":{list}}}"#));
        for reverse in [false, true] {
            let sides = (marked(&recorded, marks), marked(&observed, &[]));
            let found = if reverse {
                compared(sides.1, sides.0, &CompareOptions::default())
            } else {
                compared(sides.0, sides.1, &CompareOptions::default())
            };
            assert_eq!(found.changes.len(), expected, "{recorded} {observed}: {found:?}");
            assert!(!format!("{found:?}").contains("CANARY"), "{recorded} {observed}: {found:?}");
        }
    }
    // What nothing marks stays visible.
    let block = |n: &str| format!(r#"{{"l":[{{"p":"oo","u":"{n}"}},{{"p":"pp","u":"{n}{n}"}}]}}"#);
    let (one, more) = (r#"{"l":[{"p":"oo","u":"a"}]}"#, block("a"));
    let found = compared(marked(one, &["l[0].p"]), marked(&more, &[]), &CompareOptions::default());
    assert_eq!(changes(&found), [r#"l[1] added - -> {"p":"(sensitive value)","u":"aa"}"#]);
}

#[test]
fn a_set_in_another_order_shows_what_one_side_marks_in_no_place() {
    let mut options = CompareOptions::default();
    options.hints.push(Hint::new("set", "*", "l", HintKind::Set).unwrap());
    let (recorded, observed) = (r#"{"l":["n","CANARY"]}"#, r#"{"l":["CANARY","n"]}"#);
    let found = compared(marked(recorded, &["l[1]"]), marked(observed, &[]), &options);
    assert_eq!((found.status, found.normalised.len()), (DriftStatus::InSync, 1), "{found:?}");
    assert!(!format!("{found:?}").contains("CANARY"), "{found:?}");
}
