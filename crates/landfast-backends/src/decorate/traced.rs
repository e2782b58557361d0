//! Traces of what a store was asked, and how it went.

use std::sync::Arc;

use tokio::time::Instant;
use tracing::Instrument as _;

use super::around::{Around, Call, Measured, wrap};
use crate::store::{StateStore, StoreFuture};

/// Emits a span `store` for each call, with `op`, `place`, `bytes`, `class` ("ok" or that of the error) and `ms`. No value of a
/// state and no message of an error is in it.
#[derive(Debug, Clone, Default)]
pub struct Traced(Arc<Tracer>);

impl Traced {
    /// Traces.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The store with traces around it.
    #[must_use]
    pub fn around(&self, store: Arc<dyn StateStore>) -> Arc<dyn StateStore> {
        wrap(&self.0, store)
    }
}

#[derive(Debug, Default)]
struct Tracer;

impl Around for Tracer {
    fn call<'a, T: Measured + 'a>(&'a self, call: Call, work: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        use tracing::field::Empty;
        let span = tracing::debug_span!(
            "store",
            op = call.op.name(),
            place = call.place,
            bytes = Empty,
            class = Empty,
            ms = Empty
        );
        let inside = span.clone();
        let traced = async move {
            let start = Instant::now();
            let answer = work.await;
            span.record("ms", u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX));
            let given = answer.as_ref().ok().and_then(Measured::bytes);
            if let Some(bytes) = call.bytes.or(given) {
                span.record("bytes", bytes);
            }
            match &answer {
                Ok(_) => span.record("class", "ok"),
                Err(error) => span.record("class", tracing::field::display(error.class)),
            };
            answer
        };
        Box::pin(traced.instrument(inside))
    }
}
