//! Which attributes a report lists as changed, and which as equal by a named rule.

use landfast_drift::{CompareOptions, DriftStatus, Normaliser};
use landfast_state::Attributes;

use crate::world::{bare, changes, compared, drift, normalised, object, paths, raw, with_rules};

/// Compares without rules, and again the other way round, where added and removed change places.
fn listed(before: &str, after: &str) -> Vec<String> {
    let found = drift(before, after, &bare());
    let inverse = drift(after, before, &bare());
    assert_eq!(found.changes.len(), inverse.changes.len(), "the same number the other way round");
    assert_eq!(found.status, inverse.status);
    changes(&found)
}

#[test]
fn one_change_is_one_leaf_path() {
    assert_eq!(
        listed(r#"{"a":1,"b":{"c":"x","d":true},"e":[1,2,3]}"#, r#"{"a":2,"b":{"c":"y","d":true},"e":[1,5,3]}"#),
        ["a changed 1 -> 2", r#"b.c changed "x" -> "y""#, "e[1] changed 2 -> 5"]
    );
}

#[test]
fn a_block_an_element_or_an_entry_counts_once() {
    assert_eq!(
        listed(
            r#"{"block":[{"a":1,"b":2}],"list":["x","y"],"map":{"k":"v"}}"#,
            r#"{"block":[{"a":1,"b":2},{"a":3,"b":4}],"list":["y"],"map":{}}"#
        ),
        [r#"block[1] added - -> {"a":3,"b":4}"#, r#"list[0] removed "x" -> -"#, r#"map.k removed "v" -> -"#]
    );
}

#[test]
fn blocks_are_followed_when_others_are_inserted() {
    let a = r#"{"device":"a","size":10,"type":"fast"}"#;
    let b = r#"{"device":"b","size":20,"type":"slow"}"#;
    let a_changed = r#"{"device":"a","size":11,"type":"fast"}"#;
    let c = r#"{"device":"c","size":30,"type":"cold"}"#;
    assert_eq!(
        listed(&format!(r#"{{"disk":[{a},{b}]}}"#), &format!(r#"{{"disk":[{c},{a_changed},{b}]}}"#)),
        [r#"disk[0] added - -> {"device":"c","size":30,"type":"cold"}"#, "disk[0].size changed 10 -> 11"]
    );
    // A single block is the same block, however much of it changed.
    assert_eq!(listed(r#"{"disk":[{"size":1,"type":"x"}]}"#, r#"{"disk":[{"size":2,"type":"y"}]}"#).len(), 2);
}

#[test]
fn null_is_no_value() {
    assert_eq!(
        listed(r#"{"a":null,"b":"x","c":null}"#, r#"{"a":"x","b":null,"c":null}"#),
        [r#"a added null -> "x""#, r#"b removed "x" -> null"#]
    );
    // Nothing is added to a list but what can be seen.
    assert_eq!(listed(r#"{"l":["x"]}"#, r#"{"l":["x",null]}"#), ["l[1] added - -> null"]);
    assert_eq!(listed(r#"{"l":["x"]}"#, r#"{"l":[null]}"#), [r#"l[0] changed "x" -> null"#]);
}

#[test]
fn null_against_absent() {
    let found = drift(r#"{"a":null,"b":[{"c":1,"d":null}],"m":{}}"#, r#"{"b":[{"c":1}],"m":{"k":null}}"#, &bare());
    assert_eq!(found.status, DriftStatus::InSync);
    assert_eq!(normalised(&found), ["a null-absent", "b[0].d null-absent", "m.k null-absent"]);
    let mut options = bare();
    options.disabled_normalisers.insert(Normaliser::NullAbsent);
    let found = drift(r#"{"a":null}"#, r#"{"b":null}"#, &options);
    assert_eq!(changes(&found), ["a removed null -> -", "b added - -> null"]);
}

fn sdk() -> CompareOptions {
    with_rules("[[normalise]]\nid = \"sdk\"\nnormaliser = \"sdk-null-zero\"\nresource_types = [\"test_*\"]\n")
}

#[test]
fn sdk_null_zero_on_attributes_of_resources_and_blocks() {
    let before = r#"{"s":null,"n":null,"b":null,"l":null,"block":[{"x":""}],"gone":""}"#;
    let after = r#"{"s":"","n":0,"b":false,"l":[],"block":[{"x":null}]}"#;
    let found = drift(before, after, &sdk());
    assert_eq!(found.status, DriftStatus::InSync, "{:?}", changes(&found));
    assert_eq!(found.normalised.len(), 6);
    assert!(normalised(&found).contains(&"block[0].x sdk-null-zero by sdk".to_owned()));
    // Blocks that only differ so are found when others are removed.
    let before = r#"{"block":[{"id":"1","x":""},{"id":"2","x":""}]}"#;
    let after = r#"{"block":[{"id":"2","x":null}]}"#;
    assert_eq!(changes(&drift(before, after, &sdk())), [r#"block[0] removed {"id":"1","x":""} -> -"#]);
}

#[test]
fn sdk_null_zero_swallows_nothing_else() {
    for (before, after) in [
        // An empty entry of a map is not the same as none.
        (r#"{"tags":{"k":""}}"#, r#"{"tags":{}}"#),
        (r#"{"tags":{"k":""}}"#, r#"{"tags":{"k":null}}"#),
        // Neither is an empty element of a list.
        (r#"{"l":[""]}"#, r#"{"l":[]}"#),
        (r#"{"l":[""]}"#, r#"{"l":[null]}"#),
        (r#"{"l":[{}]}"#, r#"{"l":[]}"#),
        // Two zeros of different kinds, and what is no zero.
        (r#"{"a":""}"#, r#"{"a":0}"#),
        (r#"{"a":false}"#, r#"{"a":0}"#),
        (r#"{"a":null}"#, r#"{"a":" "}"#),
        (r#"{"a":null}"#, r#"{"a":"0"}"#),
        (r#"{"a":null}"#, r#"{"a":true}"#),
        (r#"{"a":null}"#, r#"{"a":[null]}"#),
        (r#"{"a":null}"#, r#"{"a":{"b":null}}"#),
    ] {
        let found = drift(before, after, &sdk());
        assert_eq!(found.changes.len(), 1, "{before} against {after}: {:?}", normalised(&found));
    }
    let mut other = object("other_thing.x", r#"{"a":""}"#);
    let found = compared(object("other_thing.x", r#"{"a":null}"#), other.clone(), &sdk());
    assert_eq!(found.changes.len(), 1, "a type that the rule does not name");
    other.address = "test_thing.x".parse().unwrap();
    let mut disabled = sdk();
    disabled.disabled_normalisers.insert(Normaliser::SdkNullZero);
    assert_eq!(compared(object("test_thing.x", r#"{"a":null}"#), other, &disabled).changes.len(), 1);
}

#[test]
fn null_and_empty_grow_alike() {
    for grown in [r#"{"a":{"k":"1","l":"2","m":"3"}}"#, r#"{"a":[{"k":"1"},{"k":"2"},{"k":"3"}]}"#] {
        let empty = if grown.contains('[') { r#"{"a":[]}"# } else { r#"{"a":{}}"# };
        let told = |before: &str, after: &str| changes(&drift(before, after, &sdk()));
        assert_eq!(told(empty, grown).len(), 3);
        for null in [r#"{"a":null}"#, "{}"] {
            assert_eq!(told(null, grown), told(empty, grown));
            assert_eq!(told(grown, null), told(grown, empty));
        }
    }
}

#[test]
fn json_documents_in_strings() {
    let options = with_rules(
        "[[normalise]]\nid = \"docs\"\nnormaliser = \"json-document\"\nresource_types = [\"*\"]\nattributes = [\"policy\"]\n",
    );
    let (a, same, other) = (r#"{\"x\":1,\"y\":2}"#, r#"{ \"y\": 2, \"x\": 1 }"#, r#"{\"x\":1,\"y\":3}"#);
    let with = |name: &str, text: &str| format!(r#"{{"{name}":"{text}"}}"#);
    let found = drift(&with("policy", a), &with("policy", same), &options);
    assert_eq!((changes(&found).len(), normalised(&found)), (0, vec!["policy json-document by docs".to_owned()]));
    let found = drift(&with("policy", a), &with("policy", other), &options);
    assert_eq!(changes(&found), [r#"policy changed "{\"x\":1,\"y\":2}" -> "{\"x\":1,\"y\":3}""#]);
    assert_eq!(drift(&with("text", a), &with("text", same), &options).changes.len(), 1, "not named by the rule");
}

#[test]
fn dynamic_wrappers() {
    let state = r#"{"manifest":{"value":{"kind":"Pod","n":1},"type":["object",{"kind":"string","n":"number"}]}}"#;
    let found = drift(state, r#"{"manifest":{"kind":"Pod","n":1}}"#, &bare());
    assert_eq!((found.status, normalised(&found)), (DriftStatus::InSync, vec!["manifest dynamic-wrapper".to_owned()]));
    assert_eq!(listed(state, r#"{"manifest":{"kind":"Pod","n":2}}"#), ["manifest.n changed 1 -> 2"]);
    assert_eq!(listed(r#"{"d":{"value":null,"type":"string"}}"#, r#"{"d":null}"#), [""; 0]);
    assert_eq!(listed(r#"{"d":{"value":"x","type":"string"}}"#, "{}").len(), 1);
    // Not a wrapper: a plain object with members of the same names.
    assert_eq!(
        listed(r#"{"d":{"value":"x","type":"A"}}"#, r#"{"d":"x"}"#),
        [r#"d changed {"type":"A","value":"x"} -> "x""#]
    );
    assert_eq!(
        listed(r#"{"d":{"value":"x","type":"string"}}"#, r#"{"d":{"value":"x","type":"CNAME"}}"#),
        [r#"d.type changed "string" -> "CNAME""#]
    );
}

#[test]
fn flat_attributes_against_nested_ones() {
    let mut flat = object("test_thing.x", "{}");
    flat.attributes = Attributes::Flat(raw(r#"{"on":"true","count":"2","name":"2"}"#));
    let nested = object("test_thing.x", r#"{"on":true,"count":2,"name":"2"}"#);
    let found = compared(flat.clone(), nested.clone(), &bare());
    assert_eq!((found.status, found.normalised.len()), (DriftStatus::InSync, 2));
    assert_eq!(normalised(&found), ["count flatmap-scalar", "on flatmap-scalar"]);
    let other = object("test_thing.x", r#"{"on":false,"count":3,"name":"2"}"#);
    assert_eq!(compared(flat, other, &bare()).changes.len(), 2);
    // Between nested sides a string is not a number.
    let strings = object("test_thing.x", r#"{"on":"true","count":"2","name":"2"}"#);
    assert_eq!(compared(strings, nested, &bare()).changes.len(), 2);
}

#[test]
fn unknown_values() {
    let before = object("test_thing.x", r#"{"a":1,"b":[1,2],"c":"x"}"#);
    let mut after = object("test_thing.x", r#"{"b":[1],"c":"y"}"#);
    after.unknown = paths(&["a", "b[1]", "new"]);
    let found = compared(before, after, &bare());
    assert_eq!(changes(&found), [r#"c changed "x" -> "y""#]);
    assert_eq!(normalised(&found), ["a unknown-value", "b[1] unknown-value", "new unknown-value"]);
}

#[test]
fn a_value_that_became_unknown_is_listed_though_the_text_is_the_same() {
    let before = object("test_thing.x", r#"{"a":1}"#);
    let mut after = before.clone();
    after.unknown = paths(&["a"]);
    assert_eq!(normalised(&compared(before, after, &bare())), ["a unknown-value"]);
}

#[test]
fn mirrors_count_nothing() {
    let options = with_rules(
        "[[mirror]]\nid = \"tags-all\"\nresource_types = [\"*\"]\nattribute = \"tags_all\"\nof = \"tags\"\n",
    );
    let before = r#"{"tags":{"a":"1"},"tags_all":{"a":"1","default":"x"}}"#;
    let found = drift(before, r#"{"tags":{"a":"2"},"tags_all":{"a":"2","default":"x"}}"#, &options);
    assert_eq!(changes(&found), [r#"tags.a changed "1" -> "2""#]);
    assert_eq!(normalised(&found), ["tags_all.a mirror by tags-all"]);
    // A default tag that went away shows in the mirror only.
    let found = drift(before, r#"{"tags":{"a":"2"},"tags_all":{"a":"2"}}"#, &options);
    assert_eq!(changes(&found), [r#"tags.a changed "1" -> "2""#, r#"tags_all.default removed "x" -> -"#]);
}

#[test]
fn what_is_computed_from_another_attribute_counts_nothing_beside_it() {
    let options = with_rules(
        "[[mirror]]\nid = \"print\"\nresource_types = [\"*\"]\nattribute = \"fingerprint\"\nof = \"labels\"\n",
    );
    let before = r#"{"labels":{"a":"1"},"fingerprint":"abc"}"#;
    let found = drift(before, r#"{"labels":{"a":"2"},"fingerprint":"def"}"#, &options);
    assert_eq!(changes(&found), [r#"labels.a changed "1" -> "2""#]);
    assert_eq!(normalised(&found), ["fingerprint mirror by print"]);
    let found = drift(before, r#"{"labels":{"a":"1"},"fingerprint":"def"}"#, &options);
    assert_eq!(changes(&found), [r#"fingerprint changed "abc" -> "def""#], "nothing else changed");
}

#[test]
fn long_lists_are_done_in_time() {
    let list = |from: usize| {
        let block = |at: usize| format!(r#"{{"id":{at},"other":{}}}"#, at + 1);
        let blocks: Vec<String> = (from..from + 3000).map(block).collect();
        format!(r#"{{"l":[{}]}}"#, blocks.join(","))
    };
    let start = std::time::Instant::now();
    assert_eq!(drift(&list(0), &list(1), &bare()).changes.len(), 2);
    assert!(!drift(&list(0), &list(10_000), &bare()).changes.is_empty());
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}
