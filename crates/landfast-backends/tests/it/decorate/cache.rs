//! The cache.

use std::sync::Arc;
use std::time::Duration;

use landfast_backends::conformance::{Fault, Faulty};
use landfast_backends::decorate::{Cache, CacheOptions, Op};
use landfast_backends::{
    Capabilities, ErrorClass, Expected, ForceUnlock, HeldLock, LockInfo, MemoryStore, StateKey, StateStore,
    StoreFuture, StoredState,
};

use super::{change, info, key, put};

fn options() -> CacheOptions {
    let mut options = CacheOptions::default();
    options.fresh_for = Duration::from_secs(10);
    options
}

/// A cache around a store in memory, a count of what reaches that, and another way to it.
fn cached() -> (Arc<dyn StateStore>, Faulty, MemoryStore) {
    let (faulty, memory) = (Faulty::new(), MemoryStore::new());
    (Cache::new(options()).around(faulty.around(Arc::new(memory.clone()))), faulty, memory)
}

async fn read(store: &dyn StateStore) -> String {
    let found = store.read(&key()).await.unwrap();
    found.map_or_else(|| "nothing".to_owned(), |found| String::from_utf8(found.bytes.to_vec()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn what_was_read_is_given_again_for_a_while() {
    let (store, faulty, memory) = cached();
    assert_eq!(
        (read(&*store).await.as_str(), read(&*store).await.as_str(), faulty.calls(Op::Read)),
        ("nothing", "nothing", 1)
    );
    let first = put(&memory, Expected::Absent, "1").await.unwrap();
    assert_eq!(read(&*store).await, "nothing", "nobody told the cache");
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!((read(&*store).await.as_str(), faulty.calls(Op::Read)), ("1", 2));
    // It is asked for again after the time, and kept where it is the same.
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!((read(&*store).await.as_str(), read(&*store).await.as_str(), faulty.calls(Op::Read)), ("1", "1", 3));
    put(&memory, first.expected(), "2").await.unwrap();
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(read(&*store).await, "2");
    // A failure is not kept, and nothing old stands in for it.
    tokio::time::advance(Duration::from_secs(10)).await;
    faulty.fail(Op::Read, 1, Fault::Refused(ErrorClass::Transient));
    assert_eq!(store.read(&key()).await.unwrap_err().class, ErrorClass::Transient);
    assert_eq!(read(&*store).await, "2");
}

#[tokio::test(start_paused = true)]
async fn a_lock_and_a_write_see_what_is_there() {
    let (store, _, memory) = cached();
    assert_eq!(read(&*store).await, "nothing");
    let first = put(&memory, Expected::Absent, "1").await.unwrap();
    let mut lock = store.lock(&key(), info()).await.unwrap();
    assert_eq!(lock.read().await.unwrap().unwrap().bytes, "1");
    // What the cache gave is no expectation that a write accepts.
    assert_eq!(lock.write(change(Expected::Absent, "x")).await.unwrap_err().class, ErrorClass::Conflict);
    assert_eq!(read(&*store).await, "1");
    lock.write(change(first.expected(), "2")).await.unwrap();
    assert_eq!(read(&*store).await, "2", "a write forgets what was known");
    lock.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_write_of_unknown_outcome_and_one_that_is_given_up_forget_too() {
    let (store, faulty, memory) = cached();
    let mut lock = store.lock(&key(), info()).await.unwrap();
    assert_eq!(read(&*store).await, "nothing");
    faulty.fail(Op::Write, 1, Fault::AnswerLost);
    lock.write(change(Expected::Absent, "1")).await.unwrap_err();
    assert_eq!(read(&*store).await, "1");
    lock.release().await.unwrap();

    let store = Cache::new(options()).around(Arc::new(Slow::new(memory)));
    assert_eq!(read(&*store).await, "1");
    let reading = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            tokio::time::advance(Duration::from_secs(11)).await;
            read(&*store).await
        })
    };
    tokio::task::yield_now().await;
    // The read began before the write and ends after it: it must not be kept.
    let lock = store.lock(&key(), info()).await.unwrap();
    let known = lock.read().await.unwrap();
    let mut lock = lock;
    lock.write(change(Expected::of(known.as_ref()), "2")).await.unwrap();
    lock.release().await.unwrap();
    reading.await.unwrap();
    assert_eq!(read(&*store).await, "2");
}

#[tokio::test(start_paused = true)]
async fn no_more_is_kept_than_allowed() {
    let (faulty, memory) = (Faulty::new(), MemoryStore::new());
    let mut options = options();
    options.bytes = 5;
    let store = Cache::new(options).around(faulty.around(Arc::new(memory.clone())));
    let keys = [StateKey::new("a"), StateKey::new("b")];
    for key in &keys {
        let mut lock = memory.lock(key, info()).await.unwrap();
        lock.write(change(Expected::Absent, "four")).await.unwrap();
        store.read(key).await.unwrap();
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    store.read(&keys[1]).await.unwrap();
    assert_eq!(faulty.calls(Op::Read), 2, "the newer one is kept");
    store.read(&keys[0]).await.unwrap();
    assert_eq!(faulty.calls(Op::Read), 3, "the older one is not");
}

/// A store that takes a second before it answers to a read with what it found before that second.
#[derive(Debug)]
pub(super) struct Slow(MemoryStore);

impl Slow {
    pub(super) fn new(memory: MemoryStore) -> Self {
        Self(memory)
    }
}

impl StateStore for Slow {
    fn place(&self, key: &StateKey) -> String {
        self.0.place(key)
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn read<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<StoredState>> {
        Box::pin(async move {
            let found = self.0.read(key).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            found
        })
    }

    fn list<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, Vec<StateKey>> {
        self.0.list(prefix)
    }

    fn lock<'a>(&'a self, key: &'a StateKey, info: LockInfo) -> StoreFuture<'a, Box<dyn HeldLock>> {
        self.0.lock(key, info)
    }

    fn lock_info<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<LockInfo>> {
        self.0.lock_info(key)
    }

    fn force_unlock<'a>(&'a self, key: &'a StateKey, request: ForceUnlock<'a>) -> StoreFuture<'a, LockInfo> {
        self.0.force_unlock(key, request)
    }
}
