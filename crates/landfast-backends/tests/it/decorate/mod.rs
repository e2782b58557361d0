//! What is put around stores: each still passes the suite, and does what it is for.

mod breaker;
mod cache;
mod retry;
mod traced;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use landfast_backends::conformance::{Ending, Options, Subject};
use landfast_backends::decorate::{
    BreakerOptions, Cache, CacheOptions, CircuitBreaker, RateLimit, RateLimitOptions, Retry, RetryOptions, SizeLimit,
    Traced,
};
use landfast_backends::{
    ErrorClass, Expected, LockInfo, MemoryStore, StateKey, StateStore, StateWrite, StoreError, WriteNote, Written,
};
use tokio::time::Instant;

fn key() -> StateKey {
    StateKey::new("a")
}

fn info() -> LockInfo {
    LockInfo::new("test", "me", SystemTime::now())
}

fn change(expected: Expected, bytes: &'static str) -> StateWrite {
    StateWrite::new(expected, bytes.into(), WriteNote::new("me", "test"))
}

/// One write, under a lock of its own.
async fn put(store: &dyn StateStore, expected: Expected, bytes: &'static str) -> Result<Written, StoreError> {
    let mut lock = store.lock(&key(), info()).await?;
    let written = lock.write(change(expected, bytes)).await;
    lock.release().await?;
    written
}

/// What is put around a store.
type Layer = fn(Arc<dyn StateStore>) -> Arc<dyn StateStore>;

#[derive(Debug)]
struct Decorated {
    memory: MemoryStore,
    layer: Layer,
}

impl Subject for Decorated {
    fn client(&self) -> Arc<dyn StateStore> {
        (self.layer)(Arc::new(self.memory.clone()))
    }

    fn key(&self, name: &str) -> StateKey {
        StateKey::new(name)
    }
}

fn fast() -> RateLimitOptions {
    let mut options = RateLimitOptions::default();
    options.per_second = 1_000_000;
    options
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_is_around_a_store_it_passes_the_suite() {
    let layers: [(&str, Layer); 7] = [
        ("retry", |store| Retry::new(RetryOptions::default()).around(store)),
        ("rate-limit", |store| RateLimit::new(&fast()).around(store)),
        ("circuit-breaker", |store| CircuitBreaker::new(BreakerOptions::default()).around(store)),
        ("cache", |store| {
            let mut options = CacheOptions::default();
            options.fresh_for = Duration::ZERO;
            Cache::new(options).around(store)
        }),
        ("traced", |store| Traced::new().around(store)),
        ("size-limit", |store| SizeLimit::new(100_000_100).around(store)),
        ("all", |store| {
            let store = RateLimit::new(&fast()).around(Traced::new().around(store));
            let store = CircuitBreaker::new(BreakerOptions::default()).around(store);
            SizeLimit::new(usize::MAX).around(Retry::new(RetryOptions::default()).around(store))
        }),
    ];
    for (name, layer) in layers {
        let subject = Decorated { memory: MemoryStore::new(), layer };
        let mut options = Options::default();
        options.large = 10_000_000;
        let results = crate::suite::check(name, &subject, &options).await;
        let applicable = results.iter().filter(|result| result.ending == Ending::Passed).count();
        assert_eq!(applicable, 16, "{name}: {results:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_wait_until_the_rate_allows_them() {
    let mut options = RateLimitOptions::default();
    (options.per_second, options.burst) = (10, 3);
    let store = RateLimit::new(&options).around(Arc::new(MemoryStore::new()));
    let start = Instant::now();
    let mut waits = Vec::new();
    for _ in 0..6 {
        store.read(&key()).await.unwrap();
        waits.push(start.elapsed().as_millis() / 10);
    }
    assert_eq!(waits, [0, 0, 0, 10, 20, 30]);
    // Nothing is saved up beyond the burst.
    tokio::time::sleep(Duration::from_secs(60)).await;
    let start = Instant::now();
    for _ in 0..4 {
        store.read(&key()).await.unwrap();
    }
    assert_eq!(start.elapsed().as_millis() / 10, 10);
}

#[tokio::test(start_paused = true)]
async fn one_limit_counts_for_all_stores_that_it_is_around() {
    let mut options = RateLimitOptions::default();
    (options.per_second, options.burst) = (10, 1);
    let limit = RateLimit::new(&options);
    let stores = [limit.around(Arc::new(MemoryStore::new())), limit.around(Arc::new(MemoryStore::new()))];
    let start = Instant::now();
    for store in stores {
        store.read(&key()).await.unwrap();
    }
    assert_eq!(start.elapsed().as_millis() / 10, 10);
}

#[tokio::test]
async fn states_that_are_too_large_are_neither_written_nor_returned() {
    let memory = MemoryStore::new();
    let (small, unlimited) = (SizeLimit::new(4).around(Arc::new(memory.clone())), memory);
    let first = put(&*small, Expected::Absent, "four").await.unwrap();
    assert_eq!(small.read(&key()).await.unwrap().unwrap().bytes, "four");
    let error = put(&*small, first.expected(), "five5").await.unwrap_err();
    assert_eq!(error.to_string(), "memory:a: the state has 5 bytes, and the limit is 4");
    assert_eq!(error.class, ErrorClass::Configuration);
    assert_eq!(unlimited.read(&key()).await.unwrap().unwrap().bytes, "four");

    let second = put(&unlimited, first.expected(), "five5").await.unwrap();
    assert_eq!(small.read(&key()).await.unwrap_err().class, ErrorClass::Configuration);
    assert!(small.read_version(&key(), &second.version.unwrap()).await.is_err());
    let lock = small.lock(&key(), info()).await.unwrap();
    assert!(lock.read().await.is_err());
    lock.release().await.unwrap();
}
