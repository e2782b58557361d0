//! What must hold of every value: encoded and decoded, it is what it was; and no bytes at all make a reader panic.

use landfast_state::schema::{Attribute, AttributeShape, Block, NestedBlock, Nesting, Setting, ValueType};
use landfast_state::{Members, Number, Sensitive, Value};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::{DynamicValue, ValueErrorKind, to_json};

fn types() -> impl Strategy<Value = ValueType> {
    let leaf =
        prop_oneof![Just(ValueType::Bool), Just(ValueType::Number), Just(ValueType::String), Just(ValueType::Dynamic)];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|it| ValueType::List(Box::new(it))),
            inner.clone().prop_map(|it| ValueType::Set(Box::new(it))),
            inner.clone().prop_map(|it| ValueType::Map(Box::new(it))),
            vec(inner.clone(), 0..4).prop_map(ValueType::Tuple),
            btree_map("[a-z_]{1,6}", inner, 0..4).prop_map(ValueType::Object),
        ]
    })
}

fn numbers() -> impl Strategy<Value = Number> {
    let texts = prop_oneof![
        any::<i64>().prop_map(|it| it.to_string()),
        any::<u64>().prop_map(|it| it.to_string()),
        any::<f64>().prop_filter("finite", |it| it.is_finite()).prop_map(|it| it.to_string()),
        "-?[1-9][0-9]{0,40}(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?",
        (any::<i32>(), 0..12_u32).prop_map(|(it, halvings)| (f64::from(it) / f64::from(1 << halvings)).to_string()),
    ];
    texts.prop_filter_map("a number", |text| text.parse().ok())
}

/// How values are made: with those that JSON cannot say, or without.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unknowns {
    Some,
    None,
}

fn values(value_type: &ValueType, unknowns: Unknowns, depth: u32) -> BoxedStrategy<Value> {
    let known = match value_type {
        ValueType::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        ValueType::Number => numbers().prop_map(Value::Number).boxed(),
        ValueType::String => any::<String>().prop_map(Value::String).boxed(),
        ValueType::Dynamic if depth == 0 => Just(Value::Null).boxed(),
        ValueType::Dynamic => types()
            .prop_filter("a value brings a type that says something", |it| *it != ValueType::Dynamic)
            .prop_flat_map(move |inner| {
                let brought = to_json::type_value(&inner);
                values(&inner, unknowns, depth - 1).prop_map(move |value| {
                    Value::Object([("type".to_owned(), brought.clone()), ("value".to_owned(), value)].into())
                })
            })
            .boxed(),
        ValueType::List(inner) | ValueType::Set(inner) => {
            vec(values(inner, unknowns, depth), 0..4).prop_map(Value::List).boxed()
        }
        ValueType::Map(inner) => {
            btree_map(any::<String>(), values(inner, unknowns, depth), 0..4).prop_map(Value::Object).boxed()
        }
        ValueType::Tuple(types) => {
            let elements: Vec<_> = types.iter().map(|it| values(it, unknowns, depth)).collect();
            elements.prop_map(Value::List).boxed()
        }
        ValueType::Object(types) => {
            let names: Vec<String> = types.keys().cloned().collect();
            let members: Vec<_> = types.values().map(|it| values(it, unknowns, depth)).collect();
            let object = move |members: Vec<Value>| Value::Object(names.iter().cloned().zip(members).collect());
            members.prop_map(object).boxed()
        }
    };
    match unknowns {
        Unknowns::Some => prop_oneof![8 => known, 1 => Just(Value::Null), 1 => Just(Value::Unknown)].boxed(),
        Unknowns::None => prop_oneof![9 => known, 1 => Just(Value::Null)].boxed(),
    }
}

fn typed(unknowns: Unknowns) -> impl Strategy<Value = (ValueType, Value)> {
    types().prop_flat_map(move |it| (Just(it.clone()), values(&it, unknowns, 2)))
}

fn settings() -> impl Strategy<Value = Setting> {
    prop_oneof![
        Just(Setting::Required),
        Just(Setting::Optional),
        Just(Setting::OptionalComputed),
        Just(Setting::Computed)
    ]
}

fn attributes() -> impl Strategy<Value = Attribute> {
    let plain = (types(), settings(), any::<bool>())
        .prop_map(|(value_type, setting, sensitive)| Attribute { sensitive, ..Attribute::new(value_type, setting) });
    let nestings = prop_oneof![Just(Nesting::Single), Just(Nesting::List), Just(Nesting::Set), Just(Nesting::Map)];
    plain.prop_recursive(2, 8, 3, move |inner| {
        (nestings.clone(), btree_map("[a-z]{1,4}", inner, 0..3)).prop_map(|(nesting, attributes)| Attribute {
            shape: AttributeShape::Nested { nesting, attributes },
            ..Attribute::new(ValueType::Bool, Setting::Optional)
        })
    })
}

