//! How the schema of a provider changes what is compared.

use std::sync::Arc;

use landfast_drift::{CompareOptions, DriftStatus, Shapes};
use landfast_state::schema::{Attribute, Block, NestedBlock, Nesting, Schema, Setting, ValueType};

use crate::world::{bare, changes, drift, normalised, with_rules};

fn attribute(name: &str, value_type: &str, setting: Setting) -> (String, Attribute) {
    (name.to_owned(), Attribute::new(ValueType::parse(value_type.as_bytes()).unwrap(), setting))
}

fn nested(name: &str, nesting: Nesting) -> (String, NestedBlock) {
    let attributes = [
        attribute("port", "\"number\"", Setting::Required),
        attribute("note", "\"string\"", Setting::Optional),
        attribute("id", "\"string\"", Setting::Computed),
    ];
    let block = Block { attributes: attributes.into(), ..Block::default() };
    (name.to_owned(), NestedBlock { nesting, block, min_items: 0, max_items: None })
}

fn shaped(mut options: CompareOptions) -> CompareOptions {
    let attributes = [
        attribute("arn", "\"string\"", Setting::Computed),
        attribute("name", "\"string\"", Setting::Optional),
        attribute("size", "\"number\"", Setting::Required),
        attribute("names", "[\"set\",\"string\"]", Setting::Optional),
        attribute("order", "[\"list\",\"string\"]", Setting::Optional),
        attribute("tags", "[\"map\",\"string\"]", Setting::Optional),
    ];
    let blocks = [
        nested("rule", Nesting::Set),
        nested("step", Nesting::List),
        nested("one", Nesting::Single),
        nested("by", Nesting::Map),
    ];
    let block = Block { attributes: attributes.into(), blocks: blocks.into(), deprecated: false };
    let mut shapes = Shapes::default();
    shapes.add("test_thing", Arc::new(Schema { version: 0, block }));
    options.shapes = shapes;
    options
}

const ZEROS: &str = r#"
[[normalise]]
id = "zeros"
resource_types = ["test_*"]
normaliser = "sdk-null-zero"
"#;

