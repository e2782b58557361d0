//! Values of providers, behind a line with their type: what is read can be written, and is then read as the same.

use bytes::Bytes;
use landfast_state::Value;
use landfast_state::json::RawKind;
use landfast_state::schema::ValueType;
use landfast_tfplugin::DynamicValue;

use crate::seed::Fixture;

pub(crate) fn run(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let (Some(expression), Some(bytes)) = (parts.next(), parts.next()) else { return };
    let Ok(value_type) = ValueType::parse(expression) else { return };
    assert_eq!(
        ValueType::parse(value_type.expression().as_bytes()).as_ref(),
        Ok(&value_type),
        "a type keeps its meaning"
    );
    let bytes = Bytes::copy_from_slice(bytes);
    if let Ok(value) = DynamicValue::msgpack(bytes.clone()).decode(&value_type) {
        again(&value, &value_type);
    }
    if let Ok(value) = DynamicValue::json(bytes).decode(&value_type) {
        again(&value, &value_type);
        let Ok(json) = DynamicValue::encode_json(&value, &value_type) else {
            panic!("what was read as JSON cannot be written as JSON");
        };
        assert_eq!(json.decode(&value_type).as_ref(), Ok(&value), "JSON keeps a value");
    }
}

fn again(value: &Value, value_type: &ValueType) {
    let Ok(encoded) = DynamicValue::encode(value, value_type) else { panic!("what was read cannot be written") };
    assert_eq!(encoded.decode(value_type).as_ref(), Ok(value), "MessagePack keeps a value");
}

/// The strings of a document.
pub(crate) fn seeds(fixture: &Fixture) -> Vec<Vec<u8>> {
    let strings = fixture.values().into_iter().filter_map(|value| match value.kind() {
        RawKind::String(text) => Some(Value::String(text.into_owned())),
        _ => None,
    });
    let strings = Value::List(strings.take(200).collect());
    let value_type = ValueType::List(Box::new(ValueType::String));
    let encoded = DynamicValue::encode(&strings, &value_type).ok();
    let bytes = encoded.as_ref().and_then(DynamicValue::as_msgpack);
    bytes.map(|bytes| [value_type.expression().as_bytes(), b"\n", bytes].concat()).into_iter().collect()
}