fn blocks() -> impl Strategy<Value = Block> {
    let leaf =
        btree_map("a[a-z]{0,4}", attributes(), 0..4).prop_map(|attributes| Block { attributes, ..Block::default() });
    let nestings = prop_oneof![
        Just(Nesting::Single),
        Just(Nesting::Group),
        Just(Nesting::List),
        Just(Nesting::Set),
        Just(Nesting::Map)
    ];
    leaf.prop_recursive(3, 12, 3, move |inner| {
        let nested = (nestings.clone(), inner).prop_map(|(nesting, block)| NestedBlock {
            nesting,
            block,
            min_items: 0,
            max_items: None,
        });
        (btree_map("a[a-z]{0,4}", attributes(), 0..3), btree_map("b[a-z]{0,4}", nested, 0..3))
            .prop_map(|(attributes, blocks)| Block { attributes, blocks, deprecated: false })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn msgpack_gives_back_what_it_was_given((value_type, value) in typed(Unknowns::Some)) {
        let encoded = DynamicValue::encode(&value, &value_type).unwrap();
        prop_assert_eq!(encoded.decode(&value_type).unwrap(), value);
    }

    #[test]
    fn json_gives_back_what_it_was_given((value_type, value) in typed(Unknowns::None)) {
        let encoded = DynamicValue::encode_json(&value, &value_type).unwrap();
        prop_assert_eq!(encoded.decode(&value_type).unwrap(), value);
    }

    #[test]
    fn objects_of_any_schema_come_back(
        (block, value) in blocks().prop_flat_map(|block| {
            let value = values(&block.value_type(), Unknowns::Some, 1);
            (Just(block), value)
        })
    ) {
        let value_type = block.value_type();
        let encoded = DynamicValue::encode(&value, &value_type).unwrap();
        prop_assert_eq!(encoded.decode(&value_type).unwrap(), value);
    }

    #[test]
    fn an_object_without_anything_can_be_completed_and_sent(block in blocks()) {
        let complete = Value::Object(block.complete(Members::new()));
        let value_type = block.value_type();
        let encoded = DynamicValue::encode(&complete, &value_type).unwrap();
        prop_assert_eq!(encoded.decode(&value_type).unwrap(), complete);
    }

    #[test]
    fn sensitive_marks_make_no_difference((value_type, value) in typed(Unknowns::Some)) {
        let marked = Value::Sensitive(Sensitive::new(value.clone()));
        prop_assert_eq!(
            DynamicValue::encode(&marked, &value_type).unwrap(),
            DynamicValue::encode(&value, &value_type).unwrap()
        );
    }

    #[test]
    fn no_bytes_make_a_reader_panic(value_type in types(), bytes in vec(any::<u8>(), 0..64)) {
        let bytes = bytes::Bytes::from(bytes);
        let _ = DynamicValue::msgpack(bytes.clone()).decode(&value_type);
        let _ = DynamicValue::json(bytes).decode(&value_type);
    }

    #[test]
    fn damage_is_an_error_or_another_value_of_the_type(
        (value_type, value) in typed(Unknowns::Some),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let (encoded, _) = DynamicValue::encode(&value, &value_type).unwrap().to_wire();
        let mut damaged = encoded.to_vec();
        let place = at.index(damaged.len());
        damaged[place] = byte;
        if let Ok(read) = DynamicValue::msgpack(damaged.into()).decode(&value_type) {
            DynamicValue::encode(&read, &value_type).unwrap();
        }
    }
}

fn msgpack(bytes: &[u8]) -> DynamicValue {
    DynamicValue::msgpack(bytes.to_vec().into())
}

fn parse(expression: &str) -> ValueType {
    ValueType::parse(expression.as_bytes()).unwrap()
}

#[test]
fn unknown_values_of_any_extension_are_unknown() {
    let refined = [0xc7, 3, 12, 0x81, 1, 0xc2];
    for bytes in [&[0xd4, 0, 0][..], &refined, &[0xd5, 99, 1, 2], &[0xc8, 0, 1, 12, 0x80]] {
        assert_eq!(msgpack(bytes).decode(&ValueType::String).unwrap(), Value::Unknown, "{bytes:?}");
    }
    assert_eq!(DynamicValue::encode(&Value::Unknown, &ValueType::Bool).unwrap(), msgpack(&[0xd4, 0, 0]));
    assert_eq!(DynamicValue::encode_json(&Value::Unknown, &ValueType::Bool).unwrap_err().kind, ValueErrorKind::Unknown);
}

#[test]
fn errors_name_the_attribute_and_no_value() {
    let value_type = parse(r#"["object",{"tags":["map","string"],"disks":["list",["object",{"size":"number"}]]}]"#);
    let object = |members: &[(&str, Value)]| {
        Value::Object(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    };
    let secret = Value::String("hunter2".to_owned());
    for (value, says) in [
        (
            object(&[("disks", Value::List(vec![Value::Null, object(&[("size", secret.clone())])]))]),
            "disks[1].size: a number is expected, and a string is there",
        ),
        (
            object(&[("tags", object(&[("a b", Value::Bool(true))]))]),
            "tags[\"a b\"]: a string is expected, and a boolean is there",
        ),
        (object(&[("disks", object(&[]))]), "disks: a list is expected, and an object is there"),
        (object(&[("other", secret)]), "there is no attribute \"other\""),
    ] {
        assert_eq!(DynamicValue::encode(&value, &value_type).unwrap_err().to_string(), says);
        assert_eq!(DynamicValue::encode_json(&value, &value_type).unwrap_err().to_string(), says);
    }
    for (text, says) in [
        (r#"{"disks": [{"size": true}]}"#, "disks[0].size: a number is expected, and a boolean is there"),
        (r#"{"disks": [{"hunter": 1}]}"#, "disks[0]: there is no attribute \"hunter\""),
    ] {
        let error = DynamicValue::json(text.into()).decode(&value_type).unwrap_err();
        assert_eq!(error.to_string(), says);
    }
    for (bytes, says) in [
        (&b"\x82\xa4tags\x81\xa1k\xc3"[..], "tags.k: a string is expected, and a boolean is there"),
        (b"\x81\xa4tags\xc0", "the attribute \"disks\" is missing"),
        (b"\x82\xa4tags\x82\xa1k\xa1v\xa1k\xa1v", "tags: the key \"k\" is there twice"),
        (b"\x82\xa4tags\x81\xa1k\xa1\xff", "tags.k: a string is not UTF-8"),
        (b"\x82\xa4tags\xc0\xa5disks\x91\x81\xa4size\xa3Inf", "disks[0].size: a number is infinite"),
        (b"\x82\xa4tags\xc0\xa5disks\xdd\xff\xff\xff\xff", "disks[0]: the value ends too early"),
        (b"\x82\xa4tags\xc0\xa5disks\xc0\xc0", "something follows the value"),
    ] {
        let error = msgpack(bytes).decode(&value_type).unwrap_err().to_string();
        assert!(error.starts_with(says), "{error}");
    }
}

#[test]
fn depth_and_number_of_values_are_bounded() {
    // A value that brings its type, which says that it brings its type, and so on.
    let dynamic = b"\x92\xc4\x09\"dynamic\"".repeat(100_000);
    let error = msgpack(&dynamic).decode(&ValueType::Dynamic).unwrap_err();
    assert_eq!(error.kind, ValueErrorKind::TooDeep { limit: 128 });
    let mut many = vec![0xdd, 0x00, 0x60, 0x00, 0x00];
    many.resize(many.len() + 0x60_0000, 0xc0);
    let error = msgpack(&many).decode(&parse(r#"["list","bool"]"#)).unwrap_err();
    assert_eq!(error.kind, ValueErrorKind::TooMany { limit: 5_000_000 });
    let mut value = Value::Null;
    let mut value_type = ValueType::Bool;
    for _ in 0..200 {
        value = Value::List(vec![value]);
        value_type = ValueType::List(Box::new(value_type));
    }
    assert_eq!(DynamicValue::encode(&value, &value_type).unwrap_err().kind, ValueErrorKind::TooDeep { limit: 128 });
}

#[test]
fn what_is_absent_is_null() {
    let absent = DynamicValue::of_wire(bytes::Bytes::new(), bytes::Bytes::new());
    assert_eq!(absent.decode(&ValueType::String).unwrap(), Value::Null);
    let value_type = parse(r#"["object",{"a":"string","b":"bool"}]"#);
    let read = DynamicValue::json(r#"{"a": "x"}"#.into()).decode(&value_type).unwrap();
    assert_eq!(read.to_string(), r#"{"a": "x", "b": null}"#);
    assert_eq!(
        DynamicValue::encode(&Value::Object([("a".to_owned(), Value::String("x".to_owned()))].into()), &value_type)
            .unwrap()
            .decode(&value_type)
            .unwrap(),
        read
    );
}

#[test]
fn only_values_can_be_sent() {
    let key = landfast_state::FingerprintKey::from_bytes([7; 32]);
    let known_by_fingerprint =
        Value::Sensitive(Sensitive::from_fingerprint(Sensitive::new(Value::String("x".to_owned())).fingerprint(&key)));
    let value_type = parse(r#"["object",{"a":"string"}]"#);
    let error =
        DynamicValue::encode(&Value::Object([("a".to_owned(), known_by_fingerprint)].into()), &value_type).unwrap_err();
    assert_eq!(error.to_string(), "a: only the fingerprint of the value is known");
}

#[test]
fn debug_shows_no_value() {
    let encoded = DynamicValue::encode(&Value::String("hunter2".to_owned()), &ValueType::String).unwrap();
    assert_eq!(format!("{encoded:?}"), "DynamicValue(msgpack, 8 bytes)");
}