#[test]
fn sets_and_lists_are_what_the_schema_says() {
    let options = shaped(bare());
    let found = drift(r#"{"names":["a","b"]}"#, r#"{"names":["b","a"]}"#, &options);
    assert_eq!(found.status, DriftStatus::InSync);
    assert_eq!(normalised(&found), ["names collection-kind by provider-schema"]);
    assert_eq!(drift(r#"{"order":["a","b"]}"#, r#"{"order":["b","a"]}"#, &options).status, DriftStatus::Drifted);
    let (a, b) = (r#"{"port":1,"note":"x","id":"1"}"#, r#"{"port":2,"note":"y","id":"2"}"#);
    let blocks = |name: &str, first: &str, second: &str| format!(r#"{{"{name}":[{first},{second}]}}"#);
    let turned = |name: &str| drift(&blocks(name, a, b), &blocks(name, b, a), &options).status;
    assert_eq!((turned("rule"), turned("step")), (DriftStatus::InSync, DriftStatus::Drifted));
    // What stands in a set is compared with what it resembles.
    let found = drift(&blocks("rule", a, b), &blocks("rule", &b.replace('y', "z"), a), &options);
    assert_eq!(changes(&found), [r#"rule[1].note changed "y" -> "z""#]);
}

#[test]
fn entries_of_maps_are_no_attributes() {
    let options = shaped(with_rules(ZEROS));
    let found = drift(r#"{"tags":{"a":""}}"#, r#"{"tags":{}}"#, &options);
    assert_eq!(changes(&found), [r#"tags.a removed "" -> -"#]);
    // No map, and an empty one, are the same where the rules say so, since a configuration may leave it out.
    assert_eq!(drift(r#"{"tags":null}"#, r#"{"tags":{}}"#, &options).status, DriftStatus::InSync);
    let found = drift(r#"{"by":{"k":{"port":1,"note":null}}}"#, r#"{"by":{"k":{"port":1,"note":""}}}"#, &options);
    assert_eq!(normalised(&found), ["by.k.note sdk-null-zero by zeros"]);
}

#[test]
fn null_and_zero_are_the_same_only_in_what_may_be_left_out() {
    let options = shaped(with_rules(ZEROS));
    let same = |before: &str, after: &str| drift(before, after, &options).status == DriftStatus::InSync;
    assert!(same(r#"{"name":null}"#, r#"{"name":""}"#));
    assert!(same(r#"{"rule":null}"#, r#"{"rule":[]}"#));
    assert!(same(r#"{"one":{"port":1,"note":null}}"#, r#"{"one":{"port":1,"note":""}}"#));
    assert!(!same(r#"{"arn":null}"#, r#"{"arn":""}"#), "the provider alone sets it");
    assert!(!same(r#"{"size":null}"#, r#"{"size":0}"#), "it must be set");
    assert!(!same(r#"{"one":{"port":null}}"#, r#"{"one":{"port":0}}"#));
    assert!(!same(r#"{"nothing":null}"#, r#"{"nothing":""}"#), "the schema does not know it");
    // Without a schema the rule holds everywhere, and without the rule nowhere.
    let without = with_rules(ZEROS);
    assert_eq!(drift(r#"{"arn":null}"#, r#"{"arn":""}"#, &without).status, DriftStatus::InSync);
    assert_eq!(drift(r#"{"name":null}"#, r#"{"name":""}"#, &shaped(bare())).status, DriftStatus::Drifted);
}

#[test]
fn who_writes_zero_means_it() {
    let mut options = shaped(with_rules(ZEROS));
    let address = |text: &str| text.parse::<landfast_state::address::InstanceAddress>().unwrap().resource;
    options.written.add(&address("test_thing.x"), ["name".into(), "rule".into()]);
    let same = |before: &str, after: &str| drift(before, after, &options).status == DriftStatus::InSync;
    assert!(!same(r#"{"name":null}"#, r#"{"name":""}"#));
    assert!(!same(r#"{"rule":[{"port":1,"note":null}]}"#, r#"{"rule":[{"port":1,"note":""}]}"#));
    assert!(same(r#"{"one":{"port":1,"note":null}}"#, r#"{"one":{"port":1,"note":""}}"#));
    let other = |options: &CompareOptions| drift(r#"{"name":null}"#, r#"{"name":""}"#, options).status;
    let mut options = shaped(with_rules(ZEROS));
    options.written.add(&address("test_thing.y"), ["name".into()]);
    assert_eq!(other(&options), DriftStatus::InSync, "nothing is known of the block of x");
    options.written.add(&address("module.a[\"k\"].test_thing.x"), ["name".into()]);
    assert_eq!(other(&options), DriftStatus::InSync);
}

#[test]
fn a_change_says_who_sets_the_attribute() {
    let found = drift(
        r#"{"arn":"a","name":"a","size":1,"rule":[{"port":1,"id":"1"}]}"#,
        r#"{"arn":"b","name":"b","size":2,"rule":[{"port":1,"id":"2"}]}"#,
        &shaped(bare()),
    );
    let settings: Vec<_> = found.changes.iter().map(|change| (change.path.to_string(), change.setting)).collect();
    let expected = [
        ("arn", Setting::Computed),
        ("name", Setting::Optional),
        ("rule[0].id", Setting::Computed),
        ("size", Setting::Required),
    ];
    assert_eq!(settings, expected.map(|(path, setting)| (path.to_owned(), Some(setting))));
    assert!(drift(r#"{"arn":"a"}"#, r#"{"arn":"b"}"#, &bare()).changes[0].setting.is_none());
}

#[test]
fn what_is_only_counted_is_counted_alike() {
    let mut options = shaped(bare());
    options.in_sync = landfast_drift::InSync::Count;
    let side = |text: &str| vec![crate::world::object("test_thing.x", text)];
    for (before, after, in_sync) in [
        (r#"{"names":["a","b"]}"#, r#"{"names":["b","a"]}"#, 1),
        (r#"{"rule":[{"port":1},{"port":2}]}"#, r#"{"rule":[{"port":2},{"port":1}]}"#, 1),
        (r#"{"order":["a","b"]}"#, r#"{"order":["b","a"]}"#, 0),
    ] {
        let report = crate::world::report(side(before), side(after), &options);
        assert_eq!(report.in_sync_counted, in_sync, "{before} {after}");
    }
}
