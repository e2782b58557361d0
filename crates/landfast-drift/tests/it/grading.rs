//! Severity, impacts and class, and the rules that explain them.

use landfast_drift::{Class, CompareOptions, Impact, RuleSet, Severity};

use crate::world::{bare, compared, drift, object, report, with_rules};

const RULES: &str = r#"
[[rule]]
id = "size"
description = "Bigger is dearer."
resource_types = ["test_*"]
attributes = ["size", "**.volume_size"]
impacts = ["cost", "performance"]
class = "performance_impacting"
[[rule]]
id = "label"
description = "Text for people."
resource_types = ["*"]
attributes = ["label", "tags"]
impacts = []
class = "informational"
[[rule]]
id = "door"
description = "Who comes in."
resource_types = ["test_thing"]
attributes = ["rules.*.open"]
impacts = ["security"]
class = "security_critical"
min_severity = "critical"
[[presence]]
id = "gone"
description = "Nobody is at the door."
resource_types = ["test_thing"]
status = "missing"
impacts = ["availability"]
class = "performance_impacting"
min_severity = "critical"
[[presence]]
id = "low"
description = "Rules cannot lower."
resource_types = ["other_thing"]
status = "missing"
impacts = []
class = "informational"
min_severity = "minor"
"#;

fn counted(count: usize) -> Severity {
    let members: Vec<String> = (0..count).map(|at| format!(r#""a{at}":1"#)).collect();
    drift("{}", &format!("{{{}}}", members.join(",")), &bare()).severity
}

#[test]
fn severity_by_the_number_of_changes() {
    for (count, severity) in [
        (0, Severity::None),
        (1, Severity::Minor),
        (2, Severity::Minor),
        (3, Severity::Moderate),
        (5, Severity::Moderate),
        (6, Severity::Major),
        (10, Severity::Major),
        (11, Severity::Critical),
    ] {
        assert_eq!(counted(count), severity, "{count}");
    }
}

#[test]
fn a_result_lists_the_rules_that_made_it() {
    let found = drift(r#"{"size":1,"label":"a"}"#, r#"{"size":2,"label":"b"}"#, &with_rules(RULES));
    let rules: Vec<(&str, &str)> = found.rules.iter().map(|rule| (rule.id.as_str(), rule.why.as_str())).collect();
    assert_eq!(
        rules,
        [("label", "Text for people."), ("severity-by-count", "2 changed attributes"), ("size", "Bigger is dearer.")]
    );
    assert_eq!(found.severity, Severity::Minor);
    assert_eq!(found.class, Some(Class::PerformanceImpacting));
    assert_eq!(found.impacts.iter().copied().collect::<Vec<_>>(), [Impact::Cost, Impact::Performance]);
    let changed: Vec<(String, Class, usize)> =
        found.changes.iter().map(|change| (change.path.to_string(), change.class, change.rules.len())).collect();
    assert_eq!(
        changed,
        [("label".to_owned(), Class::Informational, 1), ("size".to_owned(), Class::PerformanceImpacting, 1)]
    );
}

#[test]
fn an_unmapped_attribute_is_unclassified_and_outranks_informational() {
    let found = drift(r#"{"x":1,"label":"a"}"#, r#"{"x":2,"label":"b"}"#, &with_rules(RULES));
    assert_eq!(found.class, Some(Class::Unclassified));
    let found = drift(r#"{"label":"a"}"#, r#"{"label":"b"}"#, &with_rules(RULES));
    assert_eq!(found.class, Some(Class::Informational));
}

#[test]
fn a_whole_block_is_graded_by_what_it_holds() {
    let options = with_rules(RULES);
    let found = drift(r#"{"rules":[]}"#, r#"{"rules":[{"open":true,"tags":{"a":"b"}}]}"#, &options);
    assert_eq!((found.changes.len(), found.severity), (1, Severity::Critical));
    assert_eq!(found.class, Some(Class::SecurityCritical));
    // One leaf that a rule knows to be harmless does not speak for the others.
    let found = drift("{}", r#"{"disk":{"volume_size":1,"other":2}}"#, &options);
    assert_eq!(found.class, Some(Class::PerformanceImpacting));
    let found = drift(r#"{"tags":null}"#, r#"{"tags":{"a":"b"}}"#, &options);
    assert_eq!(found.class, Some(Class::Informational));
}

#[test]
fn rules_only_raise() {
    let options = with_rules(RULES);
    let gone = |address: &str| report(vec![object(address, "{}")], vec![], &options).resources.remove(0);
    let found = gone("test_thing.x");
    assert_eq!((found.severity, found.class), (Severity::Critical, Some(Class::PerformanceImpacting)));
    let ids: Vec<&str> = found.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["gone", "missing-resource"]);
    let found = gone("other_thing.x");
    assert_eq!((found.severity, found.class), (Severity::Major, Some(Class::Informational)));
    assert_eq!(gone("third.x").class, Some(Class::Unclassified));
}

#[test]
fn the_embedded_rules_know_the_common_cases() {
    let options = CompareOptions::default();
    let changed = |type_name: &str, before: &str, after: &str| {
        let address = format!("{type_name}.x");
        compared(object(&address, before), object(&address, after), &options)
    };
    let found = changed("aws_instance", r#"{"instance_type":"t3.micro"}"#, r#"{"instance_type":"m5.24xlarge"}"#);
    assert!(found.impacts.contains(&Impact::Cost), "{:?}", found.rules);
    assert_eq!(found.class, Some(Class::PerformanceImpacting));
    let rule = |cidr: &str| {
        format!(r#"{{"ingress":[{{"from_port":22,"to_port":22,"protocol":"tcp","cidr_blocks":["{cidr}"]}}]}}"#)
    };
    let found = changed("aws_security_group", &rule("10.0.0.0/8"), &rule("0.0.0.0/0"));
    assert_eq!(found.class, Some(Class::SecurityCritical));
    assert!(found.severity >= Severity::Major && found.impacts.contains(&Impact::Security));
    let found = changed(
        "aws_instance",
        r#"{"tags":{"a":"1"},"tags_all":{"a":"1"}}"#,
        r#"{"tags":{"a":"2"},"tags_all":{"a":"2"}}"#,
    );
    assert_eq!((found.changes.len(), found.class), (1, Some(Class::Informational)));
    let found =
        changed("google_compute_instance", r#"{"machine_type":"e2-micro"}"#, r#"{"machine_type":"n2-standard-64"}"#);
    assert!(found.impacts.contains(&Impact::Cost));
    let found = changed("aws_instance", r#"{"something_new":1}"#, r#"{"something_new":2}"#);
    assert_eq!((found.class, found.severity), (Some(Class::Unclassified), Severity::Minor));
    let policy = |effect: &str| format!(r#"{{"policy":"{{\"Statement\":[{{\"Effect\":\"{effect}\"}}]}}"}}"#);
    let found = changed("aws_iam_policy", &policy("Deny"), &policy("Allow"));
    assert_eq!(found.class, Some(Class::SecurityCritical), "{:?}", found.changes);
}

#[test]
fn ids_of_rules_are_unique_and_described() {
    let catalogue = RuleSet::embedded().catalogue();
    assert!(catalogue.windows(2).all(|pair| pair[0].id < pair[1].id));
    assert!(catalogue.iter().any(|rule| rule.pack.is_none() && rule.id.as_str() == "severity-by-count"));
    assert!(catalogue.len() > 100, "{}", catalogue.len());
}
