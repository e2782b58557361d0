//! How hints change what is compared.

use landfast_drift::rules::{Hint, HintKind};
use landfast_drift::{CompareOptions, DriftStatus};

use crate::world::{bare, changes, compared, drift, hint, normalised, object};

#[test]
fn a_set_has_neither_order_nor_repeats() {
    let options = hint("s", HintKind::Set);
    let found = drift(r#"{"s":["a","b","c"]}"#, r#"{"s":["c","a","b","a"]}"#, &options);
    assert_eq!(found.status, DriftStatus::InSync);
    assert_eq!(normalised(&found), ["s collection-kind by test-hint"]);
    let found = drift(r#"{"s":["a","b"]}"#, r#"{"s":["c","b"]}"#, &options);
    assert_eq!(changes(&found), [r#"s[0] removed "a" -> -"#, r#"s[0] added - -> "c""#]);
    assert!(normalised(&found).is_empty());
    assert_eq!(drift(r#"{"s":["a","b"]}"#, r#"{"s":["b","a"]}"#, &bare()).status, DriftStatus::Drifted);
}

#[test]
fn unordered_counts_repeats() {
    let options = hint("s", HintKind::Unordered);
    assert_eq!(drift(r#"{"s":["a","b","a"]}"#, r#"{"s":["b","a","a"]}"#, &options).status, DriftStatus::InSync);
    let found = drift(r#"{"s":["a","b"]}"#, r#"{"s":["b","a","a"]}"#, &options);
    assert_eq!(changes(&found), [r#"s[2] added - -> "a""#]);
}

#[test]
fn elements_of_a_set_are_paired_by_similarity() {
    let options = hint("rule", HintKind::Set);
    let before = r#"{"rule":[{"port":22,"proto":"tcp","cidr":"10.0.0.0/8","note":""},{"port":443,"proto":"tcp","cidr":"0.0.0.0/0","note":""}]}"#;
    let after = r#"{"rule":[{"port":443,"proto":"tcp","cidr":"0.0.0.0/0","note":""},{"port":22,"proto":"tcp","cidr":"0.0.0.0/0","note":""}]}"#;
    assert_eq!(changes(&drift(before, after, &options)), [r#"rule[0].cidr changed "10.0.0.0/8" -> "0.0.0.0/0""#]);
    // However little is left of an element, it does not become two.
    let before = r#"{"rule":[{"port":22,"cidr":"10.0.0.0/8","a":"","b":false,"c":[],"d":null}]}"#;
    let after = r#"{"rule":[{"port":53,"cidr":"0.0.0.0/0","a":"","b":false,"c":[],"d":null}]}"#;
    let expected = [r#"rule[0].cidr changed "10.0.0.0/8" -> "0.0.0.0/0""#, "rule[0].port changed 22 -> 53"];
    assert_eq!(changes(&drift(before, after, &options)), expected);
}

#[test]
fn the_more_of_an_element_changes_the_more_it_counts() {
    let element = |changed: usize| {
        let field = |at: usize| format!(r#""f{at:02}":"{}""#, if at < changed { "new" } else { "old" });
        format!(r#"{{"rule":[{{{}}},{{"f00":"other"}}]}}"#, (0..24).map(field).collect::<Vec<_>>().join(","))
    };
    for options in [hint("rule", HintKind::Set), hint("rule", HintKind::Unordered), bare()] {
        let count = |changed| drift(&element(0), &element(changed), &options).changes.len();
        assert_eq!((0..=24).map(count).collect::<Vec<_>>(), (0..=24).collect::<Vec<_>>());
    }
}

#[test]
fn what_moved_in_a_list_and_changed_counts_no_less() {
    let list =
        |text: &str| drift(r#"{"l":[{"a":1,"b":2},"q","r"]}"#, &format!(r#"{{"l":{text}}}"#), &bare()).changes.len();
    let (moved, changed) = (list(r#"["r","q",{"a":1,"b":2}]"#), list(r#"["r","q",{"a":9,"b":2}]"#));
    assert_eq!((moved, changed), (2, 2));
}

#[test]
fn a_set_of_many_changed_elements_is_compared_in_its_order() {
    let set = |text: &str| {
        let elements: Vec<String> = (0..400).map(|at| format!(r#"{{"id":{at},"text":"{text}"}}"#)).collect();
        format!(r#"{{"s":[{}]}}"#, elements.join(","))
    };
    let found = drift(&set("a"), &set("b"), &hint("s", HintKind::Set));
    assert_eq!(found.changes.len(), 400);
}

#[test]
fn elements_of_a_set_that_are_equal_by_a_normaliser_are_equal() {
    let options = hint("s", HintKind::Set);
    let before = r#"{"s":[{"a":1,"x":null},{"a":2}]}"#;
    let found = drift(before, r#"{"s":[{"a":2,"x":null},{"a":1}]}"#, &options);
    assert_eq!(found.status, DriftStatus::InSync);
    assert_eq!(normalised(&found), ["s collection-kind by test-hint", "s[0].x null-absent", "s[1].x null-absent"]);
}

#[test]
fn large_sets_that_are_equal_by_a_normaliser_are_equal() {
    let set = |members: &str, order: &dyn Fn(usize) -> usize| {
        let elements: Vec<String> = (0..2000).map(|at| format!(r#"{{"id":{}{members}}}"#, order(at))).collect();
        format!(r#"{{"s":[{}]}}"#, elements.join(","))
    };
    let (before, after) = (set("", &|at| at), set(r#","x":null"#, &|at| 1999 - at));
    assert_eq!(drift(&before, &after, &hint("s", HintKind::Set)).status, DriftStatus::InSync);
}

#[test]
fn hints_inside_of_sets() {
    let mut options = hint("rule", HintKind::Set);
    options.hints.push(Hint::new("inner", "test_*", "rule.*.cidrs", HintKind::Set).unwrap());
    let before = r#"{"rule":[{"port":22,"cidrs":["a","b"]},{"port":80,"cidrs":["c"]}]}"#;
    let after = r#"{"rule":[{"port":80,"cidrs":["c"]},{"port":22,"cidrs":["b","a"]}]}"#;
    assert_eq!(drift(before, after, &options).status, DriftStatus::InSync);
}

#[test]
fn json_strings_report_places_in_the_document() {
    let options = hint("policy", HintKind::JsonString);
    let before = r#"{"policy":"{\"Statement\":[{\"Effect\":\"Deny\",\"N\":null}],\"Version\":\"1\"}"}"#;
    let after = r#"{"policy":"{ \"Version\":\"1\", \"Statement\":[{\"Effect\":\"Allow\"}]}"}"#;
    assert_eq!(
        changes(&drift(before, after, &options)),
        [r#"policy.Statement[0].Effect changed "Deny" -> "Allow""#, "policy.Statement[0].N removed null -> -"]
    );
    let same = r#"{"policy":"{\"Version\":\"1\",\"Statement\":[{\"N\":null,\"Effect\":\"Deny\"}]}"}"#;
    let found = drift(before, same, &options);
    assert_eq!((changes(&found).len(), normalised(&found)), (0, vec!["policy json-document by test-hint".to_owned()]));
    let found = drift(before, r#"{"policy":"none"}"#, &options);
    assert_eq!(found.changes.len(), 1);
    assert_eq!(found.changes[0].path.to_string(), "policy");
}

#[test]
fn entries_of_a_map_may_be_null() {
    let options = hint("m", HintKind::Map);
    assert_eq!(changes(&drift(r#"{"m":{"k":null}}"#, r#"{"m":{}}"#, &options)), ["m.k removed null -> -"]);
    assert_eq!(changes(&drift(r#"{"m":{"k":null}}"#, r#"{"m":{"k":"x"}}"#, &options)), [r#"m.k changed null -> "x""#]);
}

#[test]
fn the_order_of_a_set_changes_nothing_but_places() {
    let options = hint("s", HintKind::Set);
    let one = drift(r#"{"s":[{"a":1,"b":2,"c":3},{"a":7,"b":8,"c":9}]}"#, r#"{"s":[{"a":1,"b":2,"c":4}]}"#, &options);
    let two = drift(r#"{"s":[{"a":7,"b":8,"c":9},{"a":1,"b":2,"c":3}]}"#, r#"{"s":[{"a":1,"b":2,"c":4}]}"#, &options);
    assert_eq!(changes(&one), ["s[0].c changed 3 -> 4", r#"s[1] removed {"a":7,"b":8,"c":9} -> -"#]);
    assert_eq!(changes(&two), [r#"s[0] removed {"a":7,"b":8,"c":9} -> -"#, "s[1].c changed 3 -> 4"]);
}

#[test]
fn a_google_label_counts_once_where_it_shows_first() {
    let disk = |named: &str, default: &str, other: &str, print: &str| {
        let label = |name: &str, value: &str| {
            if value.is_empty() { Vec::new() } else { vec![format!(r#""{name}":"{value}""#)] }
        };
        let own = label("team", named);
        let terraform = [own.clone(), label("managed", default)].concat();
        let effective = [terraform.clone(), label("other", other)].concat();
        let attributes = format!(
            r#"{{"labels":{{{}}},"terraform_labels":{{{}}},"effective_labels":{{{}}},"label_fingerprint":"{print}"}}"#,
            own.join(","),
            terraform.join(","),
            effective.join(",")
        );
        object("google_compute_disk.x", &attributes)
    };
    let paths = |after| {
        let found = compared(disk("a", "yes", "", "1"), after, &CompareOptions::default());
        found.changes.iter().map(|change| change.path.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(paths(disk("b", "yes", "", "2")), ["labels.team"]);
    assert_eq!(paths(disk("a", "no", "", "2")), ["terraform_labels.managed"]);
    assert_eq!(paths(disk("a", "yes", "new", "2")), ["effective_labels.other"]);
    assert_eq!(
        paths(disk("", "no", "new", "2")),
        ["effective_labels.other", "labels.team", "terraform_labels.managed"]
    );
    assert_eq!(paths(disk("a", "yes", "", "2")), ["label_fingerprint"], "with nothing that it follows");
}

#[test]
fn what_a_hint_says_of_the_inside_of_elements_counts_while_they_are_paired() {
    let element = |port: u16, cidrs: &str| format!(r#"{{"port":{port},"cidrs":[{cidrs}]}}"#);
    let (up, down) = (r#""a","b","c""#, r#""c","b","a""#);
    let list = |first: (u16, &str), second: (u16, &str)| {
        format!(r#"{{"rule":[{},{}]}}"#, element(first.0, first.1), element(second.0, second.1))
    };
    for outer in [HintKind::Set, HintKind::Unordered] {
        let mut options = hint("rule", outer);
        options.hints.push(Hint::new("test-inner", "*", "rule.*.cidrs", HintKind::Set).unwrap());
        // Written like this, each looks more like the other one.
        let found = drift(&list((1, up), (2, down)), &list((1, down), (2, up)), &options);
        assert_eq!(changes(&found), [""; 0]);
        let found = drift(&list((1, up), (2, down)), &list((2, up), (1, r#""c","a""#)), &options);
        assert_eq!(changes(&found), [r#"rule[0].cidrs[1] removed "b" -> -"#]);
    }
    // A list without a hint is aligned by the same costs.
    let mut options = bare();
    options.hints.push(Hint::new("test-inner", "*", "rule.*.cidrs", HintKind::Set).unwrap());
    let three = list((1, up), (2, down)).replacen('[', &format!("[{},", element(0, "")), 1);
    let found = drift(&three, &list((1, down), (2, up)), &options);
    assert_eq!(changes(&found).len(), 1, "{:?}", changes(&found));
}
