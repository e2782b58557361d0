//! The checking reader of JSON: what it accepts serde_json accepts too and can be walked, and its canonical form is a fixed
//! point.

use landfast_state::json::{Limits, Raw, RawKind, StructuralHasher, write_canonical};
use landfast_state::{AttributePath, FingerprintKey, Value};

use crate::seed::Fixture;

pub(crate) fn run(data: &[u8]) {
    let limits = Limits::default();
    let raw = match Raw::check(data, &limits) {
        Ok(raw) => raw,
        Err(error) => {
            assert!(error.place.line >= 1 && error.place.column >= 1, "places count from 1");
            assert!(error.place.offset <= data.len(), "the place lies in the text");
            return;
        }
    };
    assert!(std::str::from_utf8(data).is_ok(), "only UTF-8 is accepted");
    // Passing over a value, serde_json checks its syntax to any depth and range.
    let other = serde_json::from_slice::<&serde_json::value::RawValue>(data);
    assert!(other.is_ok(), "what serde_json refuses is refused");
    check_walk(raw);
    let mut canonical = String::new();
    write_canonical(raw, &mut canonical);
    let Ok(again) = Raw::check(canonical.as_bytes(), &limits) else {
        panic!("the canonical form of an accepted document is accepted");
    };
    let mut twice = String::new();
    write_canonical(again, &mut twice);
    assert_eq!(canonical, twice, "the canonical form is its own canonical form");
    let mut hasher = StructuralHasher::new();
    assert_eq!(hasher.hash(raw), hasher.hash(again), "how a document is written does not enter its structural hash");
    check_values(raw, again);
}

/// Each child of an accepted document is itself one, with the same text.
fn check_walk(raw: Raw<'_>) {
    let mut waiting = vec![raw];
    while let Some(value) = waiting.pop() {
        match value.kind() {
            RawKind::Array(elements) => waiting.extend(elements),
            RawKind::Object(members) => waiting.extend(members.map(|(_, value)| value)),
            _ => match Raw::check(value.as_str().as_bytes(), &Limits::default()) {
                Ok(alone) => assert_eq!(alone.as_str(), value.as_str(), "a scalar stands alone"),
                Err(error) => panic!("a scalar of an accepted document is accepted: {error}"),
            },
        }
    }
}

/// Taking values apart loses nothing that the canonical form keeps, and a sensitive value shows nothing.
fn check_values(raw: Raw<'_>, canonical: Raw<'_>) {
    let value = Value::from_raw(raw, &[]);
    assert_eq!(value, Value::from_raw(canonical, &[]), "equal documents are equal values");
    let mut text = String::new();
    value.write_canonical(&FingerprintKey::from_bytes([7; 32]), &mut text);
    assert_eq!(text, canonical.as_str(), "a value has the canonical form of its document");
    let mut shown = String::new();
    value.write_json(&mut shown);
    assert!(Raw::check(shown.as_bytes(), &Limits::default()).is_ok(), "a value is shown as JSON");
    let hidden = Value::from_raw(raw, &[AttributePath::ROOT]);
    assert!(hidden.has_sensitive(), "a value marked as a whole is sensitive");
}

pub(crate) fn seeds(fixture: &Fixture) -> Vec<Vec<u8>> {
    fixture.small_document()
}
