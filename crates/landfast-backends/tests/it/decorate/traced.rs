//! Traces.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use landfast_backends::conformance::{Fault, Faulty};
use landfast_backends::decorate::{Op, Traced};
use landfast_backends::{ErrorClass, Expected, MemoryStore};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};

use super::{key, put};

/// Keeps the fields of every span of stores.
#[derive(Debug, Clone, Default)]
struct Spans(Arc<Mutex<Vec<BTreeMap<String, String>>>>);

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl tracing::Subscriber for Spans {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.is_span() && metadata.name() == "store"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut spans = self.0.lock().unwrap();
        let mut fields = BTreeMap::new();
        span.record(&mut Fields(&mut fields));
        spans.push(fields);
        Id::from_u64(spans.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let nth = usize::try_from(span.into_u64()).unwrap() - 1;
        values.record(&mut Fields(&mut self.0.lock().unwrap()[nth]));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &tracing::Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn every_call_is_a_span_without_values() {
    let spans = Spans::default();
    let _guard = tracing::subscriber::set_default(spans.clone());
    let faulty = Faulty::new();
    let store = Traced::new().around(faulty.around(Arc::new(MemoryStore::new())));
    put(&*store, Expected::Absent, "{\"password\":\"CANARY\"}").await.unwrap();
    store.read(&key()).await.unwrap();
    faulty.fail(Op::Read, 1, Fault::Refused(ErrorClass::PermissionDenied));
    store.read(&key()).await.unwrap_err();
    store.list("a").await.unwrap();

    let spans = spans.0.lock().unwrap();
    let shown: Vec<_> = spans
        .iter()
        .map(|span| {
            assert_eq!(span["place"], "\"memory:a\"");
            span["ms"].parse::<u64>().unwrap();
            (
                span["op"].trim_matches('"'),
                span["class"].trim_matches('"'),
                span.get("bytes").map_or("", String::as_str),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("lock", "ok", ""),
            ("write", "ok", "21"),
            ("release", "ok", ""),
            ("read", "ok", "21"),
            ("read", "permission denied", ""),
            ("list", "ok", ""),
        ]
    );
    assert!(!format!("{spans:?}").contains("CANARY"));
}
